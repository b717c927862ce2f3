package serve_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

const (
	ours     = porting.Number("+12125550123")
	rightPIN = "830472"
	wrongPIN = "618259"
)

// desk is the door of wholesalers before a real ledger. The engine takes ports, or not.
type desk struct {
	*serve.Validation
	file    string // of the ledger
	books   *ledger.Ledger
	guard   *guard.Guard
	keys    *vault.Vault
	engine  *engine
	handler http.Handler
	token   string // of northwind, which asks for the default tenant
	now     time.Time
}

// engine starts ports as Temporal does: one under an ID, once.
type engine struct {
	mu      sync.Mutex
	err     error
	started map[string]porting.PortOutRequest
	tries   int
}

func (e *engine) StartPortOut(_ context.Context, r porting.PortOutRequest) (porting.Answer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tries++
	if e.err != nil {
		return porting.Answer{}, e.err
	}
	if _, there := e.started[r.PortID()]; there {
		return porting.Answer{}, &porting.Error{Kind: porting.Refused, Code: "port-exists"}
	}
	e.started[r.PortID()] = r
	return porting.Answer{ID: r.PortID(), Accepted: true}, nil
}

func (e *engine) fails(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err = err
}

func newDesk(t testing.TB, change ...func(*serve.Wholesaler)) *desk {
	t.Helper()
	d := &desk{engine: &engine{started: map[string]porting.PortOutRequest{}}, now: time.Now().UTC().Truncate(time.Second)}
	dir := t.TempDir()
	d.file = filepath.Join(dir, "ledger.db")
	var err error
	d.books, err = ledger.Open(context.Background(), d.file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.books.Close() })
	d.keys, err = vault.Create(filepath.Join(dir, "key"))
	require.NoError(t, err)
	d.guard, err = guard.Open(t.Context(), d.books, d.keys, guard.Options{}, d.now)
	require.NoError(t, err)
	book, err := rules.Embedded()
	require.NoError(t, err)
	entry, token := serve.NewWholesaler("northwind", "")
	for _, c := range change {
		c(&entry)
	}
	d.token = token
	clock := func() time.Time { return d.now }
	d.Validation = serve.NewValidation(serve.ValidationOptions{
		Wholesalers: readWholesalers(t, entry), Books: d.books, Guard: d.guard, Vault: d.keys, Rules: book, Ports: d.engine,
		Now: clock, Clock: clock, Log: discard,
	})
	d.handler, err = serve.Handler(serve.Options{Validation: d.Validation, Now: clock, Log: discard})
	require.NoError(t, err)
	return d
}

// readWholesalers reads entries as the file has them.
func readWholesalers(t testing.TB, entries ...serve.Wholesaler) []*serve.Wholesaler {
	t.Helper()
	text, err := yaml.Marshal(entries)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "wholesalers.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	read, err := serve.ReadWholesalers(file, nil)
	require.NoError(t, err)
	return read
}

// ask is what a wholesaler sends; given are the fields of "given".
func ask(id string, number porting.Number, given map[string]string) []byte {
	body, _ := json.Marshal(map[string]any{
		"id": id, "kind": "wireless", "numbers": []string{number.E164()}, "recipient": map[string]string{"name": "Other Mobile", "spid": "OM01"}, "given": given,
	})
	return body
}

func pin(digits string) map[string]string { return map[string]string{"pin": digits} }

func (d *desk) post(ctx context.Context, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/port-outs/validate", bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+d.token)
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

func (d *desk) asks(t testing.TB, body []byte) serve.Validated {
	t.Helper()
	w := d.post(t.Context(), body)
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	return validated(t, w)
}

func validated(t testing.TB, w *httptest.ResponseRecorder) serve.Validated {
	t.Helper()
	var v serve.Validated
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &v))
	return v
}

func (d *desk) setPIN(t testing.TB, n porting.Number) {
	t.Helper()
	require.NoError(t, d.guard.SetPIN(t.Context(), d.guard.Number("", n), rightPIN, "subscriber", d.now))
}

func (d *desk) claim(t testing.TB, port string, n porting.Number) {
	t.Helper()
	_, err := d.books.Claim(t.Context(), ledger.Claim{
		PortID: port, Direction: porting.PortIn, Tenant: "default", Reference: port, Run: "run", At: d.now,
		Numbers: []ledger.NumberClaim{{Token: d.keys.LockToken(n), Masked: n.String()}},
	})
	require.NoError(t, err)
}

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

