package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/porting"
)

func TestProtectedNumbers(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	g, err := guard.Open(t.Context(), d.Ledger, d.Vault, guard.Options{}, time.Now())
	require.NoError(t, err)
	protects := activities.GuardedBy(g)
	check := func(pin porting.Secret, ref string) activities.PINVerdict {
		verdict, err := protects.CheckPIN(t.Context(), activities.PINAttempt{Number: mobileNumber, PIN: pin, Ref: ref, Source: "Harbor Mobile"})
		require.NoError(t, err)
		return verdict
	}
	require.Equal(t, activities.PINNone, check("", ""))
	require.NoError(t, g.SetPIN(t.Context(), g.Number("", mobileNumber), "482913", "subscriber", time.Now()))
	require.Equal(t, activities.PINWrong, check("", ""), "it has one, and none was given")
	require.Equal(t, activities.PINRight, check("482913", "po-1/s-1"))
	for range 20 {
		require.Equal(t, activities.PINWrong, check("111111", "po-2/s-2"), "a step that is tried again is one attempt")
	}
	require.Equal(t, activities.PINRight, check("482913", "po-3/s-3"))

	locked := func() bool {
		held, err := protects.Locked(t.Context(), "", mobileNumber, "8800-2214")
		require.NoError(t, err)
		return held
	}
	require.False(t, locked())
	_, err = g.Lock(t.Context(), g.Account("", "8800 2214"), "subscriber", "travelling", time.Now())
	require.NoError(t, err)
	require.True(t, locked(), "by its account")
}
