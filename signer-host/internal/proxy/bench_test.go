package proxy

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"remote-signer-cloud/internal/payload"
)

// BenchmarkSignature measures a signature on a kept connection, and on a new one, directly at a daemon
// that answers at once and through the wrapper. It alternates between the two, so that both meet the same
// machine. `go test -run '^$' -bench Signature -benchtime 5000x` prints what the wrapper adds.
func BenchmarkSignature(b *testing.B) {
	daemonURL := serveDaemon(b, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "{\"signature\":\"sigMLzvU2pYXexzZwdNGqYJ3z4pDcDZSFZWcsLWdzUUzGyTUxnW2FHjBPzVwPvoKFzzwdNGqYJ3z4pDcDZSFZWcsLWdzUUzG\"}\n")
	})
	r := newRig(b, daemonURL, time.Minute)
	for _, isKept := range []bool{true, false} {
		b.Run(fmt.Sprintf("kept=%v", isKept), func(b *testing.B) {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: !isKept}}
			defer client.CloseIdleConnections()
			took := map[string][]time.Duration{}
			for level := int32(1); b.Loop(); level++ {
				for _, to := range []string{daemonURL, r.url} {
					began := time.Now()
					got, err := post(client, to+"/keys/"+key+"?version=3", vote(payload.Attestation, level, 0))
					if err != nil || got.status != http.StatusOK {
						b.Fatalf("got %+v, %v", got, err)
					}
					took[to] = append(took[to], time.Since(began))
				}
			}
			for _, part := range []struct {
				name string
				of   float64
			}{{"p50", 0.5}, {"p99", 0.99}} {
				direct, through := quantile(took[daemonURL], part.of), quantile(took[r.url], part.of)
				b.ReportMetric(float64(direct.Microseconds()), "µs-direct-"+part.name)
				b.ReportMetric(float64((through - direct).Microseconds()), "µs-added-"+part.name)
			}
		})
	}
}

func quantile(all []time.Duration, of float64) time.Duration {
	slices.Sort(all)
	return all[min(len(all)-1, int(of*float64(len(all))))]
}
