package acceptance

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// page is an answer over HTTP.
type page struct {
	code       int
	kind, body string
}

func get(t *testing.T, url string) page {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(q)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return page{answer.StatusCode, answer.Header.Get("Content-Type"), string(body)}
}

// effect is something that we made the carrier do: which order, which version of it, and what.
type effect struct {
	Port    string
	Version int
	What    string
}

// requestFor names the request that has an effect.
var requestFor = map[string]string{
	"submitted": "submit", "supplemented": "submit", "cancel-asked": "cancel", "activation-asked": "activate",
	"reversal-asked": "reverse",
}

// effects are what we made the simulated carrier do, as its own journal has it.
func (d desk) effects(t *testing.T) []effect {
	t.Helper()
	journal, err := os.ReadFile(filepath.Join(d.dir(), "carrier.jsonl"))
	require.NoError(t, err)
	var effects []effect
	for line := range bytes.Lines(journal) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // torn off by a kill
		}
		var l struct {
			Ref struct {
				Port    string
				Version int
			}
			Effect string
		}
		require.NoError(t, json.Unmarshal(line, &l))
		if requestFor[l.Effect] != "" {
			effects = append(effects, effect{l.Ref.Port, l.Ref.Version, l.Effect})
		}
	}
	return effects
}

// requireOnce sees that nothing happened twice, and that since its start the carrier was asked for nothing but what then
// happened: no request was sent whose effect was there before.
func (d dev) requireOnce(t *testing.T, before, after []effect) {
	t.Helper()
	times := map[effect]int{}
	for _, e := range after {
		times[e]++
		require.Equal(t, 1, times[e], "%+v", e)
	}
	want := map[string]int{"submit": 0, "cancel": 0, "activate": 0, "reverse": 0}
	for _, e := range after[len(before):] {
		want[requestFor[e.What]]++
	}
	answer := get(t, d.carrier+"/requests")
	require.Equal(t, http.StatusOK, answer.code)
	var asked map[string]int
	read(t, answer.body, &asked)
	for request, n := range want {
		require.Equal(t, n, asked[request], "requests to %s since the start", request)
	}
}
