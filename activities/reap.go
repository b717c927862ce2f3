package activities

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Reaper finds what nobody follows any more. It only looks: what follows from it is the workflows' to do.
type Reaper struct {
	*Activities
	Sagas func(ctx context.Context) Sagas // the engine of the step's own worker when nil
}

// NewReaper is the reaper that asks the engine of its own worker.
func NewReaper(a *Activities) *Reaper { return &Reaper{a, engineOf} }

const (
	reapPage     = 500 // open ports read at once
	maxAbandoned = 50  // rescues begun by one look; the next one begins the others
	maxConcerns  = 20  // of one kind
	// maxGone is how many sagas may be gone at once before it looks as if the engine is not the one that the ledger was used
	// with. Then a person says whether the ports are really to be rescued.
	maxGone = 10
)

// FindAbandoned compares the ledger's open ports with the sagas, and the carriers' open orders with both.
func (r *Reaper) FindAbandoned(ctx context.Context, in porting.ReapInput) (porting.Found, error) {
	look, err := r.newLook(ctx, in)
	if err != nil {
		return porting.Found{}, err
	}
	for after := ""; ; {
		ports, err := r.Ledger.OpenPorts(ctx, after, reapPage)
		if err != nil {
			return porting.Found{}, err
		}
		for _, fence := range ports {
			if err := look.at(ctx, fence); err != nil {
				return porting.Found{}, err
			}
		}
		if len(ports) < reapPage {
			break
		}
		after = ports[len(ports)-1].PortID
	}
	look.atGone()
	if err := look.atQuarantine(ctx); err != nil {
		return porting.Found{}, err
	}
	if err := look.atCarriers(ctx); err != nil {
		return porting.Found{}, err
	}
	look.settle()
	return look.found, nil
}

// look is one look at everything.
type look struct {
	*Reaper
	in       porting.ReapInput
	now      time.Time
	sagas    Sagas
	ports    map[string]Shown // sagas that run, as the list has them
	rescues  map[string]Shown
	concerns map[string]Shown
	open     map[string]bool // ports of the ledger
	gone     []porting.Abandoned
	deaf     bool // a carrier did not say what it holds
	found    porting.Found
}

