package ledger_test

import (
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// model is the ledger in a few lines of memory: what it does is what the ledger must do.
type model struct {
	ports       map[string]*modelPort
	quarantined bool
	changes     int64
}

type modelPort struct {
	numbers            []string
	state              ledger.FenceState
	epoch              int64
	key                string
	moved              bool
	requested, revoked bool
	released           bool
	sent               map[int]string // digests of orders, by version
}

func (m *model) claim(port string, numbers []string) string {
	if p := m.ports[port]; p != nil {
		switch {
		case p.revoked:
			return "port-revoked"
		case p.state == ledger.FenceClosed:
			return "port-closed"
		case !slices.Equal(p.numbers, numbers):
			return "claim-differs"
		}
		return ""
	}
	for _, p := range m.ports {
		for _, n := range p.numbers {
			if !p.released && slices.Contains(numbers, n) {
				return "number-in-open-port"
			}
		}
	}
	m.ports[port] = &modelPort{numbers: numbers, state: ledger.FenceOpen, epoch: 1}
	m.changes++
	return ""
}

func (m *model) release(port string) string {
	p := m.ports[port]
	if p == nil || p.released {
		return ""
	}
	if p.state == ledger.FenceActivating {
		return "activation-in-flight"
	}
	if p.state != ledger.FenceClosed {
		p.close()
	}
	p.released = true
	m.changes++
	return ""
}

func (m *model) revoke(port string) {
	if m.ports[port] == nil {
		m.ports[port] = &modelPort{state: ledger.FenceOpen}
	}
	m.ports[port].requested = true
	m.ports[port].closeRevoked()
	m.changes++
}

func (m *model) begin(port string, epoch int64, key string) string {
	p := m.ports[port]
	switch {
	case m.quarantined:
		return "ledger-quarantined"
	case p == nil:
		return "port-unknown"
	case p.state == ledger.FenceClosed:
		return "fence-closed"
	case p.state != ledger.FenceOpen && p.key == key:
		return ""
	case p.state != ledger.FenceOpen:
		return "fence-taken"
	case p.epoch != epoch:
		return "fence-epoch"
	}
	p.state, p.key = ledger.FenceActivating, key
	m.changes++
	return ""
}

func (m *model) end(port, key string, moved bool) string {
	p := m.ports[port]
	switch {
	case p == nil:
		return "port-unknown"
	case p.key != key:
		return "fence-taken"
	case p.state != ledger.FenceActivating && p.moved != moved:
		return "activation-ended"
	case p.state != ledger.FenceActivating:
		return ""
	case moved:
		p.state, p.moved = ledger.FenceActive, true
	default:
		p.state = ledger.FenceOpen
		p.closeRevoked()
	}
	m.changes++
	return ""
}

func (m *model) submit(port string, version int, digest string) string {
	p := m.ports[port]
	switch {
	case p == nil:
		return "port-unknown"
	case p.sent[version] == "":
		if p.sent == nil {
			p.sent = map[int]string{}
		}
		p.sent[version] = digest
		m.changes++
	case p.sent[version] != digest:
		return "submission-differs"
	}
	return ""
}

func (m *model) quarantine() {
	m.quarantined = true
	m.changes++
}

func (m *model) lift() {
	if m.quarantined {
		m.quarantined = false
		m.changes++
	}
}

func (p *modelPort) closeRevoked() {
	if p.state == ledger.FenceOpen && p.requested {
		p.close()
		p.revoked = true
	}
}

func (p *modelPort) close() {
	p.state = ledger.FenceClosed
	p.epoch++
}

func testModel(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	var run atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		require.NoError(t, l.LiftQuarantine(ctx, "cho@ops", noon)) // of the run before
		start, err := l.State(ctx)
		require.NoError(t, err)
		m := &model{ports: map[string]*modelPort{}, changes: start.Changes}
		unique := fmt.Sprintf("run-%d-", run.Add(1))
		port := rapid.SampledFrom([]string{unique + "p1", unique + "p2", unique + "p3"})
		numbers := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{unique + "1", unique + "2", unique + "3"}), 1, 2, rapid.ID)
		key := rapid.SampledFrom([]string{"k1", "k2"})
		same := func(code string, err error) { require.Equal(t, code, porting.CodeOf(err), "%v", err) }

		t.Repeat(map[string]func(*rapid.T){
			"claim": func(t *rapid.T) {
				p, n := port.Draw(t, "port"), slices.Sorted(slices.Values(numbers.Draw(t, "numbers")))
				_, err := l.Claim(ctx, portIn(p, n...))
				same(m.claim(p, n), err)
			},
			"release": func(t *rapid.T) {
				p := port.Draw(t, "port")
				same(m.release(p), l.Release(ctx, p, porting.OutcomeExpired, noon))
			},
			"revoke": func(t *rapid.T) {
				p := port.Draw(t, "port")
				_, err := l.CloseFence(ctx, p, "ben@care", porting.AuthorizationRevoked, noon)
				m.revoke(p)
				same("", err)
			},
			"begin": func(t *rapid.T) {
				p, epoch, k := port.Draw(t, "port"), rapid.Int64Range(1, 2).Draw(t, "epoch"), key.Draw(t, "key")
				_, err := l.BeginActivation(ctx, p, epoch, k, noon)
				same(m.begin(p, epoch, k), err)
			},
			"end": func(t *rapid.T) {
				p, k, moved := port.Draw(t, "port"), key.Draw(t, "key"), rapid.Bool().Draw(t, "moved")
				same(m.end(p, k, moved), l.EndActivation(ctx, p, k, moved, noon))
			},
			"submit": func(t *rapid.T) {
				p, version := port.Draw(t, "port"), rapid.IntRange(1, 2).Draw(t, "version")
				digest := rapid.SampledFrom([]string{"sha256:aa", "sha256:bb"}).Draw(t, "digest")
				_, err := l.RecordSubmission(ctx, submissionOf(p, version, digest))
				same(m.submit(p, version, digest), err)
			},
			"quarantine": func(*rapid.T) {
				m.quarantine()
				same("", l.Quarantine(ctx, "restored", noon))
			},
			"lift": func(*rapid.T) {
				m.lift()
				same("", l.LiftQuarantine(ctx, "cho@ops", noon))
			},
			"": func(t *rapid.T) {
				now, err := l.State(ctx)
				require.NoError(t, err)
				require.Equal(t, m.quarantined, now.Quarantined())
				require.Equal(t, m.changes, now.Changes)
				for _, id := range slices.Sorted(maps.Keys(m.ports)) {
					got, err := l.Fence(ctx, id)
					require.NoError(t, err)
					p := m.ports[id]
					for version, digest := range p.sent {
						sent, err := l.Submission(ctx, id, version)
						require.NoError(t, err)
						require.Equal(t, digest, sent.OrderDigest)
					}
					require.Equal(t, []any{p.state, p.epoch, p.key, p.moved, p.requested, p.revoked, p.released},
						[]any{
							got.State, got.Epoch, got.ActivationKey, !got.ActivatedAt.IsZero(), !got.RevokeRequestedAt.IsZero(),
							!got.RevokedAt.IsZero(), !got.ReleasedAt.IsZero(),
						}, id)
				}
			},
		})
	})
}
