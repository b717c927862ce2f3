package guard

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	// Its decoder knows no case folding and refuses a key that comes twice.
	josejson "github.com/go-jose/go-jose/v4/json"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Path is where the API is, under the address that serves it.
const Path = "/v1/protection"

// API is what a subscriber's portal calls to protect a number: JSON over HTTP, with a bearer token that stands for one number.
// It is to be served with TLS only.
//
//	GET  /v1/protection                {}                          how the number is protected
//	POST /v1/protection/lock           {}                          lock it, at once
//	POST /v1/protection/unlock         {"pin"}                     let the lock end after the cool-off
//	POST /v1/protection/unlock/cancel  {}                          let the lock hold on
//	POST /v1/protection/pin            {"number","present","pin"}  set the PIN; present is "" where there is none yet
type API struct {
	Guard     *Guard
	Bearers   *Bearers
	Now       func() time.Time             // real time
	AddressOf func(r *http.Request) string // where a request comes from; nil: its connection. Behind a proxy it must be set
	Log       *slog.Logger
}

// Handler serves the API, and allows each bearer, and each address without a good one, so many requests.
func (a *API) Handler() http.Handler {
	rates := &rates{bearers: newThrottle(), addresses: newThrottle()}
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, a.answer(rates, a.status))
	mux.Handle("POST "+Path+"/lock", a.answer(rates, a.lock))
	mux.Handle("POST "+Path+"/unlock", a.answer(rates, a.unlock))
	mux.Handle("POST "+Path+"/unlock/cancel", a.answer(rates, a.cancel))
	mux.Handle("POST "+Path+"/pin", a.answer(rates, a.setPIN))
	return mux
}

// bySubscriber is who acts through the API, in histories.
const bySubscriber = "subscriber portal"

func (a *API) status(r *http.Request, b Bearer) (any, error) {
	return a.Guard.Status(r.Context(), b.subject(), a.Now())
}

func (a *API) lock(r *http.Request, b Bearer) (any, error) {
	if _, err := fields(r); err != nil {
		return nil, err
	}
	return lockOf(a.Guard.Lock(r.Context(), b.subject(), bySubscriber, "", a.Now()))
}

func (a *API) unlock(r *http.Request, b Bearer) (any, error) {
	said, err := fields(r, "pin")
	if err != nil {
		return nil, err
	}
	return lockOf(a.Guard.UnlockByPIN(r.Context(), a.attempt(b, b.subject(), said["pin"]), bySubscriber))
}

func (a *API) cancel(r *http.Request, b Bearer) (any, error) {
	if _, err := fields(r); err != nil {
		return nil, err
	}
	return lockOf(a.Guard.CancelUnlock(r.Context(), b.subject(), bySubscriber, a.Now()))
}

// setPIN needs the number itself, which the bearer does not tell: a PIN must be no part of it.
func (a *API) setPIN(r *http.Request, b Bearer) (any, error) {
	said, err := fields(r, "number", "present", "pin")
	if err != nil {
		return nil, err
	}
	number, err := porting.ParseNumber(said["number"])
	if err != nil {
		return nil, err
	}
	subject := a.Guard.Number(b.Tenant, number)
	if subject.Token != b.Number {
		return nil, &porting.Error{Kind: porting.Unauthorised, Code: "number-not-yours", Op: "set PIN", Object: subject.Masked, Detail: "the bearer is for another number"}
	}
	err = a.Guard.ChangePIN(r.Context(), a.attempt(b, subject, said["present"]), porting.Secret(said["pin"]), bySubscriber)
	if err != nil {
		return nil, err
	}
	return a.Guard.PINState(r.Context(), subject, a.Now())
}

func (a *API) attempt(b Bearer, number Subject, pin string) Attempt {
	return Attempt{Number: number, PIN: porting.Secret(pin), Source: Source{Kind: FromPortal, ID: b.SHA256}, At: a.Now()}
}

