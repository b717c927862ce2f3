package manual_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/porting"
)

const wholeProfile = `name: old-bell
countries: [DE, AT]
kinds: [wireline]
email: ports@old-bell.example
portal: https://portal.old-bell.example/ports
telephone: +49 30 123456
hours: Monday to Friday 8 to 16, Berlin
needs: [loa, invoice]
language: de
max_numbers: 100
cancel_lock: 48h
on_demand: true
codes_by_mail: true
answer_within: 8h
`

func TestProfile(t *testing.T) {
	t.Parallel()
	p, err := manual.ParseProfile([]byte(wholeProfile))
	require.NoError(t, err)
	require.Equal(t, carrier.Capabilities{
		Name: "old-bell", Countries: []string{"DE", "AT"}, Kinds: []string{porting.KindWireline}, MaxNumbers: 100, Documents: []string{"loa", "invoice"},
		Supplement: true, Reverse: true, OnDemand: true, PerNumber: true, CancelLock: 48 * time.Hour,
	}, p.Capabilities())

	least, err := manual.ParseProfile([]byte("name: x\ntelephone: '110'"))
	require.NoError(t, err)
	require.Equal(t, "en", least.Language)
	require.Equal(t, 24*time.Hour, least.AnswerWithin)
	require.False(t, least.CodesByMail, "codes go by mail only where somebody says so")
}

func TestProfileFlaws(t *testing.T) {
	t.Parallel()
	for change, says := range map[string]string{
		"name: old-bell -> name: Old Bell":                    "name:",
		"countries: [DE, AT] -> countries: [Germany]":         "countries:",
		"kinds: [wireline] -> kinds: [fixed]":                 "kinds:",
		"needs: [loa, invoice] -> needs: [blood]":             "needs:",
		"email: ports@old-bell.example -> email: Old <a@b>":   "email:",
		"email: ports@old-bell.example\n -> ":                 "codes_by_mail:",
		"portal: https -> portal: http":                       "portal:",
		"hours: Monday -> hours: \"Monday\\r\\nBcc: x@y \" #": "telephone, hours:",
		"language: de -> language: tlh":                       "language:",
		"max_numbers: 100 -> max_numbers: -1":                 "max_numbers:",
		"cancel_lock: 48h -> cancel_lock: 4800h":              "cancel_lock,",
		"answer_within: 8h -> answer_within: 1s":              "cancel_lock, answer_within",
		"answer_within: 8h -> patience: 8h":                   "field patience not found",
		"answer_within: 8h\n -> ---\nname: another\n":         "more than one carrier",
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			from, to, _ := strings.Cut(change, " -> ")
			text := strings.Replace(wholeProfile, from, to, 1)
			require.NotEqual(t, wholeProfile, text)
			_, err := manual.ParseProfile([]byte(text))
			require.Equal(t, "profile-invalid", porting.CodeOf(err))
			require.ErrorContains(t, err, says)
		})
	}
	_, err := manual.ParseProfile([]byte("name: nowhere"))
	require.ErrorContains(t, err, "neither email nor portal nor telephone")
	_, err = manual.ParseProfile(nil)
	require.Equal(t, porting.Invalid, porting.KindOf(err))
}

func FuzzParseProfile(f *testing.F) {
	f.Add([]byte(wholeProfile))
	f.Add([]byte("name: x\nemail: a@b\n"))
	f.Add([]byte("- 1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := manual.ParseProfile(text)
		if err != nil {
			require.Equal(t, "profile-invalid", porting.CodeOf(err))
			return
		}
		require.NotContains(t, p.Email+p.Portal+p.Telephone+p.Hours+p.Name, "\n", "nothing of it can break a header")
		require.True(t, p.Email != "" || !p.CodesByMail)
		require.Positive(t, p.AnswerWithin)
	})
}
