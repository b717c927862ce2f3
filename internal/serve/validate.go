package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// PortOuts opens ports for counterparties' requests. *starter.Client is one.
type PortOuts interface {
	StartPortOut(ctx context.Context, r porting.PortOutRequest) (porting.Answer, error)
}

// ValidationOptions are what a Validation stands on. All are required.
type ValidationOptions struct {
	Wholesalers []*Wholesaler
	Books       *ledger.Ledger
	Guard       *guard.Guard
	Vault       *vault.Vault
	Rules       *rules.Book
	Ports       PortOuts
	Now         func() time.Time // business time
	Clock       func() time.Time // real time
	Log         *slog.Logger
}

// Validation answers wholesalers that ask before a number leaves: inside their time, from the ledger alone, whether the engine
// runs or not. It refuses on lawful grounds and never lets a number go: that is for the port which it opens afterwards.
type Validation struct {
	ValidationOptions
	pins chan struct{} // slots for PINs that are compared, or wait for one another
}

// pinsAtOnce take some 3 ms each, one after the other on two processors: the last one is still answered in good time.
const pinsAtOnce = 8

// NewValidation is ready to answer; Run opens the ports.
func NewValidation(o ValidationOptions) *Validation {
	return &Validation{ValidationOptions: o, pins: make(chan struct{}, pinsAtOnce)}
}

// Said is the word of an answer.
type Said string

// Words of an answer. None of them lets a number go.
const (
	SaidRefuse Said = "refuse" // no, on a lawful ground
	SaidValid  Said = "valid"  // what was sent fits our record; the port that is opened lets the numbers go, or not
	SaidHold   Said = "hold"   // not decided: the port that is opened answers
)

// Validated is our answer to a wholesaler. The same request has the same one.
type Validated struct {
	ID         string         `json:"id"` // the wholesaler's own name for its request
	Port       string         `json:"port,omitempty"`
	Answer     Said           `json:"answer"`
	Reason     porting.Reason `json:"reason,omitempty"` // of a refusal
	Cite       string         `json:"cite,omitempty"`   // the rule that allows it
	Pack       string         `json:"pack,omitempty"`
	Says       string         `json:"says"`
	AnsweredAt time.Time      `json:"answered_at,omitzero"`
}

const (
	maxValidate   = 64 << 10 // bytes of a body
	maxValidated  = 50       // numbers of a request
	pinLife       = 60 * 24 * time.Hour
	purposeOfAsk  = "validation"
	placeOfAsk    = "portsaga/validation/"
	retryAfter    = 2 * time.Second // of those who got no answer
	patienceShare = 2.0 / 3         // of the time that looking may take; the rest is for keeping the answer
	answerShare   = 9.0 / 10        // of the caller's time that we take; the rest is for the way back
)

// validate answers a wholesaler.
func (d *door) validate(w http.ResponseWriter, r *http.Request) {
	begun, v := time.Now(), d.Validation
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxValidate))
	if err != nil {
		answerError(w, http.StatusRequestEntityTooLarge, &porting.Error{Kind: porting.Invalid, Code: "request-too-large", Op: "validate port-out", Detail: "the body is too large, or broke off"})
		return
	}
	by := callerOf(v.Wholesalers, r.Header, body, v.Clock())
	if by == nil {
		d.stranger(w, r, "validate port-out")
		return
	}
	if !by.rate.AllowN(v.Clock(), 1) {
		hold(w, http.StatusTooManyRequests, "too many requests; ask again")
		return
	}
	ctx, cancel := context.WithDeadline(r.Context(), begun.Add(share(by.Within, answerShare)))
	defer cancel()
	request, err := by.read(body, v.Now())
	if err != nil {
		answerError(w, http.StatusBadRequest, err)
		return
	}
	said, err := within(ctx, func(ctx context.Context) (string, error) { return v.answer(ctx, by, request) })
	switch {
	case porting.CodeOf(err) == "request-differs":
		answerError(w, http.StatusConflict, err)
	case err != nil:
		v.Log.Error("a wholesaler could not be answered", "wholesaler", by.Name, "port", request.PortID(), "code", porting.CodeOf(err))
		hold(w, http.StatusServiceUnavailable, "it cannot be decided or recorded now; ask again under the same id")
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, said) // a caller that has gone asks again, and hears the same
	}
}

func share(d time.Duration, of float64) time.Duration { return time.Duration(float64(d) * of) }

// hold says that nothing is decided and nothing recorded. Whoever reads it as a yes reads against its words.
func hold(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	answer(w, status, Validated{Answer: SaidHold, Says: why})
}

