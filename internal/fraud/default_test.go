package fraud_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
)

// signals has, for every rule of the default policy, evidence that raises it and evidence that comes near and does not. The
// request is one for a private mobile number with a letter that leaves us, unless the evidence says otherwise.
func signals(t *testing.T) map[string]struct{ raised, quiet []fraud.Facts } {
	t.Helper()
	type pair = struct{ raised, quiet []fraud.Facts }
	is := func(facts ...fraud.Facts) []fraud.Facts { return facts }
	ago := func(text string) *fraud.Age { return new(age(t, text)) }
	business := fraud.Request{Outgoing: new(true), Mobile: new(true), HasLOA: new(true), Business: new(true)}
	landline := fraud.Request{Outgoing: new(true), Mobile: new(false), HasLOA: new(true), Business: new(false)}
	incoming := fraud.Request{Outgoing: new(false), Mobile: new(true), HasLOA: new(true), Business: new(false)}
	return map[string]pair{
		"sim-changed-3d":           {is(fraud.SIMSwap{Change: ago("71h")}), is(fraud.SIMSwap{Change: ago("72h")})},
		"sim-changed-10d":          {is(fraud.SIMSwap{Change: ago("72h")}), is(fraud.SIMSwap{Change: ago("240h")})},
		"device-changed-7d":        {is(fraud.DeviceSwap{Change: ago("6d")}), is(fraud.DeviceSwap{Change: ago("7d")})},
		"contact-changed-3d":       {is(fraud.Account{ContactChange: ago("71h")}), is(fraud.Account{ContactChange: ago("3d")})},
		"password-changed-3d":      {is(fraud.Account{PasswordChange: ago("71h")}), is(fraud.Account{PasswordChange: ago("3d")}, incoming)},
		"fresh-pin-strange-device": {is(fraud.Account{PINCreated: ago("0h"), TrustedDevice: new(false)}), is(fraud.Account{PINCreated: ago("0h"), TrustedDevice: new(true)})},
		"user-added-7d":            {is(fraud.Account{UserAdded: ago("6d")}), is(fraud.Account{UserAdded: ago("7d")})},
		"failed-attempts":          {is(fraud.Account{Failed24h: new(3)}), is(fraud.Account{Failed24h: new(2)})},
		"many-failed-attempts":     {is(fraud.Account{Failed24h: new(10)}), is(fraud.Account{Failed24h: new(9)})},
		"number-asked-for-often":   {is(fraud.Velocity{Number24h: new(3)}), is(fraud.Velocity{Number24h: new(2), Number30d: new(5)})},
		"account-burst":            {is(fraud.Velocity{Account24h: new(5)}), is(fraud.Velocity{Account24h: new(40)}, business)},
		"signer-of-many-accounts":  {is(fraud.Velocity{SignerAccounts30d: new(3)}), is(fraud.Velocity{SignerAccounts30d: new(2)})},
		"email-on-many-requests":   {is(fraud.Velocity{Email30d: new(4)}), is(fraud.Velocity{Email30d: new(3)})},
		"address-on-many-requests": {is(fraud.Velocity{Address30d: new(5)}), is(fraud.Velocity{Address30d: new(9)}, business)},
		"recipient-burst":          {is(fraud.Velocity{Recipient24h: new(300), Recipient30d: new(1400)}), is(fraud.Velocity{Recipient24h: new(300), Recipient30d: new(9000)})},
		"short-tenure":             {is(fraud.Tenure{Since: ago("<=30d")}), is(fraud.Tenure{Since: ago(">=30d")})},
		"ported-lately":            {is(fraud.History{LastPort: ago("29d")}), is(fraud.History{LastPort: ago("none")})},
		"kyc-name-differs":         {is(fraud.KYC{Name: new(false)}), is(fraud.KYC{Name: new(true)})},
		"kyc-name-far-off":         {is(fraud.KYC{NameScore: new(59)}), is(fraud.KYC{NameScore: new(60)})},
		"kyc-birthdate-differs":    {is(fraud.KYC{Birthdate: new(false)}), is(fraud.KYC{Birthdate: new(true)})},
		"kyc-document-differs":     {is(fraud.KYC{Document: new(false)}), is(fraud.KYC{Document: new(true)})},
		"record-differs":           {is(fraud.Identity{Name: new(fraud.Mismatch)}), is(fraud.Identity{Name: new(fraud.Near), Account: new(fraud.Match)})},
		"new-payer-7d":             {is(fraud.Account{NewPayer: ago("6d")}), is(fraud.Account{NewPayer: ago("none")})},
		"contact-is-virtual":       {is(fraud.Contact{Line: new(fraud.LineVirtual)}), is(fraud.Contact{Line: new(fraud.LineFixedVoIP)})},
		"contact-is-the-number":    {is(fraud.Contact{IsTheNumber: new(true)}), is(fraud.Contact{IsTheNumber: new(false)})},
		"high-value":               {is(fraud.Request{HighValue: new(true)}), is(fraud.Request{HighValue: new(false)})},
		"out-of-hours":             {is(fraud.Request{OutOfHours: new(true)}), is(fraud.Request{OutOfHours: new(false)})},
		"before-the-door-closes":   {is(fraud.Request{NearCutoff: new(true)}), is(fraud.Request{HolidayEve: new(false), NearCutoff: new(false)})},
		"far-away":                 {is(fraud.Place{CountryDiffers: new(true)}), is(fraud.Place{CountryDiffers: new(false), DistanceKM: new(500)})},
		"loa-of-another-account":   {is(letters(1)), is(letters(0))},
		"loa-alike":                {is(fraud.LOA{Similarity: new(0.9)}), is(fraud.LOA{Similarity: new(0.89)})},
		"loa-signed-after-request": {is(fraud.LOA{SignedAfterRequest: new(true)}), is(fraud.LOA{SignedAfterRequest: new(false)})},
		"loa-signed-before-customer": {
			is(fraud.LOA{SignedBeforeCustomer: new(true)}), is(fraud.LOA{SignedBeforeCustomer: new(false)}),
		},
		"hidden-network":       {is(fraud.Network{Reputation: new(19)}), is(fraud.Network{Proxy: new(false), Reputation: new(20)})},
		"emulated-device":      {is(fraud.Network{Emulator: new(true)}), is(fraud.Network{Emulator: new(false)})},
		"calls-forwarded":      {is(fraud.CallForwarding{Unconditional: new(true)}), is(landline)},
		"number-recycled":      {is(fraud.NumberRecycling{Recycled: new(true)}), is(fraud.NumberRecycling{Recycled: new(false)})},
		"customer-objects":     {is(fraud.Notice{Reply: new(fraud.ReplyNo)}), is(fraud.Notice{Reply: new(fraud.ReplyNone)})},
		"customer-not-reached": {is(fraud.Notice{Undelivered: new(true)}), is(fraud.Notice{Undelivered: new(false)})},
		"anonymous-new-line": {
			is(fraud.Recipient{Anonymous: new(true), AccountOpened: ago("6d")}), is(fraud.Recipient{Anonymous: new(false)}),
		},
		"recipient-history": {is(fraud.Recipient{Frauds90d: new(2)}), is(fraud.Recipient{Frauds90d: new(1)})},
		"stolen-before":     {is(fraud.History{Frauds: new(1)}), is(fraud.History{Frauds: new(0)})},
		"disputed-before":   {is(fraud.History{Disputes: new(1)}), is(fraud.History{Disputes: new(0)})},
	}
}

