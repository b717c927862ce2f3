package activities_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/audit/evidence"
	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// updateEvidence writes the bundle of this test to where the tests of evidence read it.
var updateEvidence = flag.Bool("update-evidence", false, "write internal/audit/evidence/testdata")

// logged are the kinds of a port's leaves, in the order of the log.
func logged(t *testing.T, books *ledger.Ledger, port string) []audit.Kind {
	t.Helper()
	leaves, err := books.LeavesOf(t.Context(), port)
	require.NoError(t, err)
	var kinds []audit.Kind
	for _, leaf := range leaves {
		kinds = append(kinds, leaf.Kind)
	}
	return kinds
}

func signer(t *testing.T, books *ledger.Ledger) *audit.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	state, err := books.State(t.Context())
	require.NoError(t, err)
	signer, err := audit.NewSigner(audit.Origin(state.Incarnation), key)
	require.NoError(t, err)
	return signer
}

// TestEvidenceOfAPort takes a port through the real steps, exports its evidence, and verifies it without them.
func TestEvidenceOfAPort(t *testing.T) {
	t.Parallel()
	w := newSignedWorld(t, obliging())
	policy, err := fraud.Hold("")
	require.NoError(t, err)
	w.Fraud, w.Rules = &activities.Fraud{Policy: policy}, twoMustApprove(t)
	w.found = w.screen(w.order)
	require.Equal(t, porting.Policy{People: 2}, *w.found.Policy)
	key := signer(t, w.Ledger)
	checkpointer := &audit.Checkpointer{Log: w.Ledger, Signer: key, Now: time.Now}
	decisions := w.approvedBy("ben", "fay")
	_, err = checkpointer.Once(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.Ledger.RecordExchange(t.Context(), ledger.Exchange{
		PortID: portID, Carrier: "simulator", At: monday, Step: porting.StepSubmit, Method: "POST", Path: "/orders", Status: 201, Request: []byte(`{"pon":"1"}`), Answer: []byte(`{}`),
	}))
	require.Equal(t, porting.CarrierConfirmed, w.send(w.submission(decisions)).State)
	require.Equal(t, porting.CarrierActive, w.askGate(w.activation(decisions)).Status.State)
	_, err = w.ClosePort(t.Context(), porting.CloseInput{Port: portID, Outcome: porting.OutcomeCompleted, At: monday, Timeline: []porting.Entry{
		{At: monday, Stage: porting.Verifying, Event: porting.EventDecision, Actor: "ben"}, {At: monday, Stage: porting.Completed, Event: porting.EventVerified},
	}})
	require.NoError(t, err)
	_, err = checkpointer.Once(t.Context())
	require.NoError(t, err)

	require.Equal(t, []audit.Kind{
		audit.Claimed, audit.Screened, audit.Screened, audit.Decided, audit.Decided, audit.Exchange, audit.Counted, audit.Submission, audit.Intent, audit.Done,
		audit.ActivationBegun, audit.Intent, audit.Done, audit.ActivationEnded, audit.Transition, audit.Transition, audit.Closed,
	}, logged(t, w.Ledger, portID))

	require.Equal(t, []audit.Kind{audit.Policy, audit.Policy}, policiesIn(t, w.Ledger), "that of approvals and that of the fraud desk came into use once")

	x := evidence.Export{Ledger: w.Ledger, Key: key.VerifierKey(), Order: &evidence.Order{Order: w.order, Salt: w.receipt.Salt}, Vault: w.Vault}
	bundle, err := x.Of(t.Context(), portID)
	require.NoError(t, err)
	var file, again bytes.Buffer
	require.NoError(t, bundle.Write(&file))
	bundle, err = x.Of(t.Context(), portID)
	require.NoError(t, err)
	require.NoError(t, bundle.Write(&again))
	require.Equal(t, file.Bytes(), again.Bytes(), "the same evidence is the same file")

	roots, err := os.ReadFile(w.desk.Roots)
	require.NoError(t, err)
	opened, err := evidence.Open(file.Bytes())
	require.NoError(t, err)
	verified, err := evidence.Verify(opened, evidence.Pins{Key: key.VerifierKey(), Roots: roots})
	require.NoError(t, err)
	for _, check := range verified.Checks {
		require.Equal(t, evidence.OK, check.State, "%s: %s", check.Name, check.Detail)
	}
	require.True(t, verified.Proved)
	require.Equal(t, porting.OutcomeCompleted, verified.Outcome)
	if *updateEvidence {
		keep(t, map[string][]byte{"port.zip": file.Bytes(), "roots.json": roots, "key.txt": []byte(key.VerifierKey())})
	}
}

