package acceptance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPortsAreFound(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	running := d.startDev(t)
	id := d.startPort(t, d.order(t, "FIND-1", 23))
	other := d.startPort(t, d.order(t, "FIND-2", 24))
	await(t, every, "both ports are listed", func() bool {
		return len(ask[[]port](t, d, "port", "list", "--open", "--waiting-on", "approver")) == 2
	})

	for _, c := range []struct {
		filter string
		found  []string
	}{
		{"", []string{id, other}},
		{"--open", []string{id, other}},
		{"--stage verifying", []string{id, other}},
		{"--stage completed", nil},
		{"--waiting-on carrier", nil},
		{"--jurisdiction us-wireline-simple --carrier simulator --tenant default", []string{id, other}},
		{"--tenant nobody", nil},
		{"--needs-attention", nil},
		{"--limit 1", []string{other}},
		{"--number " + fiction(23), []string{id}},
		{"--number " + fiction(24) + " --stage verifying", []string{other}},
		{"--number " + fiction(25), nil},
	} {
		var found []string
		for _, p := range ask[[]port](t, d, strings.Fields("port list "+c.filter)...) {
			found = append(found, p.ID)
		}
		require.ElementsMatch(t, c.found, found, c.filter)
	}
	requireShape(t, list(object(map[string]shape{
		"id": said, "direction": oneOf("port-in"), "stage": oneOf("verifying"), "state": oneOf("open"),
		"waiting_on": oneOf("approver"), "due_at": instant, "jurisdiction": said, "carrier": oneOf("simulator"), "tenant": oneOf("default"), "risk": said,
	})),
		d.do(t, "port", "list", "-o", "json").stdout)
	require.Equal(t, "[]\n", d.do(t, "port", "list", "--stage", "completed", "-o", "json").stdout)

	for _, v := range ask[[]struct{ Name, Query, URL string }](t, d, "views") {
		require.True(t, strings.HasPrefix(v.URL, running.ui), v.URL)
		require.Equal(t, http.StatusOK, get(t, v.URL).code, v.Name)
		want := 0
		if v.Name == "Awaiting approval" {
			want = 2
		}
		require.Len(t, ask[[]port](t, d, "port", "list", "--query", v.Query), want, v.Name)
	}
}
