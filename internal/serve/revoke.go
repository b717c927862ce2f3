package serve

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// maxRevoke bounds the body of a revocation, in bytes.
const maxRevoke = 16 << 10

// sagaPatience is how long a saga may take to answer a service. It is shorter than what the server gives an answer.
const sagaPatience = 15 * time.Second

// request is the body of a service's revocation; an empty body is one, too.
type request struct {
	ID          string         `json:"id"`           // makes a repetition harmless
	Reason      porting.Reason `json:"reason"`       // AUTHORIZATION_REVOKED when empty
	AuthorityAt time.Time      `json:"authority_at"` // of a port-out: when the subscriber said so
}

// revoked is the answer: where the fence stands, and what the saga said. Told is false while the saga does not know; the
// fence holds all the same, and the service asks again.
type revoked struct {
	Port  string            `json:"port"`
	Fence ledger.FenceState `json:"fence,omitempty"` // empty for a port that has not claimed its numbers yet, and for a port-out
	Told  bool              `json:"told"`
	Says  string            `json:"says"`
}

// revoke closes the fence, then tells the saga.
func (d *door) revoke(w http.ResponseWriter, r *http.Request) {
	service, ok := d.serviceOf(r)
	if !ok {
		if d.tooMany(r) {
			w.Header().Set("Retry-After", "60")
			answerError(w, http.StatusTooManyRequests, &porting.Error{Kind: porting.Unauthorised, Code: "too-many-tries", Op: "revoke port", Detail: "too many tries from this address"})
			return
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		answerError(w, http.StatusUnauthorized, &porting.Error{Kind: porting.Unauthorised, Code: "token-unknown", Op: "revoke port", Detail: "the token is not known"})
		return
	}
	asked, err := readRequest(http.MaxBytesReader(w, r.Body, maxRevoke))
	if err != nil {
		answerError(w, http.StatusBadRequest, err)
		return
	}
	port := r.PathValue("id")
	message := porting.Revoke{ID: asked.ID, By: "service " + service.Name, Reason: cmp.Or(asked.Reason, porting.AuthorizationRevoked), AuthorityAt: asked.AuthorityAt}
	state, err := d.closeFence(r.Context(), service, port, message)
	if err != nil {
		answerError(w, statusOf(err), err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), sagaPatience)
	defer cancel()
	said, err := d.Ports.Revoke(ctx, port, message)
	switch {
	case err == nil:
		answer(w, http.StatusOK, revoked{port, state, true, said.Says})
	case state == ledger.FenceClosed && porting.KindOf(err) == porting.Failed:
		d.Log.Warn("a service revoked a port that could not be told", "port", port, "service", service.Name, "code", porting.CodeOf(err))
		answer(w, http.StatusAccepted, revoked{port, state, false, "the fence is closed; the port could not be told, ask again"})
	default:
		answerError(w, statusOf(err), err)
	}
}

// closeFence writes the revocation where an activation must look. It leaves alone what the ledger does not know yet, and
// what has ended; a port-out, whose saga first looks at what the rules let a donor stop; and what is another tenant's, which it
// does not tell from a port that is not there.
func (d *door) closeFence(ctx context.Context, s Service, port string, m porting.Revoke) (ledger.FenceState, error) {
	fence, err := d.Fences.Fence(ctx, port)
	there := err == nil
	if err != nil && porting.KindOf(err) != porting.NotFound {
		return "", err
	}
	if s.Tenant != "" && (!there || fence.Tenant != s.Tenant) {
		return "", &porting.Error{Kind: porting.NotFound, Code: "port-unknown", Op: "revoke port", Object: port, Detail: "there is no such port"}
	}
	if fence.Direction == porting.PortOut {
		return "", nil
	}
	if !there || !fence.ReleasedAt.IsZero() {
		return fence.State, nil
	}
	fence, err = d.Fences.CloseFence(ctx, port, m.By, m.Reason, d.Now())
	return fence.State, err
}

func readRequest(body io.Reader) (request, error) {
	var asked request
	invalid := func(detail string) error {
		return &porting.Error{Kind: porting.Invalid, Code: "request-invalid", Op: "revoke port", Detail: detail}
	}
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&asked); err != nil && !errors.Is(err, io.EOF) {
		return asked, invalid("the body is not an object with id and reason")
	}
	if asked.Reason != "" && !slices.Contains(porting.Reasons, asked.Reason) {
		return asked, invalid("there is no such reason")
	}
	return asked, nil
}

// serviceOf is the service whose token a request bears. It compares with every one of them, whichever fits.
func (d *door) serviceOf(r *http.Request) (Service, bool) {
	token, bears := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	sum := sha256.Sum256([]byte(token))
	var found Service
	matches := 0
	for _, s := range d.Services {
		if subtle.ConstantTimeCompare(s.sum, sum[:]) == 1 {
			found = s
			matches++
		}
	}
	return found, bears && matches == 1
}

func statusOf(err error) int {
	switch porting.KindOf(err) {
	case porting.Invalid:
		return http.StatusBadRequest
	case porting.Unauthorised:
		return http.StatusForbidden
	case porting.NotFound:
		return http.StatusNotFound
	case porting.Refused:
		return http.StatusConflict
	default:
		return http.StatusServiceUnavailable
	}
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

// answerError says no in the words of the command line. What lies behind an error of ours stays inside.
func answerError(w http.ResponseWriter, status int, err error) {
	no, ok := errors.AsType[*porting.Error](err)
	if !ok || no.Kind == porting.Failed {
		no = &porting.Error{Kind: porting.Failed, Code: cmp.Or(porting.CodeOf(err), "failed"), Op: "revoke port", Detail: "something broke", Next: "try again; it is safe to repeat"}
	}
	answer(w, status, map[string]*porting.Error{"error": no})
}