// TestEvidenceOfAnOpenPort shows how far a port has come that has not ended, and that nothing proves it yet.
func TestEvidenceOfAnOpenPort(t *testing.T) {
	t.Parallel()
	w := newSignedWorld(t, obliging())
	key := signer(t, w.Ledger)
	_, err := (&audit.Checkpointer{Log: w.Ledger, Signer: key, Now: time.Now}).Once(t.Context())
	require.NoError(t, err)
	x := evidence.Export{Ledger: w.Ledger, Key: key.VerifierKey(), Timeline: []porting.Entry{
		{At: monday, Stage: porting.Received, Event: porting.EventReceived}, {At: monday, Stage: porting.Verifying, Event: porting.EventScreened, Actor: "ana", Note: "Ms Vestergaard called"},
	}}
	bundle, err := x.Of(t.Context(), portID)
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, bundle.Write(&file))
	opened, err := evidence.Open(file.Bytes())
	require.NoError(t, err)
	require.Equal(t, []evidence.Transition{
		{At: monday, TransitionFact: audit.TransitionFact{Stage: porting.Received, Event: porting.EventReceived}},
		{At: monday, TransitionFact: audit.TransitionFact{Stage: porting.Verifying, Event: porting.EventScreened, Actor: "ana"}},
	}, opened.Transitions, "what people wrote is not in it")
	verified, err := evidence.Verify(opened, evidence.Pins{Key: key.VerifierKey()})
	require.NoError(t, err)
	require.True(t, verified.Proved)
	said := verified.Checks[len(verified.Checks)-1]
	require.Equal(t, evidence.Remark, said.State)
	require.Contains(t, said.Detail, "2 transitions, the last one to verifying")
}

// policiesIn are the leaves that say which policies came into use after the usual one of approvals.
func policiesIn(t *testing.T, books *ledger.Ledger) (found []audit.Kind) {
	t.Helper()
	leaves, err := books.LeavesOf(t.Context(), "")
	require.NoError(t, err)
	for _, leaf := range leaves {
		if leaf.Kind == audit.Policy && !strings.Contains(leaf.Ref, "people=1") {
			found = append(found, leaf.Kind)
		}
	}
	return found
}

// twoMustApprove are the usual rules where no port is sent unless two persons say yes.
func twoMustApprove(t *testing.T) *rules.Book {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "rules", "packs", "_desk.yaml"))
	require.NoError(t, err)
	const usual = "approvals:\n  people: 1\n"
	require.Contains(t, string(text), usual)
	text = bytes.Replace(text, []byte(usual), []byte("approvals:\n  people: 2\n"), 1)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "_desk.yaml"), text, 0o600))
	book, err := rules.LoadDir(dir)
	require.NoError(t, err)
	return book
}

func keep(t *testing.T, files map[string][]byte) {
	t.Helper()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join("..", "internal", "audit", "evidence", "testdata", name), text, 0o600))
	}
}

// TestNoIntentNoAct breaks the log before a call: the carrier is not called.
func TestNoIntentNoAct(t *testing.T) {
	t.Parallel()
	called := false
	s := &scripted{t: t, status: says(porting.CarrierConfirmed), cancel: func() (carrier.Status, error) {
		called = true
		return carrier.Status{}, nil
	}}
	w := newWorld(t, s)
	w.taken(order())
	require.NoError(t, w.Ledger.Close())
	_, err := w.CancelPort(t.Context(), porting.CarrierInput{Ref: ref(1), Carrier: "simulator", Reason: porting.AuthorizationRevoked, At: monday})
	require.Error(t, err)
	require.False(t, called)
}

// TestOutcomeOfALostAnswer: an act whose answer was lost is in the log as one whose outcome nobody knows.
func TestOutcomeOfALostAnswer(t *testing.T) {
	t.Parallel()
	s := &scripted{t: t, status: says(porting.CarrierConfirmed), cancel: func() (carrier.Status, error) {
		return carrier.Status{}, errors.New("the line is dead")
	}}
	w := newWorld(t, s)
	w.taken(order())
	for range 2 {
		_, err := w.CancelPort(t.Context(), porting.CarrierInput{Ref: ref(1), Carrier: "simulator", Reason: porting.AuthorizationRevoked, At: monday})
		require.Error(t, err)
	}
	require.Equal(t, []audit.Kind{audit.Claimed, audit.Intent, audit.Done}, logged(t, w.Ledger, portID), "a step that is tried again tells nothing twice")
}
