package workflows_test

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

// fate is all that will happen to one port, drawn before it starts. Where a list has run out, the world behaves well.
type fate struct {
	numbers      int
	allOrNothing bool
	wish         string
	approvals    int
	window       time.Duration
	clocks       map[string]time.Duration
	versions     int                  // that the pack allows; zero sets no limit
	plans        []porting.Correction // what the taxonomy says of each rejection
	refused      bool                 // the order cannot be taken
	blocked      bool                 // screening finds a lawful ground to refuse
	lsrs         []lsrAnswer
	cancels      []turn
	activations  []turn
	reversals    []turn
	hints        []hints           // of each change at the carrier
	mumbles      []span            // when the carrier's words are unknown ones
	outages      []span            // when our worker is down: timers fire late, messages wait
	desk         map[string][]turn // by stage, what people do when the port comes there
	steps        map[string][]reply
	broken       bool // a step may fail for good
	letters      []letter
	strokes      map[int]act   // what comes in the very moment of the nth event
	ends         time.Duration // from then on the world behaves well, and the port is revoked if it is still open
}

type span struct{ from, to time.Duration }

// turn is what somebody does, and how much later.
type turn struct {
	does  string
	after time.Duration
	and   string // what comes of it
	then  time.Duration
}

// lsrAnswer is what a carrier does with one version of an order.
type lsrAnswer struct {
	says  porting.CarrierState // in the answer itself
	after time.Duration
	then  porting.CarrierState // of a pending order; empty: silence
	foc   time.Duration        // from the confirmation
	left  int                  // how many numbers are left out of it
	stuck int                  // how many will not move with the others
	later []turn               // what becomes of a confirmed order
}

// hints are the copies in which the news of a change arrive. None: it is lost.
type hints []time.Duration

// letter is a message of somebody whom nobody expected.
type letter struct {
	at   time.Duration
	send act
}

func hours(t *rapid.T, label string, most int) time.Duration {
	return time.Duration(rapid.IntRange(0, 2*most).Draw(t, label)) * (h / 2)
}

func oneIn(t *rapid.T, n int, label string) bool {
	return pick(t, label, append(make([]bool, n-1), true)...)
}

func pick[V any](t *rapid.T, label string, from ...V) V {
	return rapid.SampledFrom(from).Draw(t, label)
}

func list[V any](t *rapid.T, label string, most int, draw func(label string) V) []V {
	all := make([]V, rapid.IntRange(0, most).Draw(t, label))
	for i := range all {
		all[i] = draw(fmt.Sprintf("%s %d", label, i+1))
	}
	return all
}

func drawFate(t *rapid.T) fate {
	f := fate{
		numbers: rapid.IntRange(1, 3).Draw(t, "numbers"), allOrNothing: oneIn(t, 3, "all or nothing"),
		wish:      pick(t, "wish", "", "", "2026-03-06", "2026-03-10"),
		approvals: rapid.IntRange(0, 2).Draw(t, "approvals"), window: hours(t, "window", 24),
		versions: pick(t, "versions", 0, 0, 2, 3), refused: oneIn(t, 60, "refused"), blocked: oneIn(t, 60, "blocked"),
		clocks: map[string]time.Duration{}, ends: time.Duration(rapid.IntRange(8, 25).Draw(t, "ends after days")) * day,
	}
	for _, c := range []string{"decision", "foc", "correction", "confirmed-grace", "activation", "cancel-ack", "reverse", "guard", "hold"} {
		if oneIn(t, 5, "clock "+c+" differs") {
			f.clocks[c] = 12*h + hours(t, "clock "+c, 100)
		}
	}
	f.plans = list(t, "plans", 3, func(label string) porting.Correction {
		return porting.Correction{
			Owner: pick(t, label+" owner", "customer", "carrier", "us"), Fix: "correct it",
			Automatic: oneIn(t, 2, label+" automatic"), AnyDate: oneIn(t, 2, label+" any date"),
		}
	})
	f.drawCarrier(t)
	f.drawPeople(t)
	f.drawTrouble(t)
	return f
}

