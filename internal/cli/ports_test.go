package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

const anOrder = `
reference: ACME-2026-0117
kind: wireline
numbers: ["+12125550123"]
donor: {name: Hudson Telephone}
recipient: {name: Acme Voice}
subscriber: {name: Jordan Example, address: {street: 1 Example Plaza, city: New York, region: NY, postal_code: "10001", country: US}, contact: {email: jordan@example.com}}
account: {number: "4412-77"}
authorization: {kind: loa, signed_at: 2026-11-12T09:30:00-05:00, signed_by: Jordan Example}
`

var accepted = porting.Answer{ID: "pi-1", Accepted: true, Stage: porting.Screening, Says: "accepted"}

func orderFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "order.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestStart(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.answer = accepted

	require.Equal(t, 0, s.run(t, "portsaga port in start -f", orderFile(t, anOrder)))

	require.Equal(t, "pi-1: accepted (in screening)\nwatch it: portsaga port watch pi-1\n", s.out.String())
	require.Equal(t, "ACME-2026-0117", s.ports.order.Reference)
	require.Equal(t, []porting.Number{"+12125550123"}, s.ports.order.Numbers)
	require.False(t, s.ports.ifNotExists)
}

// Who submits an order may not decide on it, so it is never unknown who that is.
func TestStartSaysWhoSubmits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, order, flag, variable, login, want string }{
		{"the order says so", anOrder + "submitted_by: sue@shop\n", "ben@desk", "cy@desk", "ana", "sue@shop"},
		{"the flag", anOrder, "ben@desk", "cy@desk", "ana", "ben@desk"},
		{"the variable", anOrder, "", "cy@desk", "ana", "cy@desk"},
		{"the login name", anOrder, "", "", "ana", "ana"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			s.ports.answer, s.config.By = accepted, c.variable
			s.factory.User = func() string { return c.login }
			require.Equal(t, 0, s.run(t, "portsaga port in start", "-f", orderFile(t, c.order), "--by", c.flag), s.err.String())
			require.Equal(t, c.want, s.ports.order.SubmittedBy)
		})
	}

	s := newSession(t)
	s.factory.User = func() string { return "" }
	require.Equal(t, 2, s.run(t, "portsaga port in start -f", orderFile(t, anOrder)))
	require.Contains(t, s.err.String(), "it is not clear who you are; say so with --by")
	require.Empty(t, s.ports.order, "nothing is started")
}

func TestStartFromStdinInJSON(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.answer = accepted
	s.factory.Streams.In = strings.NewReader(anOrder)

	require.Equal(t, 0, s.run(t, "portsaga port in start -f - --if-not-exists -o json"))

	require.True(t, s.ports.ifNotExists)
	require.JSONEq(t, `{"id":"pi-1","accepted":true,"stage":"screening","says":"accepted"}`, s.out.String())
	require.Empty(t, s.err.String())
}

func TestStartReadsDatesInBusinessTime(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.factory.Connect = func(context.Context) (config.Connection, error) {
		clock := porting.Clock{Scale: 3600, RealStart: now, BusinessStart: now.AddDate(1, 0, 0)}
		return config.Connection{Options: client.Options{}, Dev: &config.DevState{Clock: clock}}, nil
	}
	order := anOrder + "wishes: {due_date: 2026-12-24}\n"

	require.Equal(t, 2, s.run(t, "portsaga port in start -f", orderFile(t, order)))

	require.Contains(t, s.err.String(), "wishes.due_date: the date has passed")
}

func TestStartRefused(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.err = &porting.Error{Kind: porting.Refused, Code: "NUMBER_IN_OPEN_PORT", Op: "start port", Object: "pi-1", Detail: "+1…0123 is in the open port pi-2"}
	require.Equal(t, 3, s.run(t, "portsaga port in start -f", orderFile(t, anOrder)))
	require.Equal(t, "error: start port pi-1: +1…0123 is in the open port pi-2\n", s.err.String())
}

