package fraud

import (
	"reflect"
	"time"
)

// Evidence is all that is known about a port at an instant, by source. A source that is left out was not asked.
type Evidence struct {
	At time.Time `json:"at"` // when it was gathered

	SIMSwap         Report[SIMSwap]         `json:"sim_swap,omitzero"`
	DeviceSwap      Report[DeviceSwap]      `json:"device_swap,omitzero"`
	CallForwarding  Report[CallForwarding]  `json:"call_forwarding,omitzero"`
	NumberRecycling Report[NumberRecycling] `json:"number_recycling,omitzero"`
	Tenure          Report[Tenure]          `json:"tenure,omitzero"`
	KYC             Report[KYC]             `json:"kyc,omitzero"`
	Identity        Report[Identity]        `json:"identity,omitzero"`
	Contact         Report[Contact]         `json:"contact,omitzero"`
	Notice          Report[Notice]          `json:"notice,omitzero"`
	Velocity        Report[Velocity]        `json:"velocity,omitzero"`
	Account         Report[Account]         `json:"account,omitzero"`
	LOA             Report[LOA]             `json:"loa,omitzero"`
	History         Report[History]         `json:"history,omitzero"`
	Request         Report[Request]         `json:"request,omitzero"`
	Place           Report[Place]           `json:"place,omitzero"`
	Network         Report[Network]         `json:"network,omitzero"`
	Recipient       Report[Recipient]       `json:"recipient,omitzero"`
}

// Report is what a source said: its facts, or why there are none. The zero Report was never asked for.
type Report[T any] struct {
	Known   *T  `json:"known,omitempty"`
	Missing Why `json:"missing,omitempty"`
}

// Why is the reason for which evidence is missing.
type Why string

// Reasons for missing evidence.
const (
	NotAsked      Why = "not-asked"
	NotConfigured Why = "not-configured" // we have no access to the source
	NoConsent     Why = "no-consent"     // the subscriber did not agree that we ask
	NotTold       Why = "not-told"       // the source answered, and left this fact out
	TimedOut      Why = "timed-out"
	Unavailable   Why = "unavailable"    // the source is down, or cannot be reached
	NotAuthorised Why = "not-authorised" // the source refuses us
	BadRequest    Why = "bad-request"    // the source did not understand us
	NotFound      Why = "not-found"      // the source does not know the number
	NotApplicable Why = "not-applicable" // the source has no such data for the number
	OutOfRange    Why = "out-of-range"   // asked for longer ago than the source remembers
	RateLimited   Why = "rate-limited"
	Unreadable    Why = "unreadable" // the answer makes no sense
	TooCoarse     Why = "too-coarse" // the source answered, and not exactly enough
	RuleBroken    Why = "rule-broken"
)

// whys are the reasons that evidence may give; RuleBroken is Evaluate's own.
var whys = []Why{
	NotAsked, NotConfigured, NoConsent, NotTold, TimedOut, Unavailable, NotAuthorised, BadRequest, NotFound, NotApplicable, OutOfRange,
	RateLimited, Unreadable, TooCoarse,
}

// Facts is what one source knows: SIMSwap, Velocity, and so on.
type Facts interface{ into(e *Evidence) }

func known[T any](facts T) Report[T] { return Report[T]{Known: &facts} }

func (f SIMSwap) into(e *Evidence)         { e.SIMSwap = known(f) }
func (f DeviceSwap) into(e *Evidence)      { e.DeviceSwap = known(f) }
func (f CallForwarding) into(e *Evidence)  { e.CallForwarding = known(f) }
func (f NumberRecycling) into(e *Evidence) { e.NumberRecycling = known(f) }
func (f Tenure) into(e *Evidence)          { e.Tenure = known(f) }
func (f KYC) into(e *Evidence)             { e.KYC = known(f) }
func (f Identity) into(e *Evidence)        { e.Identity = known(f) }
func (f Contact) into(e *Evidence)         { e.Contact = known(f) }
func (f Notice) into(e *Evidence)          { e.Notice = known(f) }
func (f Velocity) into(e *Evidence)        { e.Velocity = known(f) }
func (f Account) into(e *Evidence)         { e.Account = known(f) }
func (f LOA) into(e *Evidence)             { e.LOA = known(f) }
func (f History) into(e *Evidence)         { e.History = known(f) }
func (f Request) into(e *Evidence)         { e.Request = known(f) }
func (f Place) into(e *Evidence)           { e.Place = known(f) }
func (f Network) into(e *Evidence)         { e.Network = known(f) }
func (f Recipient) into(e *Evidence)       { e.Recipient = known(f) }

// Know puts the facts of a source into the evidence, in place of what it had from that source.
func (e *Evidence) Know(facts Facts) { facts.into(e) }

// Miss says that a source, such as "sim_swap", gave nothing, and why. Facts that the evidence already has stay.
func (e *Evidence) Miss(source string, why Why) {
	at, ok := sources[source]
	if !ok {
		panic("fraud: there is no source " + source) // a slip in the program, not in data
	}
	if report := at.in(e); report.Field(reportKnown).IsNil() {
		report.Field(reportMissing).SetString(string(why))
	}
}

// Fill adds what a source tells to what the evidence has of it already. A fact that is there stays.
func (e *Evidence) Fill(facts Facts) {
	var told Evidence
	facts.into(&told)
	for _, at := range sources {
		from, into := at.in(&told).Field(reportKnown), at.in(e).Field(reportKnown)
		switch {
		case from.IsNil():
		case into.IsNil():
			facts.into(e)
		default:
			fill(into.Elem(), from.Elem())
		}
	}
}

func fill(into, from reflect.Value) {
	for i := range into.NumField() {
		if into.Field(i).IsNil() {
			into.Field(i).Set(from.Field(i))
		}
	}
}

// Of returns the facts of a source, or why there are none.
func (e *Evidence) Of(source string) (Facts, Why) {
	at, ok := sources[source]
	if !ok {
		return nil, NotAsked
	}
	if known := at.in(e).Field(reportKnown); !known.IsNil() {
		return known.Elem().Interface().(Facts), ""
	}
	if why := Why(at.in(e).Field(reportMissing).String()); why != "" {
		return nil, why
	}
	return nil, NotTold
}

// MissRest gives the reason for every source of which the evidence has neither facts nor a reason.
func (e *Evidence) MissRest(why Why) {
	for _, at := range sources {
		report := at.in(e)
		if missing := report.Field(reportMissing); report.Field(reportKnown).IsNil() && missing.String() == "" {
			missing.SetString(string(why))
		}
	}
}

// Has says whether the evidence holds facts of a source.
func (e *Evidence) Has(source string) bool {
	at, ok := sources[source]
	return ok && !at.in(e).Field(reportKnown).IsNil()
}
