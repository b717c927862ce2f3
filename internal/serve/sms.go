package serve

import (
	"io"
	"net/http"

	"github.com/portsaga/portsaga/porting"
)

// maxSMS bounds what a provider posts for one message, in bytes.
const maxSMS = 64 << 10

// sms takes a customer's answer. The provider repeats what is not accepted, so only what may work later is refused.
func (d *door) sms(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSMS))
	if err != nil {
		http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
		return
	}
	message, err := d.Inbound.Read(r.Header, body)
	if err != nil && porting.KindOf(err) == porting.Unauthorised {
		if d.tooMany(r) {
			http.Error(w, "too many tries", http.StatusTooManyRequests)
			return
		}
		http.Error(w, "signature not accepted", http.StatusUnauthorized)
		return
	}
	if err != nil {
		http.Error(w, "not a message", http.StatusBadRequest)
		return
	}
	reply := Reply{ID: message.ID, From: message.From, Answer: d.Words.Read(message.Text), At: d.Now()}
	err = d.Replies.CustomerReply(r.Context(), reply)
	if kind := porting.KindOf(err); err != nil && kind != porting.NotFound && kind != porting.Refused {
		d.Log.Warn("a customer's answer could not be delivered", "code", porting.CodeOf(err))
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
