package evidence

import (
	"fmt"
	"strings"

	"github.com/portsaga/portsaga/internal/audit"
)

// tell writes the leaves as people read them.
func (v *verifier) tell() {
	for _, e := range v.entries {
		v.out.Events = append(v.out.Events, Event{Index: e.Index, At: e.At, By: v.signed[e.Index], Kind: e.Kind, Detail: detailOf(e.Record)})
	}
}

// detailOf is what a leaf says, in a line.
func detailOf(r audit.Record) string {
	tell, known := tellers[r.Kind]
	if !known {
		return r.Ref
	}
	line, err := tell(r)
	if err != nil {
		return "it cannot be read"
	}
	return line
}

var tellers = map[audit.Kind]func(audit.Record) (string, error){
	audit.Claimed:         telling(tellClaim),
	audit.Screened:        telling(tellScreening),
	audit.Decided:         telling(tellDecision),
	audit.Counted:         telling(tellCount),
	audit.Submission:      telling(tellSubmission),
	audit.Intent:          telling(tellCall),
	audit.Done:            telling(tellCall),
	audit.Revocation:      telling(tellRevocation),
	audit.ActivationBegun: telling(func(f audit.ActivationFact) string { return "the activation " + f.Key + " won the fence" }),
	audit.ActivationEnded: telling(tellEnd),
	audit.Notice:          telling(tellNotice),
	audit.NoticeSent:      telling(tellNotice),
	audit.NoticeFailed:    telling(tellNotice),
	audit.NoticeAgain:     telling(tellNotice),
	audit.Transition:      telling(tellTransition),
	audit.Closed:          telling(func(f audit.CloseFact) string { return "ended: " + string(f.Outcome) }),
	audit.Exchange:        telling(tellExchange),
	audit.DeskAnswer:      telling(func(f audit.DeskFact) string { return "written at the desk by " + f.By + ": " + f.Task }),
	audit.Erased:          telling(tellKey),
	audit.Held:            telling(tellKey),
	audit.Released:        telling(tellKey),
	audit.Registry:        telling(func(f audit.RegistryFact) string { return fmt.Sprintf("version %d is in use", f.Version) }),
	audit.Quarantined:     telling(func(f audit.QuarantineFact) string { return f.Why }),
	audit.Lifted:          telling(func(f audit.QuarantineFact) string { return "by " + f.By }),
}

func telling[F any](tell func(F) string) func(audit.Record) (string, error) {
	return func(r audit.Record) (string, error) {
		var fact F
		if err := r.Into(&fact); err != nil {
			return "", err
		}
		return tell(fact), nil
	}
}

func tellClaim(f audit.ClaimFact) string {
	return fmt.Sprintf("%s of %d numbers (%s) through %s under %s, ordered by %s", f.Direction, f.Count, strings.Join(f.Numbers, ", "), f.Carrier, f.Pack, f.Submitter)
}

func tellScreening(f audit.ScreenFact) string {
	line := fmt.Sprintf("version %d: %s risk", f.Version, f.Risk)
	if f.Score != 0 {
		line += fmt.Sprintf(", score %d", f.Score)
	}
	if f.Fraud != "" {
		line += ", by " + f.Fraud
	}
	if f.Blocked != "" {
		line += ", blocked: " + string(f.Blocked)
	}
	return line
}

func tellDecision(f audit.DecisionFact) string {
	line := fmt.Sprintf("%s by %s on version %d", f.Decision, f.By, f.Version)
	if f.Reason != "" {
		line += ": " + string(f.Reason)
	}
	if !f.Signed {
		return line + " (unsigned)"
	}
	return line + " (signed with " + f.Credential + ")"
}

func tellCount(f audit.CountFact) string {
	return fmt.Sprintf("%d decisions on version %d satisfy %s", len(f.Decisions), f.Version, f.PolicyRef)
}

func tellSubmission(f audit.SubmissionFact) string {
	return fmt.Sprintf("version %d goes to %s", f.Version, f.Carrier)
}

func tellCall(f audit.CallFact) string {
	line := f.Call + " at " + f.Carrier
	if f.Answer != "" {
		line += ": " + string(f.Answer)
	}
	if f.Reason != "" {
		line += " because of " + string(f.Reason)
	}
	if f.State != "" {
		line += " -> " + string(f.State)
	}
	if f.Failure != "" {
		line += " (" + f.Failure + ")"
	}
	return line
}

func tellRevocation(f audit.RevocationFact) string {
	return fmt.Sprintf("by %s, %s: the fence is %s", f.By, f.Reason, f.Fence)
}

func tellEnd(f audit.ActivationFact) string {
	if f.Moved {
		return "the numbers moved"
	}
	return "nothing moved"
}

func tellExchange(f audit.ExchangeFact) string {
	line := fmt.Sprintf("%s %s at %s", f.Method, f.Path, f.Carrier)
	if f.Status != 0 {
		line += fmt.Sprintf(": %d", f.Status)
	}
	if f.Failure != "" {
		line += " (" + f.Failure + ")"
	}
	return line
}

func tellKey(f struct{ By, Why string }) string {
	line := "by " + f.By
	if f.Why != "" {
		line += ": " + f.Why
	}
	return line
}

func tellNotice(f audit.NoticeFact) string {
	line := fmt.Sprintf("%s to the %s by %s", f.Event, f.Recipient, f.Channel)
	if f.Suppressed != "" {
		line += ", not sent: " + f.Suppressed
	}
	if f.Failure != "" {
		line += ", failed: " + f.Failure
	}
	return line
}

func tellTransition(f audit.TransitionFact) string {
	line := string(f.Stage) + ": " + string(f.Event)
	if f.Actor != "" {
		line += " by " + f.Actor
	}
	return line
}

// EventOf tells a stored leaf as people read it.
func EventOf(s audit.Stored) (Event, error) {
	r, err := audit.ReadRecord(s.Text)
	return Event{Index: s.Index, At: r.At, Kind: r.Kind, Detail: detailOf(r)}, err
}
