package canary

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// Two deployments live through the same story, in which every field that is for people holds somebody who does not exist. In
// the one that is sealed nobody is found anywhere. In the other one, which is the control, people are found wherever sealing
// is what hides them; and then, when somebody careless has written one down there, in every other store as well.
func TestNobodyIsFound(t *testing.T) {
	requireNobodyIn(t, openHouse(t, true), openHouse(t, false), full())
}

// The same with a ledger in PostgreSQL, whose files and write-ahead log are searched, and with the story of every day.
func TestNobodyIsFoundInPostgreSQL(t *testing.T) {
	if !full() {
		t.Skip("make canary runs it")
	}
	requireNobodyIn(t, openHouseOn(t, true, t.TempDir(), postgresBooks(t)), openHouseOn(t, false, t.TempDir(), postgresBooks(t)), false)
}

func requireNobodyIn(t *testing.T, sealed, control *house, everything bool) {
	t.Helper()
	ctx := t.Context()
	usual := slog.Default()
	slog.SetDefault(sealed.logger)
	t.Cleanup(func() { slog.SetDefault(usual) })

	var living errgroup.Group
	for _, h := range []*house{sealed, control} {
		living.Go(func() error {
			ended, err := h.live(ctx, everything)
			h.Logf("ports of the house that is sealed (%t) by their ends: %v", h.sealed, ended)
			return err
		})
	}
	require.NoError(t, living.Wait())
	in, without := sealed.look(ctx), control.look(ctx)
	control.babble(ctx)
	careless := control.look(ctx)

	t.Log(table(in, without, careless))
	for what, n := range map[string]int{"sentinels": len(canaries()), "encodings": len(encodings), "sealed": total(in), "control": total(careless)} {
		t.Attr(what, strconv.Itoa(n)) // for the release report
	}
	for _, h := range []*house{sealed, control} {
		h.sawItAll(ctx)
	}
	for i, s := range in {
		require.NotZero(t, s.size, "%s is empty", s.name)
		require.Empty(t, s.hits, s.name)
		require.NotEmpty(t, careless[i].hits, "the search finds nothing in %s", s.name)
	}
	for _, s := range without {
		switch s.name {
		case temporalFiles, temporalWAL, temporalRows, histories, bundles:
			require.NotEmpty(t, s.hits, "without sealing, %s", s.name)
		case visibility: // shows the failure of a step that is being tried again, if there is one at the moment
		default:
			require.Empty(t, s.hits, "sealing does not hide what is in %s", s.name)
		}
	}
}

// sawItAll sees that the story had its faults: a panic, a line that repeats what it is told, and those who want no notice.
func (h *house) sawItAll(ctx context.Context) {
	h.Helper()
	require.Contains(h, string(h.log.bytes()), "a step panicked")
	told := map[string]string{}
	for _, s := range h.readLedger(ctx) {
		told[s.name] = string(s.text)
	}
	require.Contains(h, told[exchanges], `"status":502`)
	for _, code := range []string{"smtp-refused", "sms-refused", "webhook-unavailable"} {
		require.Contains(h, told[notices], code)
	}
}

// found is what a search found in a store.
type found struct {
	name string
	size int
	hits map[hit]int
}

func (f found) total() int {
	n := 0
	for _, times := range f.hits {
		n += times
	}
	return n
}

func total(all []found) int {
	n := 0
	for _, f := range all {
		n += f.total()
	}
	return n
}

// look searches everything that a house has written.
func (h *house) look(ctx context.Context) []found {
	h.Helper()
	s := newSearcher(canaries())
	var all []found
	for _, store := range h.stores(ctx) {
		all = append(all, found{store.name, len(store.text), s.search(store.text)})
	}
	return all
}

func table(in, without, careless []found) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d canaries in %d encodings\n%-28s %10s %8s %12s %12s\n", len(canaries()), len(encodings), "", "KB", "sealed", "not sealed", "and careless")
	for i := range in {
		fmt.Fprintf(&b, "%-28s %10d %8d %12d %12d\n", in[i].name, in[i].size>>10, in[i].total(), without[i].total(), careless[i].total())
		for _, h := range slices.SortedFunc(maps.Keys(in[i].hits), func(x, y hit) int { return strings.Compare(x.word+x.encoding, y.word+y.encoding) }) {
			fmt.Fprintf(&b, "    %q, %s: %d\n", h.word, h.encoding, in[i].hits[h])
		}
	}
	return b.String()
}
