// Package config reads the forwarder's configuration: one JSON file, in which the chart writes the
// signers, their keys and their order.
//
// Its schema is closed, and it is taken as a whole or not at all: a file that is read in part would let
// somebody in, or leave somebody out, without a word.
package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"remote-signer-cloud/internal/payload"
	"remote-signer-cloud/signer-forwarder/internal/keys"
)

// FileName is the name of the file, in the folder of the mounted ConfigMap.
const FileName = "forwarder.json"

// Config is the configuration of a forwarder.
type Config struct {
	Signers []Signer
}

// Signer is a host that may dial in.
type Signer struct {
	Name string
	// Port is where bakers ask on the pod's address, and where its tunnel ends on the pod's loopback.
	Port int
	SSH  keys.SignerKeys
	// Keys are those that bakers may ask for at this signer's port.
	Keys []Key
	// Fallbacks are the signers that are asked, in this order, while this one can't sign.
	Fallbacks []string
	// Answer is how long a request may go without an answer of this signer to any request.
	Answer time.Duration
}

// Key is a key that signs for a baker.
type Key struct {
	Address string
	Chain   *payload.Chain // nil: any
	// BlockTime is the shortest time between two blocks of its network.
	BlockTime time.Duration
}

// SSH returns the ssh keys of all signers, in their order.
func (c Config) SSH() keys.SignerKeys {
	var all keys.SignerKeys
	for _, signer := range c.Signers {
		all = append(all, signer.SSH...)
	}
	return all
}

// The file's form. A list that is not there is empty.
type (
	fileForm struct {
		Signers []signerForm `json:"signers"`
	}
	signerForm struct {
		Name            string    `json:"name"`
		Port            int       `json:"port"`
		SSHPublicKeys   []string  `json:"sshPublicKeys"`
		NoTouchRequired bool      `json:"noTouchRequired"`
		Keys            []keyForm `json:"keys"`
		Fallbacks       []string  `json:"fallbacks"`
		AnswerSeconds   float64   `json:"answerSeconds"`
	}
	keyForm struct {
		Address             string  `json:"address"`
		ChainID             string  `json:"chainId"`
		MinimalBlockSeconds float64 `json:"minimalBlockSeconds"`
	}
)

// ErrUnchanged says that a configuration was read before.
var ErrUnchanged = errors.New("unchanged")

// Read reads the configuration in a folder. It also returns the file's text, which tells one version of
// the file from another even if both are bad. If the text is still the one of `before`, the error is
// ErrUnchanged: a file that is looked at again and again is parsed once.
func Read(folder, before string) (string, Config, error) {
	return read(filepath.Join(folder, FileName), "the forwarder's", before, Parse)
}

// read reads a file unless its text is still the one of `before`.
func read[Form any](file, whose, before string, parse func([]byte) (Form, error)) (string, Form, error) {
	var none Form
	text, err := os.ReadFile(file)
	if err != nil {
		return "", none, fmt.Errorf("no signers: found no file %s; wanted %s configuration", file, whose)
	}
	if before != "" && string(text) == before {
		return before, none, ErrUnchanged
	}
	parsed, err := parse(text)
	if err != nil {
		return string(text), none, fmt.Errorf("unusable configuration: %s: %w", file, err)
	}
	return string(text), parsed, nil
}

// Parse reads a configuration. Its error has all that is wrong, in one line.
func Parse(text []byte) (Config, error) {
	var form fileForm
	if err := decode(text, &form); err != nil {
		return Config{}, err
	}
	var problems problems
	var c Config
	for i, each := range form.Signers {
		c.Signers = append(c.Signers, problems.signer(fmt.Sprintf("signers[%d]", i), each))
	}
	problems.together(c)
	if len(problems) > 0 {
		return Config{}, errors.New(strings.Join(problems, "; "))
	}
	return c, nil
}

// decode reads one JSON object whose schema is closed.
func decode(text []byte, form any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(form); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("found more behind the object, wanted one object")
	}
	return nil
}

// problems are what is wrong with a configuration.
type problems []string

func (p *problems) add(format string, values ...any) {
	*p = append(*p, fmt.Sprintf(format, values...))
}

// sshOffset is the distance from a signer's port to the one of its own ssh.
const sshOffset = 1000

func (p *problems) signer(at string, form signerForm) Signer {
	s := Signer{Name: form.Name, Port: form.Port, Fallbacks: form.Fallbacks, Answer: seconds(form.AnswerSeconds)}
	if !keys.IsSignerName(form.Name) {
		p.add("%s.name: found %q, wanted lower-case letters, digits and hyphens", at, form.Name)
	}
	if form.Port < 1024 || form.Port+sshOffset > 65535 {
		p.add("%s.port: found %d, wanted 1024 to %d", at, form.Port, 65535-sshOffset)
	}
	if form.AnswerSeconds < 0.5 || form.AnswerSeconds > 30 {
		p.add("%s.answerSeconds: found %g, wanted 0.5 to 30", at, form.AnswerSeconds)
	}
	for i, text := range form.SSHPublicKeys {
		key, err := keys.NewSignerKey(form.Name, text, []int{form.Port, form.Port + sshOffset}, form.NoTouchRequired)
		if err != nil {
			p.add("%s.sshPublicKeys[%d]: %v", at, i, err)
		}
		s.SSH = append(s.SSH, key)
	}
	for i, each := range form.Keys {
		s.Keys = append(s.Keys, p.key(fmt.Sprintf("%s.keys[%d]", at, i), each))
	}
	return s
}

func (p *problems) key(at string, form keyForm) Key {
	k := Key{Address: form.Address, BlockTime: seconds(form.MinimalBlockSeconds)}
	if !payload.IsAddress(form.Address) {
		p.add("%s.address: found %q, wanted tz1…, tz2…, tz3… or tz4…, of 36 letters", at, form.Address)
	}
	if form.MinimalBlockSeconds < 0.1 || form.MinimalBlockSeconds > 3600 {
		p.add("%s.minimalBlockSeconds: found %g, wanted 0.1 to 3600", at, form.MinimalBlockSeconds)
	}
	if form.ChainID != "" {
		chain, err := payload.ParseChain(form.ChainID)
		if err != nil {
			p.add("%s.chainId: %v", at, err)
		}
		k.Chain = &chain
	}
	return k
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }

// together checks what must hold among signers: names, ports and keys occur once.
func (p *problems) together(c Config) {
	names, ports, holders := map[string]bool{}, map[int]string{}, map[string]string{}
	for _, s := range c.Signers {
		if names[s.Name] {
			p.add("found two signers %q, wanted each once", s.Name)
		}
		names[s.Name] = true
		for _, port := range []int{s.Port, s.Port + sshOffset} {
			if other, ok := ports[port]; ok {
				p.add("%s: found port %d, which is also %s's", s.Name, port, other)
			}
			ports[port] = s.Name
		}
		// Two ports for one key could lead to two devices at once.
		for _, key := range s.Keys {
			if other, ok := holders[key.Address]; ok {
				p.add("%s: found the key %s, which is also %s's, wanted each at one port", s.Name, key.Address, other)
			}
			holders[key.Address] = s.Name
		}
	}
	for _, s := range c.Signers {
		for i, fallback := range s.Fallbacks {
			if !names[fallback] || fallback == s.Name || slices.Contains(s.Fallbacks[:i], fallback) {
				p.add("%s.fallbacks: found %q, wanted names of other signers, each once", s.Name, fallback)
			}
		}
	}
}
