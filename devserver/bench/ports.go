package bench

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
)

// portIns are port-ins from their order to their end: approved as soon as they can be, confirmed and activated by a carrier
// that takes little time.
func (s *stack) portIns(run string) *subject {
	return &subject{name: "ours", one: func(ctx context.Context, i int) (string, error) {
		t, err := s.open(ctx, run, i)
		if err != nil {
			return "", err
		}
		defer s.watch.forget(t)
		if err := s.approve(ctx, t.id); err != nil {
			return t.id, err
		}
		return t.id, t.awaitEnd(ctx)
	}}
}

// idlers are port-ins that wait for people.
func (s *stack) idlers(run string) *subject {
	return &subject{name: "ours", stays: true, one: func(ctx context.Context, i int) (string, error) {
		order, err := s.options.order(run, i)
		if err != nil {
			return "", err
		}
		return s.openIdle(ctx, order)
	}}
}

// open starts a port-in and follows it until people may decide on it.
func (s *stack) open(ctx context.Context, run string, i int) (*trip, error) {
	order, err := s.options.order(run, i)
	if err != nil {
		return nil, err
	}
	t := s.watch.follow(porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference))
	if _, err = s.ports.Start(ctx, order); err == nil {
		err = t.await(ctx, string(porting.Verifying))
	}
	if err != nil {
		s.watch.forget(t)
	}
	return t, err
}

// decisionOfAll is the decision of whoever approves everything here, where decisions are trusted as they come.
var decisionOfAll = porting.Decide{ID: "approve", Decision: porting.Approve, By: "ben@approvals"}

// approve decides on a port, with a signature where one is asked for.
func (s *stack) approve(ctx context.Context, id string) (err error) {
	decision := decisionOfAll
	if s.approver != nil {
		if decision, err = s.approver.sign(ctx, s.ports, id); err != nil {
			return err
		}
	}
	_, err = s.ports.Decide(ctx, id, decision)
	return err
}

//go:embed request.yaml
var requestText []byte

// quickRecipient takes the numbers within moments.
func (s *stack) quickRecipient() simulator.PortOutScenario {
	return simulator.PortOutScenario{
		Name: quick, About: "The counterparty takes the numbers within moments.",
		Silence: simulator.Span{Elapsed: 24 * time.Hour}, Activates: s.pause(), CancelAfter: s.pause(),
	}
}

// request is what a counterparty asks for, by webhook.
func request(run string, i int) (porting.PortOutRequest, error) {
	r, err := orders.ReadPortOut(bytes.NewReader(requestText), orders.Options{Now: time.Now()})
	if err != nil {
		return r, err
	}
	numbers, err := numbersAt(i, 1)
	r.ID, r.Numbers, r.ReceivedAt, r.Carrier = fmt.Sprintf("BENCH-%s-%d", run, i), numbers, time.Time{}, "simulator"
	r.Recipient = porting.Party{Name: fmt.Sprint("Harbor Telephone ", i/ofOneRecipient), SPID: fmt.Sprintf("%04d", i/ofOneRecipient)}
	return r, err
}

// portOuts are port-outs from the counterparty's request to their end, approved as soon as they can be.
func (s *stack) portOuts(ctx context.Context, run string) (*subject, error) {
	s.carrier.LearnPortOut(s.quickRecipient())
	protection, err := guard.Open(ctx, s.neighbours.Ledger, s.neighbours.Vault, guard.Options{}, time.Now())
	if err != nil {
		return nil, err
	}
	return &subject{
		name: "ours",
		prepare: func(ctx context.Context, i int) error {
			r, err := request(run, i)
			if err != nil {
				return err
			}
			now := time.Now()
			if err := (simulate.Record{}).Keep(ctx, r, s.carrier, s.neighbours.Ledger, s.neighbours.Vault, s.clock.Business(now)); err != nil {
				return err
			}
			return protection.SetPIN(ctx, protection.Number(r.Tenant, r.Numbers[0]), r.Given.PIN, "subscriber", now)
		},
		one: func(ctx context.Context, i int) (string, error) {
			r, err := request(run, i)
			if err != nil {
				return "", err
			}
			t := s.watch.follow(r.PortID())
			defer s.watch.forget(t)
			if err := s.carrier.SendPortOut(simulator.Ask(quick, r)); err != nil {
				return t.id, err
			}
			if err := t.await(ctx, string(porting.Deciding)); err != nil {
				return t.id, err
			}
			if err := s.approve(ctx, t.id); err != nil {
				return t.id, err
			}
			return t.id, t.awaitEnd(ctx)
		},
	}, nil
}
