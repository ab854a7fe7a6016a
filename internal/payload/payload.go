// Package payload reads what a baker wants signed: its kind, chain, level and round.
//
// It reads at the positions where octez-signer reads them for its own watermark (Octez 25,
// src/bin_signer/handler.ml, module High_watermark), because the guard must decide about the same level
// and round as the signer behind it.
package payload

import (
	"encoding/binary"
	"errors"
)

// Kind is what is signed. The first byte of a payload tells it.
type Kind uint8

// The kinds, with the bytes that octez-signer's `--magic-bytes 0x11,0x12,0x13` lets through.
const (
	Block          Kind = 0x11
	Preattestation Kind = 0x12
	Attestation    Kind = 0x13
)

// Kinds are all of them.
var Kinds = []Kind{Block, Preattestation, Attestation}

func (k Kind) String() string {
	switch k {
	case Block:
		return "block"
	case Preattestation:
		return "preattestation"
	case Attestation:
		return "attestation"
	}
	return "other"
}

// Chain is a chain's id as it is in a payload, behind the magic byte.
type Chain [4]byte

// Payload is what the guard decides about. Level and round are those of the block that is proposed or
// voted for.
type Payload struct {
	Kind         Kind
	Chain        Chain
	Level, Round int32
}

var (
	// ErrMagic says that the bytes are none of baking.
	ErrMagic = errors.New("found another first byte, wanted 0x11, 0x12 or 0x13")
	// ErrShort says that the bytes end before their level or round.
	ErrShort = errors.New("the bytes end before their level or round")
)

// Where the fields are. All integers are signed, of four bytes, big-endian.
//
//	all    magic byte (1), chain (4)
//	block  level (4), protocol (1), predecessor (32), timestamp (8), validation passes (1), operations
//	       hash (32), fitness: its length (4) and that many bytes, of which the last four are the round
//	vote   branch (32), kind (1), slot (2; a tz4 key's vote has none), level (4), round (4)
const (
	chainAt   = 1
	bodyAt    = chainAt + 4
	fitnessAt = bodyAt + 4 + 1 + 32 + 8 + 1 + 32
	voteAt    = bodyAt + 32 + 1
	slotSize  = 2
)

// Read reads a payload. `isBLS` says that the key is a tz4.
func Read(bytes []byte, isBLS bool) (Payload, error) {
	var p Payload
	if len(bytes) == 0 || bytes[0] < byte(Block) || bytes[0] > byte(Attestation) {
		return p, ErrMagic
	}
	p.Kind = Kind(bytes[0])
	levelAt := voteAt
	if !isBLS {
		levelAt += slotSize
	}
	if p.Kind == Block {
		levelAt = bodyAt
	}
	roundAt := levelAt + 4
	if p.Kind == Block {
		length, ok := integer(bytes, fitnessAt)
		if !ok {
			return p, ErrShort
		}
		// The round is the end of the fitness. octez-signer takes any length that stays in the bytes.
		roundAt = fitnessAt + int(length)
	}
	var isLevel, isRound bool
	p.Level, isLevel = integer(bytes, levelAt)
	p.Round, isRound = integer(bytes, roundAt)
	if !isLevel || !isRound {
		return p, ErrShort
	}
	copy(p.Chain[:], bytes[chainAt:])
	return p, nil
}

func integer(bytes []byte, at int) (int32, bool) {
	if at < 0 || at+4 > len(bytes) {
		return 0, false
	}
	return int32(binary.BigEndian.Uint32(bytes[at:])), true
}
