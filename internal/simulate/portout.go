package simulate

import (
	"context"
	"errors"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
	"github.com/portsaga/portsaga/worker"
)

// DefaultPortOut is a port-out on a good day.
const DefaultPortOut = "port-out-happy"

// Record is what our own records have of the numbers of a port-out, where it is not what the request says.
type Record struct {
	Account string         `yaml:"account"`
	PIN     string         `yaml:"pin"`
	Locked  bool           `yaml:"locked"`
	Foreign bool           `yaml:"foreign"` // no such number is ours
	Moved   simulator.Span `yaml:"moved"`   // so long before the request the numbers came to us
}

// portOut is how a counterparty asks; nil where the scenario is about an order of ours.
func (r *reader) portOut(name string, n yaml.Node) *simulator.PortOutScenario {
	if n.Kind == 0 {
		return nil
	}
	var s simulator.PortOutScenario
	r.into(&n, "port_out", &s)
	s.Name = "scenario-" + name
	if path, fault := s.Fault(); fault != "" {
		r.fail(child("port_out", path), "%s", fault)
	}
	return &s
}

// RunPortOut carries a counterparty's request through the saga, as Run does an order.
func RunPortOut(ctx context.Context, book *rules.Book, request porting.PortOutRequest, s Scenario, at time.Time) (status porting.Status, err error) {
	w := newWorld(s, at)
	if err := w.open(ctx, book); err != nil {
		return status, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	in, err := w.ask(ctx, request, s, at)
	if err != nil {
		return status, err
	}
	if err := w.carrier.Choose(in.Request.Reference()+":back", s.Carrier.Name); err != nil {
		return status, err
	}
	w.env.SetWorkflowRunTimeout(longest)
	w.env.ExecuteWorkflow(porting.WorkflowPortOut, in)
	return w.ended(in.ID)
}

// ask has the counterparty ask, and puts what we know of the numbers where the saga finds it.
func (w *world) ask(ctx context.Context, request porting.PortOutRequest, s Scenario, at time.Time) (porting.PortOutInput, error) {
	w.carrier.LearnPortOut(*s.PortOut)
	pin := request.Given.PIN
	if err := w.carrier.SendPortOut(simulator.Ask(s.PortOut.Name, request)); err != nil {
		return porting.PortOutInput{}, err
	}
	asked, err := w.carrier.PortOutStatus(ctx, request.ID)
	if err != nil {
		return porting.PortOutInput{}, err
	}
	in := porting.PortOutInput{ID: asked.Request.PortID(), Request: asked.Request}
	if pin != "" {
		in.Request.Given.PINRef, err = worker.NewSecrets(w.steps.Ledger, w.steps.Vault, w.env.Now).PutSecret(ctx, in.ID, pin)
	}
	if err == nil {
		err = s.Record.Keep(ctx, request, w.carrier, w.steps.Ledger, w.steps.Vault, at)
	}
	w.steps.Leaving = &activities.Leaving{Switch: w.carrier, Guard: guardOf(s.Record, request)}
	return in, err
}

// Lines is where our records of numbers are kept.
type Lines interface {
	SetLine(n porting.Number, l carrier.Line)
	Foreign(n porting.Number)
}

// Keep puts the record where the saga looks: our network, and the ledger's memory of the numbers. Numbers that moved lately are
// for people to decide on.
func (r Record) Keep(ctx context.Context, request porting.PortOutRequest, network Lines, books *ledger.Ledger, keys *vault.Vault, at time.Time) error {
	before := ledger.Claim{PortID: "pi-before-" + request.ID, Direction: porting.PortIn, At: at.Add(at.Sub(r.Moved.From(at)))}
	for _, n := range request.Numbers {
		network.SetLine(n, r.line(request.Given))
		if r.Foreign {
			network.Foreign(n)
		}
		before.Numbers = append(before.Numbers, ledger.NumberClaim{Token: keys.LockToken(n), Masked: n.String()})
	}
	if r.Moved == (simulator.Span{}) {
		return nil
	}
	if _, err := books.Claim(ctx, before); err != nil {
		return err
	}
	return books.Release(ctx, before.PortID, porting.OutcomeCompleted, before.At)
}

// line is our record of a number, which fits the request where nothing else is said.
func (r Record) line(given porting.Given) carrier.Line {
	l := carrier.Line{Active: true, Account: given.Account, Name: given.Name, Address: given.Address, BTN: given.BTN}
	if given.PostalCode != "" {
		l.Address.PostalCode = given.PostalCode
	}
	if r.Account != "" {
		l.Account = r.Account
	}
	return l
}

// guard is number protection by the record: the request's own PIN is the right one where the record has no other.
type guard struct {
	pin    porting.Secret
	locked bool
}

func guardOf(r Record, request porting.PortOutRequest) guard {
	g := guard{request.Given.PIN, r.Locked}
	if r.PIN != "" {
		g.pin = porting.Secret(r.PIN)
	}
	return g
}

// CheckPIN compares.
func (g guard) CheckPIN(_ context.Context, a activities.PINAttempt) (activities.PINVerdict, error) {
	switch {
	case g.pin == "":
		return activities.PINNone, nil
	case a.PIN == g.pin:
		return activities.PINRight, nil
	default:
		return activities.PINWrong, nil
	}
}

// Locked says what the record says.
func (g guard) Locked(context.Context, string, porting.Number, string) (bool, error) {
	return g.locked, nil
}
