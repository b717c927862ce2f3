package approval

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// DeskType stands inside the signed bytes of every desk answer.
const DeskType = "portsaga/desk-answer/v1"

// DeskAnswer is what a person of the manual desk signs: what a carrier without an API answered to a task, and all that is
// known of the order afterwards. It holds no personal data: numbers are named by their position in the order.
type DeskAnswer struct {
	Type      string               `json:"typ"`
	Audience  string               `json:"aud"` // the deployment
	Carrier   string               `json:"carrier"`
	Port      string               `json:"port"`
	Task      string               `json:"task"`
	Sheet     string               `json:"sheet"` // digest of what the task told the person
	Seq       int64                `json:"seq"`   // the answer's place in the port's book; it counts nowhere else
	State     porting.CarrierState `json:"state"`
	FOC       time.Time            `json:"foc"` // the confirmed date; zero where there is none
	Code      string               `json:"code"`
	Text      string               `json:"text"`   // the carrier's own words, without personal data
	Reason    porting.Reason       `json:"reason"` // what the code means
	Left      []DeskLeft           `json:"left"`   // numbers that do not go with the others
	IssuedAt  time.Time            `json:"iat"`    // real time
	ExpiresAt time.Time            `json:"exp"`    // real time; an answer that arrives later does not count
}

// DeskLeft is a number that stays behind.
type DeskLeft struct {
	Position int            `json:"position"` // in the order, counted from 1
	Reason   porting.Reason `json:"reason"`
}

// DeskSigned is an answer whose signature, signer and statement were found good.
type DeskSigned struct {
	DeskAnswer
	Person     string // ID
	Credential string // fingerprint
}

// DeskStates are what a carrier can be said to have answered.
var DeskStates = []porting.CarrierState{
	porting.CarrierConfirmed, porting.CarrierRejected, porting.CarrierRefused, porting.CarrierActive,
	porting.CarrierCancelled, porting.CarrierLocked, porting.CarrierReversed,
}

// EncodeDeskAnswer writes the exact bytes that a person signs. One that ParseDeskAnswer would refuse is refused here:
// "statement-malformed".
func EncodeDeskAnswer(a DeskAnswer) ([]byte, error) {
	a.Type, a.Left = DeskType, cloned(a.Left)
	a.FOC, a.IssuedAt, a.ExpiresAt = wholeSecond(a.FOC), wholeSecond(a.IssuedAt), wholeSecond(a.ExpiresAt)
	text, err := json.Marshal(a)
	if err != nil {
		return nil, badStatement("it cannot be written: " + err.Error())
	}
	if _, err := ParseDeskAnswer(text); err != nil {
		return nil, err
	}
	return text, nil
}

// ParseDeskAnswer reads an answer whose signature was verified: "statement-malformed".
func ParseDeskAnswer(text []byte) (DeskAnswer, error) {
	if len(text) > porting.MaxStatement {
		return DeskAnswer{}, badStatement("it is too long")
	}
	var a DeskAnswer
	if strictly(text, &a) != nil {
		return DeskAnswer{}, badStatement("it does not hold exactly the fields of a desk answer")
	}
	if flaw := a.flaw(); flaw != "" {
		return DeskAnswer{}, badStatement(flaw)
	}
	return a, nil
}

// flaw says what a well-written answer says wrongly, "" if nothing.
func (a DeskAnswer) flaw() string {
	switch {
	case a.Type != DeskType:
		return "it is not a desk answer"
	case a.Port == "" || a.Task == "" || a.Seq < 1:
		return "it does not say what it answers"
	case !slices.Contains(DeskStates, a.State):
		return "a carrier cannot answer " + string(a.State)
	case a.State == porting.CarrierConfirmed && a.FOC.IsZero():
		return "a confirmation has a date"
	case (a.State == porting.CarrierRejected || a.State == porting.CarrierRefused) && a.Code == "":
		return "a rejection has a code"
	case a.Reason != "" && !slices.Contains(porting.Reasons, a.Reason):
		return "its reason is no code"
	case !a.IssuedAt.Before(a.ExpiresAt):
		return "it expires before it is issued"
	case a.ExpiresAt.Sub(a.IssuedAt) > porting.MaxStatementLife:
		return "it is valid for too long"
	}
	return a.leftFlaw()
}

func (a DeskAnswer) leftFlaw() string {
	seen := map[int]bool{}
	for _, left := range a.Left {
		if left.Position < 1 || seen[left.Position] {
			return "each number that stays behind has a position, counted from 1"
		}
		if !slices.Contains(porting.Reasons, left.Reason) {
			return "a number that stays behind has a reason"
		}
		seen[left.Position] = true
	}
	return ""
}

// VerifyDesk reads an answer that arrived at seenAt, as a person of the role "desk" signed it with a key that is good now:
// an armored SSHSIG in DeskNamespace, or a detached JWS of the type DeskJWS. A key that was revoked since voids the answer.
// Codes: those of Verify, and "not-of-the-desk" in the place of "not-an-approver".
func (r *Registry) VerifyDesk(statement []byte, signature string, seenAt, now time.Time) (DeskSigned, error) {
	if err := r.validAt(now); err != nil {
		return DeskSigned{}, err
	}
	key, err := deskAnswers.verify(statement, signature, r.people.keys)
	if err != nil {
		return DeskSigned{}, err
	}
	who := r.people.owners[key.Fingerprint()]
	if err := who.validAt(now); err != nil {
		return DeskSigned{}, err
	}
	if who.service || !who.has(RoleDesk) {
		return DeskSigned{}, refused("not-of-the-desk", "the signer may not answer for carriers", "have a person of the role desk sign it")
	}
	a, err := ParseDeskAnswer(statement)
	if err != nil {
		return DeskSigned{}, err
	}
	if err := r.timely(a.Audience, a.IssuedAt, a.ExpiresAt, seenAt); err != nil {
		return DeskSigned{}, err
	}
	return DeskSigned{a, who.id, key.Fingerprint()}, nil
}
