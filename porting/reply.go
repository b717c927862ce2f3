package porting

import "time"

// MsgCustomerReply brings the subscriber's answer to a notice.
const MsgCustomerReply = "customer-reply"

// CustomerReply is the subscriber's yes or no. Whoever sends it has made sure that it is theirs: by a single-use link, or by
// a message from the number itself.
type CustomerReply struct {
	ID      string `json:"id,omitempty"`
	By      string `json:"by"`
	Reply   string `json:"reply"`             // yes or no
	Channel string `json:"channel,omitempty"` // how it came: link, sms, portal
}

// Replies.
const (
	ReplyYes = "yes"
	ReplyNo  = "no"
)

// receiveReplyIn takes the subscriber's answer to a port-in's notice. A no is a revocation: nobody moves a number whose
// subscriber says that they never asked for it.
func (p *Port) receiveReplyIn(m CustomerReply, at time.Time) Answer {
	p.Record(EventReply, at, m.By, m.Reply)
	if m.Reply == ReplyYes {
		return p.answer("the subscriber says yes")
	}
	if p.Revocation == nil {
		p.Revocation = &Revoke{ID: m.ID, By: m.By, Reason: UnauthorisedPort}
	}
	return p.answer("the subscriber says no: revoked")
}
