package config

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"
)

// RouterFileName is the name of a router's file, in the folder of the mounted ConfigMap.
const RouterFileName = "router.json"

// Router is the configuration of a router: its signers have no ssh keys.
type Router struct {
	Config
	// Baker is whose requests it takes. The marks are this baker's.
	Baker string
	// Marks is the guard's file.
	Marks string
	// Replicas are the host names of the forwarder's replicas.
	Replicas []string
}

type routerForm struct {
	Baker    string       `json:"baker"`
	Marks    string       `json:"marks"`
	Replicas []string     `json:"replicas"`
	Signers  []signerForm `json:"signers"`
}

// ReadRouter reads a router's configuration in a folder, as Read does a forwarder's.
func ReadRouter(folder, before string) (string, Router, error) {
	return read(filepath.Join(folder, RouterFileName), "the router's", before, ParseRouter)
}

var (
	bakerName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	hostName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)
)

// ParseRouter reads a router's configuration. Its error has all that is wrong, in one line.
func ParseRouter(text []byte) (Router, error) {
	var form routerForm
	if err := decode(text, &form); err != nil {
		return Router{}, err
	}
	var problems problems
	r := Router{Baker: form.Baker, Marks: form.Marks, Replicas: form.Replicas}
	if !bakerName.MatchString(form.Baker) {
		problems.add("baker: found %q, wanted lower-case letters, digits and hyphens", form.Baker)
	}
	if !filepath.IsAbs(form.Marks) {
		problems.add("marks: found %q, wanted an absolute path", form.Marks)
	}
	if len(form.Replicas) == 0 {
		problems.add("replicas: found none, wanted the host names of the forwarder's replicas")
	}
	seen := map[string]bool{}
	for i, each := range form.Replicas {
		if !hostName.MatchString(each) && net.ParseIP(each) == nil || seen[each] {
			problems.add("replicas[%d]: found %q, wanted a host name or an address, each once", i, each)
		}
		seen[each] = true
	}
	for i, each := range form.Signers {
		at := fmt.Sprintf("signers[%d]", i)
		if len(each.SSHPublicKeys) > 0 || each.NoTouchRequired {
			problems.add("%s: found ssh keys, wanted none: a router lets nobody in", at)
			each.SSHPublicKeys = nil
		}
		r.Signers = append(r.Signers, problems.signer(at, each))
	}
	problems.together(r.Config)
	if len(problems) > 0 {
		return Router{}, errors.New(strings.Join(problems, "; "))
	}
	return r, nil
}
