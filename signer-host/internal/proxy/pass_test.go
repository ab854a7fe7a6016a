package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"remote-signer-cloud/internal/once"
	"remote-signer-cloud/internal/payload"
)

// seen is what a daemon was asked.
type seen struct{ method, target, accept, contentType, body string }

// recorder is a daemon that writes down what it is asked.
type recorder struct {
	mu   sync.Mutex
	last []seen
	// reply is what it answers.
	status      int
	contentType string
	body        string
}

func (d *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = append(d.last, seen{
		r.Method, r.RequestURI, r.Header.Get("accept"), r.Header.Get("content-type"), string(body),
	})
	w.Header()["Content-Type"] = nil
	if d.contentType != "" {
		w.Header().Set("content-type", d.contentType)
	}
	w.WriteHeader(d.status)
	_, _ = io.WriteString(w, d.body)
}

func (d *recorder) take() []seen {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.last
	d.last = nil
	return all
}

// raw sends bytes and returns all that comes back until the connection ends, or for a while.
func raw(t testing.TB, address, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	go func() { _, _ = io.WriteString(conn, text) }()
	got, _ := io.ReadAll(conn)
	return string(got)
}

func TestAnswersAreUnchanged(t *testing.T) {
	d := &recorder{}
	r := newRig(t, serveDaemon(t, d.ServeHTTP), time.Minute)
	for _, want := range []answer{
		{200, "application/json", "{}\n"},
		{500, "application/json", `[{"kind":"temporary","id":"failure","msg":"…"}]` + "\n"},
		{404, "", ""},
		{400, "text/plain", "Failed to parse the request body"},
		{415, "", ""},
		{200, "application/octet-stream", "\x00\x01\xff"},
		{500, "text/ocaml.exception", "Not_found"},
	} {
		d.status, d.contentType, d.body = want.status, want.contentType, want.body
		for _, ask := range []func() (answer, error){
			func() (answer, error) { return get(r.url + "/authorized_keys") },
			func() (answer, error) { return get(r.url + "/keys/" + key) },
			func() (answer, error) { return post(http.DefaultClient, r.url+"/keys/"+key, `"03"`) },
		} {
			if got, err := ask(); err != nil || got != want {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		}
	}
}

func TestEachAnswerSaysThatTheHostJoinsTheSameBytes(t *testing.T) {
	d := &recorder{status: 200, body: "{}"}
	r := newRig(t, serveDaemon(t, d.ServeHTTP), time.Minute)
	for _, state := range []bool{true, false} {
		r.device.SetReachable(state)
		response, err := http.Get(r.url + "/authorized_keys")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.Header.Get(once.Header); got != once.Joins {
			t.Errorf("reachable %t: got %q, want %q", state, got, once.Joins)
		}
	}
}

func TestWhatPassesAndWhatIsNotFound(t *testing.T) {
	d := &recorder{status: 200}
	r := newRig(t, serveDaemon(t, d.ServeHTTP), time.Minute)
	for _, test := range []struct {
		request string
		passes  bool
		status  int
	}{
		{"GET /authorized_keys", true, 200},
		{"GET /authorized_keys?a=b", true, 200},
		{"GET /keys/" + key, true, 200},
		{"GET /keys/" + blsKey + "?x", true, 200},
		{"POST /keys/" + key + "?version=3&authentication=sig%2F1", true, 200},
		{"POST /authorized_keys", false, 404},
		{"PUT /keys/" + key, false, 404},
		{"DELETE /keys/" + key, false, 404},
		{"HEAD /authorized_keys", false, 404},
		{"OPTIONS /keys/" + key, false, 404},
		{"OPTIONS *", false, 404},
		{"CONNECT " + key + ":80", false, 404},
		{"TRACE /authorized_keys", false, 404},
		{"get /authorized_keys", false, 404},
		{"GET /", false, 404},
		{"GET //authorized_keys", false, 404},
		{"GET /authorized_keys/", false, 404},
		{"GET /./authorized_keys", false, 404},
		{"GET /keys/../authorized_keys", false, 404},
		{"GET /%61uthorized_keys", false, 404},
		{"GET /authorized_keys#a", false, 404},
		{"GET http://daemon/authorized_keys", false, 404},
		{"GET /keys/", false, 404},
		{"GET /keys/tz1", false, 404},
		{"GET /keys/" + key + "/", false, 404},
		{"GET /keys/" + key + "%2f", false, 404},
		{"GET /keys/" + strings.Replace(key, "8", "%38", 1), false, 404},
		{"GET /keys/" + strings.Replace(key, "tz1", "KT1", 1), false, 404},
		{"GET /known_keys", false, 404},
		{"GET /bls_prove_possession/" + blsKey, false, 404},
		{"GET /metrics", false, 404},
		{"GET /statusz/", false, 404},
		{"POST /healthz", false, 404},
		{"GET /healthz", false, 200},
	} {
		host := "wrapper"
		if strings.HasPrefix(test.request, "CONNECT") {
			host = key + ":80"
		}
		got := raw(t, r.url, test.request+" HTTP/1.1\r\nhost: "+host+"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
		if want := fmt.Sprintf("HTTP/1.1 %d ", test.status); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %s", test.request, got, want)
		}
		asked := d.take()
		if passes := len(asked) > 0; passes != test.passes {
			t.Errorf("%s: got %v at the daemon", test.request, asked)
		}
		if _, target, _ := strings.Cut(test.request, " "); test.passes && asked[0].target != target {
			t.Errorf("got %s, want %s", asked[0].target, target)
		}
	}
}

func TestAMissingDaemonIsA502(t *testing.T) {
	r := newRig(t, "http://127.0.0.1:1", time.Minute)
	for _, ask := range []func() (answer, error){
		func() (answer, error) { return get(r.url + "/authorized_keys") },
		func() (answer, error) {
			return post(http.DefaultClient, r.url+"/keys/"+key, vote(payload.Block, 1, 0))
		},
	} {
		if got, err := ask(); err != nil || got.status != http.StatusBadGateway {
			t.Errorf("got %+v, %v", got, err)
		}
	}
}

func FuzzWhatIsPassedArrivesUnchanged(f *testing.F) {
	d := &recorder{status: 200, body: "{}"}
	r := newRig(f, serveDaemon(f, d.ServeHTTP), time.Minute)
	f.Add("POST", "/keys/"+key, "version=3&authentication=sig", "application/json", "", vote(payload.Block, 7, 1), true)
	f.Add("POST", "/keys/"+blsKey, "", "application/json", "*/*", `"13"`, false)
	f.Add("GET", "/authorized_keys", "a#b?c", "", "application/json", "", false)
	f.Add("GET", "/keys/"+key, "%zz", "", "", "", false)
	f.Add("GET", "/keys/../"+key, "", "", "", "x", false)
	f.Fuzz(func(t *testing.T, method, path, query, contentType, accept, body string, isChunked bool) {
		if len(body) > maxBody {
			return
		}
		for _, text := range []string{method, path, query, contentType, accept} {
			// With these it is another request.
			if strings.ContainsAny(text, "\r\n") {
				return
			}
		}
		target := path
		if query != "" {
			target += "?" + query
		}
		d.take()
		text := method + " " + target + " HTTP/1.1\r\nhost: wrapper\r\nconnection: close\r\ncontent-type: " + contentType +
			"\r\naccept: " + accept + "\r\n"
		switch {
		case isChunked && body != "":
			text += fmt.Sprintf("transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		case body != "":
			text += fmt.Sprintf("content-length: %d\r\n\r\n%s", len(body), body)
		default:
			text += "\r\n"
		}
		raw(t, r.url, text)
		for _, got := range d.take() {
			want := seen{method, target, strings.Trim(accept, " \t"), strings.Trim(contentType, " \t"), body}
			if got != want {
				t.Errorf("got %+q, want %+q", got, want)
			}
			if bare, _, _ := strings.Cut(got.target, "?"); bare != "/authorized_keys" && bare != "/keys/"+bare[max(0, len(bare)-36):] {
				t.Errorf("got %q at the daemon", got.target)
			}
		}
	})
}
