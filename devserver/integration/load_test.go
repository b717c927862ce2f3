package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/sealing"
	"github.com/portsaga/portsaga/starter"
)

// speaker is a citizen who uses the Go client rather than the program, to be fast.
type speaker struct {
	*citizen
	client client.Client
	ports  *starter.Client
	key    ssh.Signer // of those who decide
}

// speaks connects a citizen to the cluster, with its own token and the keys that it has.
func (c *citizen) speaks(t *testing.T) *speaker {
	t.Helper()
	options := c.town.calling(c)
	keys, err := sealing.Seal(&options, sealing.Keys{Store: c.ledger("portsaga_keys"), TenantKeys: c.path("tenant-keys")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keys.Close()) })
	dialed, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(dialed.Close)
	return &speaker{citizen: c, client: dialed, ports: starter.New(dialed, starter.Options{Patience: time.Minute})}
}

// signs connects somebody who decides.
func (c *citizen) signs(t *testing.T) *speaker {
	t.Helper()
	s := c.speaks(t)
	var err error
	s.key, err = ssh.ParsePrivateKey(c.reads("id_ed25519"))
	require.NoError(t, err)
	return s
}

// desk is everybody whom a port needs.
type desk struct {
	t         *testing.T
	clerk     *speaker
	approvers []*speaker

	mu        sync.Mutex
	decisions []time.Duration
}

func (w *town) opensDesk(t *testing.T) *desk {
	t.Helper()
	return &desk{t: t, clerk: w.clerk.speaks(t), approvers: []*speaker{w.ben.signs(t), w.fay.signs(t)}}
}

func parse(t *testing.T, tenant, reference string, number int) porting.Order {
	t.Helper()
	parsed, err := orders.Read(strings.NewReader(order(tenant, reference, number)), orders.Options{Now: time.Now()})
	require.NoError(t, err)
	parsed.Version = 1
	return parsed
}

// lives orders a port and has it approved; it returns when the carrier has the order. What fails because a process is just
// away is done again, as callers do.
func (d *desk) lives(ctx context.Context, o porting.Order) error {
	id := porting.PortID(porting.PortIn, o.TenantOrDefault(), o.Reference)
	err := again(ctx, func() error {
		_, err := d.clerk.ports.StartIfNotExists(ctx, o)
		return err
	})
	for _, approver := range d.approvers {
		if err == nil {
			err = d.decides(ctx, approver, id)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", id, err)
	}
	return d.reaches(ctx, id, porting.Submitted, porting.Confirmed, porting.Activating, porting.Active, porting.Completed)
}

// reaches waits until a port is in one of some stages.
func (d *desk) reaches(ctx context.Context, id string, stages ...porting.Stage) error {
	return d.shows(ctx, id, porting.AttrStage, func(stage string) bool { return slices.Contains(stages, porting.Stage(stage)) })
}

// shows waits until the server shows something of a port. It asks the server and not the workers, who have better things to do
// than to answer many times a second.
func (d *desk) shows(ctx context.Context, id, attribute string, wanted func(string) bool) error {
	key := temporal.NewSearchAttributeKeyKeyword(attribute)
	return again(ctx, func() error {
		described, err := d.clerk.client.DescribeWorkflow(ctx, id, "")
		if err != nil {
			return err
		}
		if is, _ := described.TypedSearchAttributes.GetKeyword(key); !wanted(is) {
			return fmt.Errorf("%s of %s is %q", attribute, id, is)
		}
		return nil
	})
}

// decides approves a port as soon as it asks for that, and remembers how long the answer took.
func (d *desk) decides(ctx context.Context, who *speaker, id string) error {
	err := d.shows(ctx, id, porting.AttrWaitingOn, func(who string) bool { return who == string(porting.WaitingApprover) })
	if err != nil {
		return err
	}
	var challenge porting.Challenge
	err = again(ctx, func() error {
		status, err := who.ports.Status(ctx, id)
		if err == nil && status.Challenge == nil {
			err = fmt.Errorf("%s asks nobody: it is %s", id, status.Stage)
		}
		if err == nil {
			challenge = *status.Challenge
		}
		return err
	})
	if err != nil {
		return err
	}
	signed := approvaltest.Sign(d.t, who.key, challenge.Statement(porting.Approve, "", time.Now(), porting.StatementLife))
	began := time.Now()
	err = again(ctx, func() error {
		_, err := who.ports.Decide(ctx, id, signed)
		return err
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decisions = append(d.decisions, time.Since(began))
	return err
}

// decided is how many decisions were made.
func (d *desk) decided() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.decisions)
}

// again does something until it succeeds or is refused for good.
func again(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pause := time.NewTicker(100 * time.Millisecond)
	defer pause.Stop()
	for {
		err := do()
		if err == nil || porting.KindOf(err) == porting.Refused || porting.KindOf(err) == porting.Invalid {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-pause.C:
		}
	}
}

// quantile is the value that so many of a hundred do not exceed.
func quantile(of []time.Duration, percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)].Round(time.Millisecond)
}
