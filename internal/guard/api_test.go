package guard_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/porting"
)

// portal is the API with a bearer for the number.
type portal struct {
	*world
	server *httptest.Server
	file   string // of bearers
	token  string
	log    *bytes.Buffer
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	p := &portal{world: newWorld(t, guard.Policies{}), file: filepath.Join(t.TempDir(), "bearers.yaml"), log: &bytes.Buffer{}}
	p.token = p.bearer(t, number, time.Hour)
	api := guard.API{
		Guard: p.Guard, Bearers: guard.NewBearers(p.file), Now: func() time.Time { return p.now },
		Log: slog.New(slog.NewJSONHandler(p.log, nil)),
	}
	p.server = httptest.NewServer(api.Handler())
	t.Cleanup(p.server.Close)
	return p
}

// bearer adds one to the file.
func (p *portal) bearer(t *testing.T, n porting.Number, life time.Duration) string {
	t.Helper()
	bearer, token := guard.NewBearer(p.Number(tenant, n), p.now.Add(life))
	entry, err := bearer.Entry()
	require.NoError(t, err)
	before, _ := os.ReadFile(p.file)
	require.NoError(t, os.WriteFile(p.file, append(before, entry...), 0o600))
	return token
}

// call answers with the status and the body of an answer.
func (p *portal) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	return p.callWith(t, method, path, body, map[string]string{"Authorization": "Bearer " + p.token, "Content-Type": "application/json"})
}

func (p *portal) callWith(t *testing.T, method, path, body string, headers map[string]string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.server.URL+guard.Path+path, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	answer, err := p.server.Client().Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	return answer.StatusCode, string(text)
}

func code(t *testing.T, body string) string {
	t.Helper()
	var e struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &e))
	return e.Error.Code
}

func pinBody(present, next porting.Secret) string {
	return fmt.Sprintf(`{"number": %q, "present": %q, "pin": %q}`, number.E164(), present.Reveal(), next.Reveal())
}

