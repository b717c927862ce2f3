package cli

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// watchInterval is how often a watched port is asked for its news.
const watchInterval = time.Second

// Follow tells a port's news until it has ended, and returns how. It asks at the interval; news gets the status as it stands
// and the timeline's entries since the last time, perhaps none. While no worker answers it waits: the end itself comes
// from Temporal and needs none.
func Follow(ctx context.Context, ports Ports, id string, every time.Duration, news func(porting.Status, []porting.Entry)) (porting.Status, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan ending, 1)
	go func() {
		status, err := ports.Wait(ctx, id)
		ended <- ending{status, err}
	}()
	told := 0
	tell := func(s porting.Status) {
		fresh := s.Timeline[min(told, len(s.Timeline)):]
		told = len(s.Timeline)
		news(s, fresh)
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if status, err := ports.Status(ctx, id); err == nil && status.Outcome == "" {
			tell(status)
		}
		select {
		case end := <-ended:
			if end.err == nil {
				tell(end.status)
			}
			return end.status, end.err
		case <-ticker.C:
		}
	}
}

// ending is how a port ended.
type ending struct {
	status porting.Status
	err    error
}
