package telnyxtest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/carrier/telnyx"
	"github.com/portsaga/portsaga/porting"
)

// Key is the API key that the fake takes.
const Key = porting.Secret("KEY0fake")

// Options say what kind of Telnyx this is.
type Options struct {
	Clock          porting.Clock                    // business time
	NotPortable    []porting.Number                 // numbers that it cannot port
	SplitBy        func(porting.Number) string      // numbers of one order with another answer go into another order; nil keeps all together
	Scheduled      func(porting.Number) bool        // numbers that are no FastPort: the carrier moves them at the FOC; nil is none
	NeedsDocuments bool                             // no order is taken without an LOA and an invoice
	WebhookURL     string                           // where news go
	Watch          func(Exchange)                   // sees every request with its answer
	Spoil          func(*http.Request) http.Handler // answers a request in the place of Telnyx; nil, or a nil handler, leaves it alone
}

// Exchange is a request and its answer. An answer that never came is nil.
type Exchange struct {
	Request     *http.Request
	RequestBody []byte
	Answer      *http.Response
	AnswerBody  []byte
}

// Fake is a running Telnyx.
type Fake struct {
	Sim *simulator.Server

	ctx     context.Context // ends with the test
	opts    Options
	http    *httptest.Server
	mux     http.Handler
	private ed25519.PrivateKey

	mu        sync.Mutex
	orders    []*order
	documents []document
	comments  map[string][]object // by order or port-out
	outs      map[string]*portOut // what the simulator does not keep of port-outs
	events    []event
	done      []string
	last      time.Time       // the latest instant that was given to a change
	chosen    map[string]bool // parts that have a scenario of their own
	losing    bool
	lost      map[[sha256.Size]byte]bool
	losses    map[string]int // by method and path
}

// object is JSON as Telnyx writes it.
type object = map[string]any

// Start runs a Telnyx until the test ends.
func Start(t testing.TB, o Options) *Fake {
	t.Helper()
	f := &Fake{
		ctx: t.Context(), opts: o, private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)),
		comments: map[string][]object{}, outs: map[string]*portOut{}, chosen: map[string]bool{}, lost: map[[sha256.Size]byte]bool{}, losses: map[string]int{},
	}
	f.mux = f.routes()
	f.http = httptest.NewServer(f)
	t.Cleanup(f.http.Close)
	sim, err := simulator.Start(t.Context(), simulator.Options{
		Clock: o.Clock, NotPortable: o.NotPortable, WebhookURL: f.http.URL + simulatorNews, WebhookSecret: "simulated",
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	for _, s := range simulator.BuiltinPortOuts() {
		sim.LearnPortOut(unhurried(s))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Sim = sim
	return f
}

// unhurried is a port-out scenario at Telnyx's pace: a day of silence, and another before numbers move that it gave away.
func unhurried(s simulator.PortOutScenario) simulator.PortOutScenario {
	const day = 24 * time.Hour
	if s.Silence == (simulator.Span{}) {
		return s
	}
	if s.Silence.Elapsed < day {
		s.Activates = simulator.Span{Elapsed: day}
	}
	s.Silence = simulator.Span{Elapsed: day}
	return s
}

// URL is where the API is served.
func (f *Fake) URL() string { return f.http.URL + "/v2" }

// Client is an adapter that speaks to this Telnyx.
func (f *Fake) Client() *telnyx.Client {
	return &telnyx.Client{URL: f.URL(), Key: Key, PublicKey: f.PublicKey()}
}

// PublicKey verifies the webhooks of this Telnyx.
func (f *Fake) PublicKey() string {
	return base64.StdEncoding.EncodeToString(f.private.Public().(ed25519.PublicKey))
}

// Sign is the header of a webhook at a real instant.
func (f *Fake) Sign(body []byte, at time.Time) http.Header {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signature := ed25519.Sign(f.private, append([]byte(timestamp+"|"), body...))
	h := http.Header{}
	h.Set(telnyx.TimestampHeader, timestamp)
	h.Set(telnyx.SignatureHeader, base64.StdEncoding.EncodeToString(signature))
	return h
}

// Choose plays a scenario of the simulator for a port that is yet to be confirmed.
func (f *Fake) Choose(port, scenario string) error { return f.Sim.Choose(port, scenario) }

// ChoosePart plays a scenario for the part of a split order that begins with a number.
func (f *Fake) ChoosePart(port string, number porting.Number, scenario string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := port + "/" + number.E164()
	f.chosen[name] = true
	return f.Sim.Choose(name, scenario)
}

// Effects are what requests about a port did at the carrier, each once, in order; of a split order, those of each part.
func (f *Fake) Effects(port string) []string {
	var names []string
	for _, e := range f.Sim.Effects() {
		if of, _, _ := strings.Cut(e.Ref.Port, partMark); of == port {
			names = append(names, e.Effect)
		}
	}
	return names
}

// Done lists every request that changed something, as method and path without IDs.
func (f *Fake) Done() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.done)
}

