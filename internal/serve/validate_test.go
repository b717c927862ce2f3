package serve_test

import (
	"bytes"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

func TestValidation(t *testing.T) {
	t.Parallel()
	lock := func(t *testing.T, d *desk) {
		_, err := d.guard.Lock(t.Context(), d.guard.Number("", ours), "subscriber", "", d.now)
		require.NoError(t, err)
	}
	assign := func(t *testing.T, d *desk) {
		require.NoError(t, d.guard.Assign(t.Context(), d.guard.Number("", ours), d.guard.Account("", "ACC-1001"), "crm", d.now))
	}
	lockAccount := func(t *testing.T, d *desk) {
		_, err := d.guard.Lock(t.Context(), d.guard.Account("", "ACC-1001"), "subscriber", "", d.now)
		require.NoError(t, err)
	}
	setPIN := func(t *testing.T, d *desk) { d.setPIN(t, ours) }
	arrives := func(t *testing.T, d *desk) { d.claim(t, "pi-1", ours) }
	type kv = map[string]string
	for name, c := range map[string]struct {
		before []func(*testing.T, *desk)
		given  kv
		said   serve.Said
		reason porting.Reason
		noPort bool
	}{
		"nothing is known":                   {nil, kv{"pin": rightPIN, "account": "77"}, serve.SaidHold, "", false},
		"the PIN fits":                       {[]func(*testing.T, *desk){setPIN}, pin(rightPIN), serve.SaidValid, "", false},
		"the PIN is wrong":                   {[]func(*testing.T, *desk){setPIN}, pin(wrongPIN), serve.SaidRefuse, porting.PINMismatch, false},
		"there is a PIN, and none came":      {[]func(*testing.T, *desk){setPIN}, nil, serve.SaidRefuse, porting.PINRequired, false},
		"it is locked":                       {[]func(*testing.T, *desk){setPIN, lock}, pin(rightPIN), serve.SaidRefuse, porting.PortProtected, false},
		"its account is locked":              {[]func(*testing.T, *desk){assign, lockAccount}, nil, serve.SaidRefuse, porting.PortProtected, false},
		"the account that is named is":       {[]func(*testing.T, *desk){lockAccount}, kv{"account": "acc 1001"}, serve.SaidRefuse, porting.PortProtected, false},
		"the account fits":                   {[]func(*testing.T, *desk){assign}, kv{"account": "acc.1001"}, serve.SaidValid, "", false},
		"the account differs":                {[]func(*testing.T, *desk){assign}, kv{"account": "ACC-1002"}, serve.SaidRefuse, porting.AccountNumberMismatch, false},
		"the account is missing":             {[]func(*testing.T, *desk){assign}, nil, serve.SaidRefuse, porting.AccountNumberRequired, false},
		"the account fits, the PIN does not": {[]func(*testing.T, *desk){assign, setPIN}, kv{"account": "ACC-1001", "pin": wrongPIN}, serve.SaidRefuse, porting.PINMismatch, false},
		"it is still arriving":               {[]func(*testing.T, *desk){arrives, setPIN}, pin(rightPIN), serve.SaidRefuse, porting.NumberInUse, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			for _, do := range c.before {
				do(t, d)
			}
			said := d.asks(t, ask("WPR-1", ours, c.given))
			require.Equal(t, c.said, said.Answer, said.Says)
			require.Equal(t, c.reason, said.Reason)
			require.Equal(t, c.said == serve.SaidRefuse, said.Cite != "", "a refusal names its rule")
			opened, err := d.OpenDue(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.noPort, opened == 0)
			if !c.noPort {
				require.Contains(t, d.engine.started, said.Port)
			}
		})
	}
}

// A ground that the country does not give a donor refuses nothing: the port that is opened decides.
func TestNoRefusalWithoutAGround(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	british := porting.Number("+447400123456")
	_, err := d.guard.Lock(t.Context(), d.guard.Number("", british), "subscriber", "", d.now)
	require.NoError(t, err)
	require.Equal(t, serve.SaidHold, d.asks(t, ask("WPR-1", british, nil)).Answer)
	require.Equal(t, serve.SaidHold, d.asks(t, ask("WPR-2", "+99912345678", nil)).Answer, "no rules are known")
}

func TestALineSeparationPassesLocks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.setPIN(t, ours)
	_, err := d.guard.Lock(t.Context(), d.guard.Number("", ours), "account holder", "", d.now)
	require.NoError(t, err)
	body := bytes.Replace(ask("WPR-1", ours, pin(wrongPIN)), []byte(`{`), []byte(`{"line_separation":true,`), 1)
	require.Equal(t, porting.PINMismatch, d.asks(t, body).Reason)
	events, err := d.guard.History(t.Context(), d.guard.Number("", ours), 9)
	require.NoError(t, err)
	for _, e := range events {
		require.NotEqual(t, ledger.EventPINFailed, e.Kind, "whoever shares the account hears of no failure")
	}
}

// Where a wholesaler takes "valid" as the release, it is told to wait.
func TestValidIsNoRelease(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(w *serve.Wholesaler) { w.ValidReleases, w.Silence = true, 40*time.Minute })
	d.setPIN(t, ours)
	said := d.asks(t, ask("WPR-1", ours, pin(rightPIN)))
	require.Equal(t, serve.SaidHold, said.Answer)
	_, err := d.OpenDue(t.Context())
	require.NoError(t, err)
	started := d.engine.started[said.Port]
	require.Equal(t, 40*time.Minute, started.SilenceAt.Sub(started.ReceivedAt), "the port answers before the wholesaler does")
}

func TestTheSameRequestHasTheSameAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.setPIN(t, ours)
	body := ask("WPR-1", ours, pin(wrongPIN))
	first := d.post(t.Context(), body)
	for range 20 {
		again := d.post(t.Context(), body)
		require.Equal(t, first.Body.String(), again.Body.String())
	}
	require.EqualValues(t, 2, d.guard.Hashed(), "one to set the PIN, and one attempt")
	other := d.post(t.Context(), ask("WPR-1", ours, pin(rightPIN)))
	require.Equal(t, http.StatusConflict, other.Code, "the name of a request tries no second PIN")
	require.Contains(t, other.Body.String(), "request-differs")

	for range 3 {
		_, err := d.OpenDue(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, 1, d.engine.tries)
}

func TestManyAtOnceAreOneRequest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	answers := make([]string, 16)
	var together sync.WaitGroup
	for i := range answers {
		together.Go(func() { answers[i] = d.post(t.Context(), ask("WPR-1", ours, nil)).Body.String() })
	}
	together.Wait()
	for _, a := range answers {
		require.Equal(t, answers[0], a)
	}
	opened, err := d.OpenDue(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, opened)
}

// The port compares the PIN again, as the same attempt: whoever guesses is counted once.
func TestThePINIsOneAttempt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.setPIN(t, ours)
	said := d.asks(t, ask("WPR-1", ours, pin(wrongPIN)))
	_, err := d.OpenDue(t.Context())
	require.NoError(t, err)
	request := d.engine.started[said.Port]
	require.Empty(t, request.Given.PIN, "the PIN stays in the vault")
	sealed, err := d.books.GetSecret(t.Context(), request.Given.PINRef, d.now)
	require.NoError(t, err)
	kept, err := d.keys.Open(said.Port, sealed)
	require.NoError(t, err)
	require.Equal(t, wrongPIN, kept.Reveal())
	before := d.guard.Hashed()
	verdict, err := d.guard.Check(t.Context(), guard.Attempt{
		Number: d.guard.Number("", ours), PIN: kept, Ref: said.Port + "/" + request.Given.PINRef,
		Source: guard.Source{Kind: guard.FromCarrier, ID: request.Recipient.Name}, At: d.now,
	})
	require.NoError(t, err)
	require.Equal(t, guard.Wrong, verdict)
	require.Equal(t, before, d.guard.Hashed(), "it is known already")
}

func TestAnswersWhileTheEngineIsDown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.setPIN(t, ours)
	d.engine.fails(errEngine)
	require.Equal(t, serve.SaidRefuse, d.asks(t, ask("WPR-1", ours, pin(wrongPIN))).Answer)
	held := d.asks(t, ask("WPR-2", "+12125550199", nil))
	require.Equal(t, serve.SaidHold, held.Answer)
	opened, err := d.OpenDue(t.Context())
	require.NoError(t, err)
	require.Zero(t, opened)
	require.Equal(t, 2, d.engine.tries)

	d.engine.fails(nil)
	d.now = d.now.Add(time.Minute)
	opened, err = d.OpenDue(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, opened)
	require.Equal(t, "WPR-2", d.engine.started[held.Port].ID)
	row, err := d.books.Validation(t.Context(), held.Port)
	require.NoError(t, err)
	require.Nil(t, row.Sealed, "what was asked is destroyed when its port is open")
}

// Another process started the port and died before it could say so.
func TestAPortThatIsOpenAlready(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	said := d.asks(t, ask("WPR-1", ours, nil))
	d.engine.started[said.Port] = porting.PortOutRequest{}
	opened, err := d.OpenDue(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, opened)
}

// Without the ledger nothing is decided, and nothing is a yes.
func TestALedgerThatIsDownHolds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.setPIN(t, ours)
	require.NoError(t, d.books.Close())
	answer := d.post(t.Context(), ask("WPR-1", ours, pin(rightPIN)))
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.NotEmpty(t, answer.Header().Get("Retry-After"))
	require.Equal(t, serve.SaidHold, validated(t, answer).Answer)
}

// A ledger that hangs: another process holds its only writer for as long as it likes.
func TestALedgerThatHangsHolds(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(w *serve.Wholesaler) { w.Within = 100 * time.Millisecond })
	release := d.hang(t)
	answer := d.post(t.Context(), ask("WPR-1", ours, nil))
	release()
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.Equal(t, serve.SaidHold, validated(t, answer).Answer)
	require.Empty(t, d.engine.started)
}

// What is answered, logged and kept shows no PIN and no number.
func TestValidationTellsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.setPIN(t, ours)
	answer := d.post(t.Context(), ask("WPR-1", ours, map[string]string{"pin": wrongPIN, "name": "Maria Muster"}))
	for _, hidden := range []string{wrongPIN, "2125550123", "Muster"} {
		require.NotContains(t, answer.Body.String(), hidden)
		row, err := d.books.Validation(t.Context(), validated(t, answer).Port)
		require.NoError(t, err)
		require.NotContains(t, string(row.Sealed)+row.Answer+row.Digest, hidden)
	}
}
