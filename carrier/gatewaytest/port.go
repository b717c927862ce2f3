package gatewaytest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// numbers are reserved for fiction.
var numbers = []porting.Number{"+12125550123", "+12125550124"}

const (
	patience    = 20 * time.Second // for the carrier to get somewhere
	glance      = 5 * time.Millisecond
	lostAfter   = time.Second // an answer that is not there by then is lost
	dueDateDays = 2
)

// port is one order on its way through the adapter. Every status that it sees must fit the one before.
type port struct {
	t    *testing.T
	s    Subject
	id   string
	lsr  carrier.LSR
	last carrier.Status
}

// call is one request of the Gateway about a port.
type call func(context.Context) (carrier.Status, error)

func newPort(t *testing.T, s Subject, id, scenario string) *port {
	s.Choose(t, id, scenario)
	now := s.Clock.Business(time.Now())
	return &port{t: t, s: s, id: id, lsr: carrier.LSR{
		Ref:  carrier.Ref{Port: id, Version: 1},
		Code: "481516",
		DDD:  now.AddDate(0, 0, dueDateDays).Truncate(time.Second),
		Order: porting.Order{
			Reference: "order-" + id, Version: 1, Kind: porting.KindWireline, Country: "US", Numbers: numbers,
			Donor:     porting.Party{Name: "Old Bell", SPID: "1234"},
			Recipient: porting.Party{Name: "New Bell", SPID: "5678"},
			Subscriber: porting.Subscriber{
				Name: "Iris Quill", Contact: porting.Contact{Email: "iris.quill@example.com"},
				Address: porting.Address{Street: "7 Fable Row", City: "New York", Region: "NY", PostalCode: "10001", Country: "US"},
			},
			Account:       porting.Account{Number: "4412-77-09", BTN: numbers[0]},
			Authorization: porting.Authorization{Kind: "transfer-pin", SignedAt: now.AddDate(0, 0, -1), SignedBy: "Iris Quill"},
		},
	}}
}

// calls are the requests about a port, by name.
func (p *port) calls(g carrier.Gateway) map[string]call {
	return map[string]call{
		"submit": func(ctx context.Context) (carrier.Status, error) { return g.Submit(ctx, p.lsr) },
		"status": func(ctx context.Context) (carrier.Status, error) { return g.Status(ctx, p.lsr.Ref) },
		"cancel": func(ctx context.Context) (carrier.Status, error) {
			return g.Cancel(ctx, p.lsr.Ref, porting.AuthorizationRevoked)
		},
		"activate": func(ctx context.Context) (carrier.Status, error) { return g.Activate(ctx, p.lsr.Ref) },
		"reverse": func(ctx context.Context) (carrier.Status, error) {
			return g.Reverse(ctx, p.lsr.Ref, porting.AuthorizationRevoked)
		},
	}
}

func (p *port) ask(name string) carrier.Status {
	p.t.Helper()
	return p.must(p.calls(p.s.Gateway)[name](p.t.Context()))
}

// activate brings an order from wherever it is to active. A carrier that activates by itself is only waited for.
func (p *port) activate() {
	if p.ask("status").State != carrier.StateActive {
		p.reach(p.await(carrier.StateConfirmed).FOC)
	}
	if p.s.Gateway.Capabilities().OnDemand {
		p.ask("activate")
	}
	p.await(carrier.StateActive)
}

// untilActive are the effects of an order that became active.
func (s Subject) untilActive() []string {
	if s.Gateway.Capabilities().OnDemand {
		return []string{Submitted, ActivationAsked}
	}
	return []string{Submitted}
}

// must takes an answer that has to be a status, and checks that it follows from the last one.
func (p *port) must(st carrier.Status, err error) carrier.Status {
	p.t.Helper()
	require.NoError(p.t, err)
	require.Equal(p.t, p.id, st.Ref.Port)
	require.GreaterOrEqual(p.t, st.Version, p.last.Version, "a status never goes back")
	if st.State != p.last.State || st.Messaging != p.last.Messaging || !st.FOC.Equal(p.last.FOC) {
		require.Greater(p.t, st.Version, p.last.Version, "a change raises the version")
	}
	p.consistent(st)
	p.last = st
	return st
}

// consistent checks that a status tells of numbers and messaging what the capabilities say, and nothing that contradicts it.
func (p *port) consistent(st carrier.Status) {
	p.t.Helper()
	can := p.s.Gateway.Capabilities()
	if !can.Messaging {
		require.Empty(p.t, st.Messaging, "the capabilities say that messaging is not told")
	}
	if !can.PerNumber {
		require.Empty(p.t, st.Numbers, "the capabilities say that numbers are not told one by one")
		return
	}
	var told []porting.Number
	stay := 0
	for _, n := range st.Numbers {
		told = append(told, n.Number)
		if n.State != st.State {
			stay++
			require.NotEmpty(p.t, n.Reason, "a number that does not go with its order has a reason")
		}
	}
	require.Equal(p.t, p.lsr.Order.Numbers, told, "every number of the order, each once")
	require.True(p.t, st.State != carrier.StateActive || stay < len(told), "an order of which no number moved is not active")
}

// number is what the carrier says of one of the order's numbers.
func (p *port) number(i int) carrier.NumberState {
	p.t.Helper()
	return p.ask("status").Numbers[i]
}

// await reads the order until the carrier says that it has got somewhere.
func (p *port) await(state carrier.State) carrier.Status {
	p.t.Helper()
	p.until(func() bool { return p.ask("status").State == state }, "the order never was "+string(state))
	return p.last
}

// until polls in the test's own goroutine, so that done may fail the test.
func (p *port) until(done func() bool, otherwise string) {
	p.t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	look := time.NewTicker(glance)
	defer look.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-end.C:
			require.FailNow(p.t, otherwise)
		}
	}
}

// reach waits until a business time has come.
func (p *port) reach(business time.Time) {
	wait := time.NewTimer(time.Until(p.s.Clock.Real(business).Add(time.Millisecond)))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-p.t.Context().Done():
	}
}

// insist does what the saga does with a lost answer: read the order, and send again only what was not done.
func (p *port) insist(name string, done ...carrier.State) {
	p.t.Helper()
	lost := false
	p.until(func() bool {
		ctx, cancel := context.WithTimeout(p.t.Context(), lostAfter)
		defer cancel()
		if _, err := p.calls(p.s.Gateway)[name](ctx); err != nil {
			p.refused(err, porting.Failed, "carrier-unavailable")
			lost = true
		}
		st, err := p.s.Gateway.Status(p.t.Context(), p.lsr.Ref)
		return err == nil && slices.Contains(done, st.State)
	}, name+" never took effect")
	require.True(p.t, lost, "%s was answered, so that the test showed nothing", name)
}

// refused checks an error's kind and code, and that it tells no secrets.
func (p *port) refused(err error, kind porting.Kind, code string) {
	p.t.Helper()
	require.Error(p.t, err)
	require.Equal(p.t, code, porting.CodeOf(err), err)
	require.Equal(p.t, kind, porting.KindOf(err))
	for _, private := range []string{"5550123", "5550124", "Quill", "quill", "Fable", "4412-77", p.lsr.Code.Reveal()} {
		require.NotContains(p.t, err.Error(), private, "an error holds no personal data")
	}
}
