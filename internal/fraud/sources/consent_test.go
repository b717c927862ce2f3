package sources_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
	"github.com/portsaga/portsaga/porting"
)

const (
	everything = "openid dpv:FraudPreventionAndDetection sim-swap:retrieve-date sim-swap:check kyc-match:match kyc-tenure:check-tenure " +
		"call-forwarding-signal:unconditional-call-forwardings:read"
	theNumber = "+12025550123.json"
)

// granted is a consent as whatever asked for it writes it.
func granted(scope string, until time.Time) string {
	return `{"access_token": "theirs", "token_type": "Bearer", "refresh_token": "kept elsewhere", "scope": "` + scope + `", "expires_at": "` + until.Format(time.RFC3339) + `"}`
}

// consents is a directory with these files.
func consents(t *testing.T, files map[string]string) *sources.Consents {
	t.Helper()
	c := &sources.Consents{Dir: filepath.Join(t.TempDir(), "consents"), Now: func() time.Time { return now }}
	require.NoError(t, os.Mkdir(c.Dir, 0o700))
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(c.Dir, name), []byte(text), 0o600))
	}
	require.NoError(t, c.Check())
	return c
}

func TestASubscriberWhoConsented(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, map[string]reply{tenure: ok(`{"tenureDateCheck": true}`), kyc: ok(`{"nameMatch": "true"}`)})
	c := consents(t, map[string]string{theNumber: granted(everything, now.Add(time.Minute))})
	all := (&sources.CAMARA{Root: n.URL, Tokens: c}).Sources()
	require.NotNil(t, ask(t, all, "tenure", subject()).Tenure.Known)
	require.NotNil(t, ask(t, all, "kyc", subject()).KYC.Known)
	for _, q := range n.questions() {
		require.Equal(t, "Bearer theirs", q.header.Get("Authorization"))
		require.NotContains(t, string(q.rawBody), "phoneNumber", "the token stands for the subscriber: %s", q.path)
	}

	require.NoError(t, os.Remove(filepath.Join(c.Dir, theNumber)))
	require.Equal(t, fraud.NoConsent, ask(t, all, "tenure", subject()).Tenure.Missing, "a consent that is withdrawn is withdrawn at once")
	require.Len(t, n.questions(), 2)
}

// Without consent the evidence is missing, for that reason, and nobody is asked.
func TestConsentTraps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files map[string]string
		why   fraud.Why
	}{
		{"no consent", nil, fraud.NoConsent},
		{"of another number", map[string]string{"+12025550124.json": granted(everything, now.Add(time.Hour))}, fraud.NoConsent},
		{"to something else", map[string]string{theNumber: granted("sim-swap:check kyc-match:match", now.Add(time.Hour))}, fraud.NoConsent},
		{"to something that begins like it", map[string]string{theNumber: granted("kyc-tenure:check-tenure-not", now.Add(time.Hour))}, fraud.NoConsent},
		{"that has run out", map[string]string{theNumber: granted(everything, now)}, fraud.NoConsent},
		{"without an end", map[string]string{theNumber: `{"access_token": "theirs", "token_type": "Bearer", "scope": "` + everything + `"}`}, fraud.Unreadable},
		{"without a token", map[string]string{theNumber: strings.Replace(granted(everything, now.Add(time.Hour)), "theirs", "", 1)}, fraud.Unreadable},
		{"with another kind of token", map[string]string{theNumber: strings.Replace(granted(everything, now.Add(time.Hour)), "Bearer", "mac", 1)}, fraud.Unreadable},
		{"that is no JSON", map[string]string{theNumber: "theirs"}, fraud.Unreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, map[string]reply{tenure: ok(`{"tenureDateCheck": true}`)})
			e := ask(t, (&sources.CAMARA{Root: n.URL, Tokens: consents(t, c.files)}).Sources(), "tenure", subject())
			require.Equal(t, c.why, e.Tenure.Missing)
			require.Empty(t, n.questions())
		})
	}
}

// What the network says of a subscriber's token.
func TestThreeLeggedAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer reply
		why    fraud.Why
	}{
		{"withdrawn at the network", no(401, "UNAUTHENTICATED"), fraud.NoConsent},
		{"of another subscriber", no(403, "INVALID_TOKEN_CONTEXT"), fraud.NotAuthorised},
		{"and the number beside it", no(422, "UNNECESSARY_IDENTIFIER"), fraud.BadRequest},
		{"that names nobody", no(422, "MISSING_IDENTIFIER"), fraud.BadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, map[string]reply{kyc: c.answer})
			tokens := consents(t, map[string]string{theNumber: granted(everything, now.Add(time.Hour))})
			e := ask(t, (&sources.CAMARA{Root: n.URL, Tokens: tokens}).Sources(), "kyc", subject())
			require.Equal(t, c.why, e.KYC.Missing)
			require.Len(t, n.questions(), 1, "a subscriber's token is not renewed by us")
		})
	}
}

// Who consented to the narrower question is asked that one.
func TestANarrowerConsent(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, map[string]reply{simCheck: ok(`{"swapped": false}`), forwardAll: ok(`{"active": true}`)})
	narrow := granted("sim-swap:check call-forwarding-signal:unconditional-call-forwardings:read", now.Add(time.Hour))
	all := (&sources.CAMARA{Root: n.URL, Tokens: consents(t, map[string]string{theNumber: narrow})}).Sources()
	require.Equal(t, ">=10d", ask(t, all, "sim_swap", subject()).SIMSwap.Known.Change.String())
	require.True(t, *ask(t, all, "call_forwarding", subject()).CallForwarding.Known.Unconditional)
	require.Equal(t, fraud.NoConsent, ask(t, all, "device_swap", subject()).DeviceSwap.Missing)
}

func TestConsentsAreKeptPrivate(t *testing.T) {
	t.Parallel()
	all := func(c *sources.Consents) []sources.Source { return (&sources.CAMARA{Tokens: c}).Sources() }
	c := consents(t, map[string]string{theNumber: granted(everything, now.Add(time.Hour))})
	require.NoError(t, os.Chmod(filepath.Join(c.Dir, theNumber), 0o640))
	require.Equal(t, fraud.NotConfigured, ask(t, all(c), "tenure", subject()).Tenure.Missing)

	require.NoError(t, os.Chmod(c.Dir, 0o750))
	require.Equal(t, "consents-unusable", porting.CodeOf(c.Check()))
	gone := &sources.Consents{Dir: filepath.Join(c.Dir, "none")}
	require.Equal(t, "consents-unusable", porting.CodeOf(gone.Check()))
	require.Equal(t, fraud.NotConfigured, ask(t, all(gone), "tenure", subject()).Tenure.Missing)
}

// A link cannot lead out of the directory.
func TestConsentsStayInTheirDirectory(t *testing.T) {
	t.Parallel()
	c := consents(t, nil)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere.json")
	require.NoError(t, os.WriteFile(elsewhere, []byte(granted(everything, now.Add(time.Hour))), 0o600))
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(c.Dir, theNumber)))
	_, err := c.Token(t.Context(), "kyc-tenure:check-tenure", subject())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "5550123")
}
