package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// problems are all that is wrong with a file: where, what was found, and what was wanted.
type problems []string

func (p *problems) add(at, found, wanted string) {
	*p = append(*p, fmt.Sprintf("%s: found %s, wanted %s", at, found, wanted))
}

// object is a JSON object of which field after field is taken. Those that are left at its end are
// unknown. encoding/json alone would take names in another case, and stop at the first mistake.
type object struct {
	at       string // its path, which ends with a dot; empty for the file
	fields   map[string]json.RawMessage
	known    []string
	problems *problems
	isBroken bool // it is no object, which was said
}

func (p *problems) object(at string, text []byte) *object {
	o := &object{at: at, problems: p}
	if err := json.Unmarshal(text, &o.fields); err != nil || o.fields == nil {
		o.isBroken = true
		if at == "" {
			p.add("the file", "no JSON object", "one object, and nothing behind it")
		}
	}
	return o
}

// has reports whether there is a field that may be missing.
func (o *object) has(name string) bool {
	_, ok := o.fields[name]
	o.know(name)
	return ok
}

func (o *object) know(name string) {
	if !slices.Contains(o.known, name) {
		o.known = append(o.known, name)
	}
}

// value takes a field. It reports whether there is one of the right type.
func (o *object) value(name, wanted string, into any) bool {
	if o.isBroken {
		return false
	}
	o.know(name)
	raw, ok := o.fields[name]
	delete(o.fields, name)
	if !ok {
		o.problems.add(o.at+name, "nothing", wanted)
		return false
	}
	if string(raw) == "null" || json.Unmarshal(raw, into) != nil {
		o.problems.add(o.at+name, show(raw), wanted)
		return false
	}
	return true
}

func (o *object) text(name, wanted string, isRight func(string) bool) string {
	var text string
	if o.value(name, wanted, &text) && !isRight(text) {
		o.problems.add(o.at+name, show(text), wanted)
	}
	return text
}

func (o *object) texts(name, wanted string, isRight func(string) bool) []string {
	var texts []string
	if !o.value(name, "a list of "+wanted, &texts) {
		return nil
	}
	for i, text := range texts {
		if !isRight(text) || slices.Contains(texts[:i], text) {
			o.problems.add(fmt.Sprintf("%s%s[%d]", o.at, name, i), show(text), wanted)
		}
	}
	return texts
}

func (o *object) number(name string, least, most int) int {
	wanted := fmt.Sprintf("a whole number from %d to %d", least, most)
	var number int
	if o.value(name, wanted, &number) && (number < least || number > most) {
		o.problems.add(o.at+name, show(number), wanted)
	}
	return number
}

func (o *object) seconds(name string, least, most float64) time.Duration {
	wanted := fmt.Sprintf("a number from %g to %g", least, most)
	var number float64
	if o.value(name, wanted, &number) && !(number >= least && number <= most) {
		o.problems.add(o.at+name, show(number), wanted)
	}
	return time.Duration(number * float64(time.Second))
}

// inner takes a field that is an object.
func (o *object) inner(name, wanted string) *object {
	var raw json.RawMessage
	if !o.value(name, wanted, &raw) {
		return &object{isBroken: true}
	}
	in := o.problems.object(o.at+name+".", raw)
	if in.isBroken {
		o.problems.add(o.at+name, show(raw), wanted)
	}
	return in
}

// end names the fields that nobody took.
func (o *object) end() {
	var unknown []string
	for name := range o.fields {
		unknown = append(unknown, name)
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		o.problems.add(o.at+strings.Trim(show(name), `"`), "an unknown key", "one of "+strings.Join(o.known, ", "))
	}
}

// show is a value as it was written, if that is short. Nothing in this file is a secret.
func show(value any) string {
	text, err := json.Marshal(value)
	if err != nil || len(text) > 60 {
		return fmt.Sprintf("a value of %d characters", len(text))
	}
	return string(text)
}
