package guard_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/porting"
)

func policies(t testing.TB, text string) guard.Policies {
	t.Helper()
	p, err := loadPolicies(t, text)
	require.NoError(t, err)
	return p
}

func loadPolicies(t testing.TB, text string) (guard.Policies, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "protection.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return guard.LoadPolicies(file)
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	p := policies(t, `
default: {cool_off: 48h, sources: {portal: 3}}
tenants:
  acme: {approvals: 2, pin: {min: 8, max: 8}}
`)
	require.Equal(t, 48*time.Hour, p.For("anybody").CoolOff)
	require.Equal(t, 1, p.For("anybody").Approvals)
	require.Equal(t, 48*time.Hour, p.For("acme").CoolOff, "a tenant has what the default says")
	require.Equal(t, 2, p.For("acme").Approvals)
	require.Equal(t, guard.Digits{Min: 8, Max: 8}, p.For("acme").PIN)
	require.Equal(t, map[string]int{guard.FromPortal: 3, guard.FromCarrier: 50}, p.For("acme").Sources)

	none, err := guard.LoadPolicies(filepath.Join(t.TempDir(), "none.yaml"))
	require.NoError(t, err)
	require.Equal(t, guard.DefaultPolicy(), none.For("acme"))
	require.Equal(t, guard.DefaultPolicy(), policies(t, "").For("acme"))
}

func TestPoliciesThatProtectNobody(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"default: {cool_off: 0s}":                   "cool_off is an hour to a week",
		"default: {cool_off: 200h}":                 "cool_off is an hour to a week",
		"default: {approvals: 0}":                   "approvals is 1 to 5",
		"default: {pin_rest: 0s}":                   "pin_rest is an hour to a week",
		"default: {pin: {min: 3, max: 6}}":          "pin is 4 to 15 digits",
		"default: {attempts: 1000}":                 "attempts is 1 to 10",
		"default: {forget: 1m}":                     "forget is an hour to a week",
		"default: {lockout: 1s}":                    "lockout is a minute to max_lockout",
		"default: {lockout: 48h}":                   "lockout is a minute to max_lockout",
		"default: {max_lockout: 999h}":              "max_lockout is at most a week",
		"default: {sources: {portal: 0}}":           "portal needs at least one attempt",
		"default: {colour: red}":                    "colour",
		"tenants: {acme: {approvals: -1}}":          "tenant acme: approvals is 1 to 5",
		"somebody: {}":                              "somebody",
		"default: [":                                "yaml",
		"tenants: {acme: {cool_off: a long while}}": "tenant acme",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := loadPolicies(t, text)
			requireCode(t, err, porting.Invalid, "protection-invalid")
			require.ErrorContains(t, err, says)
		})
	}
}
