package porting_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// decode reads a message's example as the Web UI would send it, with no field unknown.
func decode(t *testing.T, doc porting.MessageDoc) any {
	t.Helper()
	read := json.NewDecoder(strings.NewReader(doc.Example))
	read.DisallowUnknownFields()
	switch doc.Name {
	case porting.MsgDecide:
		return decodeAs[porting.Decide](t, read)
	case porting.MsgRevoke:
		return decodeAs[porting.Revoke](t, read)
	case porting.MsgAmend:
		return decodeAs[porting.Amend](t, read)
	case porting.MsgHold:
		return decodeAs[porting.Hold](t, read)
	case porting.MsgResume:
		return decodeAs[porting.Resume](t, read)
	case porting.MsgExtend:
		return decodeAs[porting.Extend](t, read)
	case porting.MsgReassign:
		return decodeAs[porting.Reassign](t, read)
	case porting.MsgNote:
		return decodeAs[porting.Note](t, read)
	case porting.MsgCarrierEvent:
		return decodeAs[porting.CarrierEvent](t, read)
	case porting.MsgCustomerReply:
		return decodeAs[porting.CustomerReply](t, read)
	case porting.MsgDispute:
		return decodeAs[porting.Dispute](t, read)
	}
	require.Fail(t, "no such message", doc.Name)
	return nil
}

func decodeAs[M any](t *testing.T, from *json.Decoder) M {
	t.Helper()
	var m M
	require.NoError(t, from.Decode(&m))
	return m
}

func TestNewPort(t *testing.T) {
	t.Parallel()
	in := input()
	in.Order.Version = 0
	p := porting.NewPort(in)

	require.Equal(t, porting.PortIn, p.Direction)
	require.Equal(t, 1, p.Order.Version)
	require.Equal(t, porting.RiskLow, p.Risk)
	require.Equal(t, porting.WaitingNobody, p.WaitingOn)
	require.Empty(t, p.Stage)
	require.False(t, p.Closed())
	require.Equal(t, []porting.NumberStatus{{Number: "+1…0123", Status: porting.NumberPending}, {Number: "+1…0124", Status: porting.NumberPending}}, p.Numbers)
}

func TestEndStopsEveryClock(t *testing.T) {
	t.Parallel()
	p := portIn(porting.RollingBack)
	p.Wait(porting.WaitingCarrier, start, "a person is called")
	p.End(porting.OutcomeRevoked, porting.AuthorizationRevoked)

	require.True(t, p.Closed())
	require.Equal(t, porting.WaitingNobody, p.WaitingOn)
	require.Zero(t, p.DueAt)
	require.Empty(t, p.DueWhat)
}

func TestEndSettlesEveryNumber(t *testing.T) {
	t.Parallel()
	for was, want := range map[string]string{
		porting.NumberPending: porting.NumberNotMoved, porting.NumberNotMoved: porting.NumberNotMoved,
		porting.NumberMoved: porting.NumberMoved, porting.NumberMovedBack: porting.NumberMovedBack,
	} {
		p := portIn(porting.RollingBack)
		p.SetNumbers(was, porting.OtherReason)
		p.End(porting.OutcomeRevoked, porting.AuthorizationRevoked)
		for _, n := range p.Numbers {
			require.Equal(t, want, n.Status, was)
			require.Equal(t, was == porting.NumberPending, n.Reason == porting.AuthorizationRevoked, "what is settled keeps its reason")
		}
	}
}

// The fields that people and programs outside build on: add, do not rename.
func TestStatusInJSON(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Verifying)
	p.Receipt = porting.Receipt{Pack: "us-wireline@2026.1", PackWhy: "wireline in the US", Jurisdiction: "US", Carrier: "simulator"}
	p.Wait(porting.WaitingApprover, start.Add(time.Hour), "the port expires")
	p.Record(porting.EventScreened, start, "portsaga", "nothing found")

	encoded, err := json.Marshal(p.Status())
	require.NoError(t, err)
	require.JSONEq(t, `{
		"id": "pi-test", "direction": "port-in", "stage": "verifying", "outcome": "", "jurisdiction": "US",
		"pack": "us-wireline@2026.1", "pack_why": "wireline in the US", "carrier": "simulator", "tenant": "default",
		"reference": "ORDER-1", "order_version": 1, "waiting_on": "approver", "due_at": "2026-01-05T10:00:00Z", "foc_at": null,
		"needs_attention": false, "risk": "low",
		"numbers": [{"number": "+1…0123", "status": "pending", "reason": ""}, {"number": "+1…0124", "status": "pending", "reason": ""}],
		"timeline": [{"at": "2026-01-05T09:00:00Z", "stage": "verifying", "event": "screened", "actor": "portsaga", "note": "nothing found"}]
	}`, string(encoded))
}

func TestStatusShowsWhatNeedsAttention(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Confirmed)
	p.Order.Tenant, p.Clock, p.FOCAt, p.Attention = "acme", demoClock(60), start, "call the donor"
	s := p.Status()

	require.True(t, s.NeedsAttention)
	require.True(t, s.Scaled)
	require.Equal(t, "acme", s.Tenant)
	require.Equal(t, &start, s.FOCAt)
	require.Nil(t, s.DueAt)
}
