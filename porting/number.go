package porting

import (
	"fmt"
	"log/slog"
	"regexp"
)

// Number is a telephone number in E.164 form, "+12125550123". It prints masked wherever it is formatted or logged; the
// digits leave it only by E164 and by JSON, which is how the saga and the carriers carry it.
type Number string

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)

// ParseNumber accepts exactly E.164. National formats are for the order reader, which knows the country.
func ParseNumber(s string) (Number, error) {
	if !e164.MatchString(s) {
		return "", &Error{
			Kind: Invalid, Code: "number-not-e164", Op: "read number", Object: Mask(s),
			Detail: "a number is written as + country code and digits", Next: "write it like +12125550123",
		}
	}
	return Number(s), nil
}

// E164 is the full number.
func (n Number) E164() string { return string(n) }

// String is the number with all but its country code and last four digits hidden: "+1…0123".
func (n Number) String() string { return Mask(string(n)) }

// Format keeps every verb from printing the digits.
func (n Number) Format(f fmt.State, verb rune) { fmt.Fprintf(f, fmt.FormatString(f, verb), n.String()) }

// LogValue keeps log lines masked.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.String()) }

// Mask hides a number or an account: the last four characters stay, and a leading + with its first digit.
func Mask(s string) string {
	const shown = 4
	r := []rune(s)
	if len(r) <= shown {
		return "…"
	}
	tail := string(r[len(r)-shown:])
	if r[0] == '+' && len(r) > shown+2 {
		return string(r[:2]) + "…" + tail
	}
	return "…" + tail
}

// Secret is a PIN, passcode or transfer code. It never leaves the process by accident: it prints as "[secret]", and it
// refuses to be encoded, so that no secret can enter a workflow's history. Reveal is for the vault and the carrier only.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// Format keeps every verb from printing the secret.
func (s Secret) Format(f fmt.State, verb rune) { fmt.Fprintf(f, fmt.FormatString(f, verb), s.String()) }

// LogValue keeps log lines clean.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText fails for every secret that is not empty.
func (s Secret) MarshalText() ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	return nil, &Error{
		Kind: Failed, Code: "secret-not-encodable", Op: "encode order", Object: "authorization code",
		Detail: "a secret never enters Temporal", Next: "put it in the vault and send its reference",
	}
}

// UnmarshalText takes the secret as written.
func (s *Secret) UnmarshalText(b []byte) error {
	*s = Secret(b)
	return nil
}
