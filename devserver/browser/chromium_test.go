// Package browser looks at ports as operators do: in a real browser, on the real Web UI.
package browser

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// findChromium is the browser to test with: the one that PORTSAGA_CHROMIUM names, or one on the PATH. Where there is none
// the test is skipped; CI installs one, so there its absence is a failure.
func findChromium(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("PORTSAGA_CHROMIUM"); named != "" {
		path, err := exec.LookPath(named)
		require.NoError(t, err, "PORTSAGA_CHROMIUM")
		return path
	}
	for _, name := range []string{"chromium", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "there is no browser: install chromium or google-chrome, or let PORTSAGA_CHROMIUM name one"
	require.NotEqual(t, "true", os.Getenv("CI"), missing)
	t.Skip(missing)
	return ""
}

// startChromium opens one page in a new browser with a profile of its own, watched by the witness until the test ends.
func startChromium(t *testing.T, path string, w *witness, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // root, in a container, has no other way
		chromedp.DisableGPU,
		chromedp.WindowSize(1600, 1800),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), // what we miss gets nowhere
	)
	options = append(options, more...)
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...) // a failed test still takes a picture
	t.Cleanup(stop)
	ctx, leave := chromedp.NewContext(ctx, chromedp.WithListener(w.see))
	t.Cleanup(leave)
	require.NoError(t, chromedp.Do(ctx), "start the browser")
	return ctx
}

// witness remembers what a page asked for and what it complained about.
type witness struct {
	mu         sync.Mutex
	requests   int
	strangers  []string // requests to another host
	complaints []string // errors on the console
}

// see is called for every event of the page, one at a time.
func (w *witness) see(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		w.request(e.Request.URL)
	case *network.EventWebSocketCreated:
		w.request(e.URL)
	case *network.EventLoadingFailed:
		if !e.Canceled {
			w.complaints = append(w.complaints, fmt.Sprintf("request %s: %s", e.RequestID, e.ErrorText))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			w.complaints = append(w.complaints, fmt.Sprintf("%s (%s)", e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			w.complaints = append(w.complaints, consoleText(e.Args))
		}
	case *runtime.EventExceptionThrown:
		w.complaints = append(w.complaints, exception(e.ExceptionDetails))
	}
}

func (w *witness) request(address string) {
	w.requests++
	to, err := url.Parse(address)
	switch {
	case err != nil:
		w.strangers = append(w.strangers, address)
	case slices.Contains([]string{"data", "blob", "about"}, to.Scheme): // never leave the page
	case to.Hostname() != "127.0.0.1":
		w.strangers = append(w.strangers, address)
	}
}

func consoleText(args []*runtime.RemoteObject) string {
	var said string
	for _, a := range args {
		said += fmt.Sprintf("%s%s ", a.Value, a.Description)
	}
	return said
}

// exception describes an uncaught one; what was thrown need not be an object.
func exception(e *runtime.ExceptionDetails) string {
	text := fmt.Sprintf("%s (%s:%d)", e.Text, e.URL, e.LineNumber)
	if e.Exception != nil {
		text += " " + e.Exception.Description
	}
	return text
}

// requireQuiet holds the page to what an offline desk may expect.
func (w *witness) requireQuiet(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.NotZero(t, w.requests, "the witness saw nothing at all")
	require.Empty(t, w.strangers, "requests that left this machine")
	require.Empty(t, w.complaints, "errors on the console")
}

func TestWitnessKnowsStrangers(t *testing.T) {
	t.Parallel()
	at := func(address string) *network.EventRequestWillBeSent {
		return &network.EventRequestWillBeSent{Request: &network.Request{URL: address}}
	}
	var w witness
	for _, address := range []string{"http://127.0.0.1:8233/api", "data:image/png;base64,AA", "about:blank"} {
		w.see(at(address))
	}
	w.requireQuiet(t)

	strangers := []string{"https://temporal.io/news", "http://localhost:8233/", "http://127.0.0.1.example.com/", "http://[::1"}
	for _, address := range strangers {
		w.see(at(address))
	}
	require.Equal(t, strangers, w.strangers)
}