func (f *fate) drawCarrier(t *rapid.T) {
	const (
		confirmed, rejected, refused = porting.CarrierConfirmed, porting.CarrierRejected, porting.CarrierRefused
		pending, active, cancelled   = porting.CarrierPending, porting.CarrierActive, porting.CarrierCancelled
	)
	f.lsrs = list(t, "lsrs", 3, func(label string) lsrAnswer {
		return lsrAnswer{
			says: pick(t, label+" answer", pending, pending, pending, pending, pending, pending, confirmed, confirmed, rejected, refused), after: hours(t, label+" after", 60),
			then: pick(t, label+" then", confirmed, confirmed, confirmed, confirmed, confirmed, confirmed, rejected, rejected, refused, active, cancelled, ""),
			foc:  hours(t, label+" FOC", 120), left: rapid.IntRange(0, 1).Draw(t, label+" left out"), stuck: rapid.IntRange(0, 1).Draw(t, label+" stuck"),
			later: list(t, label+" later", 2, func(label string) turn {
				return turn{
					does:  pick(t, label, "slip", "slip", "slip", "slip", "reject", "cancel", "port"),
					after: hours(t, label+" after", 120), then: hours(t, label+" FOC", 120),
				}
			}),
		}
	})
	f.cancels = list(t, "cancels", 2, func(label string) turn {
		return turn{
			does:  pick(t, label, "cancel", "pend", "pend", "lock"),
			and:   pick(t, label+" and", "cancel", "cancel", "ignore", "port"),
			after: hours(t, label+" after", 60),
		}
	})
	f.activations = list(t, "activations", 3, func(label string) turn {
		return turn{
			does:  pick(t, label, "activate", "late", "late", "refuse", "reject"),
			and:   pick(t, label+" and", "activate", "activate", "take back", "reject"),
			after: hours(t, label+" after", 40),
		}
	})
	f.reversals = list(t, "reversals", 2, func(label string) turn {
		return turn{does: pick(t, label, "reverse", "late", "late", "never", "never", "refuse"), after: hours(t, label+" after", 300)}
	})
	f.hints = list(t, "hints", 6, func(label string) hints {
		return list(t, label+" copies", 3, func(label string) time.Duration {
			return pick[time.Duration](t, label, 0, 0, 10*time.Minute, 5*h, 15*h)
		})
	})
	f.mumbles = drawSpans(t, "mumbles", 30)
}

func drawSpans(t *rapid.T, label string, most int) []span {
	return list(t, label, 2, func(label string) span {
		from := hours(t, label+" from", 240)
		return span{from, from + hours(t, label+" for", most)}
	})
}

func (f *fate) drawPeople(t *rapid.T) {
	f.desk = map[string][]turn{}
	for _, s := range []struct {
		stage porting.Stage
		does  []string
	}{
		{porting.Verifying, []string{"approve", "approve", "approve", "approve", "approve", "approve", "approve", "approve", "reject", "nothing"}},
		{porting.Exception, []string{"amend", "amend", "amend", "nothing"}},
		{porting.OnHold, []string{"resume", "resume", "nothing"}},
	} {
		f.desk[string(s.stage)] = list(t, "desk in "+string(s.stage), 3, func(label string) turn {
			return turn{does: pick(t, label, s.does...), after: hours(t, label+" after", 50)}
		})
	}
	f.letters = list(t, "letters", 5, func(label string) letter {
		if oneIn(t, 6, label+" is a look") {
			return letter{hours(t, label+" at", 240), lookAt(label)}
		}
		return letter{hours(t, label+" at", 240), drawMessage(t, label)}
	})
	if oneIn(t, 6, "stopped") {
		f.letters = append(f.letters, letter{hours(t, "stopped at", 240), drawStop(t, "stopped")})
	}
	f.strokes = map[int]act{}
	if oneIn(t, 4, "stopped at an event") {
		f.strokes[rapid.IntRange(1, 120).Draw(t, "stopped at event")] = drawStop(t, "stopped by")
	}
	if oneIn(t, 4, "disturbed at an event") {
		f.strokes[rapid.IntRange(1, 120).Draw(t, "disturbed at event")] = drawMessage(t, "disturbed by")
	}
}

