package evidence

import (
	_ "embed"
	"html/template"
	"io"
	"time"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"time": func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2006-01-02 15:04:05")
	},
}).Parse(pageText))

// WritePage writes what a bundle proves for people, as one page of HTML without anything from elsewhere.
func (v Verified) WritePage(w io.Writer) error { return page.Execute(w, v) }
