package telnyx

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// status is a group as one order of ours.
func (c *Client) status(ctx context.Context, g group) (carrier.Status, error) {
	s := carrier.Status{
		Ref: g.ref(), State: g.state(), FOC: g.foc(), Version: g.change(), Numbers: g.numbers(), Messaging: g.messaging(),
		Raw: g.raw(func(o portingOrder) string { return o.Status.Value }), Extra: g.extra(),
	}
	for _, o := range g {
		reasons, err := c.reasons(ctx, s.Ref, o)
		if err != nil {
			return carrier.Status{}, err
		}
		if s.State == carrier.StateRejected {
			s.Reasons = append(s.Reasons, reasons...)
		}
	}
	return s, nil
}

// raw are Telnyx's own words about the parts, each once.
func (g group) raw(word func(portingOrder) string) string {
	var said []string
	for _, o := range g {
		if w := word(o); w != "" && !slices.Contains(said, w) {
			said = append(said, w)
		}
	}
	return strings.Join(said, ", ")
}

// extra is what helps a person who calls Telnyx.
func (g group) extra() map[string]string {
	extra := map[string]string{"orders": strconv.Itoa(len(g))}
	for name, word := range map[string]func(portingOrder) string{
		"support_keys": func(o portingOrder) string { return o.SupportKey },
		"order_ids":    func(o portingOrder) string { return o.ID },
		"messaging":    func(o portingOrder) string { return o.Messaging.Status },
	} {
		if said := g.raw(word); said != "" {
			extra[name] = said
		}
	}
	return extra
}

// messagingStates reads Telnyx's words about SMS and MMS; numbers without are told as nothing.
var messagingStates = map[string]carrier.State{
	"": "", "not_applicable": "",
	"pending": carrier.StatePending, "activating": carrier.StatePending, "partial_port_complete": carrier.StatePending,
	"exception": carrier.StateRejected, "canceled": carrier.StateCancelled, "ported": carrier.StateActive,
}

// messaging is where the SMS and MMS of all parts stand, as urgency orders it.
func (g group) messaging() carrier.State {
	var told []carrier.State
	for _, o := range g {
		state, known := messagingStates[o.Messaging.Status]
		if !known {
			state = carrier.StateUnknown
		}
		if state != "" && o.state() != carrier.StateCancelled {
			told = append(told, state)
		}
	}
	for _, s := range urgency {
		if slices.Contains(told, s) {
			return s
		}
	}
	return ""
}

// reasons say why an order is rejected, and ask Telnyx what a draft of ours still needs.
func (c *Client) reasons(ctx context.Context, ref carrier.Ref, o portingOrder) ([]carrier.Rejection, error) {
	if !o.held() {
		return o.rejections(), nil
	}
	q := aboutOrder("read requirements", ref, o.ID, http.MethodGet, "/requirements")
	needs, err := list[requirement](ctx, c, q)
	if err != nil {
		return nil, err
	}
	var missing []carrier.Rejection
	for _, r := range needs {
		if r.Value == "" {
			missing = append(missing, carrier.Rejection{Code: "requirement-missing", Text: r.Type.Name, Reason: requirementReason(r.Type.Name)})
		}
	}
	for _, step := range o.AdditionalSteps {
		missing = append(missing, carrier.Rejection{Code: step, Text: "Telnyx asks for this step before it takes the order", Reason: porting.OtherReason})
	}
	if len(missing) == 0 {
		missing = []carrier.Rejection{{Code: "requirements-not-met", Text: "Telnyx has not accepted the documents yet", Reason: porting.OtherReason}}
	}
	return missing, nil
}

// requirementReason reads what kind of document a requirement asks for.
func requirementReason(name string) porting.Reason {
	name = strings.ToLower(name)
	switch {
	case strings.Contains(name, "loa"), strings.Contains(name, "authorization"):
		return porting.LOAMissing
	case strings.Contains(name, "invoice"), strings.Contains(name, "bill"):
		return porting.BillCopyRequired
	default:
		return porting.OtherReason
	}
}

// rejections are the exceptions of an order. One without a code has its reason in the order's comments.
func (o portingOrder) rejections() []carrier.Rejection {
	var all []carrier.Rejection
	for _, e := range o.Status.Details {
		all = append(all, carrier.Rejection{Code: e.Code, Text: e.Description, Reason: rules.Map("telnyx", e.Code, e.Description).Reason})
	}
	if len(all) == 0 && o.Status.Value == "exception" {
		return []carrier.Rejection{{Code: "OTHER", Text: "see the comments of the order", Reason: porting.OtherReason}}
	}
	return all
}
