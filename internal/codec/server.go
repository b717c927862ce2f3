package codec

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/portsaga/portsaga/porting"
)

// Bounds of a request.
const (
	MaxBody     = 4 << 20
	maxPayloads = 1_000
)

// Access is one request that was served: who read, or wrote, what of whom. It holds no word of any payload.
type Access struct {
	At        time.Time `json:"at"`
	Verb      string    `json:"verb"` // decode or encode
	Subject   string    `json:"subject"`
	Namespace string    `json:"namespace"`
	Owners    []string  `json:"owners,omitempty"`   // ports and bulk orders that payloads were opened of
	Opened    int       `json:"opened"`             // or sealed
	Withheld  int       `json:"withheld,omitempty"` // payloads that the reader may not see
}

// ServerOptions configure a codec server.
type ServerOptions struct {
	Ring      *Ring
	Namespace string                                    // the only one that is served
	Origins   []string                                  //  pages that may ask: scheme, host and port of the Web UI
	Readers   Readers                                   // who may read what
	Encode    bool                                      // seal messages that people send from the Web UI
	Audit     func(ctx context.Context, a Access) error // is told before anything is handed out; its no is a no
	Now       func() time.Time
	Log       *slog.Logger
}

// server opens payloads for the Web UI and the temporal CLI.
type server struct {
	ServerOptions
	limits *limits
}

// NewServer serves POST /decode and POST /encode as the Web UI asks them. A payload that the reader may not see comes back as
// it came; one of an erased port comes back as a line that says so. The caller ends TLS, or listens on loopback alone.
func NewServer(o ServerOptions) http.Handler {
	s := &server{o, newLimits(o.Now)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /decode", s.serve("decode", s.decode))
	mux.HandleFunc("POST /encode", s.serve("encode", s.encode))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return s.fromOurPages(mux)
}

// fromOurPages lets a browser ask from the pages that are named, and from no other.
func (s *server) fromOurPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		origin := r.Header.Get("Origin")
		if origin != "" {
			if !slices.Contains(s.Origins, origin) {
				http.Error(w, "this page may not ask", http.StatusForbidden)
				return
			}
			w.Header().Set("Access-Control-Allow-Origin", origin)
		}
		if r.Method == http.MethodOptions {
			w.Header().Set("Access-Control-Allow-Methods", "POST")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Authorization-Extras, Content-Type, X-Namespace")
			w.Header().Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refusal is why a request is not served.
type refusal struct {
	status int
	says   string
}

// work is what a verb does to payloads.
type work func(ctx context.Context, reader Reader, payloads []*commonpb.Payload, a *Access) ([]*commonpb.Payload, *refusal)

func (s *server) serve(verb string, do work) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, no := s.answer(w, r, verb, do)
		if no != nil {
			http.Error(w, no.says, no.status)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) //nolint:gosec // G705: it is JSON, and nobody takes it for a page
	}
}

func (s *server) answer(w http.ResponseWriter, r *http.Request, verb string, do work) ([]byte, *refusal) {
	reader, err := s.Readers.Reader(r)
	if err != nil {
		s.Log.Info("codec server: reader not known", "error", err)
		return nil, &refusal{http.StatusUnauthorized, "sign in first"}
	}
	if !s.limits.allow(reader.Subject) {
		return nil, &refusal{http.StatusTooManyRequests, "too many requests"}
	}
	if r.Header.Get("X-Namespace") != s.Namespace {
		return nil, &refusal{http.StatusForbidden, "this namespace is not served"}
	}
	payloads, no := readPayloads(w, r)
	if no != nil {
		return nil, no
	}
	access := Access{At: s.Now().UTC(), Verb: verb, Subject: reader.Subject, Namespace: s.Namespace}
	payloads, no = do(r.Context(), reader, payloads, &access)
	if no != nil {
		return nil, no
	}
	if err := s.Audit(r.Context(), access); err != nil {
		s.Log.Error("codec server: access could not be recorded", "error", err)
		return nil, &refusal{http.StatusServiceUnavailable, "try again"}
	}
	answer, err := protojson.Marshal(&commonpb.Payloads{Payloads: payloads})
	if err != nil {
		return nil, &refusal{http.StatusInternalServerError, "the answer cannot be written"}
	}
	return answer, nil
}

func readPayloads(w http.ResponseWriter, r *http.Request) ([]*commonpb.Payload, *refusal) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		return nil, &refusal{http.StatusRequestEntityTooLarge, "too large"}
	}
	var asked commonpb.Payloads
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, &asked); err != nil {
		return nil, &refusal{http.StatusBadRequest, "these are no payloads"}
	}
	if len(asked.Payloads) > maxPayloads {
		return nil, &refusal{http.StatusRequestEntityTooLarge, "too many payloads"}
	}
	return asked.Payloads, nil
}

func (s *server) decode(ctx context.Context, reader Reader, payloads []*commonpb.Payload, a *Access) ([]*commonpb.Payload, *refusal) {
	shown := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		var err error
		if shown[i], err = s.show(ctx, reader, p, a); err != nil {
			s.Log.Warn("codec server: payload could not be opened", "error", err)
			return nil, &refusal{http.StatusServiceUnavailable, "try again"}
		}
	}
	slices.Sort(a.Owners)
	a.Owners = slices.Compact(a.Owners)
	return shown, nil
}

// show is a payload as the reader may see it. An error says that the key store cannot be had.
func (s *server) show(ctx context.Context, reader Reader, p *commonpb.Payload, a *Access) (*commonpb.Payload, error) {
	place, err := placeOf(s.Namespace, p)
	if err != nil {
		return p, nil //nolint:nilerr // what is not sealed is shown as it is
	}
	key, err := s.Ring.key(ctx, place.owner())
	switch {
	case porting.KindOf(err) == porting.NotFound:
		return p, nil // of another deployment
	case porting.CodeOf(err) == "port-erased":
		return line(detailOf(err)), nil
	case err != nil:
		return nil, err
	case !reader.may(key.tenant, place.owner()):
		a.Withheld++
		return p, nil
	}
	opened, err := place.open(key, p)
	if err != nil {
		return line("This payload does not open: it was changed, or sealed with another key."), nil //nolint:nilerr // the reader is told
	}
	a.Opened++
	a.Owners = append(a.Owners, place.owner())
	return opened, nil
}

func detailOf(err error) string {
	said, _ := errors.AsType[*porting.Error](err)
	return said.Detail
}

// line is a payload that says something to its reader.
func line(says string) *commonpb.Payload {
	text, _ := json.Marshal(says) // a string can always be written
	return &commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)}, Data: text,
	}
}

func (s *server) encode(ctx context.Context, reader Reader, payloads []*commonpb.Payload, a *Access) ([]*commonpb.Payload, *refusal) {
	if !s.Encode || !reader.Encode {
		return nil, &refusal{http.StatusForbidden, "messages are not sealed here; use the portsaga command"}
	}
	sealed, err := s.Ring.sealForDesk(ctx, s.Namespace, payloads)
	if err != nil {
		s.Log.Warn("codec server: payload could not be sealed", "error", err)
		return nil, &refusal{http.StatusServiceUnavailable, "try again"}
	}
	a.Opened = len(sealed)
	return sealed, nil
}
