package simulator

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

var _ carrier.Switch = (*Client)(nil)

// network plays our own network and billing. It lives in memory: every number is a line of ours in service until it is told
// otherwise or released.
type network struct {
	mu       sync.Mutex
	lines    map[porting.Number]carrier.Line
	released map[string][]porting.Number // by port
}

type lineSetting struct {
	Number porting.Number `json:"number"`
	carrier.Line
	Foreign bool `json:"foreign,omitempty"` // no line of ours
}

type releaseRequest struct {
	Port    string           `json:"port"`
	Numbers []porting.Number `json:"numbers"`
}

// SetLine says what our own records have of a number.
func (s *Server) SetLine(n porting.Number, l carrier.Line) { s.network.set(n, &l) }

// Foreign takes a number out of our records.
func (s *Server) Foreign(n porting.Number) { s.network.set(n, nil) }

// Released lists the numbers that a port switched off.
func (s *Server) Released(port string) []porting.Number {
	s.network.mu.Lock()
	defer s.network.mu.Unlock()
	return slices.Clone(s.network.released[port])
}

func (n *network) set(number porting.Number, l *carrier.Line) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lines == nil {
		n.lines = map[porting.Number]carrier.Line{}
	}
	if l == nil {
		n.lines[number] = carrier.Line{Account: foreign}
		return
	}
	n.lines[number] = *l
}

// foreign marks a number that is not ours.
const foreign = "\x00"

// line is our record of a number. One that nobody has set is an ordinary line.
func (n *network) line(number porting.Number) (carrier.Line, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l, set := n.lines[number]
	if !set {
		return carrier.Line{Active: true}, true
	}
	return l, l.Account != foreign
}

func (n *network) release(r releaseRequest) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.released == nil {
		n.released = map[string][]porting.Number{}
	}
	n.released[r.Port] = r.Numbers
}

func (s *Server) switchRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /lines/{number}", func(w http.ResponseWriter, r *http.Request) {
		line, ours := s.network.line(porting.Number(r.PathValue("number")))
		if !ours {
			fail(w, &refusal{codeUnknown, "no such line"})
			return
		}
		write(w, http.StatusOK, line)
	})
	mux.HandleFunc("PUT /lines", func(w http.ResponseWriter, r *http.Request) {
		var set lineSetting
		if err := readBody(r, &set); err != nil {
			fail(w, err)
			return
		}
		line := &set.Line
		if set.Foreign {
			line = nil
		}
		s.network.set(set.Number, line)
		write(w, http.StatusOK, set)
	})
	mux.HandleFunc("POST /releases", func(w http.ResponseWriter, r *http.Request) {
		var q releaseRequest
		if err := readBody(r, &q); err != nil {
			fail(w, err)
			return
		}
		s.network.release(q)
		write(w, http.StatusOK, q)
	})
}

// Line asks our own records.
func (c *Client) Line(ctx context.Context, number porting.Number) (carrier.Line, error) {
	var line carrier.Line
	q := call{op: "read line", object: number.String(), method: http.MethodGet, path: "/lines/" + url.PathEscape(number.E164())}
	err := c.do(ctx, q, &line)
	if porting.CodeOf(err) == "carrier-order-unknown" {
		return line, q.failure(porting.NotFound, "line-unknown", "no such line is ours", "")
	}
	return line, err
}

// Release switches numbers off.
func (c *Client) Release(ctx context.Context, port string, numbers []porting.Number) error {
	q := call{op: "release numbers", object: port, method: http.MethodPost, path: "/releases", body: releaseRequest{port, numbers}}
	return c.do(ctx, q, &releaseRequest{})
}
