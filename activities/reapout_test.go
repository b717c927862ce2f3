package activities_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/porting"
)

// lastNight is a donor at night: a reaper, and an engine that knows no saga.
func lastNight(t *testing.T) (*donor, *activities.Reaper) {
	t.Helper()
	d := newDonor(t)
	s := &sagas{}
	return d, &activities.Reaper{Activities: d.Activities, Sagas: func(context.Context) activities.Sagas { return s }}
}

// A rescue is told what was asked by the counterparty's own record, and the rest by the ledger.
func TestLookAtAnOrphanedPortOut(t *testing.T) {
	t.Parallel()
	d, reaper := lastNight(t)
	policies, err := answersFrom(t, "answers: {medium: refuse}")
	require.NoError(t, err)
	d.AnswerPolicies = policies
	in := d.asked("happy")
	_, err = d.ClaimLeaving(t.Context(), in)
	require.NoError(t, err)
	ref, err := d.Ledger.PutSecret(t.Context(), in.Port, d.Vault.Seal(in.Port, "482913"), in.At, in.At.AddDate(0, 1, 0))
	require.NoError(t, err)
	d.replies(in.Port, porting.ReplyNo, 0)
	require.NoError(t, d.Ledger.RecordScreening(t.Context(), in.Port, "n-1", porting.RiskHigh, in.At))

	record, err := reaper.LookAtPort(t.Context(), porting.LookInput{Port: in.Port})
	require.NoError(t, err)
	require.True(t, record.Open)
	require.Equal(t, in.Pack, record.Pack)
	require.Equal(t, porting.Known{Reply: porting.ReplyNo, Risk: porting.RiskHigh}, record.Leaving.Known)
	require.Equal(t, porting.AnswerRefuse, record.Leaving.Answers.Defaults.Medium)
	asked := record.Leaving.Request
	require.Equal(t, ref, asked.Given.PINRef)
	require.Equal(t, in.Port, asked.PortID())
	require.Equal(t, in.Request.Numbers, asked.Numbers)
	require.Equal(t, in.Request.Given.Account, asked.Given.Account)
	require.True(t, in.Request.ReceivedAt.Equal(asked.ReceivedAt))
	require.True(t, in.Request.SilenceAt.Equal(asked.SilenceAt))

	given, err := d.answer(porting.LeavingInput{Port: in.Port, Request: asked, Pack: record.Pack, Carrier: record.Carrier, At: in.At}, refuse)
	require.NoError(t, err, "the gate takes the request as it was recalled")
	require.Equal(t, porting.CarrierRefused, given.Status.State)
}

func TestLookAtAPortOutThatNobodyAsksFor(t *testing.T) {
	t.Parallel()
	d, reaper := lastNight(t)
	in := d.asked("happy")
	in.Request.ID = "WPR-unheard"
	in.Port = in.Request.PortID()
	_, err := d.ClaimLeaving(t.Context(), in)
	require.NoError(t, err)
	record, err := reaper.LookAtPort(t.Context(), porting.LookInput{Port: in.Port})
	require.NoError(t, err)
	require.Empty(t, record.Leaving.Request.Numbers)
}

// A counterparty waits for nobody to look at the engine: however many sagas are gone, a port-out is rescued.
func TestPortOutsAreRescuedHoweverManySagasAreGone(t *testing.T) {
	t.Parallel()
	d, reaper := lastNight(t)
	for i := range 12 {
		o := order()
		o.Numbers = []porting.Number{porting.Number(fmt.Sprintf("+121255502%02d", i))}
		require.Nil(t, d.receive(fmt.Sprintf("pi-%02d", i), o).Refused)
	}
	in := d.asked("happy")
	_, err := d.ClaimLeaving(t.Context(), in)
	require.NoError(t, err)
	found, err := reaper.FindAbandoned(t.Context(), porting.ReapInput{Grace: 1})
	require.NoError(t, err)
	require.Equal(t, []porting.Abandoned{{Port: in.Port, Saga: porting.SagaGone}}, found.Abandoned)
	require.Equal(t, []string{"concern-sagas-gone"}, concerns(found))
}
