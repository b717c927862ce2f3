package porting

import "time"

// Message names are verbs. Each is a signal and an update on one pure function, Port.Receive.
const (
	MsgDecide       = "decide"
	MsgRevoke       = "revoke"
	MsgAmend        = "amend"
	MsgHold         = "hold"
	MsgResume       = "resume"
	MsgExtend       = "extend"
	MsgReassign     = "reassign"
	MsgNote         = "note"
	MsgCarrierEvent = "carrier-event"

	// UpdateReceive answers when the order was accepted or refused; it changes nothing.
	UpdateReceive = "receive"
	// QueryStatus answers with a Status.
	QueryStatus = "status"
)

// MessageDoc describes a message to people: the Web UI shows it in its dialogs.
type MessageDoc struct {
	Name, Description, Example string
}

// MessageDocs lists every message in the order in which the Web UI offers them.
var MessageDocs = []MessageDoc{
	{MsgDecide, "Approve or reject the port at its present stage", `{"decision": "approve", "by": "ben@approvals"}`},
	{MsgRevoke, "The subscriber revokes the authorization: stop the port or take it back", `{"by": "ben@care", "reason": "AUTHORIZATION_REVOKED"}`},
	{MsgAmend, "Correct the order after a carrier's rejection and submit it again", `{"by": "ana@desk", "account_number": "4412-77"}`},
	{MsgHold, "Stop the port where it is, e.g. while the customer is asked; the clocks that are ours stand still", `{"by": "ana@desk", "why": "customer is asked"}`},
	{MsgResume, "Let a port on hold go on", `{"by": "ana@desk"}`},
	{MsgExtend, "Give people more hours for the decision or the correction that the port waits for", `{"by": "ana@desk", "hours": 24}`},
	{MsgReassign, "Make somebody else the owner of the port", `{"by": "ana@desk", "to": "ben@desk"}`},
	{MsgNote, "Write a line into the port's timeline (no personal data)", `{"by": "ana@desk", "text": "called the donor, FOC promised"}`},
	{MsgCustomerReply, "The subscriber's yes or no to a notice; a no stops the port", `{"by": "subscriber", "reply": "no", "channel": "sms"}`},
	{MsgCarrierEvent, "A hint that the carrier has news; the port reads the truth back itself", `{"carrier": "simulator", "by": "webhook"}`},
}

// DocOf is the description of a message; empty for a name that is none.
func DocOf(name string) MessageDoc {
	for _, doc := range MessageDocs {
		if doc.Name == name {
			return doc
		}
	}
	return MessageDoc{Name: name}
}

// Decide is an approver's decision: a signed statement, or, where a deployment trusts whoever can send messages, the bare
// words. ID makes a repeated message harmless.
type Decide struct {
	ID           string `json:"id,omitempty"`
	Decision     string `json:"decision,omitempty"`      // approve or reject; in the statement when signed
	By           string `json:"by,omitempty"`            // claimed, not proven; a signature proves who it is
	Stage        Stage  `json:"stage,omitempty"`         // the stage decided on; refused when the port is elsewhere
	OrderVersion int    `json:"order_version,omitempty"` // the version decided on; refused when the order has moved on
	Reason       Reason `json:"reason,omitempty"`        // a code, for a reject
	Statement    []byte `json:"statement,omitempty"`     // the exact bytes that were signed, in base64
	Signature    string `json:"signature,omitempty"`     // SSHSIG as ssh-keygen -Y writes it, or a detached JWS
}

// Signed reports whether the decision carries a statement.
func (d Decide) Signed() bool { return len(d.Statement) > 0 || d.Signature != "" }

// Decisions.
const (
	Approve = "approve"
	Reject  = "reject"
)

// Revoke withdraws the subscriber's authorization.
type Revoke struct {
	ID          string    `json:"id,omitempty"`
	By          string    `json:"by"`
	Reason      Reason    `json:"reason,omitempty"`      // AUTHORIZATION_REVOKED when empty
	AuthorityAt time.Time `json:"authority_at,omitzero"` // of a port-out: when the subscriber gave us the authority to stop it
}

// Amend corrects an order. Only the fields that are set change.
type Amend struct {
	ID            string   `json:"id,omitempty"`
	By            string   `json:"by"`
	AccountNumber string   `json:"account_number,omitempty"`
	BTN           Number   `json:"btn,omitempty"`
	Name          string   `json:"name,omitempty"`
	Address       *Address `json:"address,omitempty"`
	CodeRef       string   `json:"code_ref,omitempty"` // a new code, already in the vault
	DueDate       string   `json:"due_date,omitempty"`
}

// Hold stops a port before its activation.
type Hold struct {
	ID  string `json:"id,omitempty"`
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
}

// Resume lets a port on hold go on.
type Resume struct {
	ID string `json:"id,omitempty"`
	By string `json:"by"`
}

// Extend lengthens the clock of people: a decision or a correction.
type Extend struct {
	ID    string `json:"id,omitempty"`
	By    string `json:"by"`
	Hours int    `json:"hours"` // clock hours, 1 to 720
}

// Reassign names another owner.
type Reassign struct {
	ID string `json:"id,omitempty"`
	By string `json:"by"`
	To string `json:"to"`
}

