package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// openChannels opens every message of the order, and the query, before the first step.
func (b *bulk) openChannels(ctx workflow.Context) {
	progress := workflow.GetSignalChannelWithOptions(ctx, porting.MsgProgress, workflow.SignalChannelOptions{
		Description: "A port of this order tells how far it is. People send it for a port that was terminated, " +
			`e.g. {"port":"pi-...","stage":"received","outcome":"cancelled"}`,
	})
	workflow.GoNamed(ctx, "progress of ports", func(ctx workflow.Context) {
		for {
			var p porting.Progress
			progress.Receive(ctx, &p)
			b.hearProgress(p)
		}
	})
	listenForAll(ctx, b, porting.MsgDecide, `Decide on every port of this order that waits for a decision, now and later, e.g. {"decision":"approve","by":"ana@desk"}`,
		b.CheckDecide, b.Decide)
	listenForAll(ctx, b, porting.MsgRevoke, `Revoke every open port of this order, e.g. {"by":"ben@care","reason":"AUTHORIZATION_REVOKED"}`,
		func(m porting.Revoke) error { return b.CheckBy(m.By) }, b.Revoke)
	must(workflow.SetUpdateHandlerWithOptions(ctx, porting.UpdateAddPorts, b.addPorts, workflow.UpdateHandlerOptions{
		Description: "Add a batch of orders; the answer comes when there is room for the next",
		Validator:   func(_ workflow.Context, a porting.AddPorts) error { return Refuse(b.CheckBatch(a)) },
	}))
	must(workflow.SetQueryHandlerWithOptions(ctx, porting.QueryStatus, func() (porting.BulkStatus, error) { return b.Status(), nil },
		workflow.QueryHandlerOptions{Description: "The roll-up as `bulk show` prints it"}))
}

// listenForAll opens a message for all ports, as a signal and as an update. The main loop passes it on.
func listenForAll[M any](ctx workflow.Context, b *bulk, name, description string, check func(M) error, take func(M, time.Time) porting.Answer) {
	signals := workflow.GetSignalChannelWithOptions(ctx, name, workflow.SignalChannelOptions{Description: description})
	workflow.GoNamed(ctx, name+" signals", func(ctx workflow.Context) {
		for {
			var m M
			signals.Receive(ctx, &m)
			if err := check(m); err != nil {
				b.note(ctx, porting.EventIgnored, err.Error())
				continue
			}
			take(m, b.now(ctx))
			b.stale = true
		}
	})
	must(workflow.SetUpdateHandlerWithOptions(ctx, name,
		func(ctx workflow.Context, m M) (porting.Answer, error) {
			b.stale = true
			return take(m, b.now(ctx)), nil
		},
		workflow.UpdateHandlerOptions{Description: description, Validator: func(_ workflow.Context, m M) error { return Refuse(check(m)) }}))
}

func (b *bulk) addPorts(ctx workflow.Context, a porting.AddPorts) (porting.BulkStatus, error) {
	b.Add(a)
	b.stale = true
	err := workflow.Await(ctx, func() bool { return len(b.Waiting) < bulkRoom || b.isLong(ctx) })
	return b.Status(), err
}

func (b *bulk) hearProgress(p porting.Progress) {
	if b.Report(p) {
		b.stale = true
	}
}

// note records what the order itself saw or did.
func (b *bulk) note(ctx workflow.Context, on porting.Event, note string) {
	b.Note(b.now(ctx), on, "portsaga", note)
	b.stale = true
}

// now is the business time.
func (b *bulk) now(ctx workflow.Context) time.Time { return b.Clock.Business(workflow.Now(ctx)).UTC() }

// show renders the one page that rolls up the order, and lets operators find the orders that need a person.
func (b *bulk) show(ctx workflow.Context) {
	s := b.Status()
	b.stale = false
	workflow.SetCurrentDetails(ctx, bulkDetails(s))
	if s.State == b.shown {
		return
	}
	b.shown = s.State
	if err := workflow.UpsertTypedSearchAttributes(ctx, keyOrder.ValueSet(b.ID), keyNeedsAttention.ValueSet(s.State == porting.BulkNeedsAttention)); err != nil {
		workflow.GetLogger(ctx).Error("publishing failed", "order", b.ID, "error", err)
	}
}

// bulkDetails is the operator's page of a bulk order.
func bulkDetails(s porting.BulkStatus) string {
	var b strings.Builder
	fmt.Fprintf(&b, "> **%s**: %d of %d numbers moved\n\n", capital(s.State), s.Moved, s.Numbers)
	fmt.Fprintf(&b, "Order `%s`: %d ports, %d waiting to be started, %d never started\n\n", s.Reference, s.Ports, s.Waiting, s.NotStarted)
	if !s.Complete {
		b.WriteString("The rest of the order is still to come: `bulk start` adds it, and can be run again.\n\n")
	}
	if s.Untold > 0 {
		fmt.Fprintf(&b, "A decision or a revocation for all is on its way to %d ports.\n\n", s.Untold)
	}
	b.WriteString("| Stage or outcome | Ports |\n|---|---|\n")
	for _, stage := range porting.Stages {
		if n := s.Stages[stage]; n > 0 {
			fmt.Fprintf(&b, "| in %s | %d |\n", stage, n)
		}
	}
	for _, outcome := range porting.Outcomes {
		if n := s.Outcomes[outcome]; n > 0 {
			fmt.Fprintf(&b, "| **%s** | %d |\n", outcome, n)
		}
	}
	writeNeedy(&b, s)
	if len(s.Notes) > 0 {
		b.WriteString("\n" + timeline(s.Notes, maxDetails-b.Len()))
	}
	return b.String()
}

// writeNeedy links the ports that a person must look at, as many as the page holds.
func writeNeedy(b *strings.Builder, s porting.BulkStatus) {
	const linked = 10
	if s.Attention == 0 {
		return
	}
	fmt.Fprintf(b, "\n**A person must look at %d ports**\n\n", s.Attention)
	for _, id := range s.NeedsAttention[:min(len(s.NeedsAttention), linked)] {
		fmt.Fprintf(b, "- [%s](/namespaces/{namespace}/workflows/%s)\n", id, id)
	}
	if s.Attention > linked {
		fmt.Fprintf(b, "- and %d more: search for `%s = '%s' AND %s = true`\n", s.Attention-linked, porting.AttrOrder, s.ID, porting.AttrNeedsAttention)
	}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
