package oracle

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// Law is something that must hold whatever happens. Breaches names what breaks it; nothing where it holds.
type Law struct {
	Name     string
	Breaches func(Record) []string
}

// Laws are all that a campaign is judged by.
var Laws = []Law{
	{"no activation after an acknowledged revocation", revocationsHold},
	{"no number in two open ports", numbersAreAlone},
	{"one effect per step", effectsAreSingle},
	{"an unknown outcome is looked up before it is sent again", unknownIsAsked},
	{"exact undo", undoIsExact},
	{"every demanded notice before effectuation", noticesComeFirst},
	{"no lost clock", clocksRun},
	{"legal transitions only", movesAreLegal},
	{"every history replays", historiesReplay},
	{"forged news are refused", forgeriesFail},
	{"the audit log is whole", func(r Record) []string { return r.Log }},
	{"no canary in the clear", func(r Record) []string { return r.Canaries }},
	{"nothing is lost, and everything converges", everythingConverges},
}

// Finding is what one law came to.
type Finding struct {
	Law      string   `json:"law"`
	Breaches []string `json:"breaches"`
}

// Judge holds a record against every law.
func Judge(r Record) []Finding {
	var findings []Finding
	for _, law := range Laws {
		breaches := law.Breaches(r)
		if breaches == nil {
			breaches = []string{}
		}
		findings = append(findings, Finding{law.Name, breaches})
	}
	return findings
}

// revocationsHold: where a caller was told that the fence is closed, no activation is asked for afterwards; where a caller was
// told less, the revocation may have come too late, but it is not forgotten. What was approved of a port-out is taken back.
func revocationsHold(r Record) []string {
	var breaches []string
	at := standings(r.Effects)
	for _, v := range r.Revocations {
		for _, e := range r.Effects {
			if e.Port == v.Port && e.Name == simulator.ActivationAsked && v.Closed && e.At.After(v.Acked) {
				breaches = append(breaches, fmt.Sprintf("%s: activation asked %s after the revocation was acknowledged", e.Port, e.At.Sub(v.Acked)))
			}
		}
		for _, p := range r.Ports {
			if p.ID == v.Port && v.Closed && p.Outcome == porting.OutcomeCompleted {
				breaches = append(breaches, p.ID+": completed, though its revocation was acknowledged with a closed fence")
			}
			asked := at[p.ID].asked
			if p.ID == v.Port && v.Taken && p.Direction == porting.PortOut && asked[simulator.PortOutApproved] && !asked[simulator.PortOutCancelAsked] {
				breaches = append(breaches, p.ID+": its revocation was acknowledged, and the approval was never taken back")
			}
		}
	}
	return breaches
}

// numbersAreAlone: no two ports have a number at the same time.
func numbersAreAlone(r Record) []string {
	byNumber := map[string][]Tenure{}
	for _, t := range r.Tenures {
		byNumber[t.Number] = append(byNumber[t.Number], t)
	}
	var breaches []string
	for _, tenures := range byNumber {
		slices.SortFunc(tenures, func(a, b Tenure) int { return a.From.Compare(b.From) })
		for i, later := range tenures {
			for _, earlier := range tenures[:i] {
				if earlier.Port != later.Port && (earlier.To.IsZero() || later.From.Before(earlier.To)) {
					breaches = append(breaches, fmt.Sprintf("%s and %s have one number at %s", earlier.Port, later.Port, later.From.Format("15:04:05.000")))
				}
			}
		}
	}
	slices.Sort(breaches)
	return breaches
}

// asked are the effects of requests of ours: each is done once for a version of an order.
var asked = []string{
	simulator.Submitted, simulator.Supplemented, simulator.CancelAsked, simulator.ActivationAsked, simulator.ReversalAsked,
	simulator.PortOutApproved, simulator.PortOutRefused, simulator.PortOutCancelAsked,
}

