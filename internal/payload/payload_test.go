package payload

import (
	"encoding/binary"
	"errors"
	"testing"
)

// bytesWith returns zero bytes with a first byte and some numbers at their places.
func bytesWith(length int, first byte, numbers map[int]int32) []byte {
	bytes := make([]byte, length)
	if length > 0 {
		bytes[0] = first
	}
	for at, number := range numbers {
		binary.BigEndian.PutUint32(bytes[at:], uint32(number))
	}
	return bytes
}

func TestRead(t *testing.T) {
	for _, test := range []struct {
		name  string
		bytes []byte
		isBLS bool
		want  Payload
		err   error
	}{
		{"a block", bytesWith(200, 0x11, map[int]int32{1: 7, 5: 42, 83: 36, 119: 3}), false,
			Payload{Block, Chain{0, 0, 0, 7}, 42, 3}, nil},
		{"a tz4's block", bytesWith(200, 0x11, map[int]int32{5: 42, 83: 36, 119: 3}), true, Payload{Block, Chain{}, 42, 3}, nil},
		{"a block that ends with its fitness", bytesWith(123, 0x11, map[int]int32{83: 36, 119: 3}), false,
			Payload{Block, Chain{}, 0, 3}, nil},
		{"a block whose fitness ends before its round", bytesWith(122, 0x11, map[int]int32{83: 36}), false, Payload{}, ErrShort},
		{"a block whose fitness has a length below 0", bytesWith(200, 0x11, map[int]int32{5: 9, 83: -84}), false, Payload{}, ErrShort},
		{"a block whose fitness is huge", bytesWith(200, 0x11, map[int]int32{83: 0x7fffffff}), false, Payload{}, ErrShort},
		{"a block without a fitness", bytesWith(86, 0x11, nil), false, Payload{}, ErrShort},
		{"a preattestation", bytesWith(150, 0x12, map[int]int32{1: 7, 40: 42, 44: 3}), false,
			Payload{Preattestation, Chain{0, 0, 0, 7}, 42, 3}, nil},
		{"an attestation that ends with its round", bytesWith(48, 0x13, map[int]int32{40: -1, 44: 3}), false,
			Payload{Attestation, Chain{}, -1, 3}, nil},
		{"a tz4's attestation", bytesWith(48, 0x13, map[int]int32{38: 42, 42: 3}), true, Payload{Attestation, Chain{}, 42, 3}, nil},
		{"an attestation that ends in its round", bytesWith(47, 0x13, nil), false, Payload{}, ErrShort},
		{"a transfer", bytesWith(150, 0x03, nil), false, Payload{}, ErrMagic},
		{"an older block", bytesWith(150, 0x01, nil), false, Payload{}, ErrMagic},
		{"another byte", bytesWith(150, 0x14, nil), false, Payload{}, ErrMagic},
		{"nothing", nil, false, Payload{}, ErrMagic},
	} {
		got, err := Read(test.bytes, test.isBLS)
		if !errors.Is(err, test.err) || err == nil && got != test.want {
			t.Errorf("%s: got %+v, %v, want %+v, %v", test.name, got, err, test.want, test.err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(bytesWith(200, 0x11, map[int]int32{83: 36}), true)
	f.Add(bytesWith(150, 0x13, nil), false)
	f.Fuzz(func(t *testing.T, bytes []byte, isBLS bool) {
		p, err := Read(bytes, isBLS)
		if err != nil {
			return
		}
		// What is read is in the bytes: another level is read from other bytes.
		levelAt := map[bool]int{false: 40, true: 38}[isBLS]
		if p.Kind == Block {
			levelAt = 5
		}
		if got := int32(binary.BigEndian.Uint32(bytes[levelAt:])); got != p.Level {
			t.Fatalf("got level %d, want %d", p.Level, got)
		}
	})
}

func TestParseChain(t *testing.T) {
	// Mainnet's id, from `octez-client rpc get /chains/main/chain_id`.
	if got, err := ParseChain("NetXdQprcVkpaWU"); err != nil || got != (Chain{0x7a, 0x06, 0xa7, 0x70}) {
		t.Errorf("got %x, %v", got, err)
	}
	if got := (Chain{0x7a, 0x06, 0xa7, 0x70}).String(); got != "NetXdQprcVkpaWU" {
		t.Errorf("got %s", got)
	}
	for _, text := range []string{"", "mainnet", "NetXdQprcVkpaWV", "NetXdQprcVkpaW", "NetXdQprcVkpaWU1", "1etXdQprcVkpaWU", "NetXdQprcVkpaW0"} {
		if got, err := ParseChain(text); err == nil {
			t.Errorf("%q: got %x, want an error", text, got)
		}
	}
}