func TestStartAndWait(t *testing.T) {
	t.Parallel()
	for outcome, code := range map[porting.Outcome]int{porting.OutcomeCompleted: 0, porting.OutcomeRejected: 3, porting.OutcomeRevoked: 3} {
		s := newSession(t)
		s.ports.answer = accepted
		end := porting.Status{ID: "pi-1", Stage: porting.RollingBack, Outcome: outcome, Reason: porting.Declined}
		s.ports.statuses = []porting.Status{end}
		order := orderFile(t, anOrder)

		require.Equal(t, code, s.run(t, "portsaga port in start --wait -f", order))
		require.Equal(t, "Ended: "+string(outcome)+" (DECLINED)\n", s.out.String())

		require.Equal(t, code, s.run(t, "portsaga port in start --wait -o json -f", order))
		var status porting.Status
		require.NoError(t, json.Unmarshal(s.out.Bytes(), &status), "stdout is one object")
		require.Equal(t, outcome, status.Outcome)
	}
}

func TestCodesGoToTheVault(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	store := newLateSecrets(s.config, func() time.Time { return now })

	_, err := store.PutSecret(t.Context(), "pi-1", "ABC123456")
	require.Equal(t, "vault-key-missing", porting.CodeOf(err))
	require.NoFileExists(t, s.config.Ledger, "the ledger is opened only when there is something to keep")

	keys, err := vault.Create(s.config.KeyFile)
	require.NoError(t, err)
	ref, err := store.PutSecret(t.Context(), "pi-1", "ABC123456")
	require.NoError(t, err)

	books, err := ledger.Open(t.Context(), s.config.Ledger)
	require.NoError(t, err)
	defer books.Close()
	sealed, err := books.GetSecret(t.Context(), ref, now)
	require.NoError(t, err)
	code, err := keys.Open("pi-1", sealed)
	require.NoError(t, err)
	require.Equal(t, porting.Secret("ABC123456"), code)
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]any{
		"portsaga decide pi-1 --approve": porting.Decide{Decision: porting.Approve, By: "ana"},
		"portsaga decide pi-1 --reject --by ben@desk --reason SUSPECTED_FRAUD --order-version 2": porting.Decide{
			Decision: porting.Reject,
			By:       "ben@desk", Reason: porting.SuspectedFraud, OrderVersion: 2,
		},
		"portsaga port revoke pi-1":                                porting.Revoke{By: "ana"},
		"portsaga port revoke pi-1 --reason UNAUTHORISED_PORT":     porting.Revoke{By: "ana", Reason: porting.UnauthorisedPort},
		"portsaga port hold pi-1":                                  porting.Hold{By: "ana"},
		"portsaga port hold pi-1 --why asked --by ben":             porting.Hold{By: "ben", Why: "asked"},
		"portsaga port resume pi-1":                                porting.Resume{By: "ana"},
		"portsaga port extend pi-1 --hours 24":                     porting.Extend{By: "ana", Hours: 24},
		"portsaga port reassign pi-1 --to ben@desk":                porting.Reassign{By: "ana", To: "ben@desk"},
		"portsaga port note pi-1 called --by ben":                  porting.Note{By: "ben", Text: "called"},
		"portsaga port amend pi-1 --account 7 --btn +12125550123":  porting.Amend{By: "ana", AccountNumber: "7", BTN: "+12125550123"},
		"portsaga port amend pi-1 --name Jo --due-date 2026-12-31": porting.Amend{By: "ana", Name: "Jo", DueDate: "2026-12-31"},
		"portsaga port amend pi-1 --street S --city C --region R --postal-code P --country US": porting.Amend{
			By:      "ana",
			Address: &porting.Address{Street: "S", City: "C", Region: "R", PostalCode: "P", Country: "US"},
		},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			s.ports.answer = porting.Answer{ID: "pi-1", Accepted: true, Stage: porting.Verifying, Says: "heard"}

			require.Equal(t, 0, s.run(t, line), s.err.String())

			require.Equal(t, "pi-1: heard (in verifying)\n", s.out.String())
			require.Equal(t, "pi-1", s.ports.id)
			id, message := withoutID(s.ports.message)
			require.Equal(t, want, message)
			require.Regexp(t, `^cli-\w{20,}$`, id, "a message that the network repeats is taken once")
		})
	}
}

func withoutID(message any) (string, any) {
	var id string
	switch m := message.(type) {
	case porting.Decide:
		id, m.ID = m.ID, ""
		message = m
	case porting.Revoke:
		id, m.ID = m.ID, ""
		message = m
	case porting.Note:
		id, m.ID = m.ID, ""
		message = m
	case porting.Amend:
		id, m.ID = m.ID, ""
		message = m
	case porting.Hold:
		id, m.ID = m.ID, ""
		message = m
	case porting.Resume:
		id, m.ID = m.ID, ""
		message = m
	case porting.Extend:
		id, m.ID = m.ID, ""
		message = m
	case porting.Reassign:
		id, m.ID = m.ID, ""
		message = m
	}
	return id, message
}

