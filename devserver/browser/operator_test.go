package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const (
	patience = 30 * time.Second // for what a page shows within a second on an idle machine
	glance   = 50 * time.Millisecond
)

// operator is a person in front of the Web UI: it opens, clicks, types and reads. What it waits for must come, or the
// test fails with a picture of the page.
type operator struct {
	*witness
	t     *testing.T
	page  context.Context
	album string // where pictures go
	shots int
}

func newOperator(t *testing.T, chromium string, options ...chromedp.ExecAllocatorOption) *operator {
	t.Helper()
	o := &operator{witness: &witness{}, t: t, album: os.Getenv("PORTSAGA_SCREENSHOTS")}
	if o.album == "" {
		o.album = t.TempDir()
	}
	o.page = startChromium(t, chromium, o.witness, options...)
	t.Cleanup(func() {
		if t.Failed() {
			o.picture("failed")
		}
	})
	return o
}

func (o *operator) open(address string) {
	o.t.Helper()
	o.do(chromedp.Navigate(address))
}

func (o *operator) refresh() {
	o.t.Helper()
	o.do(chromedp.Reload())
}

func (o *operator) do(action chromedp.Action[chromedp.Void]) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.page, patience)
	defer cancel()
	require.NoError(o.t, chromedp.Do(ctx, action))
}

// picture keeps what the page looks like now.
func (o *operator) picture(name string) {
	o.t.Helper()
	png, err := chromedp.Run(o.page, chromedp.CaptureScreenshot())
	require.NoError(o.t, err)
	o.shots++
	require.NoError(o.t, os.WriteFile(filepath.Join(o.album, fmt.Sprintf("%02d-%s.png", o.shots, name)), png, 0o600))
}

// ask calls a JavaScript function in the page until its answer is true, or something.
func ask[T any](o *operator, what, function string, args ...any) T {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.page, patience)
	defer cancel()
	answer, err := chromedp.Run(ctx, chromedp.PollFunction[T](function,
		chromedp.WithPollingArgs(args...), chromedp.WithPollingInterval(glance), chromedp.WithPollingTimeout(0)))
	require.NoError(o.t, err, what)
	return answer
}

// click clicks the middle of the first element that has the text, that nothing covers, and that stands still: the Web UI
// renders its action bar twice, hides one of the two, and moves its dialogs.
func (o *operator) click(selector, text string) {
	o.t.Helper()
	at := ask[[]float64](o, "click "+selector+" "+text, `(selector, text) => {
		for (const element of document.querySelectorAll(selector)) {
			if (text && element.textContent.trim() !== text) continue;
			element.scrollIntoView({block: 'nearest'});
			const {x, y, width, height} = element.getBoundingClientRect();
			const middle = [x + width / 2, y + height / 2];
			if (!element.contains(document.elementFromPoint(...middle))) continue;
			const still = String(window.lastMiddle) === String(middle);
			window.lastMiddle = middle;
			return still && middle;
		}
	}`, selector, text)
	o.do(chromedp.MouseClickXY(at[0], at[1]))
}

// paste puts text where the cursor is.
func (o *operator) paste(text string) {
	o.t.Helper()
	_, err := chromedp.Call(o.page, input.InsertText, input.InsertTextParams{Text: text})
	require.NoError(o.t, err)
}

// reads waits until the element shows every text, and returns all that it shows. Markdown is in frames of its own.
func (o *operator) reads(selector string, texts ...string) string {
	o.t.Helper()
	shown, ok := o.sees(selector, patience, texts...)
	require.True(o.t, ok, "%s shows %q", selector, texts)
	return shown
}

// sees is reads for somebody who may be disappointed.
func (o *operator) sees(selector string, wait time.Duration, texts ...string) (string, bool) {
	ctx, cancel := context.WithTimeout(o.page, wait)
	defer cancel()
	shown, err := chromedp.Run(ctx, chromedp.PollFunction[string](`(selector, texts) => {
		const shown = Array.from(document.querySelectorAll(selector))
			.flatMap(element => [element, ...element.querySelectorAll('iframe')])
			.map(element => element.tagName === 'IFRAME' ? element.contentDocument?.body?.innerText : element.innerText)
			.join('\n').replaceAll(/\s+/g, ' ');
		return texts.every(text => shown.includes(text)) && shown;
	}`, chromedp.WithPollingArgs(selector, texts), chromedp.WithPollingInterval(glance), chromedp.WithPollingTimeout(0)))
	return shown, err == nil
}

// readsAnew reloads the page until it shows every text. The Web UI asks a worker for details when it loads, and does not ask
// again if a busy one is late.
func (o *operator) readsAnew(selector string, texts ...string) string {
	o.t.Helper()
	const loads = 3
	for range loads - 1 {
		o.refresh()
		if shown, ok := o.sees(selector, patience/loads, texts...); ok {
			return shown
		}
	}
	o.refresh()
	return o.reads(selector, texts...)
}

// gone waits until no element matches.
func (o *operator) gone(selector string) {
	o.t.Helper()
	ask[bool](o, selector+" is gone", `selector => document.querySelector(selector) === null`, selector)
}
