package notify_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// usDemand is what the US pack asks of a donor: adopted, not in force, and followed all the same.
var usDemand = []rules.Notice{{
	Event: "port-out request", Party: "donor", Before: "activation", SuppressIf: "line separation", Status: rules.AdoptedNotEffective,
	Fact: rules.Fact{Cite: "47 CFR 52.37(c)"},
}}

// short is a notice in a line.
func short(plan []notify.Notice) []string {
	var lines []string
	for _, n := range plan {
		line := n.Recipient + " " + string(n.Channel) + " " + n.Lang
		if n.Demand != "" {
			line += " demanded"
		}
		if n.Suppressed != "" {
			line += " suppressed"
		}
		lines = append(lines, line)
	}
	return lines
}

func TestPlan(t *testing.T) {
	t.Parallel()
	both := porting.Contact{Email: "both@example.org", Phone: phone}
	old := porting.Contact{Email: "old@example.org"}
	for name, c := range map[string]struct {
		kind   notify.Kind
		change func(*notify.Facts)
		demand []rules.Notice
		want   []string
	}{
		"every channel that is known": {
			notify.Received, func(f *notify.Facts) { f.People[0].Contact = both }, nil,
			[]string{"subscriber email de", "subscriber sms de"},
		},
		"nobody to tell": {notify.Received, func(f *notify.Facts) { f.People = nil }, nil, nil},
		"old and new contacts": {notify.Changed, func(f *notify.Facts) {
			f.People = append(f.People, notify.Person{Role: notify.PreviousContact, Contact: old}, notify.Person{Role: notify.PreviousContact, Contact: both})
		}, nil, []string{"subscriber email de", "previous-contact email de", "previous-contact-2 email de", "previous-contact-2 sms de"}},
		"a wish before the country": {notify.Received, func(f *notify.Facts) { f.People[0].Lang = "fr-CA" }, nil, []string{"subscriber email fr-CA"}},
		"a country without texts":   {notify.Received, func(f *notify.Facts) { f.Country = "NZ" }, nil, []string{"subscriber email en"}},
		"services":                  {notify.FOC, func(f *notify.Facts) { f.Services = []string{"crm"} }, nil, []string{"subscriber email de", "service:crm webhook en"}},
		"demanded of the donor": {
			notify.PortOutRequested, func(f *notify.Facts) { f.Direction = porting.PortOut }, usDemand,
			[]string{"subscriber email de demanded"},
		},
		"not demanded of the recipient":  {notify.Received, func(*notify.Facts) {}, usDemand, []string{"subscriber email de"}},
		"not demanded of a later notice": {notify.FOC, func(f *notify.Facts) { f.Direction = porting.PortOut }, usDemand, []string{"subscriber email de"}},
		"line separation: the survivor only": {notify.PortOutRequested, func(f *notify.Facts) {
			f.Direction, f.LineSeparation = porting.PortOut, &notify.Quiet{By: "ben@care"}
			f.People = append(f.People, notify.Person{Role: notify.AccountHolder, Contact: both}, notify.Person{Role: notify.PreviousContact, Contact: old})
		}, usDemand, []string{
			"subscriber email de demanded", "account-holder email de demanded suppressed", "account-holder sms de demanded suppressed",
			"previous-contact email de demanded suppressed",
		}},
		"one address, told once": {
			notify.Changed, func(f *notify.Facts) {
				f.People = append(f.People, notify.Person{Role: notify.PreviousContact, Contact: porting.Contact{Email: " Maria.Sentinel@example.org", Phone: phone}})
			}, nil,
			[]string{"subscriber email de", "previous-contact sms de"},
		},
		"line separation: an address that both read": {
			notify.Received, func(f *notify.Facts) {
				f.LineSeparation = &notify.Quiet{By: "ben@care"}
				f.People[0].Contact = both
				f.People = append(f.People, notify.Person{Role: notify.AccountHolder, Contact: porting.Contact{Email: "BOTH@example.org"}})
			}, nil,
			[]string{"subscriber email de suppressed", "subscriber sms de", "account-holder email de suppressed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts := factsOf("pi-1")
			c.change(&facts)
			event := notify.Event{Kind: c.kind, Key: "v1"}
			plan := notify.Plan(event, facts, c.demand)
			require.Equal(t, c.want, short(plan))
			require.Equal(t, plan, notify.Plan(event, facts, c.demand))
		})
	}
}

func TestANoticeIsNamedByWhatItIsOf(t *testing.T) {
	t.Parallel()
	base := notify.Notice{Port: "pi-1", Event: notify.Event{Kind: notify.FOC, Key: "v1"}, Recipient: "subscriber", Channel: notify.Email}
	ids := map[string]bool{base.ID(): true}
	for _, change := range []func(*notify.Notice){
		func(n *notify.Notice) { n.Port = "pi-2" },
		func(n *notify.Notice) { n.Event.Kind = notify.Changed },
		func(n *notify.Notice) { n.Event.Key = "v2" },
		func(n *notify.Notice) { n.Recipient = "account-holder" },
		func(n *notify.Notice) { n.Channel = notify.SMS },
	} {
		n := base
		change(&n)
		require.False(t, ids[n.ID()])
		ids[n.ID()] = true
	}
	other := base
	other.To, other.Lang, other.Words.Donor = "b@example.org", "fr", "Other"
	require.True(t, ids[other.ID()], "address and words do not name it")
}

// Orders come from many hands: what they call a provider must not become a link, a header or a paragraph.
func TestNamesAreHarmless(t *testing.T) {
	t.Parallel()
	facts := factsOf("pi-1")
	facts.Donor = "Evil\r\nBcc: x@y.z <a href=\"https://evil.example/stop\">AT&T</a>"
	words := notify.Plan(notify.Event{Kind: notify.Received}, facts, nil)[0].Words
	require.Equal(t, "Evil Bcc x y z a href https evil example stop AT&T a", words.Donor)
	text, err := json.Marshal(words)
	require.NoError(t, err)
	require.NotContains(t, string(text), "4930123456")
}
