package gateway

import (
	"time"

	"remote-signer-cloud/signer-forwarder/internal/config"
)

// way leads to a signer: through its tunnel here (signer.go), or through the replicas of the forwarder
// that have one (remote.go).
type way interface {
	// signerName is the signer's.
	signerName() string
	configure(config.Signer)
	number() int
	// remove ends what is done for a signer that is no longer there.
	remove()
	// readiness says whether it can be asked for a signature, or why not.
	readiness(now time.Time) (readiness, Cause)
	// enter and leave count a request that is under way to it. isInside reports whether there is one.
	enter()
	leave()
	isInside() bool
	// sign asks for a signature. `pass` is asked immediately before each try.
	sign(a *ask, pass func() (Refusal, error)) result
	// publicKey asks for a public key, and greet whether it wants authenticated requests.
	publicKey(a *ask) result
	greet(a *ask) result
	// state is what metrics and tests are told of it.
	state(now time.Time) State
}
