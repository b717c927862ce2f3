package doctor_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/doctor"
	"github.com/portsaga/portsaga/porting"
)

func TestExamine(t *testing.T) {
	t.Parallel()
	ours := &porting.Error{Kind: porting.Failed, Code: "ledger-unavailable", Op: "open ledger", Detail: "the database is down", Next: "start it"}
	look := func(f doctor.Finding) func(context.Context) doctor.Finding {
		return func(ctx context.Context) doctor.Finding {
			_, bounded := ctx.Deadline()
			require.True(t, bounded)
			return f
		}
	}
	found := doctor.Examine(t.Context(), []doctor.Check{
		{Name: "a", Look: look(doctor.Good("well"))},
		{Name: "b", Look: look(doctor.Skip("not used"))},
		{Name: "c", Look: look(doctor.Warn("old", "renew it"))},
		{Name: "d", Look: look(doctor.Wrong(ours, "call somebody"))},
		{Name: "e", Look: look(doctor.Wrong(errors.New("broken"), "call somebody"))},
	})
	require.Equal(t, []doctor.Finding{
		{Check: "a", State: doctor.OK, Detail: "well"},
		{Check: "b", State: doctor.Skipped, Detail: "not used"},
		{Check: "c", State: doctor.Warning, Detail: "old", Next: "renew it"},
		{Check: "d", State: doctor.Bad, Detail: "the database is down", Next: "start it"},
		{Check: "e", State: doctor.Bad, Detail: "broken", Next: "call somebody"},
	}, found)
	for n, worst := range map[int]doctor.State{1: doctor.OK, 2: doctor.OK, 3: doctor.Warning, 5: doctor.Bad} {
		require.Equal(t, worst, doctor.Worst(found[:n]), n)
	}
}
