package serve_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
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
