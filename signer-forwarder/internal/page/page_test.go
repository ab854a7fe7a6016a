package page

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPrint(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.RequestURI() {
		case "/metrics":
			_, _ = io.WriteString(w, "signer_tunnel_up 1\n")
		case "/signers/home/statusz/tz1?ledger_url=a%2Fb":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"device":"locked"}`)
		case "/elsewhere":
			http.Redirect(w, r, "/metrics", http.StatusFound)
		default:
			http.Error(w, "Not found", http.StatusNotFound)
		}
	}))
	defer server.Close()
	address := server.Listener.Addr().String()
	for _, test := range []struct {
		path, out, problems string
		code                int
	}{
		{"/metrics", "signer_tunnel_up 1\n", "", 0},
		{"/signers/home/statusz/tz1?ledger_url=a%2Fb", `{"device":"locked"}`, "503 Service Unavailable\n", 1},
		{"/signers/home/healthz", "Not found\n", "404 Not Found\n", 1},
		{"//metrics", "Not found\n", "404 Not Found\n", 1},
		{"/elsewhere", "<a href=\"/metrics\">Found</a>.\n\n", "302 Found\n", 1},
		{"metrics", "", "path: found \"metrics\", wanted one that begins with /\n", 2},
		{"http://192.0.2.1/metrics", "", "path: found \"http://192.0.2.1/metrics\", wanted one that begins with /\n", 2},
		{"/a b\x7f", "", "path: found \"/a b\\x7f\", wanted one that begins with /\n", 2},
	} {
		var out, problems strings.Builder
		code := Print(address, test.path, &out, &problems)
		if code != test.code || out.String() != test.out || problems.String() != test.problems {
			t.Errorf("%s: got %d, %q, %q, want %d, %q, %q", test.path, code, out.String(), problems.String(),
				test.code, test.out, test.problems)
		}
	}
}

func TestPageOfNobody(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := server.Listener.Addr().String()
	server.Close()
	var out, problems strings.Builder
	if code := Print(address, "/metrics", &out, &problems); code != 1 || out.Len() > 0 ||
		!strings.HasPrefix(problems.String(), "nothing answers here: ") {
		t.Errorf("got %d, %q, %q", code, out.String(), problems.String())
	}
}
