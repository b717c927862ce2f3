package twilio

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	numbers "github.com/twilio/twilio-go/rest/numbers/v1"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Twilio's words for where a request or a number stands. They are text, not an enumeration, and written in several ways;
// wordOf makes them one.
const (
	inReview       = "in_review"
	awaitsSigning  = "waiting_for_signature"
	inProgress     = "in_progress"
	actionRequired = "action_required"
	completed      = "completed"
	canceled       = "canceled"
	expired        = "expired"

	submitted = "port_submitted"
	accepted  = "port_pending"
	rejected  = "port_rejected"
	canceling = "canceling"
)

var spellings = map[string]string{
	"pending": accepted, "submitted": submitted, "rejected": rejected, "cancelled": canceled, "cancelling": canceling,
}

func wordOf(text string) string {
	word := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(text)))
	return cmp.Or(spellings[word], word)
}

// known are the words for a request; "" is one that Twilio does not tell.
var known = []string{"", inReview, awaitsSigning, inProgress, actionRequired, completed, canceled, expired, accepted, submitted}

// ended reports whether a request goes nowhere any more. What became of its numbers, only they tell.
func ended(word string) bool { return word == completed || word == canceled || word == expired }

// statusOf reads an order. The numbers decide; Twilio's word for the whole is trusted only where they do not contradict it.
func statusOf(ref carrier.Ref, r *numbers.NumbersV1PortingPortIn) carrier.Status {
	word := wordOf(value(r.PortInRequestStatus))
	p := parts(value(r.PhoneNumbers), word)
	s := carrier.Status{Ref: ref, State: p.state(word), Raw: value(r.PortInRequestStatus), Numbers: p.numbers, FOC: p.foc, Extra: extra(r)}
	if p.odd != "" {
		s.Raw += ", a number: " + p.odd
	}
	if s.State == carrier.StateRejected || s.State == carrier.StateCancelled {
		s.Reasons = reasons(r, s.State)
	}
	s.Version = versionOf(r, s.State)
	return s
}

// tally is an order's numbers by state.
type tally struct {
	numbers   []carrier.NumberState
	foc       time.Time // the first port date: from then on numbers move
	count     map[carrier.State]int
	withDonor bool   // a number is still at the losing carrier
	odd       string // a word for a number that we do not know
}

func parts(all []numbers.NumbersV1PortingPortInPhoneNumberResult, order string) tally {
	t := tally{count: map[carrier.State]int{}}
	for _, n := range all {
		number, err := porting.ParseNumber(n.PhoneNumber)
		if err != nil {
			t.count[carrier.StateUnknown]++
			t.odd = "no number"
			continue
		}
		state, word := numberState(n), wordOf(n.PortInPhoneNumberStatus)
		if state == carrier.StatePending && (order == canceled || order == expired) && (word == inReview || word == awaitsSigning) {
			state = carrier.StateCancelled // it never left Twilio
		}
		if state == carrier.StateUnknown {
			t.odd = n.PortInPhoneNumberStatus
		}
		t.withDonor = t.withDonor || state == carrier.StatePending || state == carrier.StateConfirmed || state == carrier.StateCancelPending
		t.count[state]++
		t.numbers = append(t.numbers, carrier.NumberState{Number: number, State: state, Reason: whyStays(n, state)})
		if date := value(n.PortDate); !date.IsZero() && (t.foc.IsZero() || date.Before(t.foc)) && (state == carrier.StateConfirmed || state == carrier.StateActive) {
			t.foc = date
		}
	}
	return t
}

// numberState reads a number's word. The losing carrier has confirmed it once it has a port date.
func numberState(n numbers.NumbersV1PortingPortInPhoneNumberResult) carrier.State {
	switch wordOf(n.PortInPhoneNumberStatus) {
	case inReview, awaitsSigning:
		if n.Portable != nil && !*n.Portable {
			return carrier.StateRejected
		}
		return carrier.StatePending
	case submitted, accepted, inProgress:
		if n.PortDate != nil {
			return carrier.StateConfirmed
		}
		return carrier.StatePending
	case rejected, actionRequired:
		return carrier.StateRejected
	case canceling:
		return carrier.StateCancelPending
	case canceled, expired:
		return carrier.StateCancelled
	case completed:
		return carrier.StateActive
	default:
		return carrier.StateUnknown
	}
}

