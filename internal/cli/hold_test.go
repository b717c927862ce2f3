package cli

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func (p *fakePorts) Hold(_ context.Context, id string, m porting.Hold) (porting.Answer, error) {
	return p.receive(id, m)
}

func (p *fakePorts) Resume(_ context.Context, id string, m porting.Resume) (porting.Answer, error) {
	return p.receive(id, m)
}

func (p *fakePorts) Extend(_ context.Context, id string, m porting.Extend) (porting.Answer, error) {
	return p.receive(id, m)
}

func (p *fakePorts) Reassign(_ context.Context, id string, m porting.Reassign) (porting.Answer, error) {
	return p.receive(id, m)
}

func TestHoldRefused(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.err = &porting.Error{Kind: porting.Refused, Code: "port-not-holdable", Op: "message to port", Object: "pi-1", Detail: "a port in active cannot be stopped"}
	require.Equal(t, 3, s.run(t, "portsaga port hold pi-1"))
	require.Equal(t, "error: message to port pi-1: a port in active cannot be stopped\n", s.err.String())
}

func TestHoldUsage(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"portsaga port hold":                        "which port? name it by its ID",
		"portsaga port resume pi-1 pi-2":            "which port? name it by its ID",
		"portsaga port extend pi-1":                 "by how many hours? say so with --hours",
		"portsaga port extend pi-1 --hours -3":      "by how many hours? say so with --hours",
		"portsaga port extend pi-1 --hours soon":    `invalid argument "soon"`,
		"portsaga port reassign pi-1":               "to whom? say so with --to",
		"portsaga port reassign pi-1 --to ben --x":  "unknown flag: --x",
		"portsaga port hold pi-1 --why asked --for": "unknown flag: --for",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			require.Equal(t, 2, s.run(t, line))
			require.Contains(t, s.err.String(), says)
			require.Nil(t, s.ports.message, "nothing is sent")
		})
	}
}

func TestShowAPortOnHold(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	held := aStatus
	held.Stage, held.HeldIn, held.Owner, held.Bulk = porting.OnHold, porting.Verifying, "ben@desk", "bo-1"
	s.ports.statuses = []porting.Status{held}
	require.Equal(t, 0, s.run(t, "portsaga port show pi-1"))
	golden(t, "show-held.txt", s.out.String())
}
