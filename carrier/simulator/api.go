package simulator

import (
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Operations, as they are counted and as scenarios name their answers.
const (
	opPortability = "portability"
	opSubmit      = "submit"
	opStatus      = "status"
	opCancel      = "cancel"
	opActivate    = "activate"
	opReverse     = "reverse"
	opList        = "list"
)

// orderOps are the operations on one order.
var orderOps = []string{opSubmit, opStatus, opCancel, opActivate, opReverse}

// requestIDHeader carries our key of a request: port, version and step.
const requestIDHeader = "Request-Id"

// The carrier's codes for a request that it does not do.
const (
	codeUnknown = "order-unknown"
	codeLocked  = "cancel-locked"
	codeRefused = "refused"
	codeInvalid = "invalid"
	codeDown    = "unavailable"
)

// OrderRequest is the body of a submit or supplement. It carries personal data and the authorization code; the
// simulator keeps the reference, the numbers and the date, and forgets the rest.
type OrderRequest struct {
	Reference     string             `json:"reference"`
	Kind          string             `json:"kind"`
	Numbers       []porting.Number   `json:"numbers"`
	DDD           time.Time          `json:"desired_due_date,omitzero"`
	Donor         porting.Party      `json:"donor"`
	Recipient     porting.Party      `json:"recipient"`
	Subscriber    porting.Subscriber `json:"subscriber"`
	Account       porting.Account    `json:"account"`
	Authorization AuthorizationView  `json:"authorization"`
}

// AuthorizationView is the subscriber's permission as the carrier wants it.
type AuthorizationView struct {
	Kind     string    `json:"kind"`
	Code     string    `json:"code,omitempty"`
	SignedAt time.Time `json:"signed_at,omitzero"`
	SignedBy string    `json:"signed_by,omitempty"`
}

// Reason is a code and a text, of a rejection or of a request of ours.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text,omitempty"`
}

// OrderView is an order as the carrier shows it.
type OrderView struct {
	Port      string       `json:"port"`
	Version   int          `json:"version"`
	Status    string       `json:"status"`
	Change    int          `json:"change"`
	FOC       time.Time    `json:"foc,omitzero"`
	Reasons   []Reason     `json:"reasons,omitempty"`
	Numbers   []NumberView `json:"numbers"`
	Messaging string       `json:"messaging,omitempty"` // where the carrier tells of it apart from voice
}

// NumberView is one number of an order.
type NumberView struct {
	Number porting.Number `json:"number"`
	Status string         `json:"status"`
	Reason *Reason        `json:"reason,omitempty"` // of one that stays behind
}

// Effect is something that a request of ours did at the carrier. Each is listed once, however often it was asked.
type Effect struct {
	At        time.Time   `json:"at"` // business time
	Ref       carrier.Ref `json:"ref"`
	Effect    string      `json:"effect"`
	RequestID string      `json:"request_id"`
}

type portabilityRequest struct {
	Numbers []porting.Number `json:"numbers"`
}

type portabilityView struct {
	Results []numberPortability `json:"results"`
}

type numberPortability struct {
	Number   porting.Number `json:"number"`
	Portable bool           `json:"portable"`
	Code     string         `json:"code,omitempty"`
}

type orderList struct {
	Orders []carrier.Ref `json:"orders"`
}

type reasonRequest struct {
	Reason string `json:"reason,omitempty"`
}

type scenarioChoice struct {
	Reference string `json:"reference"` // the customer's name for the order, or the port's ID
	Scenario  string `json:"scenario"`
}

// refusal is how the carrier says no.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (r *refusal) Error() string { return r.Code + ": " + r.Message }
