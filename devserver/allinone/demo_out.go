package allinone

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
	protect "github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
)

//go:embed demo-request.yaml
var demoRequest []byte

// readDemoRequest is what the counterparty of every scenario asks.
func readDemoRequest() (porting.PortOutRequest, error) {
	request, err := orders.ReadPortOut(bytes.NewReader(demoRequest), orders.Options{Now: time.Now()})
	request.ReceivedAt = time.Time{} // it is received when it is sent
	return request, err
}

// startDemoOut has a counterparty ask, by webhook, and waits until the port is open.
func startDemoOut(ctx context.Context, s *Stack, sc simulate.Scenario, request porting.PortOutRequest, tell func(porting.Entry)) (*demo, error) {
	if err := s.keepRecord(ctx, sc.Record, request); err != nil {
		return nil, err
	}
	s.Carrier.Learn(sc.Carrier)
	request.Carrier = "simulator"
	if err := s.Carrier.Choose(request.Reference()+":back", sc.Carrier.Name); err != nil {
		return nil, err
	}
	s.Carrier.LearnPortOut(*sc.PortOut)
	if err := s.Carrier.SendPortOut(simulator.Ask(sc.PortOut.Name, request)); err != nil {
		return nil, err
	}
	d := newDemo(s, sc, request.PortID(), tell)
	return d, d.awaitPort(ctx)
}

// keepRecord puts our own record of the numbers where the gate looks.
func (s *Stack) keepRecord(ctx context.Context, r simulate.Record, request porting.PortOutRequest) error {
	now := time.Now()
	if err := r.Keep(ctx, request, s.Carrier, s.neighbours.Ledger, s.neighbours.Vault, s.Clock.Business(now)); err != nil {
		return err
	}
	g, err := protect.Open(ctx, s.neighbours.Ledger, s.neighbours.Vault, protect.Options{}, now)
	if err != nil {
		return err
	}
	for _, n := range request.Numbers {
		subject := g.Number(request.Tenant, n)
		if pin := cmp.Or(porting.Secret(r.PIN), request.Given.PIN); pin != "" {
			if err := g.SetPIN(ctx, subject, pin, "subscriber", now); err != nil {
				return err
			}
		}
		if r.Locked {
			if _, err := g.Lock(ctx, subject, "subscriber", "", now); err != nil {
				return err
			}
		}
	}
	return nil
}

// awaitPort waits until the counterparty's webhook has opened the port.
func (d *demo) awaitPort(ctx context.Context) error {
	next := time.NewTicker(glance)
	defer next.Stop()
	for {
		if _, err := d.stack.Ports.Status(ctx, d.id); err == nil || porting.KindOf(err) != porting.NotFound {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.stack.Stopped():
			return fmt.Errorf("the stack stopped by itself")
		case <-next.C:
		}
	}
}