// hang keeps the ledger's only writer, as another process that is stopped in a transaction does, until it is released.
func (d *desk) hang(t *testing.T) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", d.file)
	require.NoError(t, err)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), `DELETE FROM validations`)
	require.NoError(t, err)
	return func() {
		require.NoError(t, tx.Rollback())
		require.NoError(t, db.Close())
	}
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

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := ask("WPR-1", ours, nil)
	for name, header := range map[string][2]string{
		"nobody":    {"X-Nothing", ""},
		"a guesser": {"Authorization", "Bearer psw_GUESSED"},
		"no bearer": {"Authorization", d.token},
		"a forger":  {serve.SignatureHeader, serve.SignRequest("guessed", body, d.now)},
		"no secret": {serve.SignatureHeader, serve.SignRequest("", body, d.now)},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/port-outs/validate", bytes.NewReader(body))
		r.Header.Set(header[0], header[1])
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		require.Equal(t, http.StatusUnauthorized, w.Code, name)
	}
	for name, c := range map[string]struct {
		body   []byte
		status int
	}{
		"too large":     {bytes.Repeat([]byte("x"), 64<<10+1), http.StatusRequestEntityTooLarge},
		"not JSON":      {[]byte("}{"), http.StatusBadRequest},
		"another field": {[]byte(`{"id":"x","numbers":["+12125550123"],"recipient":{"name":"O"},"given":{"pni":"1"}}`), http.StatusBadRequest},
		"no name":       {ask("", ours, nil), http.StatusBadRequest},
	} {
		require.Equal(t, c.status, d.post(t.Context(), c.body).Code, name)
	}
	_, err := d.books.ClaimValidations(t.Context(), d.now, time.Minute, 9)
	require.NoError(t, err)
	require.Empty(t, d.engine.started)
}

func TestASignedRequest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := filepath.Join(t.TempDir(), "wholesalers.yaml")
	require.NoError(t, os.WriteFile(file, []byte("- {name: northwind, carrier: simulator, tenant: acme, secret_file: s}\n"), 0o600))
	all, err := serve.ReadWholesalers(file, func(string) (porting.Secret, error) { return "shared", nil })
	require.NoError(t, err)
	d.Wholesalers = all
	body := ask("WPR-1", ours, nil)
	send := func(body []byte, signature string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/port-outs/validate", bytes.NewReader(body))
		r.Header.Set(serve.SignatureHeader, signature)
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		return w
	}
	require.Equal(t, http.StatusUnauthorized, send(body, serve.SignRequest("shared", body, d.now.Add(-6*time.Minute))).Code, "too old")
	require.Equal(t, http.StatusUnauthorized, send(append(body, ' '), serve.SignRequest("shared", body, d.now)).Code, "changed")
	answer := send(body, serve.SignRequest("shared", body, d.now))
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	_, err = d.OpenDue(t.Context())
	require.NoError(t, err)
	started := d.engine.started[validated(t, answer).Port]
	require.Equal(t, "acme", started.Tenant)
	require.Equal(t, "simulator", started.Carrier)
}

func TestAWholesalerThatAsksTooMuch(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(w *serve.Wholesaler) { w.PerSecond = 3 })
	for i := range 3 {
		require.Equal(t, http.StatusOK, d.post(t.Context(), ask(fmt.Sprint(i), ours, nil)).Code)
	}
	answer := d.post(t.Context(), ask("4", ours, nil))
	require.Equal(t, http.StatusTooManyRequests, answer.Code)
	require.Equal(t, serve.SaidHold, validated(t, answer).Answer)
}

func TestReadWholesalers(t *testing.T) {
	t.Parallel()
	entry, _ := serve.NewWholesaler("northwind", "acme")
	sum := "sha256: " + entry.SHA256
	for name, text := range map[string]string{
		"empty":         "",
		"no name":       "[{" + sum + "}]",
		"no way in":     "[{name: a}]",
		"two ways in":   "[{name: a, secret_file: s, " + sum + "}]",
		"no token":      "[{name: a, sha256: abc}]",
		"another word":  "[{name: a, token: x}]",
		"one token":     "[{name: a, " + sum + "}, {name: b, " + sum + "}]",
		"one gateway":   "[{name: a, carrier: c, secret_file: s}, {name: b, carrier: c, secret_file: s}]",
		"no time":       "[{name: a, within: 1ms, " + sum + "}]",
		"a long time":   "[{name: a, within: 1h, " + sum + "}]",
		"silence is no": "[{name: a, silence: -1m, " + sum + "}]",
	} {
		file := filepath.Join(t.TempDir(), "wholesalers.yaml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := serve.ReadWholesalers(file, func(string) (porting.Secret, error) { return "secret", nil })
		require.Equal(t, "wholesalers-invalid", porting.CodeOf(err), name)
	}
	_, err := serve.ReadWholesalers(filepath.Join(t.TempDir(), "none"), nil)
	require.Equal(t, "wholesalers-unreadable", porting.CodeOf(err))
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
