package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

func order(kind string, numbers ...porting.Number) porting.Order {
	return porting.Order{Reference: "T-1", Kind: kind, Numbers: numbers}
}

func account(o porting.Order, a porting.Account) porting.Order {
	o.Account = a
	return o
}

func TestSelect(t *testing.T) {
	t.Parallel()
	line := order(porting.KindWireline, newYork)
	for _, c := range []struct {
		name  string
		order porting.Order
		want  string
		why   string
	}{
		{"one line", line, "us-wireline-simple", "passes every test"},
		{"two numbers", order(porting.KindWireline, newYork, chicago), "us-wireline-nonsimple", "2 lines"},
		{"two lines, one number", account(line, porting.Account{Lines: 2}), "us-wireline-nonsimple", "2 lines"},
		{"as many lines as numbers", account(order(porting.KindWireline, newYork, chicago), porting.Account{Lines: 2}), "us-wireline-nonsimple", "2 lines"},
		{"unbundled elements", account(line, porting.Account{Features: []string{"une"}}), "us-wireline-nonsimple", "une"},
		{"Centrex", account(line, porting.Account{Features: []string{"centrex"}}), "us-wireline-nonsimple", "centrex"},
		{"ISDN", account(line, porting.Account{Features: []string{"isdn"}}), "us-wireline-nonsimple", "isdn"},
		{"remote call forwarding", account(line, porting.Account{Features: []string{"remote-call-forwarding"}}), "us-wireline-nonsimple", "remote-call-forwarding"},
		{"reseller", account(line, porting.Account{Reseller: true}), "us-wireline-nonsimple", "reseller"},
		{"wireless", order(porting.KindWireless, newYork), "us-wireless", "wireless"},
		{"Puerto Rico", order(porting.KindWireless, sanJuan), "us-wireless", "of US"},
		{"toll-free", order(porting.KindTollFree, "+18005550199"), "us-tollfree", "toll-free"},
		{"toll-free, kind not said", order("", "+18005550199"), "us-tollfree", "toll-free"},
		{"Toronto", order(porting.KindWireline, "+14165550123"), "ca-wireline", "of CA"},
		{"Canadian wireless", order(porting.KindWireless, "+14165550123"), "ca-wireless", "of CA"},
		{"London", order("", "+442071234567"), "gb-fixed", "wireline"},
		{"British mobile", order("", "+447400123456"), "gb-mobile", "wireless"},
		{"German mobile", order("", "+4915123456789"), "de", "of DE"},
		{"German fixed", order("", "+493012345678"), "de", "wireline"},
		{"French mobile", order("", "+33612345678"), "fr-mobile", "wireless"},
		{"French fixed", order("", "+33142345678"), "fr-fixed", "wireline"},
		{"Spain", order("", "+34612345678"), "es-mobile", "of ES"},
		{"Italy", order("", "+393123456789"), "it-mobile", "of IT"},
		{"Netherlands", order("", "+31612345678"), "nl", "of NL"},
		{"Australian mobile", order("", "+61412345678"), "au-mobile", "of AU"},
		{"Sydney", order("", "+61291234567"), "au-local", "wireline"},
		{"New Zealand", order("", "+64211234567"), "nz", "of NZ"},
		{"India", order("", "+918123456789"), "in", "of IN"},
		{"Singapore", order("", "+6581234567"), "sg", "of SG"},
		{"Hong Kong", order("", "+85251234567"), "hk", "of HK"},
		{"Japan", order("", "+819012345678"), "jp", "of JP"},
		{"Brazil", order("", "+5511961234567"), "br", "of BR"},
		{"Mexico", order(porting.KindWireless, "+525512345678"), "mx", "of MX"},
		{"South Africa", order("", "+27711234567"), "za", "of ZA"},
		{"Nigeria", order("", "+2348021234567"), "ng", "of NG"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := book(t).Select(c.order, at(t, "2026-11-22T12:00Z"))
			require.NoError(t, err)
			require.Equal(t, c.want, s.Pack.ID)
			require.Equal(t, s.Pack.Ref(), s.Ref)
			require.Contains(t, s.Why, c.why)
			wireline := strings.HasPrefix(c.want, "us-wireline")
			require.Equal(t, wireline, s.Simple != nil, "simple is a question of American wireline only")
			if wireline {
				require.Equal(t, c.want == "us-wireline-simple", *s.Simple)
				require.Len(t, s.Tests, 4)
			}
		})
	}
}

