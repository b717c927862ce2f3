package carrier

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// PortOuts is a gateway whose carrier asks us before numbers leave, and takes our answer. It calls them by the counterparty's
// own ID. Codes that callers test, beside carrier-unavailable:
//
//	port-out-unknown   (NotFound) the carrier has no such request
//	port-out-answered  (Refused)  it was answered otherwise, by us or by silence: read the status
//	carrier-refused    (Refused)  the carrier does not take this answer
type PortOuts interface {
	// PortOutRequests lists the requests that came in at or after an instant of business time, oldest first.
	PortOutRequests(ctx context.Context, since time.Time) ([]porting.PortOutRequest, error)
	// AnswerPortOut answers a request. The same answer again is the first one.
	AnswerPortOut(ctx context.Context, id string, a PortOutAnswer) (PortOutStatus, error)
	PortOutStatus(ctx context.Context, id string) (PortOutStatus, error)
}

// PortOutStatus is the truth about a request, read back.
type PortOutStatus struct {
	ID         string                 `json:"id"`
	State      State                  `json:"state"` // pending, confirmed (approved), refused, active (moved), cancel-pending, cancelled
	Version    int                    `json:"version"`
	ReceivedAt time.Time              `json:"received_at"`
	SilenceAt  time.Time              `json:"silence_at,omitzero"` // when it is approved without us; zero: never
	AnsweredAt time.Time              `json:"answered_at,omitzero"`
	BySilence  bool                   `json:"by_silence,omitempty"` // nobody answered, and the carrier did not wait
	Request    porting.PortOutRequest `json:"request"`
	Numbers    []NumberState          `json:"numbers,omitempty"`
	Raw        string                 `json:"raw,omitempty"`
}

// PortOutAnswer is an answer as a gateway sends it. Only Approve, Refuse and TakeBack make one, so that no refusal leaves
// without a lawful ground.
type PortOutAnswer struct {
	kind   porting.AnswerKind
	reason porting.Reason
	cite   string
}

// Approve lets the numbers go.
func Approve() PortOutAnswer { return PortOutAnswer{kind: porting.AnswerApprove} }

// Refuse keeps the numbers, on a lawful ground.
func Refuse(g rules.Ground) PortOutAnswer {
	return PortOutAnswer{kind: porting.AnswerRefuse, reason: g.Refusal().Reason, cite: g.Refusal().Cite}
}

// TakeBack stops a port with the subscriber's authority, also after an approval. A rule that does not allow it makes the zero
// answer, which no gateway sends.
func TakeBack(rule rules.CancelRule, why porting.Reason) PortOutAnswer {
	if !rule.Allowed {
		return PortOutAnswer{}
	}
	return PortOutAnswer{kind: porting.AnswerCancel, reason: why, cite: rule.Cite}
}

// Kind is what is answered.
func (a PortOutAnswer) Kind() porting.AnswerKind { return a.kind }

// Reason is why, of a refusal or a cancel.
func (a PortOutAnswer) Reason() porting.Reason { return a.reason }

// Cite is the rule that allows it.
func (a PortOutAnswer) Cite() string { return a.cite }