func (r *Reaper) newLook(ctx context.Context, in porting.ReapInput) (*look, error) {
	l := &look{Reaper: r, in: in, now: time.Now(), sagas: r.Sagas(ctx), open: map[string]bool{}}
	var err error
	for name, list := range map[string]*map[string]Shown{
		porting.WorkflowPortIn: &l.ports, porting.WorkflowRescue: &l.rescues, porting.WorkflowConcern: &l.concerns,
	} {
		if *list, err = l.sagas.Running(ctx, name); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// at looks at one open port.
func (l *look) at(ctx context.Context, fence ledger.Fence) error {
	l.found.Looked++
	l.open[fence.PortID] = true
	if shown, runs := l.ports[fence.PortID]; runs {
		return l.atRevocation(ctx, fence, shown.Stage)
	}
	if _, underWay := l.rescues[porting.RescueID(fence.PortID)]; underWay || l.young(fence) || len(l.found.Abandoned) == maxAbandoned {
		return nil
	}
	saga, err := l.sagas.Saga(ctx, fence.PortID)
	if err != nil || saga.Live {
		return err
	}
	if needed, err := l.needsRescue(ctx, fence.PortID); !needed || err != nil {
		return err
	}
	a := porting.Abandoned{Port: fence.PortID, Saga: saga.Ended}
	// A counterparty waits for no person to look at the engine: a port-out is rescued, however many are gone.
	if a.Saga == porting.SagaGone && fence.Direction != porting.PortOut {
		l.gone = append(l.gone, a)
		return nil
	}
	l.found.Abandoned = append(l.found.Abandoned, a)
	return nil
}

// young reports whether a port was claimed so lately that its saga may not be seen yet.
func (l *look) young(fence ledger.Fence) bool {
	return l.in.Clock.RealDuration(l.in.Clock.Business(l.now).Sub(fence.ClaimedAt)) < l.in.Patience()
}

// needsRescue looks again, after the saga: it may have ended in good order meanwhile. A rescue that failed waits for a person
// and is not begun again by itself.
func (l *look) needsRescue(ctx context.Context, port string) (bool, error) {
	fence, err := l.Ledger.Fence(ctx, port)
	if err != nil || !fence.ReleasedAt.IsZero() {
		return false, err
	}
	rescue, err := l.sagas.Saga(ctx, porting.RescueID(port))
	if rescue.Ended == "failed" {
		l.concern(porting.Concern{
			ID: "concern-rescue-" + port, Port: port, What: "the rescue of " + port + " failed",
			Next: "see why in the workflow " + porting.RescueID(port) + ", mend it, then reset that workflow",
		})
		return false, err
	}
	return !rescue.Live, err
}

// atRevocation finds a revocation that the port's saga does not know of: it was reset without it. The list of sagas is only
// a hint that the saga should be asked. While an activation is in flight the gate tells it.
func (l *look) atRevocation(ctx context.Context, fence ledger.Fence, shown porting.Stage) error {
	if fence.RevokeRequestedAt.IsZero() || shown == porting.RollingBack {
		return nil
	}
	status, err := l.sagas.Status(ctx, fence.PortID)
	if err != nil || status.Outcome != "" || status.Stage == porting.RollingBack || status.Stage == porting.Activating {
		return nil //nolint:nilerr // a saga that cannot answer is asked again a minute later
	}
	l.found.Unheard = append(l.found.Unheard, porting.Unheard{Port: fence.PortID, Revoke: revocationOf(fence)})
	return nil
}

// revocationOf is the revocation that a fence holds. Its ID makes it harmless to send it twice.
func revocationOf(f ledger.Fence) porting.Revoke {
	return porting.Revoke{
		ID: fmt.Sprintf("ledger-%s-%d", f.PortID, f.RevokeRequestedAt.UnixMicro()), By: cmp.Or(f.RevokedBy, porting.Reaper), Reason: f.RevokeReason,
	}
}

// atGone has ports rescued whose sagas the engine does not know, unless there are many: an engine that was restored from a
// backup, or another namespace, knows none.
func (l *look) atGone() {
	if len(l.gone) <= maxGone || l.in.Gone {
		room := maxAbandoned - len(l.found.Abandoned)
		l.found.Abandoned = append(l.found.Abandoned, l.gone[:min(room, len(l.gone))]...)
		return
	}
	l.concern(porting.Concern{
		ID: "concern-sagas-gone", What: fmt.Sprintf("the engine does not know the sagas of %d open ports; no such port is rescued by itself", len(l.gone)),
		Next: "see that this is the right namespace and that nothing was restored; then run portsaga ledger reconcile --gone",
	})
}

func (l *look) atQuarantine(ctx context.Context) error {
	state, err := l.Ledger.State(ctx)
	if err != nil || !state.Quarantined() {
		return err
	}
	l.concern(porting.Concern{
		ID: porting.ConcernQuarantine, What: "the ledger is in quarantine, and no port is activated: " + state.QuarantineWhy,
		Next: "run portsaga ledger reconcile, answer what it asks, then portsaga ledger lift",
	})
	return nil
}

// atCarriers finds open orders that belong to no open port. Such an order is never cancelled by itself: what the ledger does
// not know may be somebody else's.
func (l *look) atCarriers(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(l.Carriers)) {
		lister, can := l.Carriers[name].(carrier.Lister)
		if !can {
			continue
		}
		orders, err := lister.Orders(ctx, time.Time{})
		if err != nil {
			l.deaf = true
			continue
		}
		if err := l.atOrders(ctx, name, orders); err != nil {
			return err
		}
	}
	return nil
}

func (l *look) atOrders(ctx context.Context, name string, orders []porting.Ref) error {
	found := 0
	for _, ref := range orders {
		_, runs := l.ports[ref.Port]
		if l.open[ref.Port] || runs || found == maxConcerns {
			continue
		}
		orphan, err := l.isOrphan(ctx, name, ref)
		if err != nil {
			return err
		}
		if !orphan {
			continue
		}
		found++
		l.concern(porting.Concern{
			ID: orphanPrefix + ref.Port, Port: ref.Port, Carrier: name,
			What: "carrier " + name + " has an open order that belongs to no open port",
			Next: "ask the carrier whose it is, and have it cancelled if it is nobody's",
		})
	}
	return nil
}

const orphanPrefix = "concern-order-"

// isOrphan looks at everything once more, in the order in which a port ends: the carrier, the ledger, the saga.
func (l *look) isOrphan(ctx context.Context, name string, ref porting.Ref) (bool, error) {
	status, err := readBack(ctx, l.Carriers[name], ref)
	if err != nil || ended(status.State) {
		l.deaf = l.deaf || err != nil
		return false, nil
	}
	fence, err := l.Ledger.Fence(ctx, ref.Port)
	if err != nil && porting.KindOf(err) != porting.NotFound {
		return false, err
	}
	if err == nil && fence.ReleasedAt.IsZero() && !fence.ClaimedAt.IsZero() {
		return false, nil
	}
	saga, err := l.sagas.Saga(ctx, ref.Port)
	return !saga.Live, err
}

// ended reports whether an order moves nothing any more by itself.
func ended(s porting.CarrierState) bool {
	switch s {
	case porting.CarrierNothing, porting.CarrierActive, porting.CarrierCancelled, porting.CarrierReversed:
		return true
	}
	return false
}

func (l *look) concern(c porting.Concern) {
	_, c.Open = l.concerns[c.ID]
	l.found.Concerns = append(l.found.Concerns, c)
}

// settle lists the concerns that are none any more. What a silent carrier holds stays one.
func (l *look) settle() {
	for _, c := range l.found.Concerns {
		delete(l.concerns, c.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(l.concerns)) {
		if !l.deaf || !strings.HasPrefix(id, orphanPrefix) {
			l.found.Settled = append(l.found.Settled, id)
		}
	}
}
