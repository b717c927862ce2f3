package porting

import (
	"fmt"
	"slices"
)

// Policy says who must approve an order before it is sent. Its zero value asks nobody: the checks decide alone.
type Policy struct {
	People   int `json:"people"`             // distinct persons, never the submitter
	Teams    int `json:"teams,omitempty"`    // distinct teams that they come from
	Hardware int `json:"hardware,omitempty"` // persons among them whose key cannot leave its hardware
}

// Ref is the policy as a statement binds it, beside the pack that it comes from.
func (p Policy) Ref(pack string) string {
	return fmt.Sprintf("%s people=%d teams=%d hardware=%d", pack, p.People, p.Teams, p.Hardware)
}

// Facts are what decisions are weighed against.
type Facts struct {
	Version   int    // of the order; decisions on another one do not count
	Submitter string // who submitted the order; their own decision does not count
	Run       string // of the saga; decisions of another run do not count. Empty: any run's do
}

// Ruling is what decisions come to.
type Ruling string

// Rulings.
const (
	RulingApproved Ruling = "approved"
	RulingDeclined Ruling = "declined"
	RulingWaiting  Ruling = "waiting"
)

// Decide weighs decisions by the policy: the one rule that saga, gate, CLI and auditors share. It counts persons, never
// messages, names or keys; one reject stops; a person's approvals count once, with the best of their keys. The second
// result says what is missing while it waits.
func (p Policy) Decide(f Facts, decisions []Decision) (Ruling, []string) {
	people, teams, hardware := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, d := range decisions {
		if d.OrderVersion != f.Version || d.By == f.Submitter || (f.Run != "" && d.Run != f.Run) {
			continue
		}
		if d.Decision == Reject {
			return RulingDeclined, nil
		}
		if d.Decision != Approve || d.By == "" {
			continue
		}
		people[d.By] = true
		if d.Team != "" {
			teams[d.Team] = true
		}
		if d.Hardware {
			hardware[d.By] = true
		}
	}
	missing := slices.Concat(
		lacks(p.People, len(people), "more person must approve", "more persons must approve"),
		lacks(p.Teams, len(teams), "more team must be among them", "more teams must be among them"),
		lacks(p.Hardware, len(hardware), "of them with a hardware key", "of them with hardware keys"))
	if len(missing) > 0 {
		return RulingWaiting, missing
	}
	return RulingApproved, nil
}

func lacks(needed, have int, one, many string) []string {
	switch short := needed - have; {
	case short <= 0:
		return nil
	case short == 1:
		return []string{"1 " + one}
	default:
		return []string{fmt.Sprintf("%d %s", short, many)}
	}
}

// MinimalPolicy asks for that many persons and nothing else, and never for nobody: the rule where nobody screened.
func MinimalPolicy(people int) Policy { return Policy{People: max(people, 1)} }
