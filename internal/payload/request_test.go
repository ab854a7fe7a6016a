package payload

import (
	"bytes"
	"testing"
)

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		body string
		want []byte
		ok   bool
	}{
		{`"11aB"`, []byte{0x11, 0xab}, true},
		{`""`, []byte{}, true},
		{`"`, nil, false},
		{``, nil, false},
		{`11ab`, nil, false},
		{`"11ab`, nil, false},
		{`"11a"`, nil, false},
		{`"\u0031\u0031"`, nil, false},
		{"\"11ab\"\n", nil, false},
	} {
		got, ok := Decode([]byte(test.body))
		if ok != test.ok || ok && !bytes.Equal(got, test.want) {
			t.Errorf("%s: got %x, %v, want %x, %v", test.body, got, ok, test.want, test.ok)
		}
	}
}

func TestAddresses(t *testing.T) {
	const tz1, tz4 = "tz1fv55cpdomJVPYA5M6BeUhqs9M1DbRB79A", "tz4HVR6aty9KwsQFHh81C1G7gBdhxT8kuytm"
	for text, want := range map[string]bool{
		tz1: true, tz4: true, "": false, tz1 + "A": false, tz1[:35]: false, "tz5" + tz1[3:]: false,
		"KT1" + tz1[3:]: false, tz1[:35] + "0": false, " " + tz1: false, tz1 + "\n": false,
	} {
		if got := IsAddress(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if IsBLS(tz1) || !IsBLS(tz4) {
		t.Error("want tz4 alone to be BLS")
	}
}
