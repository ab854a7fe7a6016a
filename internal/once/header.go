package once

// A signer's host says in each answer that it asks its device once for the same bytes, whoever asks for
// them and by which tunnel: the wrapper does, octez-signer alone does not. A router asks a second replica
// of the forwarder only at such a host.
const (
	Header = "signer-host"
	Joins  = "joins"
)
