package payload

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// chainPrefix makes a chain's id begin with "Net" (Octez, src/lib_crypto/base58.ml, chain_id).
var chainPrefix = []byte{87, 82, 0}

// String is the chain's id as Octez writes it.
func (c Chain) String() string {
	all := append(slices.Clone(chainPrefix), c[:]...)
	first := sha256.Sum256(all)
	sum := sha256.Sum256(first[:])
	number := new(big.Int).SetBytes(append(all, sum[:4]...))
	var digits []byte
	for base, digit := big.NewInt(58), new(big.Int); number.Sign() > 0; {
		number.DivMod(number, base, digit)
		digits = append(digits, alphabet[digit.Int64()])
	}
	slices.Reverse(digits)
	return string(digits)
}

// ParseChain reads a chain's id as Octez writes it: `NetX…`, 15 letters in base 58 with a checksum.
func ParseChain(text string) (Chain, error) {
	number := new(big.Int)
	for _, letter := range text {
		digit := strings.IndexRune(alphabet, letter)
		if digit < 0 {
			return Chain{}, fmt.Errorf("found %q, wanted a chain's id: Net and 12 letters of base 58", text)
		}
		number.Add(number.Mul(number, big.NewInt(58)), big.NewInt(int64(digit)))
	}
	const size = 3 + 4 + 4
	all := number.Bytes()
	if len(text) != 15 || len(all) != size || !bytes.HasPrefix(all, chainPrefix) {
		return Chain{}, fmt.Errorf("found %q, wanted a chain's id: Net and 12 letters of base 58", text)
	}
	first := sha256.Sum256(all[:size-4])
	if sum := sha256.Sum256(first[:]); !bytes.Equal(sum[:4], all[size-4:]) {
		return Chain{}, fmt.Errorf("found %q, which has a wrong checksum, wanted a chain's id", text)
	}
	return Chain(all[3:7]), nil
}
