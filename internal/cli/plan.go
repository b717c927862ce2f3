package cli

import (
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// plan is what can be known of a port before anything is sent.
type plan struct {
	ID            string             `json:"id"`
	Reference     string             `json:"reference"`
	Received      time.Time          `json:"received"` // when the order is taken to arrive
	Pack          string             `json:"pack"`     // id@version
	PackWhy       string             `json:"pack_why"`
	Simple        *bool              `json:"simple,omitempty"`
	Tests         []rules.TestResult `json:"tests,omitempty"` // of a simple port
	Numbers       int                `json:"numbers"`
	Deemed        time.Time          `json:"deemed_received"`
	FOCDue        time.Time          `json:"foc_due,omitzero"`
	EligibleFrom  time.Time          `json:"eligible_from,omitzero"`
	Earliest      time.Time          `json:"earliest"` // activation that the rules and the windows allow
	DueDate       *wish              `json:"due_date,omitempty"`
	Activation    time.Time          `json:"activation"` // that the clocks after it assume: for the wish where it is accepted
	Authorization proof              `json:"authorization"`
	Approvals     approvals          `json:"approvals"`
	Documents     []rules.Document   `json:"documents"`
	Clocks        []plannedClock     `json:"clocks"`
	Conditional   []rules.Clock      `json:"conditional"` // clocks of events that may never happen
	Warnings      []orders.Problem   `json:"warnings"`
	Refused       *porting.Refusal   `json:"refused,omitempty"` // why the order would be refused when it is screened
}

// wish is the desired due date, held against the rules.
type wish struct {
	Date     string `json:"date"`
	Accepted bool   `json:"accepted"`
	Earliest string `json:"earliest"` // the first date that would be
	Why      string `json:"why"`
}

// proof is what can be said offline about the authorization.
type proof struct {
	Kind  string     `json:"kind"`
	Valid *bool      `json:"valid"` // nil: there is nothing to check
	Until *time.Time `json:"until,omitempty"`
	Why   string     `json:"why"`
}

// approvals is who must decide before the order is sent.
type approvals struct {
	People int    `json:"people"`
	NotBy  string `json:"not_by,omitempty"` // who submitted the order
	Why    string `json:"why"`
}

// plannedClock is a clock with the event that starts it and, where that is not the receipt, what is assumed of it.
type plannedClock struct {
	rules.Due
	Starts  string `json:"starts_on"`
	Assumes string `json:"assumes,omitempty"`
}

func newPlan(f *Factory) *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:   "plan ORDER",
		Short: "Show what an order will need and when, before anything is sent",
		Long: "Plan a port from its order file: the rules that bind it and why, the papers and approvals that it needs, every deadline as a\n" +
			"date, whether the desired due date will do, and whether the authorization code checks out offline. Deadlines of events that\n" +
			"are yet to come say what they assume. Nothing is started and no server is asked.\n\n" +
			"An order that the rules refuse ends with 3.",
		Example: "  portsaga plan order.yaml\n  portsaga plan order.yaml --at 2026-11-20T14:30:00-05:00\n" +
			"  portsaga plan order.yaml -o json | jq '.clocks[] | {name, due}'",
		GroupID: groupPorts,
		Args:    exactly(1, "which order? name its file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			received, err := f.instant(cmd, at)
			if err != nil {
				return err
			}
			return f.plan(args[0], received)
		},
	}
	atFlag(cmd, &at)
	return cmd
}

func (f *Factory) plan(name string, received time.Time) error {
	file, err := f.readOrderAt(name, received)
	if err != nil {
		return err
	}
	book, err := f.book()
	if err != nil {
		return err
	}
	p, err := planOf(book, file, received)
	if err != nil {
		return err
	}
	if err := f.Print(p, func(w io.Writer) { f.writePlan(w, p) }); err != nil || p.Refused == nil {
		return err
	}
	return answered(porting.Refused)
}

// planner makes a plan of one order under one pack.
type planner struct {
	pack     *rules.Pack
	order    porting.Order
	place    rules.Place
	zone     *time.Location
	received time.Time
	plan     plan
}

// planOf plans an order. Its error is the refusal of an order that no pack takes.
func planOf(book *rules.Book, file orderRead, received time.Time) (plan, error) {
	o := file.order
	chosen, err := book.Select(o, received)
	if err != nil {
		return plan{}, err
	}
	if err := chosen.Pack.CheckPlace(o); err != nil {
		return plan{}, err
	}
	zone, err := chosen.Pack.ZoneAt(placeOf(o))
	if err != nil {
		return plan{}, err
	}
	p := planner{pack: chosen.Pack, order: o, place: placeOf(o), zone: zone, received: received.In(zone), plan: plan{
		ID: porting.PortID(porting.PortIn, o.TenantOrDefault(), o.Reference), Reference: o.Reference, Received: received.In(zone),
		Pack: chosen.Pack.Ref(), PackWhy: chosen.Why, Simple: chosen.Simple, Tests: chosen.Tests, Numbers: len(o.Numbers),
		Documents: append([]rules.Document{}, chosen.Pack.Documents()...), Warnings: append([]orders.Problem{}, file.warnings...),
	}}
	hint := chosen.Pack.Approvals()
	p.plan.Approvals = approvals{People: max(hint.People, 1), NotBy: o.SubmittedBy, Why: hint.Why()}
	for _, step := range []func() error{p.authorize, p.receive, p.date, p.clocks} {
		if err := step(); err != nil {
			return plan{}, err
		}
	}
	return p.plan, nil
}

