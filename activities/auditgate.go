package activities

import (
	"context"
	"strconv"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// audited is a gateway that writes an intent into the audit log before every call that cannot be unmade, and its outcome
// after. No intent, no act: an intent that cannot be written is an error, and the call is not made.
func (a *Activities) audited(name string, g carrier.Gateway) carrier.Gateway {
	log := actLog{a.Ledger, name}
	audited := auditedGateway{g, log}
	if asks, ok := g.(carrier.PortOuts); ok {
		return auditedPortOuts{audited, asks, ""}
	}
	return audited
}

// actLog writes what is about to be done at one carrier, and what came of it.
type actLog struct {
	ledger  *ledger.Ledger
	carrier string
}

// around does an act between its intent and its outcome.
func (l actLog) around(ctx context.Context, ref porting.Ref, fact audit.CallFact, act func() (porting.CarrierStatus, error)) (porting.CarrierStatus, error) {
	fact.Carrier, fact.Version = l.carrier, ref.Version
	name := fact.Call + "/" + strconv.Itoa(ref.Version) + string(fact.Answer)
	err := l.ledger.Append(ctx, audit.Leaf{At: time.Now(), Kind: audit.Intent, Port: ref.Port, Ref: name, Data: fact})
	if err != nil {
		return porting.CarrierStatus{}, err
	}
	status, err := act()
	fact.State, fact.FOC, fact.Failure = status.State, status.FOC, porting.CodeOf(err)
	if err != nil && fact.Failure == "" {
		fact.Failure = "unknown"
	}
	done := audit.Leaf{At: time.Now(), Kind: audit.Done, Port: ref.Port, Ref: name + "/" + string(fact.State) + fact.Failure, Data: fact}
	// The act was done, or may have been: a step that is stopped now still says so.
	if lost := l.ledger.Append(context.WithoutCancel(ctx), done); lost != nil && err == nil {
		return status, lost
	}
	return status, err
}

type auditedGateway struct {
	carrier.Gateway
	log actLog
}

func (g auditedGateway) Submit(ctx context.Context, lsr carrier.LSR) (carrier.Status, error) {
	return g.log.around(ctx, lsr.Ref, audit.CallFact{Call: audit.CallSubmit},
		func() (carrier.Status, error) { return g.Gateway.Submit(ctx, lsr) })
}

func (g auditedGateway) Cancel(ctx context.Context, ref carrier.Ref, why porting.Reason) (carrier.Status, error) {
	return g.log.around(ctx, ref, audit.CallFact{Call: audit.CallCancel, Reason: why},
		func() (carrier.Status, error) { return g.Gateway.Cancel(ctx, ref, why) })
}

func (g auditedGateway) Activate(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	return g.log.around(ctx, ref, audit.CallFact{Call: audit.CallActivate},
		func() (carrier.Status, error) { return g.Gateway.Activate(ctx, ref) })
}

func (g auditedGateway) Reverse(ctx context.Context, ref carrier.Ref, why porting.Reason) (carrier.Status, error) {
	return g.log.around(ctx, ref, audit.CallFact{Call: audit.CallReverse, Reason: why},
		func() (carrier.Status, error) { return g.Gateway.Reverse(ctx, ref, why) })
}

// auditedPortOuts is an audited gateway whose carrier asks us before numbers leave.
type auditedPortOuts struct {
	auditedGateway
	asks carrier.PortOuts
	port string // whose request it answers
}

// answersFor says for which port a gateway answers, which a counterparty does not know.
func answersFor(port string, asks carrier.PortOuts) carrier.PortOuts {
	if audited, ok := asks.(auditedPortOuts); ok {
		audited.port = port
		return audited
	}
	return asks
}

func (g auditedPortOuts) PortOutRequests(ctx context.Context, since time.Time) ([]porting.PortOutRequest, error) {
	return g.asks.PortOutRequests(ctx, since)
}

func (g auditedPortOuts) PortOutStatus(ctx context.Context, id string) (carrier.PortOutStatus, error) {
	return g.asks.PortOutStatus(ctx, id)
}

func (g auditedPortOuts) AnswerPortOut(ctx context.Context, id string, answer carrier.PortOutAnswer) (carrier.PortOutStatus, error) {
	var given carrier.PortOutStatus
	ref := porting.Ref{Port: g.port, Version: 1}
	fact := audit.CallFact{Call: audit.CallAnswer, Answer: answer.Kind(), Reason: answer.Reason()}
	_, err := g.log.around(ctx, ref, fact, func() (porting.CarrierStatus, error) {
		var err error
		given, err = g.asks.AnswerPortOut(ctx, id, answer)
		return porting.CarrierStatus{State: given.State}, err
	})
	return given, err
}

// release switches numbers off in our own network, which cannot be unmade either.
func (a *Activities) release(ctx context.Context, in porting.LeavingInput, numbers []porting.Number) error {
	_, err := actLog{a.Ledger, "our network"}.around(ctx, refOfLeaving(in), audit.CallFact{Call: audit.CallRelease},
		func() (porting.CarrierStatus, error) {
			return porting.CarrierStatus{}, a.Leaving.Switch.Release(ctx, in.Port, numbers)
		})
	return err
}
