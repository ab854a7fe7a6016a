// Package page prints a page of the monitoring port of the program that serves in this pod.
package page

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// limit is how long a page may take. The server gives up after 20 s itself.
const limit = 25 * time.Second

// Print prints a page of the monitoring port at `address`. That port is the pod's own, so `kubectl
// port-forward`, which asks the loopback, does not reach it. A page without status 200 is printed too, and
// its status line goes to `problems`. It returns the exit code.
func Print(address, path string, out, problems io.Writer) int {
	target, err := url.ParseRequestURI(path)
	if err != nil || target.IsAbs() {
		fmt.Fprintf(problems, "path: found %.60q, wanted one that begins with /\n", path)
		return 2
	}
	target.Scheme, target.Host = "http", address
	client := http.Client{
		Timeout:       limit,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Get(target.String())
	if err != nil {
		fmt.Fprintf(problems, "nothing answers here: %v\n", err)
		return 1
	}
	defer response.Body.Close()
	if _, err := io.Copy(out, response.Body); err != nil {
		fmt.Fprintf(problems, "the page ends early: %v\n", err)
		return 1
	}
	if response.StatusCode != http.StatusOK {
		fmt.Fprintln(problems, response.Status)
		return 1
	}
	return 0
}
