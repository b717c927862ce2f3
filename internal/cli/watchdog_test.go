package cli

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/internal/watchdog"
	"github.com/portsaga/portsaga/porting"
)

// nearDate puts a port into the session's ledger that needs people now.
func (s *session) nearDate(t *testing.T, port string) {
	t.Helper()
	books, err := ledger.Open(t.Context(), s.config.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, books.Close()) }()
	_, err = books.Claim(t.Context(), ledger.Claim{
		PortID: port, Direction: porting.PortIn, Tenant: "default", Reference: port, At: now, Numbers: []ledger.NumberClaim{{Token: port, Masked: "+1…0123"}},
	})
	require.NoError(t, err)
	require.NoError(t, books.Await(t.Context(), ledger.Awaited{
		PortID: port, Clock: "decision", Ref: "1", OwedBy: porting.WaitingApprover, NotedAt: now.Add(-10 * time.Hour), DueAt: now.Add(10 * time.Minute),
	}))
}

// A session fails when anything dials Temporal: the watchdog works where nothing of it is left.
func TestWatchdogOnce(t *testing.T) {
	mail := notifytest.Start(t)
	t.Setenv("PORTSAGA_WATCHDOG_TO", "desk@example.com, lead@example.com")
	t.Setenv("PORTSAGA_SMTP_ADDR", mail.Addr())
	t.Setenv("PORTSAGA_SMTP_TLS", "none")
	t.Setenv("PORTSAGA_SMTP_FROM", "watchdog@example.com")
	s := newSession(t)
	require.Equal(t, 1, s.run(t, "portsaga watchdog --once"))
	require.Contains(t, s.err.String(), "open ledger")
	s.nearDate(t, "pi-1")

	require.Equal(t, 1, s.run(t, "portsaga watchdog --once"))
	require.Contains(t, s.out.String(), "pi-1  decision  approver")
	require.Contains(t, s.err.String(), "dates that need people: 1")
	require.Len(t, mail.Texts(), 2, "one to each")
	require.Equal(t, 0, s.run(t, "portsaga watchdog --once"), "a date is told once")
	require.Empty(t, s.out.String())

	s.nearDate(t, "pi-2")
	require.Equal(t, 1, s.run(t, "portsaga watchdog --once -o json"))
	var alarms []watchdog.Alarm
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &alarms))
	require.Equal(t, "pi-2", alarms[0].PortID)
	require.False(t, alarms[0].Over)
	require.Equal(t, 0, s.run(t, "portsaga watchdog --once -o json"))
	require.Equal(t, "[]\n", s.out.String())
	require.Len(t, mail.Texts(), 4)

	require.Equal(t, 0, s.run(t, "portsaga watchdog --list"))
	require.Regexp(t, `(?s)DUE .*pi-1  decision  approver.*pi-2  decision  approver`, s.out.String())
	require.Len(t, mail.Texts(), 4, "a list tells nobody")
	require.Equal(t, 2, s.run(t, "portsaga watchdog --list --once"))
}

func TestWatchdogWithoutAMailServer(t *testing.T) {
	t.Setenv("PORTSAGA_WATCHDOG_TO", "desk@example.com")
	s := newSession(t)
	require.Equal(t, 2, s.run(t, "portsaga watchdog"))
	require.Contains(t, s.err.String(), "it has addresses and no mail server")
}