// shownLock is what a subscriber sees of a lock.
type shownLock struct {
	Number      string    `json:"number"` // masked
	LockedAt    time.Time `json:"locked_at"`
	UnlockDueAt time.Time `json:"unlock_due_at,omitzero"`
}

func lockOf(l ledger.Lock, err error) (any, error) {
	return shownLock{Number: l.Masked, LockedAt: l.LockedAt, UnlockDueAt: l.UnlockDueAt}, err
}

// answer lets a request in, and writes what became of it. Neither a body nor a token is ever logged.
func (a *API) answer(rates *rates, do func(*http.Request, Bearer) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearer, err := a.admit(rates, r)
		var value any
		if err == nil {
			value, err = do(r, bearer)
		}
		status := statusOf(err)
		a.Log.InfoContext(r.Context(), "number protection", "method", r.Method, "path", r.URL.Path, "status", status, "number", bearer.Masked, "code", porting.CodeOf(err))
		if err != nil {
			value = map[string]shownError{"error": showError(err)}
		}
		write(w, status, value)
	})
}

// admit finds the bearer of a request. Addresses that send bad ones are slowed down before a token is looked at.
func (a *API) admit(rates *rates, r *http.Request) (Bearer, error) {
	now, address := a.Now(), a.addressOf(r)
	if rates.addresses.spent(address, now) {
		return Bearer{}, errTooMany
	}
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	bearer, known, err := a.Bearers.of(token, now)
	switch {
	case err != nil:
		return Bearer{}, err
	case !isBearer || !known:
		rates.addresses.take(address, now)
		return Bearer{}, errNoBearer
	case !rates.bearers.take(bearer.SHA256, now):
		return Bearer{}, errTooMany
	}
	return bearer, nil
}

func (a *API) addressOf(r *http.Request) string {
	if a.AddressOf != nil {
		return a.AddressOf(r)
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr) // an address that is none is one caller
	return host
}

var (
	errNoBearer = &porting.Error{Kind: porting.Unauthorised, Code: "bearer-unknown", Op: "protect number", Detail: "the bearer token is missing, unknown or expired"}
	errTooMany  = &porting.Error{Kind: porting.Refused, Code: "too-many-requests", Op: "protect number", Detail: "there are too many requests", Next: "wait a while"}
)

// maxBody is more than any request needs, in bytes.
const maxBody = 1 << 10

// fields reads a JSON object of exactly these fields, each once and all strings. Its error holds nothing of the body.
func fields(r *http.Request, names ...string) (map[string]string, error) {
	malformed := &porting.Error{
		Kind: porting.Invalid, Code: "request-malformed", Op: "protect number",
		Detail: "the body is not a JSON object of the fields [" + strings.Join(names, " ") + "], all strings",
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, malformed
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody || !utf8.Valid(body) {
		return nil, malformed
	}
	var said map[string]string
	if josejson.Unmarshal(body, &said) != nil || said == nil || len(said) != len(names) {
		return nil, malformed
	}
	for _, name := range names {
		if _, ok := said[name]; !ok {
			return nil, malformed
		}
	}
	return said, nil
}

// shownError is an error for portals. What failed inside is not theirs to see.
type shownError struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Next   string `json:"next,omitempty"`
}

func showError(err error) shownError {
	ours, ok := errors.AsType[*porting.Error](err)
	if !ok || ours.Kind == porting.Failed {
		return shownError{Code: "unavailable", Detail: "it does not work now", Next: "try again"}
	}
	return shownError{Code: ours.Code, Detail: ours.Detail, Next: ours.Next}
}

func statusOf(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, errNoBearer):
		return http.StatusUnauthorized
	case errors.Is(err, errTooMany) || porting.CodeOf(err) == "pin-locked":
		return http.StatusTooManyRequests
	}
	switch porting.KindOf(err) {
	case porting.Invalid:
		return http.StatusBadRequest
	case porting.Unauthorised:
		return http.StatusForbidden
	case porting.Refused:
		return http.StatusConflict
	case porting.NotFound:
		return http.StatusNotFound
	default:
		return http.StatusServiceUnavailable
	}
}

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller has gone
}
