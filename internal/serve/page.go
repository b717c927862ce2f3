package serve

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/link"
	"github.com/portsaga/portsaga/porting"
)

//go:embed pages
var pageFiles embed.FS

//go:embed pages/style.css
var style string

// contentPolicy lets a page have its style and send its form, and nothing else: no script, no image, no other site.
var contentPolicy = "default-src 'none'; style-src 'sha256-" + styleHash() + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func styleHash() string {
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// phrases are the texts of the page in one language: what it says in each of its states.
type phrases struct {
	Button  string           `yaml:"button"`
	Numbers string           `yaml:"numbers"` // before the masked numbers
	States  map[state]spoken `yaml:"states"`
}

type spoken struct {
	Title string   `yaml:"title"`
	Says  []string `yaml:"says"`
}

// state is what the page has to say.
type state string

const (
	asking  state = "asking"  // nothing was done yet
	stopped state = "stopped" // the fence is closed
	late    state = "late"    // the numbers are moving, or have moved
	ended   state = "ended"   // the port was over before
	noted   state = "noted"   // not ours to stop: the objection is with the port
	unknown state = "unknown" // the token does not work
	busy    state = "busy"    // too many tries
	trouble state = "trouble" // nothing was done, because something is broken
)

var statuses = map[state]int{
	asking: http.StatusOK, stopped: http.StatusOK, late: http.StatusOK, ended: http.StatusOK, noted: http.StatusOK, unknown: http.StatusNotFound,
	busy: http.StatusTooManyRequests, trouble: http.StatusServiceUnavailable,
}

// pages are the page in all its languages.
type pages struct {
	layout  *template.Template
	phrases []phrases
	tags    []language.Tag // the first is the fallback
	matcher language.Matcher
}

// languages are those of the page.
var languages = []string{"en", "de", "es", "fr", "pt"}

func readPages() (pages, error) {
	var p pages
	for _, lang := range languages {
		text, err := pageFiles.ReadFile(path.Join("pages", lang+".yaml"))
		if err != nil {
			return p, err
		}
		var said phrases
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		if err := d.Decode(&said); err != nil {
			return p, err
		}
		for s := range statuses {
			if said.States[s].Title == "" {
				return p, fmt.Errorf("the page says nothing when it is %s in %s", s, lang)
			}
		}
		p.phrases, p.tags = append(p.phrases, said), append(p.tags, language.Make(lang))
	}
	p.matcher = language.NewMatcher(p.tags)
	var err error
	p.layout, err = template.ParseFS(pageFiles, "pages/page.html")
	return p, err
}

// view is what the page's frame is given.
type view struct {
	Lang    string
	Style   template.CSS
	State   string
	Title   string
	Says    []string
	Button  string
	Action  string
	Token   string
	Label   string // before the numbers
	Numbers []string
	Help    string
}

// show writes the page. Its language is that of the link, then that of the browser.
func (d *door) show(w http.ResponseWriter, r *http.Request, s state, token string, numbers []string) {
	_, index := language.MatchStrings(d.pages.matcher, r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
	said := d.pages.phrases[index]
	v := view{
		Lang: languages[index], Style: template.CSS(style), State: string(s), //nolint:gosec // it is our own file
		Title: said.States[s].Title, Says: said.States[s].Says, Help: d.Help, Numbers: numbers, Label: said.Numbers,
	}
	if s == asking {
		v.Button, v.Token, v.Action = said.Button, token, link.Path+"?lang="+v.Lang
	}
	var page bytes.Buffer
	if err := d.pages.layout.Execute(&page, v); err != nil {
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", v.Lang)
	w.WriteHeader(statuses[s])
	_, _ = w.Write(page.Bytes())
}

// ask shows the page with its button. It looks nothing up: whoever opens links to see whether they are good learns
// nothing, and a mail scanner that opens them all does no harm.
func (d *door) ask(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	if _, ok := link.Read(token); !ok {
		token = ""
	}
	d.show(w, r, asking, token, nil)
}

// maxForm bounds the body of the page's form, in bytes.
const maxForm = 4 << 10

// stop uses the token: the fence is closed before anything else happens.
func (d *door) stop(w http.ResponseWriter, r *http.Request) {
	if d.tooMany(r) {
		w.Header().Set("Retry-After", "60")
		d.show(w, r, busy, "", nil)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	use, err := d.Desk.Use(r.Context(), strings.TrimSpace(r.PostFormValue("token")))
	switch {
	case porting.KindOf(err) == porting.NotFound && err != nil:
		d.show(w, r, unknown, "", nil)
	case err != nil:
		d.Log.Error("a customer could not stop a port", "code", porting.CodeOf(err))
		d.show(w, r, trouble, "", nil)
	default:
		d.Log.Info("a customer stopped a port", "port", use.Link.PortID, "fence", use.Fence.State, "referred", use.Referred)
		d.show(w, r, reached(use), "", use.Numbers)
	}
}

// reached is how far the port was when its customer stopped it.
func reached(use ledger.LinkUse) state {
	switch {
	case !use.Fence.ReleasedAt.IsZero():
		return ended
	case use.Referred:
		return noted
	case use.Fence.State == ledger.FenceClosed:
		return stopped
	default:
		return late
	}
}
