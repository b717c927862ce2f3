package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Exchange is one request to a carrier and its answer, without what is secret or personal: of bodies only the shape and the
// words that no person wrote are left.
type Exchange struct {
	Carrier string          `json:"carrier"`
	At      time.Time       `json:"at"` // real time
	Took    time.Duration   `json:"took_ns"`
	Method  string          `json:"method"`
	Path    string          `json:"path"`
	Status  int             `json:"status,omitempty"`  // of HTTP; 0 where there was no answer
	Failure string          `json:"failure,omitempty"` // timeout, cancelled or no-answer
	Request json.RawMessage `json:"request,omitempty"`
	Answer  json.RawMessage `json:"answer,omitempty"`
}

// hidden stands for what was left out.
const hidden = "…"

// kept are the members whose values are the carrier's or our own vocabulary, never a person's: states, codes, dates, IDs.
// Everything else is left out; a member that a carrier invents tomorrow is secret until it stands here.
var kept = map[string]bool{
	"active": true, "activation_status": true, "activation_settings": true, "created_at": true,
	"customer_reference": true, "customer_group_reference": true, "ddd": true, "error_code": true, "error_codes": true,
	"event_type": true, "fast_port_eligible": true, "foc": true, "foc_at": true, "foc_datetime_requested": true,
	"foc_datetime_actual": true, "id": true, "messaging_port_status": true, "not_portable_reason": true,
	"not_portable_reason_code": true, "phone_number_type": true, "pin_and_account_number_required": true, "port": true,
	"port_in_request_sid": true, "port_in_request_status": true, "port_in_phone_number_sid": true, "port_in_phone_number_status": true,
	"portability_status": true, "portable": true, "porting_order_status": true, "porting_order_id": true, "porting_order_ids": true,
	"ported_out_at": true, "order_id": true, "number_type": true, "page_number": true, "page_size": true, "reason": true,
	"reason_code": true, "record_type": true, "rejection_reason_code": true, "requirements_met": true, "sid": true,
	"state": true, "status": true, "support_key": true, "target_port_in_date": true, "total_pages": true, "total_results": true,
	"type": true, "updated_at": true, "version": true, "at": true,
}

// problems are members in which a code is a refusal's; elsewhere it may be a customer's.
var problems = map[string]bool{"errors": true, "exceptions": true, "reasons": true, "rejections": true, "status": true}

// Redact leaves of a JSON body its shape and the members that are kept. Of other bodies it tells the size.
func Redact(body []byte) json.RawMessage {
	if len(body) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil || decoder.More() {
		return json.RawMessage(fmt.Sprintf(`"%d bytes, no JSON"`, len(body)))
	}
	clean, err := json.Marshal(redacted("", false, v))
	if err != nil {
		return json.RawMessage(`"not to be written"`)
	}
	return clean
}

func redacted(member string, problem bool, v any) any {
	problem = problem || problems[member]
	switch v := v.(type) {
	case map[string]any:
		clean := make(map[string]any, len(v))
		for name, inner := range v {
			if !isWord(name) {
				name = hidden
			}
			clean[name] = redacted(name, problem, inner)
		}
		return clean
	case []any:
		for i, inner := range v {
			v[i] = redacted(member, problem, inner)
		}
		return v
	case nil, bool:
		return v
	default:
		if (kept[member] || problem && member == "code") && isWord(fmt.Sprint(v)) {
			return v
		}
		return hidden
	}
}

// isWord reports whether a value can be a code, a date or an ID, and is no telephone number: no sentence, no address, no name.
func isWord(s string) bool {
	return len(s) <= 80 && word.MatchString(s) && (!digits.MatchString(s) || date.MatchString(s))
}

var (
	word   = regexp.MustCompile(`^[A-Za-z0-9_.:+-]*$`)
	digits = regexp.MustCompile(`^\+?[0-9][0-9.:-]{6,}$`) // a telephone number, an account or a PIN
	date   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
)

// redactPath is a request's path and the names of its parameters; what may be a number or a name is left out.
func redactPath(u *url.URL) string {
	parts := strings.Split(u.Path, "/")
	for i, part := range parts {
		if !isWord(part) {
			parts[i] = hidden
		}
	}
	path := strings.Join(parts, "/")
	names := make([]string, 0, len(u.Query()))
	for name := range strings.SplitSeq(u.RawQuery, "&") {
		if name, _, _ = strings.Cut(name, "="); isWord(name) && name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return path
	}
	return path + "?" + strings.Join(names, "&")
}
