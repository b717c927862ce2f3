package porting

import "time"

// The workflows that look after ports whose saga does not.
const (
	WorkflowReap      = "Reap"      // looks for what nobody follows any more; a schedule starts it
	WorkflowRescue    = "Rescue"    // ends one port whose saga is gone
	WorkflowConcern   = "Concern"   // calls a person about something that no workflow may mend
	WorkflowReconcile = "Reconcile" // compares the ledger with the sagas and with what carriers hold
)

// ScheduleReaper is the ID of the reaper's schedule.
const ScheduleReaper = "portsaga-reaper"

// Reaper is the name under which the reaper acts, in ledger and timelines.
const Reaper = "portsaga-reaper"

// The steps of the reaper.
const (
	StepFindAbandoned = "FindAbandoned"
	StepLook          = "LookAtPort"
	StepCompare       = "CompareLedger"
)

// What a concern hears, and is asked.
const (
	MsgAcknowledge = "acknowledge"
	MsgSettled     = "settled"
	QueryConcern   = "concern"
)

// DefaultGrace is longer than any step of a saga that ended may still run.
const DefaultGrace = 90 * time.Second

// ConcernQuarantine is the ID of the concern about a ledger in quarantine.
const ConcernQuarantine = "concern-ledger-quarantine"

// RescueID is the ID of a port's rescue.
func RescueID(port string) string { return "rescue-" + port }

// ReapInput says how the reaper looks.
type ReapInput struct {
	Clock Clock         `json:"clock,omitzero"` // of the ports; real time when zero
	Grace time.Duration `json:"grace,omitempty"`
	Gone  bool          `json:"gone,omitempty"` // rescue also where more sagas are gone at once than a mishap explains
}

// Patience is the grace in real time: younger claims are left alone, and a rescue waits so long for steps that still run.
func (in ReapInput) Patience() time.Duration {
	if in.Grace > 0 {
		return in.Grace
	}
	return DefaultGrace
}

// Found is what one look found.
type Found struct {
	Looked    int         `json:"looked"` // open ports of the ledger
	Abandoned []Abandoned `json:"abandoned,omitempty"`
	Unheard   []Unheard   `json:"unheard,omitempty"`
	Concerns  []Concern   `json:"concerns,omitempty"`
	Settled   []string    `json:"settled,omitempty"` // IDs of concerns that are none any more
}

// Abandoned is an open port of the ledger whose saga does not run.
type Abandoned struct {
	Port string `json:"port"`
	Saga string `json:"saga"` // how it ended: terminated, timed-out, failed, canceled, completed; or gone
}

// SagaGone is a saga that the engine does not know: it was deleted, or the engine is another one.
const SagaGone = "gone"

// Unheard is a revocation that the ledger has and the port's saga does not know of.
type Unheard struct {
	Port   string `json:"port"`
	Revoke Revoke `json:"revoke"`
}

// Concern is something that only a person can settle. It is a workflow that stays open until the reaper finds it settled.
type Concern struct {
	ID      string `json:"id"`
	Port    string `json:"port,omitempty"`
	Carrier string `json:"carrier,omitempty"`
	What    string `json:"what"` // one sentence
	Next    string `json:"next"` // what the person can do
	Open    bool   `json:"open,omitempty"`
}

// Acknowledge says that a person knows of a concern: it stays, and stops calling.
type Acknowledge struct {
	By   string `json:"by"`
	Note string `json:"note,omitempty"`
}

// ConcernStatus is a concern as the query answers.
type ConcernStatus struct {
	Concern
	Since        time.Time    `json:"since"`
	Acknowledged *Acknowledge `json:"acknowledged,omitempty"`
	SettledAt    *time.Time   `json:"settled_at,omitempty"`
}

// Reaped is what one look led to.
type Reaped struct {
	Looked   int      `json:"looked"`
	Rescued  []string `json:"rescued,omitempty"` // ports whose rescue was started
	Revoked  []string `json:"revoked,omitempty"` // ports that were told of their revocation again
	Concerns []string `json:"concerns,omitempty"`
	Settled  []string `json:"settled,omitempty"`
}

// RescueInput starts a rescue.
type RescueInput struct {
	Port  string        `json:"port"`
	Saga  string        `json:"saga"` // how the saga ended
	Clock Clock         `json:"clock,omitzero"`
	Grace time.Duration `json:"grace"` // real time
}

// LookInput asks what is known of a port whose saga is gone.
type LookInput struct {
	Port string `json:"port"`
}

// Record is what the ledger, and what is left of the saga, know of a port.
type Record struct {
	Live         bool      `json:"live,omitempty"` // its saga runs, and looks after it
	Open         bool      `json:"open"`           // it holds its numbers
	Active       bool      `json:"active,omitempty"`
	ActivatedAt  time.Time `json:"activated_at,omitzero"`
	Revoke       *Revoke   `json:"revoke,omitempty"`  // somebody revoked it, or cancelled it in Temporal
	Outcome      Outcome   `json:"outcome,omitempty"` // with which its saga ended
	Jurisdiction string    `json:"jurisdiction,omitempty"`
	Tenant       string    `json:"tenant,omitempty"`
	Reference    string    `json:"reference,omitempty"`
	Carrier      string    `json:"carrier,omitempty"`
	Pack         string    `json:"pack,omitempty"`
	Version      int       `json:"version"`
	Epoch        int64     `json:"epoch"`
	Risk         Risk      `json:"risk,omitempty"`
	Tokens       []string  `json:"tokens,omitempty"`  // by which its numbers are found
	Leaving      *Orphan   `json:"leaving,omitempty"` // of a port-out
}

// Orphan is a port-out whose saga is gone: the request by the counterparty's own record, the rest by the ledger.
type Orphan struct {
	Request PortOutRequest `json:"request"` // without numbers where the counterparty knows of none
	Answers *AnswerPolicy  `json:"answers,omitempty"`
	Known   Known          `json:"known"`
}

// CompareInput asks for one page of open ports to be compared.
type CompareInput struct {
	After string `json:"after,omitempty"` // the last port of the page before
}

// Compared is one page.
type Compared struct {
	Looked     int        `json:"looked"`
	Mismatches []Mismatch `json:"mismatches,omitempty"`
	Next       string     `json:"next,omitempty"` // the last port of this page; empty behind the last page
}

// Mismatch is where the ledger, the saga and the carrier do not say the same of a port.
type Mismatch struct {
	Port   string  `json:"port,omitempty"`
	What   string  `json:"what"`             // one sentence
	Next   string  `json:"next,omitempty"`   // what a person can do
	Repair string  `json:"repair,omitempty"` // what is surely right, and is done
	Revoke *Revoke `json:"revoke,omitempty"` // with which the fence is closed
}

// Reconciliation is the result of a comparison.
type Reconciliation struct {
	Looked    int        `json:"looked"`
	Repaired  []Mismatch `json:"repaired"`
	Questions []Mismatch `json:"questions"` // only a person can answer these
}
