package browser

import (
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

const (
	openDialog = "dialog[open]"
	editor     = openDialog + " .cm-content"
)

// send fills the dialog for a signal or an update and submits it. What comes of it is for the caller to see.
func (o *operator) send(kind, message, body string) {
	o.t.Helper()
	o.click("button", "More Actions")
	o.click("[data-testid="+kind+"-button]", "")
	o.click(openDialog+" [data-testid="+kind+"-select-button]", "")
	o.click(openDialog+" [role=option] span", message)
	o.click(editor, "")
	o.paste(body)
	o.picture(kind + "-" + message)
	o.leaveEditor()
	o.click(openDialog+" [data-testid=confirm-modal-button]", "")
}

// leaveEditor makes the editor lay the JSON out over several lines, which moves the whole dialog. A click that does this on
// its way would land beside its button, or even close the dialog, so it is done by key.
func (o *operator) leaveEditor() {
	o.t.Helper()
	o.do(chromedp.KeyEvent(kb.Tab))
	ask[bool](o, "the editor lays the body out", `lines => document.querySelectorAll(lines).length > 1`, editor+" .cm-line")
}

// bodies are the messages that a details page offers, each with its body to paste.
func (o *operator) bodies(details string) map[string]string {
	o.t.Helper()
	return ask[map[string]string](o, "messages to send", `details => Object.fromEntries(
		Array.from(document.querySelector(details).contentDocument.querySelectorAll('tr'))
			.map(row => Array.from(row.querySelectorAll('code'), code => code.textContent))
			.filter(codes => codes.length === 2))`, details)
}

// fits holds a details page to the width that the Web UI gives it: what is cut off is not read.
func (o *operator) fits(details string) {
	o.t.Helper()
	over := ask[string](o, "width of the page", `details => {
		const {scrollWidth, clientWidth} = document.querySelector(details).contentDocument.documentElement;
		return scrollWidth > clientWidth ? scrollWidth + ' in ' + clientWidth : 'fits';
	}`, details)
	require.Equal(o.t, "fits", over)
}