func TestWhoActs(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.config.By = "ana@desk"
	require.Equal(t, 0, s.run(t, "portsaga port note pi-1 hello"))
	require.Equal(t, "ana@desk", s.ports.message.(porting.Note).By, "PORTSAGA_BY goes before the login name")

	s.config.By = ""
	s.factory.User = func() string { return "" }
	require.Equal(t, 2, s.run(t, "portsaga port note pi-1 hello"))
	require.Equal(t, "error: act: it is not clear who you are; say so with --by\n", s.err.String())
}

func TestAmendWithANewCode(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.factory.Streams.In = strings.NewReader(" ABC123456\n")

	require.Equal(t, 0, s.run(t, "portsaga port amend pi-1 --code-file -"), s.err.String())

	require.Equal(t, fakeSecrets{port: "pi-1", code: "ABC123456"}, *s.secrets)
	require.Equal(t, "sec-1", s.ports.message.(porting.Amend).CodeRef, "only the reference goes to Temporal")

	for _, bad := range []string{"", " \n", strings.Repeat("x", maxCode+1)} {
		s.factory.Streams.In = strings.NewReader(bad)
		require.Equal(t, 2, s.run(t, "portsaga port amend pi-1 --code-file -"))
		require.Contains(t, s.err.String(), "it holds no code")
	}
}

var aStatus = porting.Status{
	ID: "pi-1", Direction: porting.PortIn, Stage: porting.Verifying, Jurisdiction: "us-wireline-simple", Pack: "us-wireline-simple@2026-11",
	PackWhy: "the numbers are of US", Carrier: "simulator", Tenant: "default", Reference: "ACME-1", OrderVersion: 1,
	WaitingOn: porting.WaitingApprover, DueAt: at(2026, 11, 24, 17), Risk: porting.RiskLow, Scaled: true,
	Numbers: []porting.NumberStatus{{Number: "+1…0123", Status: porting.NumberPending}},
	Decisions: []porting.Decision{
		{Decision: porting.Approve, By: "ben@desk", At: *at(2026, 11, 23, 10), Stage: porting.Verifying, OrderVersion: 1},
		{Decision: porting.Reject, By: "cy@desk", At: *at(2026, 11, 23, 10), Stage: porting.Verifying, OrderVersion: 1, Reason: porting.SuspectedFraud, Signed: true},
	},
	Timeline: []porting.Entry{
		{At: *at(2026, 11, 23, 9), Stage: porting.Received, Event: porting.EventReceived, Actor: "ana"},
		{At: *at(2026, 11, 23, 9), Stage: porting.Screening, Event: porting.EventAccepted, Actor: "portsaga", Note: "us-wireline-simple@2026-11"},
		{At: *at(2026, 11, 23, 10), Stage: porting.Verifying, Event: porting.EventNote, Actor: "ben", Note: "two\nlines\x1b[31m"},
	},
}

func at(year int, month time.Month, day, hour int) *time.Time {
	t := time.Date(year, month, day, hour, 0, 0, 0, time.FixedZone("", -5*3600))
	return &t
}

func TestShow(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.statuses = []porting.Status{aStatus}
	require.Equal(t, 0, s.run(t, "portsaga port show pi-1"))
	golden(t, "show-open.txt", s.out.String())

	ended := aStatus
	ended.Stage, ended.Outcome, ended.Reason, ended.WaitingOn, ended.DueAt, ended.Scaled = porting.RollingBack, porting.OutcomeReversed, porting.AuthorizationRevoked, porting.WaitingNobody, nil, false
	ended.NeedsAttention, ended.Attention, ended.FOCAt = true, "the donor is silent", at(2026, 11, 25, 11)
	ended.Undone = []porting.Entry{{At: *at(2026, 11, 25, 12), Stage: porting.RollingBack, Event: porting.EventUndone, Actor: "portsaga", Note: "numbers are back"}}
	s.ports.statuses = []porting.Status{ended}
	require.Equal(t, 0, s.run(t, "portsaga port show pi-1"))
	golden(t, "show-ended.txt", s.out.String())

	require.Equal(t, 0, s.run(t, "portsaga port show pi-1 -o json"))
	var back porting.Status
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &back))
	require.Equal(t, porting.OutcomeReversed, back.Outcome)
	require.Len(t, back.Timeline, 3)
}

