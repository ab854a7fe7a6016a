package gateway

import (
	"encoding/json"
	"strconv"
	"time"

	"remote-signer-cloud/internal/payload"
)

// Cause is why a request that passed has no good answer; empty if it has one.
type Cause string

// The causes. Those of a device are `device ` and its state.
const (
	NoTunnel    Cause = "no tunnel"
	Timeout     Cause = "timeout"
	SignerError Cause = "signer error"
	BadAnswer   Cause = "bad answer"
	BakerGone   Cause = "baker gone"
	Crowded     Cause = "crowded"
	GuardFailed Cause = "guard"
	causeDevice       = "device "
)

// Refusal is why a request is not passed on; empty if it is.
type Refusal string

// The reasons. Malformed HTTP is looked for first, then the rest of the head, the body, and what the
// body asks for. The guard's come last, in its own words: see guard.Reason.
const (
	RefusedPath      Refusal = "path"
	RefusedMethod    Refusal = "method"
	RefusedMalformed Refusal = "malformed"
	RefusedKey       Refusal = "key"
	RefusedSize      Refusal = "size"
	RefusedMagic     Refusal = "magic"
	RefusedChain     Refusal = "chain"
)

// Record is what is written down of a request.
type Record struct {
	Time   time.Time // when its first byte came
	Signer string    // that was asked, or whose port it came to
	// Replica is the forwarder's by which a router has asked it; empty elsewhere.
	Replica string
	Method  string
	Path    string
	Key     string // the address in the path; empty if none
	Kind    string // what was asked for
	// Payload is what was to be signed, if it could be read.
	Payload *payload.Payload
	Refused Refusal
	Status  int
	Took    time.Duration
	Cause   Cause
}

// IsSignature reports whether a signature was asked for, and not refused.
func (r Record) IsSignature() bool { return r.Refused == "" && r.Method == "POST" }

// maxPath is how much of a refused path is written down, in bytes.
const maxPath = 200

// AppendJSON adds the request's line for the log. Only a path may hold what needs quoting.
func (r Record) AppendJSON(line []byte) []byte {
	text := func(name, value string) {
		line = append(line, `,"`...)
		line = append(append(append(line, name...), `":"`...), value...)
		line = append(line, '"')
	}
	number := func(name string, value int64) {
		line = append(append(append(line, `,"`...), name...), `":`...)
		line = strconv.AppendInt(line, value, 10)
	}
	line = append(line, `{"time":"`...)
	line = r.Time.UTC().AppendFormat(line, "2006-01-02T15:04:05.000Z07:00")
	line = append(line, '"')
	text("signer", r.Signer)
	if r.Replica != "" {
		text("replica", r.Replica)
	}
	if r.Refused != "" {
		text("refused", string(r.Refused))
		path, _ := json.Marshal(r.Path[:min(len(r.Path), maxPath)])
		text("method", r.Method)
		line = append(append(line, `,"path":`...), path...)
	}
	if r.Refused == "" || r.Payload != nil {
		text("key", r.Key)
		text("kind", r.Kind)
		if r.Payload != nil {
			number("level", int64(r.Payload.Level))
			number("round", int64(r.Payload.Round))
		} else {
			line = append(line, `,"level":null,"round":null`...)
		}
	}
	number("status", int64(r.Status))
	number("ms", r.Took.Milliseconds())
	text("cause", string(r.Cause))
	return append(line, '}', '\n')
}