// stranger answers whoever does not show who it is.
func (d *door) stranger(w http.ResponseWriter, r *http.Request, op string) {
	no := &porting.Error{Kind: porting.Unauthorised, Code: "caller-unknown", Op: op, Detail: "neither the token nor the signature is known"}
	if d.tooMany(r) {
		w.Header().Set("Retry-After", "60")
		no.Code, no.Detail = "too-many-tries", "too many tries from this address"
		answerError(w, http.StatusTooManyRequests, no)
		return
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	answerError(w, http.StatusUnauthorized, no)
}

// read takes a request as counterparties write it. Who asks, for whom and when is not the body's to say.
func (w *Wholesaler) read(body []byte, now time.Time) (porting.PortOutRequest, error) {
	r, err := orders.ReadPortOut(bytes.NewReader(body), orders.Options{Now: now, MaxBytes: maxValidate, MaxNumbers: maxValidated})
	if err != nil {
		return porting.PortOutRequest{}, err
	}
	r.Tenant, r.Carrier, r.ReceivedAt, r.SilenceAt = w.Tenant, w.Carrier, now.UTC(), time.Time{}
	if w.Silence > 0 {
		r.SilenceAt = r.ReceivedAt.Add(w.Silence)
	}
	return r, nil
}

// within gives up on work when its time is over: a database that hangs keeps no caller waiting.
func within[T any](ctx context.Context, do func(context.Context) (T, error)) (T, error) {
	type ended struct {
		value T
		err   error
	}
	done := make(chan ended, 1)
	go func() {
		value, err := do(ctx)
		done <- ended{value, err}
	}()
	select {
	case e := <-done:
		return e.value, e.err
	case <-ctx.Done():
		var none T
		return none, &porting.Error{Kind: porting.Failed, Code: "too-late", Op: "validate port-out", Detail: "it took too long", Err: ctx.Err()}
	}
}

// answer finds what was answered before, or answers and keeps it. What it returns is in the ledger.
func (v *Validation) answer(ctx context.Context, by *Wholesaler, r porting.PortOutRequest) (string, error) {
	port, digest := r.PortID(), v.digest(r)
	kept, err := v.Books.Validation(ctx, port)
	if porting.CodeOf(err) == "validation-unknown" {
		kept, err = v.record(ctx, by, r, digest)
	}
	if err == nil && kept.Digest != digest {
		err = &porting.Error{
			Kind: porting.Refused, Code: "request-differs", Op: "validate port-out", Object: port,
			Detail: "another request had this id", Next: "give each request an id of its own",
		}
	}
	return kept.Answer, err
}

// digest tells requests apart that have one name; nobody without the key can try PINs against it.
func (v *Validation) digest(r porting.PortOutRequest) string {
	r.ReceivedAt, r.SilenceAt = time.Time{}, time.Time{}
	text, _ := json.Marshal(r)                                                   // plain strings and lists: it cannot fail
	return v.Vault.Token(purposeOfAsk, string(text)+"\x00"+r.Given.PIN.Reveal()) //nolint:forbidigo // keyed
}

// record judges a request and keeps the answer, the request and its PIN, before anybody hears of it.
func (v *Validation) record(ctx context.Context, by *Wholesaler, r porting.PortOutRequest, digest string) (ledger.Validation, error) {
	port, now := r.PortID(), v.Clock()
	var secret *ledger.KeptSecret
	if r.Given.PIN != "" {
		secret = &ledger.KeptSecret{Ref: ledger.NewSecretRef(), Owner: port, Sealed: v.Vault.Seal(port, r.Given.PIN), At: r.ReceivedAt, ExpiresAt: r.ReceivedAt.Add(pinLife)}
		r.Given.PINRef = secret.Ref
	}
	found := v.look(ctx, by, r)
	text, err := json.Marshal(found.answer(r, now))
	if err != nil {
		return ledger.Validation{}, err
	}
	row := ledger.Validation{PortID: port, Wholesaler: by.Name, Digest: digest, Answer: string(text), AnsweredAt: now}
	if found.noPort {
		secret = nil
	} else if row.Sealed, err = v.seal(r); err != nil {
		return ledger.Validation{}, err
	}
	v.Log.InfoContext(ctx, "a wholesaler asked for a number", "wholesaler", by.Name, "port", port, "answer", found.said, "reason", found.reason())
	return v.Books.RecordValidation(ctx, row, secret)
}

// seal keeps a request from whoever reads the ledger. The PIN is not in it.
func (v *Validation) seal(r porting.PortOutRequest) ([]byte, error) {
	text, err := json.Marshal(r)
	return v.Vault.Seal(placeOfAsk+r.PortID(), porting.Secret(text)), err
}

func (v *Validation) unseal(row ledger.Validation) (porting.PortOutRequest, error) {
	var r porting.PortOutRequest
	text, err := v.Vault.Open(placeOfAsk+row.PortID, row.Sealed)
	if err == nil {
		err = json.Unmarshal([]byte(text.Reveal()), &r) //nolint:forbidigo // it is opened to be started
	}
	return r, err
}

// look judges in the time that looking may take. What is not found by then is the port's to find.
func (v *Validation) look(ctx context.Context, by *Wholesaler, r porting.PortOutRequest) ruling {
	deadline, _ := ctx.Deadline()
	now := time.Now()
	ctx, cancel := context.WithDeadline(ctx, now.Add(share(deadline.Sub(now), patienceShare)))
	defer cancel()
	found, err := within(ctx, func(ctx context.Context) (ruling, error) { return v.judge(ctx, by, r) })
	if err == nil {
		return found
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		v.Log.Warn("a request could not be looked at; its port will", "wholesaler", by.Name, "code", porting.CodeOf(err))
	}
	return ruling{said: SaidHold, says: "not decided in time"}
}