func TestColoursAreForTerminals(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.statuses = []porting.Status{aStatus}
	s.ports.summary = []starter.Summary{{ID: "pi-1"}}
	for _, line := range []string{"portsaga port show pi-1", "portsaga port list"} {
		s.factory.Streams.Color = false
		require.Equal(t, 0, s.run(t, line))
		require.NotContains(t, s.out.String(), "\x1b")
		plain := s.out.String()

		s.factory.Streams.Color = true
		require.Equal(t, 0, s.run(t, line))
		require.Contains(t, s.out.String(), "\x1b[1m")
		require.NotEqual(t, plain, s.out.String())
	}
}

func TestHeadline(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]porting.Status{
		"On hold in screening":                   {Stage: porting.OnHold, HeldIn: porting.Screening},
		"In submitting":                          {Stage: porting.Submitting, WaitingOn: porting.WaitingNobody},
		"In exception, waiting for the operator": {Stage: porting.Exception, WaitingOn: porting.WaitingOperator},
		"In verifying, waiting for the approver until Tue 2026-11-24 17:00 -05:00": {Stage: porting.Verifying, WaitingOn: porting.WaitingApprover, DueAt: at(2026, 11, 24, 17)},
		"Ended: completed":                       {Outcome: porting.OutcomeCompleted},
		"Ended: revoked (AUTHORIZATION_REVOKED)": {Outcome: porting.OutcomeRevoked, Reason: porting.AuthorizationRevoked},
	} {
		require.Equal(t, want, headline(s))
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.summary = []starter.Summary{
		{
			ID: "pi-1", Direction: "port-in", Stage: porting.Verifying, State: "open", WaitingOn: porting.WaitingApprover, DueAt: at(2026, 11, 24, 17),
			Jurisdiction: "us-wireless", Carrier: "simulator", Tenant: "default", NeedsAttention: true, Numbers: 12,
		},
		{ID: "pi-2", Stage: porting.Received, State: "open", Tenant: "acme"},
	}
	require.Equal(t, 0, s.run(t, "portsaga port list --stage verifying --tenant acme --waiting-on approver --jurisdiction us-wireless --carrier simulator --needs-attention --open --limit 7 --query", "PortRisk = 'high'"))
	golden(t, "list.txt", s.out.String())
	require.Equal(t, starter.Filter{
		Stage: porting.Verifying, Tenant: "acme", WaitingOn: porting.WaitingApprover, Jurisdiction: "us-wireless",
		Carrier: "simulator", NeedsAttention: true, OpenOnly: true, Limit: 7, Query: "PortRisk = 'high'",
	}, s.ports.filter)

	s.ports.summary = []starter.Summary{}
	require.Equal(t, 0, s.run(t, "portsaga port list"))
	require.Equal(t, "no ports\n", s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga port list -o json"))
	require.Equal(t, "[]\n", s.out.String())
}

func TestListByNumberAsksWithAToken(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 4, s.run(t, "portsaga port list --number +12125550123"), "without the key no number is found")

	keys, err := vault.Create(s.config.KeyFile)
	require.NoError(t, err)
	require.Equal(t, 0, s.run(t, "portsaga port list --number +12125550123"))
	require.Equal(t, keys.SearchToken("default", "+12125550123"), s.ports.filter.NumberToken)
	require.Equal(t, 0, s.run(t, "portsaga port list --number +12125550123 --tenant acme"))
	require.Equal(t, keys.SearchToken("acme", "+12125550123"), s.ports.filter.NumberToken)
	require.Equal(t, 2, s.run(t, "portsaga port list --number 2125550199"))
	require.NotContains(t, s.err.String(), "2125550199")
}

func TestViews(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga views --ui https://temporal.example.com/"))
	golden(t, "views.txt", s.out.String())

	require.Equal(t, 0, s.run(t, "portsaga views -o json"))
	var all []view
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &all))
	require.Len(t, all, 6)
	require.True(t, strings.HasPrefix(all[0].URL, "http://localhost:8233/namespaces/portsaga/workflows?query="), all[0].URL)
	require.Equal(t, "WorkflowType IN ('PortIn', 'PortOut') AND PortDueAt < '2026-11-24T15:00:00Z' AND ExecutionStatus = 'Running'", all[1].Query)
	require.Equal(t, "WorkflowType IN ('PortIn', 'PortOut') AND CloseTime >= '2026-11-23T00:00:00Z'", all[5].Query)
}
