package gateway

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkRouter measures a signature on kept connections, by a replica's gateway alone and by a router in
// front of two. It alternates between the two, so that both meet the same machine. The device answers at
// once. `go test -run '^$' -bench Router -benchtime 5000x` prints what the router adds.
func BenchmarkRouter(b *testing.B) {
	two := newTwo(b, 1)
	took := map[string][]time.Duration{}
	ways := []string{two.replicas[0].address, podAddress}
	round := int32(0)
	for b.Loop() {
		for _, way := range ways {
			round++
			url := fmt.Sprintf("http://%s:%d/keys/%s?bytes=%d", way, two.hosts[0].port, alice, round)
			began := time.Now()
			response, err := http.Post(url, "application/json", strings.NewReader(vote(10, round, 1)))
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if response.StatusCode != http.StatusOK {
				b.Fatal(response.Status)
			}
			took[way] = append(took[way], time.Since(began))
		}
	}
	for _, percent := range []int{50, 99} {
		var micros []float64
		for _, way := range ways {
			slices.Sort(took[way])
			micros = append(micros, float64(took[way][len(took[way])*percent/100].Microseconds()))
		}
		b.ReportMetric(micros[0], fmt.Sprintf("µs-gateway-p%d", percent))
		b.ReportMetric(micros[1]-micros[0], fmt.Sprintf("µs-added-p%d", percent))
	}
}