func whyStays(n numbers.NumbersV1PortingPortInPhoneNumberResult, state carrier.State) porting.Reason {
	switch {
	case state != carrier.StateRejected && state != carrier.StateCancelled:
		return ""
	case value(n.RejectionReason) != "":
		return reasonOf(*n.RejectionReason)
	case n.Portable != nil && !*n.Portable:
		return notPortable(value(n.NotPortabilityReasonCode))
	default:
		return porting.OtherReason
	}
}

// state rolls the numbers up. An order is active when some moved and none is left that may; it is never active, and never
// cancelled, because Twilio's word for the whole says so.
func (t tally) state(word string) carrier.State {
	told := len(t.numbers)
	switch {
	case t.count[carrier.StateUnknown] > 0, !slices.Contains(known, word):
		return carrier.StateUnknown
	case told == 0:
		return stateWithoutNumbers(word)
	case t.withDonor && ended(word):
		return t.contradicted(word)
	case t.withDonor:
		return t.underWay(word)
	case t.count[carrier.StateActive] > 0:
		return carrier.StateActive
	case t.count[carrier.StateCancelled] == told, ended(word):
		return carrier.StateCancelled
	default:
		return carrier.StateRejected
	}
}

// contradicted is an order that is over, while the losing carrier still has numbers of it: a cancel that is not through, or
// something that nobody understands.
func (t tally) contradicted(word string) carrier.State {
	if word == completed {
		return carrier.StateUnknown
	}
	return carrier.StateCancelPending
}

func (t tally) underWay(word string) carrier.State {
	going := t.count[carrier.StateConfirmed] + t.count[carrier.StateActive]
	switch {
	case t.count[carrier.StateConfirmed]+t.count[carrier.StatePending] == 0:
		return carrier.StateCancelPending
	case going > 0:
		return carrier.StateConfirmed
	case word == actionRequired:
		return carrier.StateRejected
	default:
		return carrier.StatePending
	}
}

func stateWithoutNumbers(word string) carrier.State {
	switch word {
	case actionRequired:
		return carrier.StateRejected
	case canceled, expired:
		return carrier.StateCancelled
	case completed, "":
		return carrier.StateUnknown // that tells of no number that it moved
	default:
		return carrier.StatePending
	}
}

// extra is what helps a person and names nobody.
func extra(r *numbers.NumbersV1PortingPortIn) map[string]string {
	e := map[string]string{"request": value(r.PortInRequestSid)}
	if r.SupportTicketId != 0 {
		e["support_ticket"] = strconv.Itoa(r.SupportTicketId)
	}
	if wordOf(value(r.PortInRequestStatus)) == awaitsSigning {
		e["waiting_for"] = "LOA signature"
	}
	return e
}

// reasons are why numbers were rejected, each once, or why Twilio cancelled.
func reasons(r *numbers.NumbersV1PortingPortIn, state carrier.State) []carrier.Rejection {
	var all []carrier.Rejection
	add := func(code, text string, why porting.Reason) {
		if !slices.ContainsFunc(all, func(known carrier.Rejection) bool { return known.Code == code }) {
			all = append(all, carrier.Rejection{Code: code, Text: text, Reason: why})
		}
	}
	for _, n := range value(r.PhoneNumbers) {
		if code := value(n.RejectionReason); code != "" {
			add(code, "Twilio's code "+cmp.Or(value(n.RejectionReasonCode), "unknown"), reasonOf(code))
		}
	}
	if why := value(r.OrderCancellationReason); why != "" {
		add("CANCELED", why, porting.OtherReason)
	}
	if wordOf(value(r.PortInRequestStatus)) == expired {
		add("EXPIRED", "the LOA was not signed in time", porting.LOAMissing)
	}
	if len(all) == 0 && state == carrier.StateRejected {
		add("ACTION_REQUIRED", "Twilio does not say why", porting.OtherReason)
	}
	return all
}

// ranks order the states in which an order may be within the same second.
var ranks = map[carrier.State]int{
	carrier.StatePending: 1, carrier.StateRejected: 2, carrier.StateConfirmed: 3, carrier.StateCancelPending: 4,
	carrier.StateCancelled: 5, carrier.StateActive: 6,
}

// versionOf rises with every change: Twilio counts none, but tells the second of the last change of each number.
func versionOf(r *numbers.NumbersV1PortingPortIn, state carrier.State) int {
	last := value(r.DateCreated)
	for _, n := range value(r.PhoneNumbers) {
		if at, err := time.Parse(time.RFC3339, value(n.StatusLastTimeUpdatedTimestamp)); err == nil && at.After(last) {
			last = at
		}
	}
	if last.IsZero() {
		last = time.Unix(0, 0)
	}
	return int(last.Unix())*(len(ranks)+1) + ranks[state]
}
