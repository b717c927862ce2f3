package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// Concern calls a person: it stands in the Web UI's list of what needs attention until the reaper finds it settled. Who
// acknowledges it is not called again; it stays open all the same.
func Concern(ctx workflow.Context, c porting.Concern) (porting.ConcernStatus, error) {
	s := &porting.ConcernStatus{Concern: c, Since: workflow.Now(ctx).UTC()}
	s.Open = true
	showConcern(ctx, s)
	settled := workflow.GetSignalChannelWithOptions(ctx, porting.MsgSettled, workflow.SignalChannelOptions{Description: "The reaper found that it is settled"})
	known := workflow.GetSignalChannelWithOptions(ctx, porting.MsgAcknowledge, workflow.SignalChannelOptions{
		Description: `Say that you know of it, e.g. {"by": "ana@desk", "note": "the carrier looks for the order"}`,
	})
	must(workflow.SetQueryHandlerWithOptions(ctx, porting.QueryConcern, func() (porting.ConcernStatus, error) { return *s, nil },
		workflow.QueryHandlerOptions{Description: "What a person must look at"}))
	for s.Open {
		workflow.NewSelector(ctx).
			AddReceive(settled, func(from workflow.ReceiveChannel, _ bool) {
				from.Receive(ctx, nil)
				at := workflow.Now(ctx).UTC()
				s.Open, s.SettledAt = false, &at
			}).
			AddReceive(known, func(from workflow.ReceiveChannel, _ bool) {
				var a porting.Acknowledge
				from.Receive(ctx, &a)
				s.Acknowledged = &a
			}).
			AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) { s.Open = false }).
			Select(ctx)
		showConcern(ctx, s)
		if err := workflow.UpsertTypedSearchAttributes(ctx, keyNeedsAttention.ValueSet(s.Open && s.Acknowledged == nil)); err != nil {
			return *s, err
		}
	}
	return *s, ctx.Err()
}

func showConcern(ctx workflow.Context, s *porting.ConcernStatus) {
	page := fmt.Sprintf("> **%s**\n\nWhat you can do: %s.\n\nSince %s.\n", plain(s.What), plain(s.Next), s.Since.Format(time.RFC1123))
	if s.Acknowledged != nil {
		page += fmt.Sprintf("\nKnown to %s: %s\n", plain(s.Acknowledged.By), plain(s.Acknowledged.Note))
	}
	workflow.SetCurrentDetails(ctx, page)
}
