package simulator

import (
	"slices"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// Exception is a number that a step leaves out, and why. It is named by its position in the order or by its last digits.
type Exception struct {
	Position int    `yaml:"position"` // counted from 1
	Ending   string `yaml:"ending"`   // last digits
	Code     string `yaml:"code"`     // the carrier's code
	Text     string `yaml:"text"`     // the carrier's words
}

// leaves holds the steps that can leave numbers out, with the carrier's word for such a number.
var leaves = map[string]string{Confirmed: wordRejected, Activated: wordFailed}

// problem says what is wrong with an exception, "" if nothing is.
func (e Exception) problem() string {
	switch {
	case e.Position < 0 || (e.Position > 0) == (e.Ending != ""):
		return "an exception names a position from 1, or the ending of a number"
	case strings.Trim(e.Ending, "0123456789") != "":
		return "an ending is digits"
	case e.Code == "":
		return "an exception needs a code"
	default:
		return ""
	}
}

// leftBy lists the numbers of an order that a step leaves out. One that was left out before stays so.
func (s Step) leftBy(o *order) []NumberView {
	var left []NumberView
	for i, n := range o.numbers {
		if _, already := o.left[n]; already {
			continue
		}
		if e, out := s.exceptionOf(i, n); out {
			left = append(left, NumberView{Number: n, Status: leaves[s.Then], Reason: &Reason{Code: e.Code, Text: e.Text}})
		}
	}
	return left
}

func (s Step) exceptionOf(index int, n porting.Number) (Exception, bool) {
	i := slices.IndexFunc(s.Except, func(e Exception) bool {
		return e.Position == index+1 || e.Ending != "" && strings.HasSuffix(n.E164(), e.Ending)
	})
	if i < 0 {
		return Exception{}, false
	}
	return s.Except[i], true
}

// numberViews are the numbers as the carrier shows them: with the order, but for those that were left out.
func (o *order) numberViews() []NumberView {
	var views []NumberView
	for _, n := range o.numbers {
		view, out := o.left[n]
		if !out {
			view = NumberView{Number: n, Status: o.word}
		}
		views = append(views, view)
	}
	return views
}

// tellsMessaging reports whether the carrier tells of messaging apart from voice.
func (s Scenario) tellsMessaging() bool {
	return slices.ContainsFunc(s.Steps, func(step Step) bool { return step.Then == MessagingActivated })
}

// messagingWord is where the messaging stands, "" where the carrier does not tell: it waits until it is moved, after the
// voice, and ends with the order.
func (o *order) messagingWord() string {
	switch {
	case !o.tellsMessaging:
		return ""
	case slices.Contains([]string{wordCancelled, wordReverseRequested, wordReversed}, o.word), o.word == wordActive && o.messagingMoved:
		return o.word
	default:
		return wordWaiting
	}
}
