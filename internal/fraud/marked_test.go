package fraud_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/porting"
)

func marksIn(t *testing.T, text string) (fraud.Marked, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "marked")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return fraud.LoadMarked(name)
}

func TestMarkedNumbers(t *testing.T) {
	t.Parallel()
	m, err := marksIn(t, "# the bank\n+1212555\n\n+442071234567 # the director\n")
	require.NoError(t, err)
	for number, marked := range map[porting.Number]bool{
		"+12125550123": true, "+442071234567": true, "+12125560123": false, "+442071234568": false,
	} {
		require.Equal(t, marked, m.Any([]porting.Number{"+13035550100", number}), number.E164())
	}
	require.False(t, m.Any(nil))
	none, err := fraud.LoadMarked("")
	require.NoError(t, err)
	require.False(t, none.Any([]porting.Number{"+12125550123"}))
}

func TestMarkedNumbersThatAreNone(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"+1", "12125550123", "+1212555x", "+12345678901234567"} {
		_, err := marksIn(t, "+1212555\n"+line)
		require.Equal(t, "marked-invalid", porting.CodeOf(err), line)
		require.ErrorContains(t, err, "marked:2")
	}
	_, err := fraud.LoadMarked(filepath.Join(t.TempDir(), "gone"))
	require.Equal(t, "marked-unreadable", porting.CodeOf(err))
}