func TestSelectRefuses(t *testing.T) {
	t.Parallel()
	inCountry := func(o porting.Order, country string) porting.Order {
		o.Country = country
		return o
	}
	authorized := func(o porting.Order, kind string) porting.Order {
		o.Authorization.Kind = kind
		return o
	}
	for _, c := range []struct {
		name  string
		order porting.Order
		code  string
	}{
		{"no numbers", order(porting.KindWireline), "numbers-missing"},
		{"no number at all", order(porting.KindWireline, "+19995550123"), "number-not-valid"},
		{"two countries", order(porting.KindWireline, newYork, "+442071234567"), "facts-contradict"},
		{"the country is another", inCountry(order(porting.KindWireline, newYork), "GB"), "facts-contradict"},
		{"Canada is not the United States", inCountry(order(porting.KindWireline, "+14165550123"), "US"), "facts-contradict"},
		{"toll-free and not", order(porting.KindTollFree, newYork), "facts-contradict"},
		{"wireline and toll-free", order(porting.KindWireline, "+18005550199"), "facts-contradict"},
		{"wireline and mobile", order(porting.KindWireline, "+447400123456"), "facts-contradict"},
		{"fewer lines than numbers", account(order(porting.KindWireline, newYork, chicago), porting.Account{Lines: 1}), "facts-contradict"},
		{"kind not said", order("", newYork), "kind-unknown"},
		{"Iceland", order("", "+3546111234"), "country-unsupported"},
		{"Spanish fixed line", order("", "+34912345678"), "kind-unsupported"},
		{"a feature that no test knows", account(order(porting.KindWireline, newYork), porting.Account{Features: []string{"carrier-pigeon"}}), "feature-unknown"},
		{"a PAC in France", authorized(order("", "+33612345678"), "pac"), "code-wrong-country"},
		{"a RIO in the United States", authorized(order(porting.KindWireless, newYork), "rio"), "code-wrong-country"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := book(t).Select(c.order, at(t, "2026-11-22T12:00Z"))
			refused(t, err, c.code)
			for _, n := range c.order.Numbers {
				require.NotContains(t, err.Error(), n.E164(), "an error shows no number")
			}
		})
	}
	_, err := book(t).Select(order("", "+61412345678"), at(t, "1990-01-01T00:00Z"))
	refused(t, err, "pack-not-in-force")
}

func TestUnknownPack(t *testing.T) {
	t.Parallel()
	_, err := book(t).Pack("us-wirelss")
	refused(t, err, "pack-unknown")
	require.Contains(t, err.Error(), "us-wireless")
	_, err = book(t).Pack("au-mobile@1999")
	refused(t, err, "pack-unknown")
	require.Contains(t, err.Error(), "au-mobile@c570-2024")
	_, err = book(t).PackAt("atlantis", at(t, "2026-11-22T12:00Z"))
	refused(t, err, "pack-unknown")
	_, err = book(t).PackAt("au-mobile", at(t, "1990-01-01T00:00Z"))
	refused(t, err, "pack-not-in-force")
}

func TestEveryPackIsComplete(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for _, p := range book(t).List() {
		ids[p.ID] = true
		require.NotEmpty(t, p.Digest())
		require.NotEmpty(t, p.Sources)
		require.NotZero(t, p.AsOf)
		require.NotZero(t, p.EffectiveFrom)
		require.NotEmpty(t, p.Documents(), p.Ref())
		require.Positive(t, p.Approvals().People)
		require.Positive(t, p.CancelLock())
		require.Equal(t, 8, p.MaxVersions(), "the desk's own bound")
		_, ok := p.Return()
		require.Equal(t, p.Rules.Return != nil, ok)
		for _, waiting := range []string{"donor", "customer", "approver", "recipient"} {
			silence, ok := p.Silence(waiting)
			require.True(t, ok, "%s: silence of the %s is a decision", p.Ref(), waiting)
			require.NotEmpty(t, silence.Cite)
		}
		for _, clock := range p.Rules.Clocks {
			require.NotEmpty(t, clock.Confidence, "%s %s", p.Ref(), clock.Name)
			require.NotEmpty(t, clock.OnExpiry)
		}
	}
	for _, id := range []string{
		"us-wireline-simple", "us-wireline-nonsimple", "us-wireless", "us-tollfree", "ca-wireline", "ca-wireless", "gb-mobile",
		"gb-fixed", "de", "fr-mobile", "fr-fixed", "es-mobile", "it-mobile", "nl", "au-mobile", "au-local", "nz", "in", "sg", "hk", "jp", "br", "mx", "za", "ng",
	} {
		require.True(t, ids[id], id)
	}
	require.Len(t, ids, 25)
}

func TestDecisionEndsInsideThePort(t *testing.T) {
	t.Parallel()
	start := at(t, "2026-11-24T15:00Z")
	for _, p := range book(t).List() {
		place := rules.Place{}
		if p.Rules.For.Country == "US" {
			place.Number = newYork
		}
		decision, err := p.Due("decision", start, place)
		require.NoError(t, err)
		whole, err := p.Due("port", start, place)
		require.NoError(t, err)
		require.False(t, decision.At.After(whole.At), p.Ref())
	}
}

// High risk takes more than one pair of eyes, whatever pack; nothing takes none unless its pack says so.
func TestPolicyByRisk(t *testing.T) {
	t.Parallel()
	for _, p := range book(t).List() {
		require.Positive(t, p.Policy(porting.RiskLow).People, p.Ref())
		require.GreaterOrEqual(t, p.Policy(porting.RiskMedium).People, p.Policy(porting.RiskLow).People, p.Ref())
		require.Equal(t, porting.Policy{People: 2, Teams: 2, Hardware: 1}, p.Policy(porting.RiskHigh), p.Ref())
	}
}
