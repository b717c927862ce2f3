package browser

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/link"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

// toldPorts counts how often a port was told that its customer stopped it.
type toldPorts struct{ times atomic.Int32 }

func (p *toldPorts) Tell(context.Context, string, porting.Revoke) error {
	p.times.Add(1)
	return nil
}

// A customer stops a port on a phone, with scripts switched off: open the link, read, press, read what holds.
func TestACustomerStopsAPortOnAPhone(t *testing.T) {
	t.Parallel()
	path := findChromium(t)
	books, told, door := openDoor(t)
	token, kept := link.New("pi-1", "nt-1", time.Now(), time.Hour)
	require.NoError(t, books.NewLink(t.Context(), kept))

	var w witness
	page := startChromium(t, path, &w)
	_, err := chromedp.Call(page, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(page,
		chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch),
		chromedp.Navigate(token.URL(door, "de")),
	))
	requireFits(t, page)
	require.Equal(t, []string{"heading: Sie wollten Ihre Nummer nicht mitnehmen?", "button: Mitnahme stoppen"}, outline(t, page))
	require.Equal(t, ledger.FenceOpen, fenceOf(t, books), "reading changes nothing")

	press(t, page, "stopped")
	requireFits(t, page)
	require.Equal(t, []string{"heading: Die Mitnahme ist gestoppt"}, outline(t, page))
	require.Equal(t, ledger.FenceClosed, fenceOf(t, books))
	require.EqualValues(t, 1, told.times.Load())
	w.requireQuiet(t)

	require.NoError(t, chromedp.Do(page, chromedp.Navigate(token.URL(door, "fr"))))
	press(t, page, "unknown")
	require.EqualValues(t, 1, told.times.Load(), "the link works once")
}

// A customer keeps a lock on a phone, with scripts switched off.
func TestACustomerKeepsALockOnAPhone(t *testing.T) {
	t.Parallel()
	path := findChromium(t)
	books, told, door := openDoor(t)
	now := time.Now().Truncate(time.Microsecond)
	number := ledger.Subject{Token: "token", Tenant: "default", Masked: "+4…3456"}
	lock, err := books.PlaceLock(t.Context(), number, "desk", "", now)
	require.NoError(t, err)
	_, err = books.AskUnlock(t.Context(), number, ledger.Unlock{LockID: lock.ID, By: "a thief", At: now, DueAt: now.Add(time.Hour)})
	require.NoError(t, err)
	events, err := books.GuardEvents(t.Context(), number.Token, 9)
	require.NoError(t, err)
	asked := slices.IndexFunc(events, func(e ledger.GuardEvent) bool { return e.Kind == ledger.EventUnlockAsked })
	token, kept := link.NewKeep(events[asked].ID, "nt-1", now, now.Add(time.Hour))
	require.NoError(t, books.NewLink(t.Context(), kept))

	var w witness
	page := startChromium(t, path, &w)
	_, err = chromedp.Call(page, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(page,
		chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch),
		chromedp.Navigate(token.KeepURL(door, "de")),
	))
	requireFits(t, page)
	require.Equal(t, []string{"heading: Sie wollten Ihre Nummer nicht freigeben?", "button: Gesperrt lassen"}, outline(t, page))
	press(t, page, "kept")
	requireFits(t, page)
	locks, err := books.Locks(t.Context(), number.Token)
	require.NoError(t, err)
	require.True(t, locks[0].Holds(now.Add(2*time.Hour)), "it ends no more")
	require.Zero(t, told.times.Load(), "no port is told")
	w.requireQuiet(t)
}

// press presses the button and waits for what the page says then.
func press(t *testing.T, page context.Context, state string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(page, patience)
	defer cancel()
	require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS("button")), chromedp.WaitVisible(chromedp.CSS(`main[data-state="`+state+`"]`))))
}

// openDoor serves the links of a ledger in which port pi-1 has claimed a number.
func openDoor(t *testing.T) (*ledger.Ledger, *toldPorts, string) {
	t.Helper()
	books, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	_, err = books.Claim(t.Context(), ledger.Claim{
		PortID: "pi-1", Direction: porting.PortIn, Tenant: "default", Reference: "R", Run: "run", At: time.Now(),
		Numbers: []ledger.NumberClaim{{Token: "token", Masked: "+4…3456"}},
	})
	require.NoError(t, err)
	told := &toldPorts{}
	log := slog.New(slog.DiscardHandler)
	handler, err := serve.Handler(serve.Options{
		Desk: &link.Desk{Books: books, Ports: told, Now: time.Now, Log: log}, Now: time.Now, Log: log, Help: "0800 000",
	})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return books, told, server.URL
}

func fenceOf(t *testing.T, books *ledger.Ledger) ledger.FenceState {
	t.Helper()
	f, err := books.Fence(t.Context(), "pi-1")
	require.NoError(t, err)
	return f.State
}

// requireFits holds the page to a phone's width, and its button to the size of a thumb.
func requireFits(t *testing.T, page context.Context) {
	t.Helper()
	wide, err := chromedp.Run(page, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`))
	require.NoError(t, err)
	require.False(t, wide, "the page is wider than the phone")
	low, err := chromedp.Run(page, chromedp.Evaluate[bool](`Array.from(document.querySelectorAll('button')).some(b => b.getBoundingClientRect().height < 44)`))
	require.NoError(t, err)
	require.False(t, low, "the button is too small for a thumb")
}

// outline is what a screen reader finds to stop at: headings and buttons, with their names.
func outline(t *testing.T, page context.Context) []string {
	t.Helper()
	tree, err := chromedp.Call(page, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	require.NoError(t, err)
	var found []string
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil || n.Name == nil {
			continue
		}
		if role := strings.Trim(string(n.Role.Value), `"`); role == "heading" || role == "button" {
			found = append(found, role+": "+strings.Trim(string(n.Name.Value), `"`))
		}
	}
	return found
}