// maxLosses bounds how many different requests to one place lose their answers: one that tells a date differs every day.
const maxLosses = 3

// LoseAnswers breaks the connection of every different request that changes something, once, after it took effect.
func (f *Fake) LoseAnswers() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.losing = true
}

// ServeHTTP answers as Telnyx does.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // nobody waits for an answer
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if r.URL.Path == simulatorNews {
		f.forward(w, r)
		return
	}
	rec := httptest.NewRecorder()
	f.answer(r).ServeHTTP(rec, r)
	e := Exchange{Request: r, RequestBody: body}
	if r.Context().Err() == nil {
		e.Answer, e.AnswerBody = rec.Result(), rec.Body.Bytes()
	}
	if f.opts.Watch != nil {
		f.opts.Watch(e)
	}
	if f.loses(r, body) {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()) // the client may be gone; there is nobody to tell
}

// answer is the handler of a request.
func (f *Fake) answer(r *http.Request) http.Handler {
	if f.opts.Spoil != nil {
		if h := f.opts.Spoil(r); h != nil {
			return h
		}
	}
	if r.Header.Get("Authorization") != "Bearer "+Key.Reveal() {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusUnauthorized, "10009", "Authentication failed", "")
		})
	}
	return f.mux
}

func (f *Fake) routes() http.Handler {
	mux := http.NewServeMux()
	f.orderRoutes(mux)
	f.paperRoutes(mux)
	f.portOutRoutes(mux)
	f.eventRoutes(mux)
	mux.HandleFunc("POST /v2/portability_checks", f.portability)
	return mux
}

// loses reports whether the answer of a request gets lost.
func (f *Fake) loses(r *http.Request, body []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	place := r.Method + r.URL.Path
	key := sha256.Sum256([]byte(place + "\x00" + string(body)))
	if !f.losing || r.Method == http.MethodGet || f.lost[key] || r.URL.Path != "/v2/documents" && f.losses[place] >= maxLosses {
		return false
	}
	f.lost[key] = true
	f.losses[place]++
	return true
}

// did notes what a request changed.
func (f *Fake) did(what string) { f.done = append(f.done, what) }

func (f *Fake) now() time.Time { return f.opts.Clock.Business(time.Now()).UTC() }

// stamp is the instant of a change, later than that of every other.
func (f *Fake) stamp() time.Time {
	f.last = later(f.now().Truncate(time.Microsecond), f.last.Add(time.Microsecond))
	return f.last
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (f *Fake) portability(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		PhoneNumbers []string `json:"phone_numbers"`
	}
	if !read(w, r, &asked) {
		return
	}
	results := []object{}
	for _, n := range asked.PhoneNumbers {
		portable := !slices.Contains(f.opts.NotPortable, porting.Number(n))
		why := ""
		if !portable {
			why = "no_coverage"
		}
		results = append(results, object{
			"phone_number": n, "portable": portable, "fast_portable": portable, "not_portable_reason": why, "record_type": "portability_check_result",
		})
	}
	slices.Reverse(results) // in no order that anyone promised
	write(w, http.StatusCreated, object{"data": results})
}

// simulate asks the simulated carrier. It answers 0 if the request ended before the carrier answered.
func (f *Fake) simulate(ctx context.Context, method, path string, body, into any) int {
	text, err := json.Marshal(body)
	if err != nil {
		return http.StatusInternalServerError
	}
	req, err := http.NewRequestWithContext(ctx, method, f.Sim.URL()+path, bytes.NewReader(text)) //nolint:gosec // our own simulator
	if err != nil {
		return http.StatusInternalServerError
	}
	res, err := http.DefaultClient.Do(req) //nolint:gosec // our own simulator
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK && json.NewDecoder(res.Body).Decode(into) != nil {
		return http.StatusInternalServerError
	}
	return res.StatusCode
}

// idOf is an ID as Telnyx gives them, always the same for a name.
func idOf(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("telnyxtest/"+name)).String()
}

// page answers with one page of a list.
func page[T any](w http.ResponseWriter, r *http.Request, all []T) {
	size := whole(r, "page[size]", 20)
	number := whole(r, "page[number]", 1)
	from := min((number-1)*size, len(all))
	to := min(from+size, len(all))
	write(w, http.StatusOK, object{
		"data": append([]T{}, all[from:to]...),
		"meta": object{"page_number": number, "page_size": size, "total_results": len(all), "total_pages": (len(all) + size - 1) / size},
	})
}

func whole(r *http.Request, name string, otherwise int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < 1 {
		return otherwise
	}
	return n
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		refuse(w, http.StatusUnprocessableEntity, "10015", "Bad Request", "/")
		return false
	}
	return true
}

func refuse(w http.ResponseWriter, status int, code, title, pointer string) {
	write(w, status, object{"errors": []object{{"code": code, "title": title, "detail": title, "source": object{"pointer": pointer}}}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // into a recorder, of what always encodes
}

func written(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// orNull is null where there is nothing.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
