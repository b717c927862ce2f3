package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// bulkDecided is what came of deciding port by port.
type bulkDecided struct {
	ID      string        `json:"id"`
	Decided int           `json:"decided"`
	Refused []refusedPort `json:"refused,omitempty"`
}

// refusedPort is a port that did not take the decision.
type refusedPort struct {
	Port   string `json:"port"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// decideAll decides on a bulk order: with one message for all where decisions are trusted, and else port by port, each with
// a statement of its own.
func (o decideOptions) decideAll(ctx context.Context, f *Factory, id string, message porting.Decide) error {
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	waiting, trusted, err := f.challengesOf(ctx, ports, id)
	if err != nil {
		return err
	}
	if len(waiting) > 0 {
		return o.decideEach(ctx, f, ports, id, waiting, message)
	}
	if !trusted || o.asked() {
		return &porting.Error{
			Kind: porting.Refused, Code: "challenge-missing", Op: "sign decisions", Object: id, Detail: "no port of the order waits for a signed decision now",
			Next: "look at it with portsaga bulk show, and decide when ports wait",
		}
	}
	return f.sendAll(ctx, o.By, func(ports Ports, by string) (porting.Answer, error) {
		message.By = by
		return ports.DecideBulk(ctx, id, message)
	})
}

// maxBulkPorts is how many ports a bulk order can have.
const maxBulkPorts = 20_000

// challengesOf are what the ports of a bulk order show that wait for signed decisions. Decisions are trusted where a port
// waits for one and shows nothing to sign; the list lags, so a port in it may wait no more.
func (f *Factory) challengesOf(ctx context.Context, ports Ports, id string) (waiting []porting.Challenge, trusted bool, err error) {
	list, err := ports.List(ctx, starter.Filter{Order: id, WaitingOn: porting.WaitingApprover, OpenOnly: true, Limit: maxBulkPorts})
	if err != nil {
		return nil, false, err
	}
	bar := newBar(f, "ports read", len(list))
	defer bar.end()
	for i, port := range list {
		status, err := ports.Status(ctx, port.ID)
		if err != nil {
			return nil, false, err
		}
		switch {
		case status.Challenge != nil && status.Challenge.Port == port.ID:
			waiting = append(waiting, *status.Challenge)
		case status.Challenge == nil && status.WaitingOn == porting.WaitingApprover:
			return nil, true, nil
		}
		bar.at(i + 1)
	}
	if len(waiting) > 0 {
		return waiting, false, nil
	}
	signed, err := signsDecisions(ctx, ports, id)
	return nil, !signed, err
}

// signsDecisions reports whether the newest port of a bulk order takes signed decisions: then an unsigned one for all would
// be refused by each.
func signsDecisions(ctx context.Context, ports Ports, id string) (bool, error) {
	list, err := ports.List(ctx, starter.Filter{Order: id, Limit: 1})
	if err != nil || len(list) == 0 {
		return false, err
	}
	status, err := ports.Status(ctx, list[0].ID)
	return status.Signed, err
}

func (o decideOptions) decideEach(ctx context.Context, f *Factory, ports Ports, id string, waiting []porting.Challenge, message porting.Decide) error {
	f.toPeople(o.Yes, func(w io.Writer) { f.writeBulkSheet(w, id, message, waiting) })
	if err := f.confirm(fmt.Sprintf("Sign %s statements?", thousands(len(waiting))), o.Yes); err != nil {
		return err
	}
	signer, err := f.signer(ctx, o.Key)
	if err != nil {
		return err
	}
	result := bulkDecided{ID: id}
	bar := newBar(f, "ports decided", len(waiting))
	defer bar.end()
	for i, challenge := range waiting {
		text, err := approval.Encode(challenge.Statement(message.Decision, message.Reason, f.Now(), o.Life))
		if err != nil {
			return err
		}
		signed, err := f.signDecision(signer, text)
		if err != nil {
			return err
		}
		if err := result.count(challenge.Port, func() error {
			_, err := ports.Decide(ctx, challenge.Port, signed)
			return err
		}); err != nil {
			return err
		}
		bar.at(i + 1)
	}
	bar.end()
	return f.printDecided(result)
}

// count keeps what a port refused, and gives back what ends the command: no server, no worker.
func (b *bulkDecided) count(port string, decide func() error) error {
	err := decide()
	if kind := porting.KindOf(err); err != nil && (kind == porting.Refused || kind == porting.NotFound) {
		b.Refused = append(b.Refused, refusedPort{port, porting.CodeOf(err), err.Error()})
		return nil
	}
	if err == nil {
		b.Decided++
	}
	return err
}

func (f *Factory) printDecided(b bulkDecided) error {
	err := f.Print(b, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s ports decided, %s refused\n", b.ID, thousands(b.Decided), thousands(len(b.Refused)))
		for _, r := range b.Refused {
			fmt.Fprintf(w, "  %s  %s\n", r.Port, oneLine(r.Detail))
		}
	})
	if err == nil && len(b.Refused) > 0 {
		return answered(porting.Refused)
	}
	return err
}

// writeBulkSheet sums up what an approver signs for many ports.
func (f *Factory) writeBulkSheet(w io.Writer, id string, message porting.Decide, waiting []porting.Challenge) {
	numbers := 0
	risks, donors, recipients, carriers, findings, policies := tally{}, tally{}, tally{}, tally{}, tally{}, tally{}
	for _, c := range waiting {
		numbers += c.Shown.Count
		risks[string(c.Shown.Risk)]++
		donors[c.Shown.Donor]++
		recipients[c.Shown.Recipient]++
		carriers[c.Shown.Carrier]++
		policies[c.Policy]++
		for _, finding := range c.Shown.Findings {
			findings[finding]++
		}
	}
	fmt.Fprintf(w, "%s\n\n", f.style(bold, fmt.Sprintf("You %s %s ports of %s that wait for a decision now", message.Decision, thousands(len(waiting)), id)))
	fields(w, "numbers", thousands(numbers), "risk", risks.String(), "from", donors.String(), "to", recipients.String(), "carrier", carriers.String(),
		"findings", findings.String(), "reason", string(message.Reason), "rules", policies.String(), "deployment", oneLine(waiting[0].Audience))
	fmt.Fprintln(w)
}

// tally counts ports by a word.
type tally map[string]int

// String is the words with their counts, the most frequent first.
func (t tally) String() string {
	const most = 10
	words := slices.SortedFunc(maps.Keys(t), func(a, b string) int {
		if t[a] != t[b] {
			return t[b] - t[a]
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, word := range words[:min(len(words), most)] {
		parts = append(parts, fmt.Sprintf("%s (%s)", orDash(oneLine(word)), thousands(t[word])))
	}
	if more := len(words) - most; more > 0 {
		parts = append(parts, fmt.Sprintf("%s others", thousands(more)))
	}
	return strings.Join(parts, ", ")
}
