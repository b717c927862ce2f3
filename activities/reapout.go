package activities

import (
	"context"
	"strings"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// orphan is what is known of a port-out without its saga: what was asked, by the counterparty's own record, and what the
// ledger keeps beside the claim.
func (r *Reaper) orphan(ctx context.Context, fence ledger.Fence) (*porting.Orphan, error) {
	via, id, _ := strings.Cut(fence.Reference, ":")
	o := &porting.Orphan{Request: porting.PortOutRequest{ID: id, Carrier: via}}
	asks, err := r.portOuts(porting.LeavingInput{Port: fence.PortID, Request: o.Request})
	if err != nil {
		return nil, err
	}
	status, err := asks.PortOutStatus(ctx, id)
	if porting.CodeOf(err) != "port-out-unknown" {
		if err != nil {
			return nil, err
		}
		o.Request = status.Request
		o.Request.ID, o.Request.Carrier, o.Request.Tenant = id, via, fence.Tenant
		o.Request.ReceivedAt, o.Request.SilenceAt = status.ReceivedAt, status.SilenceAt
	}
	if o.Request.Given.PINRef, err = r.Ledger.SecretOf(ctx, fence.PortID); err != nil {
		return nil, err
	}
	if o.Answers, err = r.Ledger.PinnedAnswers(ctx, fence.PortID); err != nil {
		return nil, err
	}
	o.Known, err = r.Ledger.KnownOf(ctx, fence.PortID)
	return o, err
}