// judged is the verdict of the default policy on facts about a private mobile number with a letter that leaves us.
func judged(facts []fraud.Facts) fraud.Verdict {
	e := evidence(fraud.Request{Outgoing: new(true), Mobile: new(true), HasLOA: new(true), Business: new(false)})
	for _, f := range facts {
		e.Know(f)
	}
	return fraud.Evaluate(fraud.Default(), e)
}

func fired(v fraud.Verdict, rule string) bool {
	return slices.ContainsFunc(v.Reasons, func(f fraud.Fired) bool { return f.Rule == rule })
}

func unanswered(v fraud.Verdict, rule string) bool {
	return slices.ContainsFunc(v.Missing, func(g fraud.Gap) bool { return g.Rule == rule })
}

// Each of the 22 signals, by its number and its rules: evidence that raises it, and evidence that does not.
func TestEverySignalIsRaisedAndNot(t *testing.T) {
	t.Parallel()
	all := signals(t)
	require.Len(t, all, len(fraud.Default().Rules), "each rule has its evidence, and no evidence is of a rule that is gone")
	for i, reason := range fraud.Reasons {
		t.Run(fmt.Sprintf("%02d %s", i+1, reason), func(t *testing.T) {
			t.Parallel()
			rules := rulesOf(reason)
			require.NotEmpty(t, rules, "no rule of the default policy looks for it")
			for _, rule := range rules {
				signal, ok := all[rule]
				require.True(t, ok, "no evidence for %s", rule)
				t.Run(rule+" raised", func(t *testing.T) {
					v := judged(signal.raised)
					require.True(t, fired(v, rule), "%+v", v)
				})
				t.Run(rule+" not raised", func(t *testing.T) {
					v := judged(signal.quiet)
					require.False(t, fired(v, rule), "%+v", v)
					require.False(t, unanswered(v, rule), "%+v", v)
				})
				t.Run(rule+" without evidence", func(t *testing.T) {
					require.True(t, unanswered(fraud.Evaluate(fraud.Default(), evidence()), rule), "it cannot be told")
				})
			}
		})
	}
}

// rulesOf are the rules of the default policy that look for a signal.
func rulesOf(reason fraud.Reason) []string {
	var rules []string
	for _, r := range fraud.Default().Rules {
		if r.Reason == reason {
			rules = append(rules, r.ID)
		}
	}
	return rules
}

// All sources down: a person looks; nothing is cleared and nothing blocked.
func TestWithoutAnyEvidenceAPersonLooks(t *testing.T) {
	t.Parallel()
	e := fraud.Evidence{At: time.Now()}
	for _, source := range fraud.Sources() {
		e.Miss(source, fraud.Unavailable)
	}
	v := fraud.Evaluate(fraud.Default(), e)
	require.Equal(t, fraud.Review, v.Verdict)
	require.Empty(t, v.Reasons)
	require.Len(t, v.Missing, len(fraud.Default().Rules))
}
