package manual

import (
	"fmt"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// The steps that a person takes at a carrier. Each is one task for one version of the order, and one more for each time that
// it is asked for again after the carrier answered it.
const (
	stepSubmit     = "submit"
	stepSupplement = "supplement"
	stepCancel     = "cancel"
	stepStop       = "stop" // a cancel that nobody takes in writing any more
	stepActivate   = "activate"
	stepReverse    = "reverse"
)

// step is what a task's step asks for, without the number of its repetition.
func step(name string) string {
	plain, _, _ := strings.Cut(name, ".")
	return plain
}

// nextStep names a step so that the same request gets the same task: the one that is still unanswered, or else a new one.
func (s standing) nextStep(version int, what string) string {
	rounds, open := 0, ""
	for _, t := range s.book.Tasks {
		if t.Version != version || step(t.Step) != what {
			continue
		}
		rounds++
		if t.Seq == 0 || t.Seq > s.lastAnswer() {
			open = t.Step
		}
	}
	switch {
	case open != "":
		return open
	case rounds == 0:
		return what
	default:
		return fmt.Sprintf("%s.%d", what, rounds+1)
	}
}

// lastAnswer is the place of the last answer, whoever signed it; 0 where there is none.
func (s standing) lastAnswer() int64 {
	if len(s.book.Answers) == 0 {
		return 0
	}
	return s.book.Answers[len(s.book.Answers)-1].Seq
}

func taskID(ref carrier.Ref, step string) string { return ref.String() + "/" + step }

// waits reports whether a task may have reached the carrier, and nobody has answered it.
func (s standing) waits(t ledger.DeskTask) bool {
	if t.Seq == 0 {
		return t.Mail == ledger.DeskMailTried && t.Version >= s.version()
	}
	return t.Seq > s.lastAnswer()
}

// open is the task that waits for a person now: the last one that nobody has answered, or else the order itself where only
// the carrier can go on.
func (s standing) open() *ledger.DeskTask {
	var open *ledger.DeskTask
	for i := range s.book.Tasks {
		t := &s.book.Tasks[i]
		if s.waits(*t) {
			open = t
		}
	}
	if open == nil && (s.trouble != "" || s.state == porting.CarrierLocked || s.alone && s.state == carrier.StateConfirmed) {
		return s.sent
	}
	return open
}

// todo is a line for the operator's page. It holds no personal data.
func (s standing) todo() string {
	t := s.open()
	if t == nil {
		return ""
	}
	by := t.DueAt.UTC().Format("2 Jan 15:04")
	if !s.foc.IsZero() && t.DueAt.Before(s.foc) {
		by = s.foc.UTC().Format("2 Jan 15:04")
	}
	return fmt.Sprintf("%s by %s UTC: portsaga desk show %s", s.what(t), by, t.ID)
}

// what says what a person does about a task now.
func (s standing) what(t *ledger.DeskTask) string {
	name := names[step(t.Step)]
	switch {
	case s.trouble != "":
		return "the book of this order cannot be believed; ask the carrier how it stands and answer anew"
	case t.Mail == ledger.DeskMailTried:
		return "the mail with the " + name + " may have been lost, it is sent again; ask the carrier"
	case t.Mail == ledger.DeskMailRefused:
		return "the mail with the " + name + " was refused; send it by hand, and answer"
	case step(t.Step) == stepStop:
		return "call the carrier, which cancels by telephone only, and answer"
	case t.Mail == ledger.DeskMailNone:
		return "enter the " + name + " in the carrier's portal, and answer"
	case t.Seq < s.lastAnswer():
		return "watch that the carrier moves the numbers on its date, and answer"
	default:
		return "the " + name + " was mailed; get the carrier's word, and answer"
	}
}

var names = map[string]string{
	stepSubmit: "order", stepSupplement: "correction", stepCancel: "cancel", stepStop: "cancel", stepActivate: "activation", stepReverse: "reverse port",
}

// urgent is how long a person may take over an activation whose hour has come.
const urgent = time.Hour

// due is until when a person sees to a task.
func (p Profile) due(what string, now time.Time) time.Time {
	within := p.AnswerWithin
	if within == 0 {
		within = usualPatience
	}
	if what == stepActivate || what == stepStop {
		within = min(within, urgent)
	}
	return now.Add(within)
}
