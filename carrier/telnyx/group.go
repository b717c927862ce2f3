package telnyx

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// group is what Telnyx made of one order of ours, the oldest part first.
type group []portingOrder

// group reads the orders of a port, each with all its numbers.
func (c *Client) group(ctx context.Context, op string, ref carrier.Ref) (group, error) {
	q := call{op: op, object: ref.String(), method: http.MethodGet, path: "/porting_orders"}
	q.query = query("filter[customer_group_reference]", ref.Port, "include_phone_numbers", "true")
	all, err := list[portingOrder](ctx, c, q)
	if err != nil {
		return nil, err
	}
	g := groups(all)[ref.Port]
	if len(g) == 0 {
		return nil, q.unknown()
	}
	for i := range g {
		if err := c.allNumbers(ctx, q, &g[i]); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// allNumbers completes the numbers of an order, of which Telnyx shows the first fifty.
func (c *Client) allNumbers(ctx context.Context, q call, o *portingOrder) error {
	if len(o.PhoneNumbers) >= o.PhoneNumbersCount {
		return nil
	}
	q.path, q.query = "/porting_phone_numbers", query("filter[porting_order_id]", o.ID)
	all, err := list[portedNumber](ctx, c, q)
	if err != nil {
		return err
	}
	o.PhoneNumbers = slices.DeleteFunc(all, func(n portedNumber) bool { return n.OrderID != o.ID })
	return nil
}

// groups puts orders together that are one order of ours, and leaves out all that are not.
func groups(all []portingOrder) map[string]group {
	by := map[string]group{}
	for _, o := range all {
		if o.ours() {
			by[o.CustomerGroupReference] = append(by[o.CustomerGroupReference], o)
		}
	}
	for _, g := range by {
		slices.SortFunc(g, func(a, b portingOrder) int {
			return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
		})
	}
	return by
}

// ours reports whether an order bears references as we write them; a draft has only the first of them.
func (o portingOrder) ours() bool {
	if o.CustomerGroupReference == "" {
		return false
	}
	return o.CustomerReference == "" || refOf(o.CustomerReference).Port == o.CustomerGroupReference
}

// unsent follows the reference of a correction until the order is confirmed again: Telnyx may take no change of an order that
// it works on, so that the reference is written before.
const unsent = "+"

// refOf reads a reference as Ref.String writes it; it is zero for every other text.
func refOf(reference string) carrier.Ref {
	reference = strings.TrimSuffix(reference, unsent)
	cut := strings.LastIndex(reference, "/")
	if cut < 1 {
		return carrier.Ref{}
	}
	version, err := strconv.Atoi(reference[cut+1:])
	if err != nil || version < 1 {
		return carrier.Ref{}
	}
	return carrier.Ref{Port: reference[:cut], Version: version}
}

// states reads Telnyx's words.
var states = map[string]carrier.State{
	"draft":              carrier.StatePending,
	"in-process":         carrier.StatePending,
	"submitted":          carrier.StatePending,
	"exception":          carrier.StateRejected,
	"foc-date-confirmed": carrier.StateConfirmed,
	"ported":             carrier.StateActive,
	"cancel-pending":     carrier.StateCancelPending,
	"cancelled":          carrier.StateCancelled,
}

func (o portingOrder) state() carrier.State {
	if o.held() {
		return carrier.StateRejected
	}
	if state, known := states[o.Status.Value]; known {
		return state
	}
	return carrier.StateUnknown
}

func (o portingOrder) draft() bool { return o.Status.Value == "draft" }

// held reports whether an order that we have filled cannot be confirmed, because something is missing that it needs.
func (o portingOrder) held() bool {
	return o.draft() && o.CustomerReference != "" && (!o.RequirementsMet || len(o.AdditionalSteps) > 0)
}

// version is the version of our order that Telnyx has. What waits for nothing but its confirmation is not sent yet.
func (o portingOrder) version() int {
	version := refOf(o.CustomerReference).Version
	corrected := o.Status.Value == "exception" && strings.HasSuffix(o.CustomerReference, unsent)
	if corrected || o.draft() && !o.held() {
		return max(version-1, 0)
	}
	return version
}

// final reports whether nothing that we send changes an order any more.
func (o portingOrder) final() bool {
	return slices.Contains([]carrier.State{carrier.StateActive, carrier.StateCancelPending, carrier.StateCancelled}, o.state())
}

// urgency orders the states of a group's parts: the first that is there is where the whole stands. What can still move keeps
// the rest open, and what was cancelled counts only where nothing else is left.
var urgency = []carrier.State{
	carrier.StateUnknown, carrier.StateRejected, carrier.StatePending, carrier.StateConfirmed,
	carrier.StateCancelPending, carrier.StateActive, carrier.StateCancelled,
}

func (g group) state() carrier.State {
	for _, s := range urgency {
		if g.has(s) {
			return s
		}
	}
	return carrier.StateUnknown
}

func (g group) has(s carrier.State) bool {
	return slices.ContainsFunc(g, func(o portingOrder) bool { return o.state() == s })
}

func (g group) open() bool {
	return g.state() != carrier.StateActive && g.state() != carrier.StateCancelled
}

// ref is our name of the group, at the version that all its parts have which can still change.
func (g group) ref() carrier.Ref {
	parts := slices.DeleteFunc(slices.Clone(g), portingOrder.final)
	if len(parts) == 0 {
		parts = g
	}
	oldest := slices.MinFunc(parts, func(a, b portingOrder) int { return a.version() - b.version() })
	return carrier.Ref{Port: g[0].CustomerGroupReference, Version: oldest.version()}
}

// first is when Telnyx took the order.
func (g group) first() time.Time { return g[0].CreatedAt }

// foc is when all parts have moved; zero while one has no date.
func (g group) foc() time.Time {
	if s := g.state(); s != carrier.StateConfirmed && s != carrier.StateActive && s != carrier.StateCancelPending {
		return time.Time{}
	}
	var last time.Time
	for _, o := range g {
		if at := o.Activation.FOCActual; at.After(last) && o.state() != carrier.StateCancelled {
			last = at
		}
	}
	return last
}

// change rises with every change: Telnyx gives each the instant of its last one.
func (g group) change() int {
	var last time.Time
	for _, o := range g {
		if o.UpdatedAt.After(last) {
			last = o.UpdatedAt
		}
	}
	return count(last)
}

// count is an instant as a number that rises with it; 0 for none.
func count(at time.Time) int {
	if at.IsZero() {
		return 0
	}
	return int(at.UnixMicro())
}

// numbers are those of all parts, each with what Telnyx says of it, in ascending order.
func (g group) numbers() []carrier.NumberState {
	told := map[porting.Number]carrier.NumberState{}
	whole := g.state()
	for _, o := range g {
		for _, n := range o.PhoneNumbers {
			told[number(n.PhoneNumber)] = o.number(n, whole)
		}
	}
	return slices.SortedFunc(maps.Values(told), func(a, b carrier.NumberState) int {
		return strings.Compare(a.Number.E164(), b.Number.E164())
	})
}

// number is where one number stands. It goes with the whole, unless its own order or its own activation went elsewhere.
func (o portingOrder) number(n portedNumber, whole carrier.State) carrier.NumberState {
	s := carrier.NumberState{Number: number(n.PhoneNumber), State: o.state()}
	switch reasons := o.rejections(); {
	case s.State == carrier.StateActive && notMoved[n.ActivationStatus] != "":
		return carrier.NumberState{Number: s.Number, State: carrier.StateRejected, Reason: notMoved[n.ActivationStatus]}
	case s.State == whole, !apart(s.State):
		s.State = whole
	case len(reasons) > 0:
		s.State, s.Reason = carrier.StateRejected, reasons[0].Reason
	default:
		s.Reason = porting.OtherReason
	}
	return s
}

// apart reports whether a number in such an order is told of apart from the rest. One that is only earlier or later on the
// same way is not.
func apart(s carrier.State) bool {
	return slices.Contains([]carrier.State{carrier.StateRejected, carrier.StateActive, carrier.StateCancelled, carrier.StateUnknown}, s)
}

// notMoved are the states at the registry of a number that stayed behind when its order was ported.
var notMoved = map[string]porting.Reason{
	"Failed": porting.NetworkNotReady, "Conflict": porting.RegistryConflict, "Cancelled": porting.RegistryConflict,
}
