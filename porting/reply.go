package porting

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
