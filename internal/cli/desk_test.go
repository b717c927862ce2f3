package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// atDesk is a session with ana at the desk, and an order that went to a carrier's portal.
type atDesk struct {
	*guarded
	gateway *manual.Gateway
}

func newAtDesk(t *testing.T) *atDesk {
	t.Helper()
	g := newGuarded(t)
	g.desk.Grant("ana", approval.RoleDesk)
	books, err := ledger.Open(t.Context(), g.config.Ledger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	keys, err := vault.Load(g.config.KeyFile)
	require.NoError(t, err)
	d := &atDesk{g, &manual.Gateway{
		Profile: manual.Profile{Name: "old-bell", Portal: "https://old-bell.example", Language: "en", OnDemand: true, AnswerWithin: 8 * time.Hour, Needs: []string{"loa"}},
		Book:    &manual.Book{Books: books, Vault: keys, Registry: g.desk.Keeper()},
		Now:     func() time.Time { return now },
	}}
	_, err = d.gateway.Submit(t.Context(), carrier.LSR{
		Ref: carrier.Ref{Port: "pi-1", Version: 1}, Code: "481516", Order: porting.Order{
			Numbers: []porting.Number{"+12125550123", "+12125550124"}, Donor: porting.Party{Name: "Old Bell"}, Recipient: porting.Party{Name: "New Bell"},
			Subscriber: porting.Subscriber{Name: "Iris Quill"},
		},
	})
	require.NoError(t, err)
	return d
}

func (d *atDesk) status(t *testing.T) carrier.Status {
	t.Helper()
	st, err := d.gateway.Status(t.Context(), carrier.Ref{Port: "pi-1", Version: 1})
	require.NoError(t, err)
	return st
}

func TestDeskListAndShow(t *testing.T) {
	t.Parallel()
	d := newAtDesk(t)
	d.runs(t, "portsaga desk list")
	require.Regexp(t, `pi-1/1/submit +old-bell +2026-11-23 23:00Z +none +- +enter the order in the carrier's portal, and answer\n`, d.out.String())
	require.NotContains(t, d.out.String(), "Quill")

	d.runs(t, "portsaga desk show pi-1/1/submit --files "+filepath.Join(d.config.Dir, "forms"))
	for _, shown := range []string{"Iris Quill", "2. +12125550124", "1. Enter the order in the carrier's portal.", "pi-1-1-submit.pdf", "waits to be read, once"} {
		require.Contains(t, d.out.String(), shown)
	}
	require.NotContains(t, d.out.String(), "481516")
	require.FileExists(t, filepath.Join(d.config.Dir, "forms", "pi-1-1-letter.pdf"))

	require.Equal(t, 4, d.run(t, "portsaga desk show pi-9/1/submit"))
	require.Contains(t, d.err.String(), "there is no such task; see portsaga desk list")
	d.runs(t, "portsaga desk list --carrier elsewhere")
	require.Equal(t, "Nothing waits for a person.\n", d.out.String())
}

func TestDeskCodeIsReadOnce(t *testing.T) {
	t.Parallel()
	d := newAtDesk(t)
	d.runs(t, "portsaga desk show pi-1/1/submit --code --by ana@desk")
	require.Equal(t, "481516\n", d.out.String())
	require.Equal(t, 4, d.run(t, "portsaga desk show pi-1/1/submit --code"))
	d.runs(t, "portsaga desk show pi-1/1/submit")
	require.Contains(t, d.out.String(), "read by ana@desk at")
}

func TestDeskAnswer(t *testing.T) {
	t.Parallel()
	d := newAtDesk(t)
	const confirm = "portsaga desk answer pi-1/1/submit --confirmed --foc 2026-12-03T09:00:00-05:00 --left 2=TN_INACTIVE"
	require.Equal(t, 2, d.run(t, confirm+" --key "+d.desk.KeyFile("ana")), "nobody was asked")
	require.Contains(t, d.err.String(), "You say that old-bell answered: confirmed")
	require.Contains(t, d.err.String(), "number 2, +1…0124: TN_INACTIVE")
	require.Equal(t, 3, d.run(t, confirm+" --yes --key "+d.desk.KeyFile("ben")))
	require.Contains(t, d.err.String(), "the signer may not answer for carriers")
	require.Equal(t, carrier.StatePending, d.status(t).State)

	d.runs(t, confirm+" -o json --yes --key "+d.desk.KeyFile("ana"))
	var answered answeredTask
	require.NoError(t, json.Unmarshal(d.out.Bytes(), &answered))
	foc := time.Date(2026, 12, 3, 14, 0, 0, 0, time.UTC)
	require.Equal(t, answeredTask{"pi-1/1/submit", "ana", carrier.StateConfirmed, foc, true}, answered)
	require.Equal(t, "pi-1", d.ports.id)
	event, isEvent := d.ports.message.(porting.CarrierEvent)
	require.True(t, isEvent)
	require.Equal(t, "desk: confirmed", event.Hint)
	st := d.status(t)
	require.Equal(t, carrier.StateConfirmed, st.State)
	require.Equal(t, porting.NumberInactive, st.Numbers[1].Reason)

	require.Equal(t, 3, d.run(t, "portsaga desk answer pi-1/1/submit --reversed --yes --key "+d.desk.KeyFile("ana")))
	require.Contains(t, d.err.String(), "an order that is confirmed cannot become reversed")
}

// The answer stands in the book, whether the port can be told or not.
func TestDeskAnswerWithTheEngineDown(t *testing.T) {
	t.Parallel()
	d := newAtDesk(t)
	d.ports.err = &porting.Error{Kind: porting.Failed, Code: "engine-unavailable", Op: "tell port", Detail: "no server answers"}
	d.runs(t, "portsaga desk answer pi-1/1/submit --rejected 7401 --reason ACCOUNT_NUMBER_MISMATCH --yes --key "+d.desk.KeyFile("ana"))
	require.Contains(t, d.err.String(), "the answer is in the book")
	require.Regexp(t, `port told +-\n`, d.out.String())
	require.Equal(t, []carrier.Rejection{{Code: "7401", Reason: porting.AccountNumberMismatch}}, d.status(t).Reasons)
}

func TestDeskAnswerSignedElsewhere(t *testing.T) {
	t.Parallel()
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("there is no ssh-keygen")
	}
	d := newAtDesk(t)
	file := filepath.Join(t.TempDir(), "answer.json")
	d.runs(t, "portsaga desk answer pi-1/1/submit --refused NOT_OURS --statement-out "+file)
	require.Contains(t, d.out.String(), "portsaga.desk.v1")
	require.Equal(t, carrier.StatePending, d.status(t).State)
	out, err := exec.CommandContext(t.Context(), keygen, "-Y", "sign", "-n", approval.DeskNamespace, "-f", d.desk.KeyFile("ana"), file).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, 3, d.run(t, "portsaga desk answer pi-1/1/cancel --signature "+file+".sig"))
	require.Contains(t, d.err.String(), "the statement answers pi-1/1/submit")
	d.runs(t, "portsaga desk answer pi-1/1/submit --signature "+file+".sig")
	require.Equal(t, porting.CarrierRefused, d.status(t).State)
}

