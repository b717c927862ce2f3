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
	kept    state = "kept"    // the lock holds on
	late    state = "late"    // the numbers are moving, or have moved; the lock has ended
	ended   state = "ended"   // the port was over before
	noted   state = "noted"   // not ours to stop: the objection is with the port
	unknown state = "unknown" // the token does not work
	busy    state = "busy"    // too many tries
	trouble state = "trouble" // nothing was done, because something is broken
)

var statuses = map[state]int{
	asking: http.StatusOK, stopped: http.StatusOK, kept: http.StatusOK, late: http.StatusOK, ended: http.StatusOK, noted: http.StatusOK, unknown: http.StatusNotFound,
	busy: http.StatusTooManyRequests, trouble: http.StatusServiceUnavailable,
}

// pages are the pages in all their languages.
type pages struct {
	layout     *template.Template
	port, lock leaf
	tags       []language.Tag // the first is the fallback
	matcher    language.Matcher
}

// leaf is one page: where it is, and what it says in each language.
type leaf struct {
	path    string
	phrases []phrases
}

// languages are those of the pages.
var languages = []string{"en", "de", "es", "fr", "pt"}

func readPages() (pages, error) {
	var p pages
	var err error
	for _, lang := range languages {
		p.tags = append(p.tags, language.Make(lang))
	}
	p.matcher = language.NewMatcher(p.tags)
	if p.port, err = readLeaf(link.Path, "pages", asking, stopped, late, ended, noted, unknown, busy, trouble); err != nil {
		return p, err
	}
	if p.lock, err = readLeaf(link.KeepPath, "pages/lock", asking, kept, late, unknown, busy, trouble); err != nil {
		return p, err
	}
	p.layout, err = template.ParseFS(pageFiles, "pages/page.html")
	return p, err
}

// readLeaf reads a page in every language, and sees that it says something in each of its states.
func readLeaf(at, dir string, states ...state) (leaf, error) {
	l := leaf{path: at}
	for _, lang := range languages {
		text, err := pageFiles.ReadFile(path.Join(dir, lang+".yaml"))
		if err != nil {
			return l, err
		}
		var said phrases
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		if err := d.Decode(&said); err != nil {
			return l, err
		}
		for _, s := range states {
			if said.States[s].Title == "" {
				return l, fmt.Errorf("the page %s says nothing when it is %s in %s", at, s, lang)
			}
		}
		l.phrases = append(l.phrases, said)
	}
	return l, nil
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

// show writes a page. Its language is that of the link, then that of the browser.
func (d *door) show(w http.ResponseWriter, r *http.Request, l leaf, s state, token string, numbers ...string) {
	_, index := language.MatchStrings(d.pages.matcher, r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
	said := l.phrases[index]
	v := view{
		Lang: languages[index], Style: template.CSS(style), State: string(s), //nolint:gosec // it is our own file
		Title: said.States[s].Title, Says: said.States[s].Says, Help: d.Help, Numbers: numbers, Label: said.Numbers,
	}
	if s == asking {
		v.Button, v.Token, v.Action = said.Button, token, l.path+"?lang="+v.Lang
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

// ask shows a page with its button. It looks nothing up: whoever opens links to see whether they are good learns
// nothing, and a mail scanner that opens them all does no harm.
func (d *door) ask(l leaf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := r.PathValue("token")
		if _, ok := link.Read(token); !ok {
			token = ""
		}
		d.show(w, r, l, asking, token)
	}
}

// pressed reads the token of a form; ok is false where the caller has tried too often, and was told so.
func (d *door) pressed(w http.ResponseWriter, r *http.Request, l leaf) (token string, ok bool) {
	if d.tooMany(r) {
		w.Header().Set("Retry-After", "60")
		d.show(w, r, l, busy, "")
		return "", false
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	return strings.TrimSpace(r.PostFormValue("token")), true
}

// maxForm bounds the body of the page's form, in bytes.
const maxForm = 4 << 10

// stop uses the token: the fence is closed before anything else happens.
func (d *door) stop(w http.ResponseWriter, r *http.Request) {
	page := d.pages.port
	token, ok := d.pressed(w, r, page)
	if !ok {
		return
	}
	use, err := d.Desk.Use(r.Context(), token)
	switch {
	case porting.KindOf(err) == porting.NotFound && err != nil:
		d.show(w, r, page, unknown, "")
	case err != nil:
		d.Log.Error("a customer could not stop a port", "code", porting.CodeOf(err))
		d.show(w, r, page, trouble, "")
	default:
		d.Log.Info("a customer stopped a port", "port", use.Link.PortID, "fence", use.Fence.State, "referred", use.Referred)
		d.show(w, r, page, reached(use), "", use.Numbers...)
	}
}

// keep uses the token of a lock: the unlock that somebody else asked for is taken back.
func (d *door) keep(w http.ResponseWriter, r *http.Request) {
	page := d.pages.lock
	token, ok := d.pressed(w, r, page)
	if !ok {
		return
	}
	lock, holds, err := d.Desk.Keep(r.Context(), token)
	switch {
	case porting.KindOf(err) == porting.NotFound && err != nil:
		d.show(w, r, page, unknown, "")
	case err != nil:
		d.Log.Error("a customer could not keep a lock", "code", porting.CodeOf(err))
		d.show(w, r, page, trouble, "")
	case !holds:
		d.show(w, r, page, late, "", lock.Masked)
	default:
		d.Log.Info("a customer kept a lock", "number", lock.Masked)
		d.show(w, r, page, kept, "", lock.Masked)
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