// authorize checks the code as the screening will, and the age of a paper.
func (p *planner) authorize() error {
	auth := p.order.Authorization
	check := rules.CodeCheck{Number: p.place.Number, At: p.received, Area: p.place.Region}
	if auth.Code == "" {
		check.Kind, check.Issued = auth.Kind, auth.SignedAt
	} else {
		check.Code, check.Issued = auth.Code, auth.IssuedAt
	}
	p.plan.Authorization = proof{Kind: auth.Kind}
	result, err := p.pack.CheckCode(check)
	switch {
	case err != nil && auth.Code == "":
		p.plan.Authorization.Why = "the rules say nothing that could be checked about this kind of authorization"
		return nil
	case err != nil:
		return err
	}
	p.plan.Authorization = proof{Kind: auth.Kind, Valid: &result.Valid, Until: result.Until, Why: result.Why}
	if !result.Valid && auth.Code != "" {
		p.plan.Refused = &porting.Refusal{Reason: porting.PINMismatch, Note: "the authorization code is not valid: " + cmp.Or(result.Reason, result.Why)}
	}
	return nil
}

// receive computes what the receipt itself starts.
func (p *planner) receive() error {
	all, err := p.pack.Deadlines(p.received, p.place)
	p.plan.Deemed, p.plan.FOCDue, p.plan.EligibleFrom = all.DeemedReceived, all.FOCDue, all.EligibleFrom
	return err
}

// clockLead is the clock of the earliest wish.
const clockLead = "foc-lead"

// date finds the first activation that the rules allow, and holds the wish against it.
func (p *planner) date() error {
	lead, err := p.pack.Due(clockLead, p.received, p.place)
	if porting.KindOf(err) == porting.NotFound {
		lead, err = rules.Due{At: p.plan.Deemed}, nil
	}
	if err != nil {
		return err
	}
	from := lead.At
	if p.plan.EligibleFrom.After(from) {
		from = p.plan.EligibleFrom
	}
	if p.plan.Earliest, err = p.pack.NextActivation(from, p.place); err != nil {
		return err
	}
	p.plan.Activation = p.plan.Earliest
	if p.order.Wishes.DueDate == "" {
		return nil
	}
	return p.wish(lead)
}

// wish is accepted on a day that is not too early and that has an activation window.
func (p *planner) wish(lead rules.Due) error {
	day, err := time.ParseInLocation(time.DateOnly, p.order.Wishes.DueDate, p.zone)
	if err != nil {
		return err // the reader of orders lets no other date through
	}
	w := &wish{Date: p.order.Wishes.DueDate, Earliest: p.plan.Earliest.Format(time.DateOnly)}
	p.plan.DueDate = w
	window, err := p.pack.NextActivation(day, p.place)
	if err != nil {
		return err
	}
	switch {
	case w.Date < w.Earliest:
		w.Why = lead.Why
	case window.Format(time.DateOnly) != w.Date:
		w.Why, w.Earliest = "numbers do not change hands on that day", window.Format(time.DateOnly)
	default:
		w.Accepted, w.Why = true, lead.Why
		if window.After(p.plan.Earliest) {
			p.plan.Activation = window
		}
	}
	return nil
}

// donorsClock starts where we are the donor, and never on an order of ours.
const donorsClock = "answer"

// clocks dates every clock whose start can be assumed, and lists the others.
func (p *planner) clocks() error {
	starts := p.starts()
	for name, clock := range p.pack.Rules.Clocks {
		if clock.Start == donorsClock {
			continue
		}
		start, known := starts[clock.Start]
		if !known {
			p.plan.Conditional = append(p.plan.Conditional, clock)
			continue
		}
		due, err := p.pack.Due(name, start.at, p.place)
		if err != nil {
			return err
		}
		p.plan.Clocks = append(p.plan.Clocks, plannedClock{due, clock.Start, start.assumes})
	}
	slices.SortFunc(p.plan.Clocks, func(a, b plannedClock) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Clock, b.Clock)) })
	slices.SortFunc(p.plan.Conditional, func(a, b rules.Clock) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Name, b.Name)) })
	return nil
}

// start is when an event is assumed to happen.
type start struct {
	at      time.Time
	assumes string
}

// starts are the events of a port that goes straight on.
func (p *planner) starts() map[string]start {
	day := p.plan.Activation.Format(time.DateOnly)
	known := map[string]start{
		"receipt":           {p.received, ""},
		rules.DeemedReceipt: {p.received, "the LSR is sent at once"},
		"foc-date":          {p.plan.Activation, "the FOC is for " + day},
		"activation":        {p.plan.Activation, "the numbers move on " + day},
	}
	if due := p.plan.FOCDue; !due.IsZero() {
		known["foc"] = start{due, "the carrier does not answer in time"}
		known["rejection"] = start{due, "the carrier rejects in the last moment"}
	}
	return known
}