func effectsAreSingle(r Record) []string {
	type step struct {
		port    string
		version int
		name    string
	}
	steps, keys := map[step]int{}, map[string]int{}
	var breaches []string
	for _, e := range r.Effects {
		if !slices.Contains(asked, e.Name) {
			continue
		}
		s := step{e.Port, e.Version, e.Name}
		if steps[s]++; steps[s] == 2 {
			breaches = append(breaches, fmt.Sprintf("%s, version %d: %s more than once", e.Port, e.Version, e.Name))
		}
		if keys[e.Key]++; e.Key != "" && keys[e.Key] == 2 {
			breaches = append(breaches, "the key "+e.Key+" did two things")
		}
	}
	return breaches
}

func unknownIsAsked(r Record) []string {
	unknown := map[string]bool{}
	var breaches []string
	for _, c := range r.Calls {
		if c.Changes && unknown[c.Port] {
			breaches = append(breaches, c.Port+": sent again before the order was read")
		}
		if c.Changes || c.Answered {
			unknown[c.Port] = c.Changes && !c.Answered
		}
	}
	return breaches
}

// noticesComeFirst: a port whose numbers were asked to move has a notice that was demanded, and it was accepted before.
func noticesComeFirst(r Record) []string {
	accepted := map[string]Mail{}
	for _, m := range r.Mails {
		if first, is := accepted[m.ID]; !is || m.At.Before(first.At) {
			accepted[m.ID] = m
		}
	}
	var breaches []string
	for _, e := range r.Effects {
		if e.Name != simulator.ActivationAsked {
			continue
		}
		told := slices.ContainsFunc(r.Notices, func(n Notice) bool {
			mail, came := accepted[n.ID]
			return n.Port == e.Port && came && !mail.At.After(e.At)
		})
		if !told {
			breaches = append(breaches, e.Port+": activation asked before anybody had accepted the notice that must come first")
		}
	}
	return breaches
}

// clocksRun: whatever waits for a date has a timer that runs, and no date is over by more than our patience.
func clocksRun(r Record) []string {
	var breaches []string
	for _, p := range r.Ports {
		switch {
		case !p.Open || p.DueAt.IsZero():
		case p.Timers == 0:
			breaches = append(breaches, fmt.Sprintf("%s: %s is due at %s, and no timer runs", p.ID, p.Stage, p.DueAt.Format("15:04:05")))
		case r.At.Sub(p.DueAt) > r.Patience:
			breaches = append(breaches, fmt.Sprintf("%s: %s was due %s ago", p.ID, p.Stage, r.At.Sub(p.DueAt)))
		}
	}
	return breaches
}

// movesAreLegal: a port's timeline tells of no move that is not in the table, and of no stage that the moves do not lead to.
func movesAreLegal(r Record) []string {
	var breaches []string
	for _, p := range r.Ports {
		told := porting.Port{Direction: p.Direction}
		for _, e := range p.Timeline {
			if p.Rescued && told.Stage == porting.Received && e.Stage == porting.Active {
				told.Stage = porting.Active // so the rescue found it at the carrier: no saga is left that could have moved it
			}
			from := cmp.Or(told.Stage, "the start")
			if err := told.Move(e.Event, e.At, e.Actor, ""); err != nil {
				breaches = append(breaches, fmt.Sprintf("%s: %s in %s", p.ID, e.Event, from))
				break
			}
			if told.Stage != e.Stage {
				breaches = append(breaches, fmt.Sprintf("%s: %s in %s leads to %s, and it says %s", p.ID, e.Event, from, told.Stage, e.Stage))
				break
			}
		}
	}
	return breaches
}

func historiesReplay(r Record) []string {
	var breaches []string
	for _, h := range r.Replays {
		if h.Fault != "" {
			breaches = append(breaches, h.ID+": "+h.Fault)
		}
	}
	return breaches
}

func forgeriesFail(r Record) []string {
	var breaches []string
	for _, f := range r.Forged {
		if f.Status < http.StatusBadRequest {
			breaches = append(breaches, fmt.Sprintf("forged news of %s were answered with %d", f.At.Format("15:04:05.000"), f.Status))
		}
	}
	return breaches
}
