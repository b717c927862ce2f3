package approval

import (
	"encoding/json"
	"slices"

	"github.com/portsaga/portsaga/porting"
)

// Encode writes the exact bytes that an approver signs. A statement that ParseStatement would refuse is refused here, before
// anybody signs it: "statement-malformed".
func Encode(s porting.Statement) ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, badStatement("it cannot be written: " + err.Error())
	}
	if _, err := ParseStatement(text); err != nil {
		return nil, err
	}
	return text, nil
}

// ParseStatement reads a statement whose signature was verified. It refuses everything but the known fields, each once, and
// what no statement may say: "statement-malformed".
func ParseStatement(text []byte) (porting.Statement, error) {
	if len(text) > porting.MaxStatement {
		return porting.Statement{}, badStatement("it is too long")
	}
	var s porting.Statement
	if strictly(text, &s) != nil {
		return porting.Statement{}, badStatement("it does not hold exactly the fields of a statement")
	}
	if flaw := flawOf(s); flaw != "" {
		return porting.Statement{}, badStatement(flaw)
	}
	return s, nil
}

// flawOf says what a well-written statement says wrongly, "" if nothing.
func flawOf(s porting.Statement) string {
	switch {
	case s.Type != porting.StatementType:
		return "it is not a decision"
	case s.Decision != porting.Approve && s.Decision != porting.Reject:
		return "it neither approves nor rejects"
	case s.Decision == porting.Approve && s.Reason != "":
		return "an approval has no reason"
	case s.Reason != "" && !slices.Contains(porting.Reasons, s.Reason):
		return "its reason is no code"
	case !s.IssuedAt.Before(s.ExpiresAt):
		return "it expires before it is issued"
	case s.ExpiresAt.Sub(s.IssuedAt) > porting.MaxStatementLife:
		return "it is valid for too long"
	}
	return ""
}
