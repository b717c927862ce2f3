package approval

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestStatementComesBackAsItWent(t *testing.T) {
	t.Parallel()
	for _, s := range []porting.Statement{
		testStatement(),
		testChallenge().Statement(porting.Reject, "", now, time.Second),
		testChallenge().Statement(porting.Reject, porting.SuspectedFraud, now, porting.MaxStatementLife),
	} {
		read, err := ParseStatement(encoded(t, s))
		require.NoError(t, err)
		require.Equal(t, s, read)
		require.NoError(t, read.Answers(testChallenge()))
	}
}

func TestStatementIsStrict(t *testing.T) {
	t.Parallel()
	good := string(encoded(t, testStatement()))
	for name, text := range map[string]string{
		"nothing":               "",
		"null":                  "null",
		"a list":                "[" + good + "]",
		"two of them":           good + good,
		"trailing data":         good + "x",
		"an unknown field":      strings.Replace(good, "{", `{"extra":1,`, 1),
		"a field twice":         strings.Replace(good, "{", `{"decision":"reject",`, 1),
		"a field twice, same":   strings.Replace(good, "{", `{"decision":"approve",`, 1),
		"another case":          strings.Replace(good, `"decision"`, `"Decision"`, 1),
		"another case besides":  strings.Replace(good, "{", `{"DECISION":"reject",`, 1),
		"an escaped twin":       strings.Replace(good, "{", `{"\u0064ecision":"reject",`, 1),
		"a field missing":       strings.Replace(good, `"nonce":"nonce-1",`, "", 1),
		"an empty one missing":  strings.Replace(good, `"reason":"",`, "", 1),
		"null for a string":     strings.Replace(good, `"nonce":"nonce-1"`, `"nonce":null`, 1),
		"a number for a string": strings.Replace(good, `"port":"port-1"`, `"port":1`, 1),
		"a string for a number": strings.Replace(good, `"epoch":3`, `"epoch":"3"`, 1),
		"a fraction":            strings.Replace(good, `"epoch":3`, `"epoch":3.5`, 1),
		"a number written long": strings.Replace(good, `"epoch":3`, `"epoch":3.0`, 1),
		"a number too large":    strings.Replace(good, `"epoch":3`, `"epoch":99999999999999999999`, 1),
		"seconds for a time":    strings.Replace(good, `"iat":"2026-03-02T09:00:00Z"`, `"iat":1772442000`, 1),
		"a time written long":   strings.Replace(good, `"iat":"2026-03-02T09:00:00Z"`, `"iat":"2026-03-02T09:00:00.000Z"`, 1),
		"not UTF-8":             strings.Replace(good, "port-1", "port-\xff", 1),
		"too long":              good + strings.Repeat(" ", porting.MaxStatement),
		"deeply nested":         strings.Repeat("[", porting.MaxStatement-1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, good, text, "the test changes nothing")
			_, err := ParseStatement([]byte(text))
			require.Equal(t, "statement-malformed", porting.CodeOf(err))
			require.Equal(t, porting.Refused, porting.KindOf(err))
		})
	}
}

func TestStatementSaysOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*porting.Statement){
		"another type":            func(s *porting.Statement) { s.Type = "portsaga/decision/v2" },
		"no decision":             func(s *porting.Statement) { s.Decision = "" },
		"another decision":        func(s *porting.Statement) { s.Decision = "Approve" },
		"an approval with reason": func(s *porting.Statement) { s.Reason = porting.Declined },
		"free text as reason":     func(s *porting.Statement) { s.Decision, s.Reason = porting.Reject, "she called" },
		"expired when issued":     func(s *porting.Statement) { s.ExpiresAt = s.IssuedAt },
		"expired before":          func(s *porting.Statement) { s.ExpiresAt = s.IssuedAt.Add(-time.Second) },
		"valid for too long":      func(s *porting.Statement) { s.ExpiresAt = s.IssuedAt.Add(porting.MaxStatementLife + time.Second) },
		"no times":                func(s *porting.Statement) { s.IssuedAt, s.ExpiresAt = time.Time{}, time.Time{} },
		"a year of five digits":   func(s *porting.Statement) { s.ExpiresAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testStatement()
			change(&s)
			_, err := Encode(s)
			require.Equal(t, "statement-malformed", porting.CodeOf(err))
		})
	}
}
