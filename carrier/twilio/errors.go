package twilio

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/wire"
	"github.com/portsaga/portsaga/porting"
)

// call names what is being done, for errors.
type call struct {
	op, object string
}

func about(op string, ref carrier.Ref) call { return call{op, ref.String()} }

// unavailable is an unknown outcome. How long Twilio, or our own line to it, asks us to wait stays with it.
func (q call) unavailable(cause error) error {
	wait, cause := told(cause)
	e := q.failure(porting.Failed, "carrier-unavailable", "the outcome is unknown: "+cause.Error(), "read the order before sending again")
	e.Err = cause
	return carrier.WithRetryAfter(e, wait)
}

// told is an error without addresses, which hold numbers, and the wait that it asks for.
func told(cause error) (time.Duration, error) {
	if fault, ok := errors.AsType[*url.Error](cause); ok {
		cause = fault.Err
	}
	if _, ok := errors.AsType[*json.SyntaxError](cause); ok {
		return 0, errUnread
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](cause); ok {
		return 0, errUnread
	}
	if _, ok := errors.AsType[*time.ParseError](cause); ok {
		return 0, errUnread
	}
	if answer, ok := errors.AsType[*answerError](cause); ok {
		return answer.wait, cause
	}
	if down, ok := errors.AsType[*wire.DownError](cause); ok {
		return down.Wait, cause
	}
	return 0, cause
}

// refused reports whether Twilio itself says no to what was asked, for good. Credentials, limits, faults and a request
// that is gone say nothing about it.
func refused(err error) (*answerError, bool) {
	answer, ok := errors.AsType[*answerError](err)
	if !ok || answer.code == 0 {
		return nil, false
	}
	switch answer.status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity:
		return answer, true
	}
	return nil, false
}

// saysNo is Twilio's no as ours.
func (q call) saysNo(code string, no *answerError) error {
	detail := fmt.Sprintf("Twilio's error %d", no.code)
	if meaning, known := meanings[no.code]; known {
		detail += ": " + meaning
	}
	return q.failure(porting.Refused, code, detail, "look the error up in Twilio's list of errors")
}

// meanings are Twilio's documented errors of port-in requests.
var meanings = map[int]string{
	22130:    "the country or rate centre is not supported",
	22133:    "the numbers can only be ported by Twilio's people",
	underWay: "a port of a number is under way already",
	22172:    "the numbers are of several countries",
}

func (q call) unknown() error {
	return q.failure(porting.NotFound, "carrier-order-unknown", "Twilio has no such order", "")
}

func (q call) failure(kind porting.Kind, code, detail, next string) *porting.Error {
	return &porting.Error{Kind: kind, Code: code, Op: q.op, Object: q.object, Detail: detail, Next: next}
}