// A subscriber's way through the portal.
func TestAPI(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	status, body := p.call(t, http.MethodGet, "", "")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"subject": "+1…0123", "locked": false, "pin": {}}`, body)

	status, body = p.call(t, http.MethodPost, "/pin", pinBody("", goodPIN))
	require.Equal(t, 200, status, body)
	status, body = p.call(t, http.MethodPost, "/lock", "{}")
	require.Equal(t, 200, status, body)
	require.True(t, p.locked(t, p.now, p.subject()))

	status, body = p.call(t, http.MethodPost, "/unlock", `{"pin": "`+goodPIN.Reveal()+`"}`)
	require.Equal(t, 409, status)
	require.Equal(t, "pin-too-young", code(t, body))
	p.now = p.now.Add(coolOff)
	p.token = p.bearer(t, number, time.Hour)
	status, body = p.call(t, http.MethodPost, "/unlock", `{"pin": "`+badPIN.Reveal()+`"}`)
	require.Equal(t, 403, status)
	require.Equal(t, "pin-wrong", code(t, body))
	status, body = p.call(t, http.MethodPost, "/unlock", `{"pin": "`+goodPIN.Reveal()+`"}`)
	require.Equal(t, 200, status, body)
	require.Contains(t, body, p.now.Add(coolOff).Format(time.RFC3339))
	require.True(t, p.locked(t, p.now, p.subject()), "still, for the cool-off")

	status, _ = p.call(t, http.MethodPost, "/unlock/cancel", "{}")
	require.Equal(t, 200, status)
	status, body = p.call(t, http.MethodPost, "/unlock/cancel", "{}")
	require.Equal(t, 409, status)
	require.Equal(t, "no-unlock-pending", code(t, body))
	require.True(t, p.locked(t, p.now.Add(2*coolOff), p.subject()))

	status, body = p.call(t, http.MethodPost, "/pin", pinBody(badPIN, badPIN))
	require.Equal(t, 403, status)
	require.Equal(t, "pin-wrong", code(t, body))
	status, body = p.call(t, http.MethodPost, "/pin", pinBody(goodPIN, "123456"))
	require.Equal(t, 409, status)
	require.Equal(t, "pin-weak", code(t, body))
}

func TestAPIGuessing(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	p.setPIN(t, goodPIN)
	p.lock(t)
	for range 5 {
		status, _ := p.call(t, http.MethodPost, "/unlock", `{"pin": "`+badPIN.Reveal()+`"}`)
		require.Equal(t, 403, status)
	}
	status, body := p.call(t, http.MethodPost, "/unlock", `{"pin": "`+goodPIN.Reveal()+`"}`)
	require.Equal(t, 429, status)
	require.Equal(t, "pin-locked", code(t, body))
}

func TestAPIBearers(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for name, headers := range map[string]map[string]string{
		"none":      {},
		"unknown":   {"Authorization": "Bearer psn_UNKNOWN"},
		"not ours":  {"Authorization": "Basic " + p.token},
		"a hash":    {"Authorization": "Bearer sha256"},
		"empty":     {"Authorization": "Bearer "},
		"lowercase": {"Authorization": "Bearer " + strings.ToLower(p.token)},
	} {
		status, body := p.callWith(t, http.MethodGet, "", "", headers)
		require.Equal(t, 401, status, name)
		require.Equal(t, "bearer-unknown", code(t, body))
	}

	foreign := p.bearer(t, other, time.Hour)
	status, body := p.callWith(t, http.MethodPost, "/pin", pinBody("", goodPIN),
		map[string]string{"Authorization": "Bearer " + foreign, "Content-Type": "application/json"})
	require.Equal(t, 403, status)
	require.Equal(t, "number-not-yours", code(t, body))

	p.now = p.now.Add(time.Hour)
	status, _ = p.call(t, http.MethodGet, "", "")
	require.Equal(t, 401, status, "it has expired")
	p.token = p.bearer(t, number, time.Hour)
	status, _ = p.call(t, http.MethodGet, "", "")
	require.Equal(t, 200, status, "it was added while the API runs")
	require.NoError(t, os.WriteFile(p.file, nil, 0o600))
	status, _ = p.call(t, http.MethodGet, "", "")
	require.Equal(t, 401, status, "it was taken out")
	require.NoError(t, os.Remove(p.file))
	status, body = p.call(t, http.MethodGet, "", "")
	require.Equal(t, 503, status)
	require.NotContains(t, body, p.file, "what failed inside is nobody's business")
}

func TestAPIStrictness(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	for name, c := range map[string]struct{ path, body, kind string }{
		"no JSON":         {"/unlock", "pin=830472", "application/json"},
		"another type":    {"/unlock", `{"pin": "830472"}`, "text/plain"},
		"no type":         {"/unlock", `{"pin": "830472"}`, ""},
		"unknown field":   {"/unlock", `{"pin": "830472", "by": "me"}`, "application/json"},
		"another case":    {"/unlock", `{"PIN": "830472"}`, "application/json"},
		"twice":           {"/unlock", `{"pin": "618259", "pin": "830472"}`, "application/json"},
		"a number":        {"/unlock", `{"pin": 830472}`, "application/json"},
		"something after": {"/unlock", `{"pin": "830472"} {}`, "application/json"},
		"missing":         {"/unlock", `{}`, "application/json"},
		"null":            {"/unlock", `null`, "application/json"},
		"a list":          {"/unlock", `["830472"]`, "application/json"},
		"nothing":         {"/lock", ``, "application/json"},
		"more than none":  {"/lock", `{"reason": "830472"}`, "application/json"},
		"too long":        {"/unlock", `{"pin": "` + strings.Repeat("8", 2000) + `"}`, "application/json"},
		"not UTF-8":       {"/unlock", "{\"pin\": \"\xff830472\"}", "application/json"},
		"no number":       {"/pin", `{"number": "2125550123", "present": "", "pin": "830472"}`, "application/json"},
	} {
		status, body := p.callWith(t, http.MethodPost, c.path, c.body,
			map[string]string{"Authorization": "Bearer " + p.bearer(t, number, time.Hour), "Content-Type": c.kind})
		require.Equal(t, 400, status, name)
		require.NotContains(t, body, "830472", name)
	}
	status, _ := p.callWith(t, http.MethodGet, "", "", map[string]string{"Authorization": "Bearer " + p.token})
	require.Equal(t, 200, status)
}

func TestAPIRates(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	allowed := func(token string) (n int) {
		for range 30 {
			status, _ := p.callWith(t, http.MethodGet, "", "", map[string]string{"Authorization": "Bearer " + token})
			if status != http.StatusTooManyRequests {
				n++
			}
		}
		return n
	}
	require.Equal(t, 20, allowed(p.token))
	p.now = p.now.Add(5 * time.Second)
	require.Equal(t, 5, allowed(p.token))
	require.Equal(t, 20, allowed("guessed"))
	require.Zero(t, allowed(p.bearer(t, other, time.Hour)), "whoever guesses tokens waits, whatever comes next")
}

func TestBearersRefused(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	entry, err := os.ReadFile(p.file)
	require.NoError(t, err)
	for text, wants := range map[string]string{
		"bearers: []":                             "bearers-invalid",
		"- {sha256: abc}":                         "bearers-invalid",
		"- {colour: red}":                         "bearers-invalid",
		string(entry) + string(entry):             "bearers-invalid",
		strings.Split(string(entry), "tenant")[0]: "bearers-invalid",
	} {
		file := filepath.Join(t.TempDir(), "bearers.yaml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := guard.ReadBearers(file)
		require.Equal(t, wants, porting.CodeOf(err), text)
	}
	require.NoError(t, os.Chmod(p.file, 0o622))
	_, err = guard.ReadBearers(p.file)
	requireCode(t, err, porting.Refused, "bearers-exposed")
}

// What everybody could read holds no PIN, however it was given and whatever went wrong.
func TestPINsAreNowhere(t *testing.T) {
	t.Parallel()
	p := newPortal(t)
	canaries := []porting.Secret{"8304729153", "6182593074", "9047361825"}
	var said bytes.Buffer
	call := func(path, body string) {
		_, answer := p.call(t, http.MethodPost, path, body)
		said.WriteString(answer)
	}
	call("/pin", pinBody("", canaries[0]))
	call("/pin", pinBody(canaries[1], canaries[2]))
	call("/pin", pinBody(canaries[0], canaries[1]))
	call("/pin", pinBody(canaries[1], canaries[2]+"x"))
	call("/lock", "{}")
	call("/unlock", `{"pin": "`+canaries[2].Reveal()+`"}`)
	call("/unlock", `{"pin": "`+canaries[1].Reveal()+`"}`)
	call("/unlock", `{"pin": `+canaries[1].Reveal()+`}`)
	for i := range 6 {
		_, err := p.Check(t.Context(), p.attempt(number, canaries[2], fmt.Sprint(i)))
		require.NoError(t, err)
	}
	history, err := p.History(t.Context(), p.subject(), 99)
	require.NoError(t, err)
	fmt.Fprintf(&said, "%+v %v %#v", history, p.attempt(number, canaries[2], "s"), p.attempt(number, canaries[0], "s"))

	said.Write(p.log.Bytes())
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(p.world.file + suffix)
		require.NoError(t, err)
		said.Write(text)
	}
	found := func(text string) bool { return bytes.Contains(said.Bytes(), []byte(text)) }
	require.True(t, found(p.subject().Token), "the ledger's own bytes are among what is searched")
	for _, canary := range canaries {
		require.False(t, found(canary.Reveal()))
	}
	require.False(t, found(number.E164()))
	require.False(t, found(p.token))
}