// Note is a line for the timeline.
type Note struct {
	ID   string `json:"id,omitempty"`
	By   string `json:"by"`
	Text string `json:"text"`
}

// CarrierEvent is a hint. Nothing in it is believed; it only makes the saga read back. Of a carrier without an API it may bring
// what a person of ours signed that the carrier answered: verified and written into the desk's book first, and then read back.
type CarrierEvent struct {
	ID        string `json:"id,omitempty"`
	By        string `json:"by,omitempty"`
	Carrier   string `json:"carrier,omitempty"`
	Hint      string `json:"hint,omitempty"`      // the carrier's own event name, kept for the timeline
	Statement []byte `json:"statement,omitempty"` // the exact bytes that were signed, in base64
	Signature string `json:"signature,omitempty"` // SSHSIG as ssh-keygen -Y writes it, or a detached JWS
}

// Answer is what the sender of an update learns.
type Answer struct {
	ID       string  `json:"id"`
	Accepted bool    `json:"accepted"`
	Stage    Stage   `json:"stage"`
	Outcome  Outcome `json:"outcome,omitempty"`
	Reason   Reason  `json:"reason,omitempty"`
	Says     string  `json:"says"` // one sentence
}

// Status is what the query answers and what `port show -o json` prints. Numbers are masked.
type Status struct {
	ID             string         `json:"id"`
	Direction      Direction      `json:"direction"`
	Stage          Stage          `json:"stage"`
	Outcome        Outcome        `json:"outcome"`
	Reason         Reason         `json:"reason,omitempty"`
	Jurisdiction   string         `json:"jurisdiction"`
	Pack           string         `json:"pack,omitempty"` // id@version
	PackWhy        string         `json:"pack_why,omitempty"`
	Carrier        string         `json:"carrier"`
	Tenant         string         `json:"tenant"`
	Reference      string         `json:"reference"`
	OrderVersion   int            `json:"order_version"`
	WaitingOn      Waiting        `json:"waiting_on"`
	DueAt          *time.Time     `json:"due_at"`
	FOCAt          *time.Time     `json:"foc_at"`
	NeedsAttention bool           `json:"needs_attention"`
	Attention      string         `json:"attention,omitempty"`
	Risk           Risk           `json:"risk"`
	Messaging      CarrierState   `json:"messaging,omitempty"` // of the numbers, apart from voice; empty where the carrier does not tell
	Task           string         `json:"task,omitempty"`      // what a person of ours must do at a carrier that has no API
	Owner          string         `json:"owner,omitempty"`
	HeldIn         Stage          `json:"held_in,omitempty"` // where a port on hold stands
	Bulk           string         `json:"bulk,omitempty"`
	Numbers        []NumberStatus `json:"numbers"`
	Decisions      []Decision     `json:"decisions,omitempty"`
	Signed         bool           `json:"signed,omitempty"`    // the port takes signed decisions only
	Challenge      *Challenge     `json:"challenge,omitempty"` // what a decision must sign, while a signed one is waited for
	Missing        []string       `json:"missing,omitempty"`   // what the policy still asks for then, one clause each
	Documents      []Document     `json:"documents,omitempty"` // of the order, by their digests; in answers to queries only
	Timeline       []Entry        `json:"timeline"`
	Undone         []Entry        `json:"undone,omitempty"`
	Scaled         bool           `json:"scaled_clock,omitempty"`
	Leaving        *LeavingStatus `json:"leaving,omitempty"` // of a port-out: who asks, until when, what we answered
}

// NumberStatus is one number's own state.
type NumberStatus struct {
	Number string `json:"number"` // masked
	Status string `json:"status"` // pending, moved, not-moved, moved-back
	Reason Reason `json:"reason"`
}

// Number states.
const (
	NumberPending   = "pending"
	NumberMoved     = "moved"
	NumberNotMoved  = "not-moved"
	NumberMovedBack = "moved-back"
)

// Entry is a line of the timeline, in business time.
type Entry struct {
	At    time.Time `json:"at"`
	Stage Stage     `json:"stage"`
	Event Event     `json:"event"`
	Actor string    `json:"actor"`
	Note  string    `json:"note,omitempty"`
}

// Decision is a decision that was taken. Unsigned ones are marked wherever they are shown.
type Decision struct {
	ID           string    `json:"id,omitempty"`
	Decision     string    `json:"decision"`
	By           string    `json:"by"`
	At           time.Time `json:"at"`
	Stage        Stage     `json:"stage"`
	OrderVersion int       `json:"order_version"`
	Reason       Reason    `json:"reason,omitempty"`
	Signed       bool      `json:"signed"`
	Team         string    `json:"team,omitempty"`       // of the person, by the registry
	Credential   string    `json:"credential,omitempty"` // fingerprint of the key
	Hardware     bool      `json:"hardware,omitempty"`   // the key cannot leave its hardware
	Run          string    `json:"run,omitempty"`        // of the saga, as signed
	Registry     int       `json:"registry,omitempty"`   // version of the registry that was asked
	Proof        *Proof    `json:"proof,omitempty"`      // for the gate and auditors; not shown
}

// Proof is what lets anybody verify a decision again.
type Proof struct {
	Statement []byte `json:"statement"`
	Signature string `json:"signature"`
	Verdict   string `json:"verdict"` // signed by the worker that verified it, with the time at which it did
}
