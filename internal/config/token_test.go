package config

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTokenFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	tokens := &TokenFile{Path: file}
	_, err := tokens.GetHeaders(t.Context())
	require.ErrorContains(t, err, "PORTSAGA_TOKEN_FILE")

	sent := func() string {
		headers, err := tokens.GetHeaders(t.Context())
		require.NoError(t, err)
		return headers["authorization"]
	}
	require.NoError(t, os.WriteFile(file, []byte("one\n"), 0o600))
	require.Equal(t, "Bearer one", sent())

	require.NoError(t, os.WriteFile(file, []byte("two\n"), 0o600))
	require.Equal(t, "Bearer one", sent(), "not for every call")
	tokens.readAt = time.Now().Add(-tokenRest)
	require.Equal(t, "Bearer two", sent())

	require.NoError(t, os.Remove(file))
	tokens.readAt = time.Now().Add(-tokenRest)
	require.Equal(t, "Bearer two", sent(), "the last one stays in use")
}
