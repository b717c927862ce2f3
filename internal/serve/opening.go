package serve

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

const (
	openEvery    = time.Second // in batches: answers come first
	openAtOnce   = 16
	openLease    = 2 * time.Minute // longer than an attempt
	openPatience = time.Minute
	firstPause   = time.Second // before the second attempt; each further one is twice as long
	longPause    = time.Minute
	keepAnswers  = 90 * 24 * time.Hour // in which a wholesaler may ask again
)

// Run opens the ports of what was answered, until ctx ends. Any number of processes may run it on one ledger: a request is
// one port, however often it is started.
func (v *Validation) Run(ctx context.Context) {
	tick := time.NewTicker(openEvery)
	defer tick.Stop()
	var swept time.Time
	for {
		if _, err := v.OpenDue(ctx); err != nil && ctx.Err() == nil {
			v.Log.Warn("ports wait to be opened: the ledger cannot be read", "code", porting.CodeOf(err))
		}
		if now := v.Clock(); now.Sub(swept) > time.Hour {
			swept = now
			if _, err := v.Books.ForgetValidations(ctx, now.Add(-keepAnswers)); err != nil && ctx.Err() == nil {
				v.Log.Warn("old answers could not be forgotten", "code", porting.CodeOf(err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// OpenDue tries once to open every port that is due, and returns how many are open now.
func (v *Validation) OpenDue(ctx context.Context) (int, error) {
	opened := 0
	for ctx.Err() == nil {
		due, err := v.Books.ClaimValidations(ctx, v.Clock(), openLease, openAtOnce)
		if err != nil || len(due) == 0 {
			return opened, err
		}
		ports := v.openPorts(ctx, due)
		opened += len(ports)
		if len(ports) == 0 {
			continue
		}
		// What cannot be marked is started again in vain, and marked then.
		if err := v.Books.ValidationsOpened(context.WithoutCancel(ctx), v.Clock(), ports...); err != nil {
			return opened, err
		}
	}
	return opened, ctx.Err()
}

// openPorts makes an attempt at each, and returns which ports are open.
func (v *Validation) openPorts(ctx context.Context, due []ledger.Validation) []string {
	var mu sync.Mutex
	var ports []string
	var starting sync.WaitGroup
	for _, row := range due {
		starting.Go(func() {
			err := v.start(ctx, row)
			if err != nil {
				v.later(ctx, row, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ports = append(ports, row.PortID)
		})
	}
	starting.Wait()
	return ports
}

// later writes down that an attempt failed, also while the process is told to stop.
func (v *Validation) later(ctx context.Context, row ledger.Validation, failed error) {
	v.Log.Warn("a port could not be opened yet", "port", row.PortID, "attempts", row.Attempts, "code", porting.CodeOf(failed))
	next := v.Clock().Add(pauseAfter(row.Attempts))
	if err := v.Books.ValidationFailed(context.WithoutCancel(ctx), row, porting.CodeOf(failed), next); err != nil {
		v.Log.Warn("an attempt could not be written down; the next one comes when its lease ends", "port", row.PortID, "code", porting.CodeOf(err))
	}
}

// start starts a port. One that was started before, or that its own rules refused, is open.
func (v *Validation) start(ctx context.Context, row ledger.Validation) error {
	request, err := v.unseal(row)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	_, err = v.Ports.StartPortOut(ctx, request)
	if ours, ok := errors.AsType[*porting.Error](err); ok && ours.Kind == porting.Refused {
		return nil
	}
	return err
}

// pauseAfter is how long after so many failed attempts the next one comes.
func pauseAfter(attempts int) time.Duration {
	wait := firstPause
	for range attempts - 1 {
		if wait *= 2; wait >= longPause {
			return longPause
		}
	}
	return wait
}