func drawStop(t *rapid.T, label string) act {
	if oneIn(t, 4, label+" in Temporal") {
		return cancelInTemporal
	}
	return sentBy(t, label, porting.MsgRevoke, porting.Revoke{By: "ben@care"})
}

func drawMessage(t *rapid.T, label string) act {
	by := pick(t, label+" by", "ana@desk", "ben@desk", "eve@desk", "sue@shop", "")
	id := pick(t, label+" id", "", "m-1", "m-2")
	kinds := map[string]any{
		porting.MsgDecide: porting.Decide{
			ID: id, By: by, Decision: pick(t, label+" decision", porting.Approve, porting.Approve, porting.Approve, porting.Approve, porting.Approve, porting.Reject, "maybe"),
			OrderVersion: pick(t, label+" version", 0, 0, 1, 2), Stage: pick(t, label+" stage", "", porting.Verifying, porting.Exception),
		},
		porting.MsgAmend:        porting.Amend{ID: id, By: by, DueDate: "2026-03-11"},
		porting.MsgHold:         porting.Hold{ID: id, By: by, Why: "the customer is asked"},
		porting.MsgResume:       porting.Resume{ID: id, By: by},
		porting.MsgExtend:       porting.Extend{ID: id, By: by, Hours: rapid.IntRange(-1, 100).Draw(t, label+" hours")},
		porting.MsgReassign:     porting.Reassign{ID: id, By: by, To: "ben@desk"},
		porting.MsgNote:         porting.Note{ID: id, By: by, Text: "called the donor"},
		porting.MsgCarrierEvent: porting.CarrierEvent{ID: id, By: by},
	}
	name := pick(t, label, porting.MsgHold, porting.MsgHold, porting.MsgDecide, porting.MsgDecide, porting.MsgAmend, porting.MsgResume,
		porting.MsgExtend, porting.MsgReassign, porting.MsgNote, porting.MsgCarrierEvent, "no object")
	if name == "no object" {
		return sentBy(t, label, porting.MsgAmend, "as they said")
	}
	return sentBy(t, label, name, kinds[name])
}

// sentBy chooses the way in which a message comes.
func sentBy(t *rapid.T, label, name string, msg any) act {
	switch pick(t, label+" sent as", "signal", "update", "passing signal") {
	case "update":
		return update(name, msg)
	case "passing signal":
		return inPassing(name, msg)
	}
	return signal(name, msg)
}

func (f *fate) drawTrouble(t *rapid.T) {
	down := temporal.NewApplicationError("away", "unavailable")
	late := temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil)
	f.outages = drawSpans(t, "outages", 48)
	f.steps = map[string][]reply{}
	if oneIn(t, 2, "every step works") {
		return
	}
	f.broken = oneIn(t, 15, "a step may fail for good")
	for _, step := range []string{
		porting.StepReceive, porting.StepScreen, porting.StepSubmit, porting.StepRead, porting.StepActivate, porting.StepCancel,
		porting.StepReverse, porting.StepCloseFence, porting.StepVerify, porting.StepClose,
	} {
		f.steps[step] = list(t, step, 3, func(label string) reply {
			switch pick(t, label, "well", "well", "slow", "slow", "mumble", "down", "times out", "answer lost", "answer times out", "broken") {
			case "mumble":
				return reply{state: porting.CarrierUnknown}
			case "slow":
				return reply{late: time.Minute + hours(t, label+" by", 20)}
			case "down":
				return reply{err: down}
			case "times out":
				return reply{err: late}
			case "answer lost":
				return reply{lost: down}
			case "answer times out":
				return reply{lost: late}
			case "broken":
				if f.broken {
					return broken
				}
			}
			return reply{}
		})
	}
}
