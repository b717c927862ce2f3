package porting_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// What is as long as it may be is taken; one more is not.
func TestLongestThatIsTaken(t *testing.T) {
	t.Parallel()
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name    string
		port    *porting.Port
		longest int
		code    string
		msg     func(n int) any
	}{
		{"note", portIn(porting.Received), 1000, "note-length", func(n int) any { return porting.Note{By: "ana", Text: x(n)} }},
		{"ID", portIn(porting.Received), 1000, "field-length", func(n int) any { return porting.Note{ID: x(n), By: "ana", Text: "called"} }},
		{"who it is", portIn(porting.Received), 200, "by-missing", func(n int) any { return porting.Revoke{By: x(n)} }},
		{"reason of a revocation", portIn(porting.Received), 1000, "field-length", func(n int) any { return porting.Revoke{By: "ana", Reason: porting.Reason(x(n))} }},
		{"account", portIn(porting.Exception), 1000, "field-length", func(n int) any { return porting.Amend{By: "ana", AccountNumber: x(n)} }},
		{"street", portIn(porting.Exception), 1000, "field-length", func(n int) any {
			return porting.Amend{By: "ana", Address: &porting.Address{Street: x(n)}}
		}},
		{"reason of a hold", portIn(porting.Confirmed), 1000, "field-length", func(n int) any { return porting.Hold{By: "ana", Why: x(n)} }},
		{"owner", portIn(porting.Submitted), 200, "owner-missing", func(n int) any { return porting.Reassign{By: "ana", To: x(n)} }},
		{"more time", portIn(porting.Exception), 720, "hours-range", func(n int) any { return porting.Extend{By: "ana", Hours: n} }},
		{"statement", challenged(), porting.MaxStatement, "field-length", func(n int) any {
			return porting.Decide{Statement: make([]byte, n), Signature: "armor"}
		}},
		{"signature", challenged(), porting.MaxSignature, "field-length", func(n int) any {
			return porting.Decide{Statement: []byte("{}"), Signature: x(n)}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, c.port.Check(c.msg(1)))
			require.NoError(t, c.port.Check(c.msg(c.longest)))
			require.Equal(t, c.code, porting.CodeOf(c.port.Check(c.msg(c.longest+1))))
		})
	}
}