// What is pasted into the Web UI is verified by the gate: the command writes nothing.
func TestDeskAnswerToBePasted(t *testing.T) {
	t.Parallel()
	d := newAtDesk(t)
	d.runs(t, "portsaga desk answer pi-1/1/submit --active --paste --yes --key "+d.desk.KeyFile("ana"))
	require.Contains(t, d.err.String(), "choose Send a signal, the name carrier-event, and paste:")
	require.Equal(t, carrier.StatePending, d.status(t).State)
	require.Empty(t, d.ports.id)
	var body porting.CarrierEvent
	require.NoError(t, json.Unmarshal(d.out.Bytes(), &body))
	taken, err := d.gateway.TakeAnswer(t.Context(), porting.DeskInput{Port: "pi-1", By: body.By, Statement: body.Statement, Signature: body.Signature})
	require.NoError(t, err)
	require.Equal(t, porting.DeskTaken{By: "ana", Signed: true, State: carrier.StateActive}, taken)
	require.Equal(t, carrier.StateActive, d.status(t).State)

	_, err = d.gateway.TakeAnswer(t.Context(), porting.DeskInput{Port: "pi-2", Statement: body.Statement, Signature: body.Signature})
	require.ErrorContains(t, err, "it was signed for another order")
}

func TestDeskAnswerWhereDecisionsAreTrusted(t *testing.T) {
	t.Parallel()
	d := newAtDesk(t)
	d.config.Approvals = config.ApprovalsTrusted
	d.runs(t, "portsaga desk answer pi-1/1/submit --active --by ana@desk")
	require.Regexp(t, `by +ana@desk\n`, d.out.String())
	require.Equal(t, carrier.StateUnknown, d.status(t).State, "a gate with a registry believes none of it")
	d.runs(t, "portsaga desk list")
	require.NotContains(t, d.out.String(), "pi-1")
	d.config.Approvals = config.ApprovalsSigned
	d.runs(t, "portsaga desk list")
	require.Contains(t, d.out.String(), "is not signed as it must be")
}

func TestDeskUsage(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"show":                                   "which task?",
		"answer":                                 "which task?",
		"answer x":                               "at least one of the flags",
		"answer x --active --cancelled":          "none of the others can be",
		"answer x --confirmed":                   "for when?",
		"answer x --confirmed --foc tomorrow":    "--foc is no time",
		"answer x --active --left two":           "--left is a position and a reason",
		"answer x --active --left 2=BECAUSE":     "--left is a position and a reason",
		"answer x --rejected 1 --reason BECAUSE": "there is no reason BECAUSE",
		"answer x --active --expires 48h":        "--expires is between",
		"show x --code --files .":                "none of the others can be",
	} {
		d := newAtDesk(t)
		require.Equal(t, 2, d.run(t, "portsaga desk "+line), line)
		require.Contains(t, d.err.String(), says)
		require.Equal(t, 1, strings.Count(d.err.String(), "\n"), "an error is one line")
	}
	s := newSession(t)
	_, err := vault.Create(s.config.KeyFile)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(s.config.Ledger))
	require.Equal(t, 1, s.run(t, "portsaga desk list"))
	require.Contains(t, s.err.String(), "open ledger")
}
