package serve_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

// BenchmarkValidate sends two hundred requests a second over HTTP, whatever becomes of those before, and reports how long
// callers waited and how many were told to wait for the port. Run it with -benchtime 4000x: twenty seconds each.
func BenchmarkValidate(b *testing.B) {
	for _, withPIN := range []int{0, 10, 50, 100} {
		b.Run(fmt.Sprintf("PIN=%d%%", withPIN), func(b *testing.B) {
			d := newDesk(b, func(w *serve.Wholesaler) { w.PerSecond = 10_000 })
			for i := range 40 {
				d.setPIN(b, numbered(i))
			}
			ctx, stop := context.WithCancel(b.Context())
			defer stop()
			go d.Run(ctx)
			took, held := d.load(b, func(i int) []byte {
				if i*37%100 < withPIN { // spread evenly
					return ask(fmt.Sprint(i), numbered(i%40), pin(rightPIN))
				}
				return ask(fmt.Sprint(i), numbered(40+i%9000), map[string]string{"account": "ACC-1001"})
			})
			report(b, took)
			b.ReportMetric(100*float64(held)/float64(len(took)), "%PIN-left-to-port")
		})
	}
}

func numbered(i int) porting.Number { return porting.Number(fmt.Sprintf("+1212555%04d", 200+i)) }

// BenchmarkGuess sends wrong PINs at two numbers, one with a PIN and one that nobody knows, and reports how long each took
// while they are looked at.
func BenchmarkGuess(b *testing.B) {
	d := newDesk(b, func(w *serve.Wholesaler) { w.PerSecond = 1_000_000 })
	d.setPIN(b, ours)
	took := map[porting.Number][]time.Duration{}
	for i := 0; b.Loop(); i++ {
		both := []porting.Number{ours, "+12125550199"}
		if i%2 == 1 { // what comes second meets what the first left behind
			slices.Reverse(both)
		}
		for _, number := range both {
			d.now = d.now.Add(25 * time.Hour) // nothing is locked out
			begun := time.Now()
			w := d.post(b.Context(), ask(fmt.Sprintf("%s-%d", number.E164(), i), number, pin(wrongPIN)))
			took[number] = append(took[number], time.Since(begun))
			require.Equal(b, http.StatusOK, w.Code)
		}
	}
	b.ReportMetric(percentile(took[ours], 50), "known-p50-ms")
	b.ReportMetric(percentile(took["+12125550199"], 50), "unknown-p50-ms")
	b.ReportMetric(percentile(took[ours], 95), "known-p95-ms")
	b.ReportMetric(percentile(took["+12125550199"], 95), "unknown-p95-ms")
}

// load sends requests at their times and measures from then: a caller who is kept waiting by those before waits, too.
func (d *desk) load(b *testing.B, body func(i int) []byte) (took []time.Duration, held int) {
	b.Helper()
	const every = time.Second / 200
	server := httptest.NewServer(d.handler)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	var mu sync.Mutex
	var sent sync.WaitGroup
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := 0; b.Loop(); i++ {
		due := <-tick.C
		sent.Go(func() {
			said := d.send(b, client, server.URL, body(i))
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(due))
			if strings.Contains(said, "compares the PIN") {
				held++
			}
		})
	}
	sent.Wait()
	return took, held
}

func (d *desk) send(b *testing.B, client *http.Client, url string, body []byte) string {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url+"/v1/port-outs/validate", bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Authorization", "Bearer "+d.token)
	answer, err := client.Do(r)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		b.Errorf("%d %s", answer.StatusCode, text)
	}
	return string(text)
}

func report(b *testing.B, took []time.Duration) {
	b.ReportMetric(percentile(took, 50), "p50-ms")
	b.ReportMetric(percentile(took, 99), "p99-ms")
	b.ReportMetric(percentile(took, 100), "max-ms")
}

// percentile is in milliseconds.
func percentile(took []time.Duration, p int) float64 {
	slices.Sort(took)
	return took[min(len(took)*p/100, len(took)-1)].Seconds() * 1000
}
