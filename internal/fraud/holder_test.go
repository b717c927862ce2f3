package fraud_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/porting"
)

func TestHolderTakesANewPolicyAndKeepsTheLastGoodOne(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mine.yaml")
	write := func(text []byte) { require.NoError(t, os.WriteFile(file, text, 0o600)) }
	version := func(h *fraud.Holder) (string, error) {
		p, err := h.Policy()
		return p.Version, err
	}
	write(policyText(t))
	h, err := fraud.Hold(file)
	require.NoError(t, err)

	write(policyText(t, `version: "1"`, `version: "2"`))
	now, err := version(h)
	require.NoError(t, err)
	require.Equal(t, "2", now, "a new text counts at once")

	write(policyText(t, `version: "1"`, `version: "3"`, "SIM_CHANGED", "NONSENSE"))
	for range 2 {
		now, err = version(h)
		require.Equal(t, "2", now, "a broken text does not")
		require.Equal(t, "fraud-policy-invalid", porting.CodeOf(err))
		require.ErrorContains(t, err, "mine.yaml:11: ")
	}

	require.NoError(t, os.Remove(file))
	now, err = version(h)
	require.Equal(t, "2", now)
	require.Equal(t, "fraud-policy-unreadable", porting.CodeOf(err))

	write(policyText(t, `version: "1"`, `version: "4"`))
	now, err = version(h)
	require.NoError(t, err)
	require.Equal(t, "4", now)
}

func TestHolderOfTheDefaultPolicy(t *testing.T) {
	t.Parallel()
	h, err := fraud.Hold("")
	require.NoError(t, err)
	p, err := h.Policy()
	require.NoError(t, err)
	require.Same(t, fraud.Default(), p)
}

func TestHolderNeedsASoundPolicyToBeginWith(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mine.yaml")
	_, err := fraud.Hold(file)
	require.Equal(t, "fraud-policy-unreadable", porting.CodeOf(err))
	require.NoError(t, os.WriteFile(file, []byte("id: x"), 0o600))
	_, err = fraud.Hold(file)
	require.Equal(t, "fraud-policy-invalid", porting.CodeOf(err))
}

func TestHolderForManyAtOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mine.yaml")
	require.NoError(t, os.WriteFile(file, policyText(t), 0o600))
	h, err := fraud.Hold(file)
	require.NoError(t, err)
	var got [8]*fraud.Policy
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() { got[i], _ = h.Policy() })
	}
	all.Wait()
	for _, p := range got {
		require.Same(t, got[0], p)
	}
}
