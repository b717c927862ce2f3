package porting_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

// The whole law of a port-out. Whatever is answered passes through answered; nothing but numbers seen elsewhere leads to
// releasing.
const portOutLaw = `
	-            received           received
	received     accepted           screening
	received     answered           answered
	received     refused            rolling-back
	screening    screened           notifying
	screening    answered           answered
	notifying    notified           deciding
	notifying    answered           answered
	deciding     answered           answered
	answered     refused            rolling-back
	answered     lapsed             rolling-back
	answered     activated          releasing
	releasing    verified           completed
	releasing    partly-verified    end
	releasing    disputed           rolling-back
	rolling-back rolled-back        end
	screening    held               on-hold
	notifying    held               on-hold
	deciding     held               on-hold`

var openOut = []porting.Stage{porting.Received, porting.Screening, porting.Notifying, porting.Deciding, porting.Answered, porting.Releasing, porting.OnHold}

func TestPortOutTransitionsAreTheLaw(t *testing.T) {
	t.Parallel()
	law := map[[2]string]string{}
	for line := range strings.Lines(strings.TrimSpace(portOutLaw)) {
		f := strings.Fields(line)
		law[[2]string{strings.TrimPrefix(f[0], "-"), f[1]}] = f[2]
	}
	for _, s := range openOut {
		for _, on := range []porting.Event{porting.EventRevoked, porting.EventCancelled, porting.EventWithdrawn} {
			law[[2]string{string(s), string(on)}] = "rolling-back"
		}
	}
	found := map[[2]string]string{}
	for _, move := range porting.Transitions(porting.PortOut) {
		if move.On == porting.EventResumed {
			continue
		}
		to := string(move.To)
		if to == "" {
			to = "end"
		}
		found[[2]string{string(move.From), string(move.On)}] = to
	}
	require.Equal(t, law, found)
}

func request() porting.PortOutRequest {
	return porting.PortOutRequest{
		ID: "WPR-77", Carrier: "simulator", Numbers: []porting.Number{"+12025550123"}, Recipient: porting.Party{Name: "Other Mobile", SPID: "OM01"},
		Given: porting.Given{Account: "99887766", PostalCode: "20001", PINRef: "s-1"}, ReceivedAt: start,
	}
}

func portOut(stage porting.Stage, change func(*porting.Port)) *porting.Port {
	p := porting.NewPortOut(porting.PortOutInput{ID: request().PortID(), Request: request()})
	p.Stage, p.Risk = stage, porting.RiskLow
	p.Leaving.Plan = porting.AnswerPlan{
		Pack: "us-wireless@2026-11", Grounds: []porting.Reason{porting.PINMismatch, porting.AuthorizationRevoked},
		Revocation: porting.RevocationRule{Allowed: true, Evidence: "authority dated after the request", Why: "DA 14-842"},
	}
	p.Found = porting.Findings{Risk: porting.RiskLow, Nonce: "n-1", Policy: &porting.Policy{}}
	if change != nil {
		change(p)
	}
	return p
}

func TestPortOutIsShownAsAnyPort(t *testing.T) {
	t.Parallel()
	s := portOut(porting.Deciding, nil).Status()
	require.Equal(t, porting.PortOut, s.Direction)
	require.Equal(t, "simulator:WPR-77", s.Reference)
	require.Equal(t, "Other Mobile", s.Leaving.Recipient)
	require.Equal(t, "+1…0123", s.Numbers[0].Number)
	require.True(t, strings.HasPrefix(s.ID, "po-"))
	require.Nil(t, portIn(porting.Verifying).Status().Leaving)
}

// What was never screened is never of low risk: at the last moment a person is called.
func TestAnUnscreenedPortOutWorries(t *testing.T) {
	t.Parallel()
	p := porting.NewPortOut(porting.PortOutInput{ID: "po-1", Request: request()})
	word, worry := p.LastWord("")
	require.Equal(t, porting.AnswerApprove, word.Kind)
	require.True(t, word.Last)
	require.NotEmpty(t, worry)
}

func TestAPINNeverTravels(t *testing.T) {
	t.Parallel()
	r := request()
	r.Given.PIN = "1234"
	text, err := json.Marshal(porting.PortOutInput{Request: r})
	require.NoError(t, err)
	require.NotContains(t, string(text), "1234")
}

func TestCheckOfAPortOut(t *testing.T) {
	t.Parallel()
	revoke := func(at time.Time) porting.Revoke { return porting.Revoke{By: "ben@care", AuthorityAt: at} }
	elsewhere := func(p *porting.Port) { p.Leaving.Plan.Revocation = porting.RevocationRule{Why: "ARCEP 2009-0239"} }
	people := func(p *porting.Port) { p.Found.Policy = &porting.Policy{People: 1} }
	for _, c := range []struct {
		name   string
		stage  porting.Stage
		change func(*porting.Port)
		msg    any
		code   string
	}{
		{"revoked with young authority", porting.Deciding, nil, revoke(start.Add(time.Minute)), ""},
		{"revoked after the approval", porting.Answered, nil, revoke(start.Add(time.Minute)), ""},
		{"revoked without authority", porting.Deciding, nil, revoke(time.Time{}), "authority-missing"},
		{"revoked with old authority", porting.Deciding, nil, revoke(start), "authority-missing"},
		{"revoked by nobody", porting.Deciding, nil, porting.Revoke{AuthorityAt: start.Add(time.Minute)}, "by-missing"},
		{"revoked where only the recipient may", porting.Deciding, elsewhere, revoke(start.Add(time.Minute)), "revocation-elsewhere"},
		{"revoked before the rules", porting.Received, func(p *porting.Port) { p.Leaving.Plan = porting.AnswerPlan{} }, revoke(start.Add(time.Minute)), "rules-not-chosen"},
		{"revoked after the release", porting.Releasing, nil, revoke(start.Add(time.Minute)), "port-moved"},
		{"reply yes", porting.Deciding, nil, porting.CustomerReply{By: "subscriber", Reply: porting.ReplyYes}, ""},
		{"reply perhaps", porting.Deciding, nil, porting.CustomerReply{By: "subscriber", Reply: "perhaps"}, "reply-unknown"},
		{"no after the approval", porting.Answered, nil, porting.CustomerReply{By: "subscriber", Reply: porting.ReplyNo}, ""},
		{"no after the approval where only the recipient may", porting.Answered, elsewhere, porting.CustomerReply{By: "subscriber", Reply: porting.ReplyNo}, "revocation-elsewhere"},
		{"yes after the approval", porting.Answered, nil, porting.CustomerReply{By: "subscriber", Reply: porting.ReplyYes}, "reply-too-late"},
		{"disputed while released", porting.Releasing, nil, porting.Dispute{By: "ben@care"}, ""},
		{"disputed before", porting.Answered, nil, porting.Dispute{By: "ben@care"}, "dispute-not-open"},
		{"rejected lawfully", porting.Deciding, people, porting.Decide{By: "ana@desk", Decision: porting.Reject, Reason: porting.PINMismatch}, ""},
		{"rejected unlawfully", porting.Deciding, people, porting.Decide{By: "ana@desk", Decision: porting.Reject, Reason: porting.UnpaidBalance}, "refusal-unlawful"},
		{"rejected for nothing", porting.Deciding, people, porting.Decide{By: "ana@desk", Decision: porting.Reject}, "refusal-unlawful"},
		{"approved", porting.Deciding, people, porting.Decide{By: "ana@desk", Decision: porting.Approve}, ""},
		{"approved by the recipient", porting.Deciding, people, porting.Decide{By: "recipient:OM01", Decision: porting.Approve}, "submitter-may-not-decide"},
		{"amended", porting.Deciding, nil, porting.Amend{By: "ana@desk", Name: "X"}, "port-not-in-exception"},
		{"held", porting.Deciding, nil, porting.Hold{By: "ana@desk"}, ""},
		{"held after the answer", porting.Answered, nil, porting.Hold{By: "ana@desk"}, "port-not-holdable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.code, porting.CodeOf(portOut(c.stage, c.change).Check(c.msg)))
		})
	}
	require.Equal(t, "dispute-not-open", porting.CodeOf(portIn(porting.Active).Check(porting.Dispute{By: "x"})))
}

// Whatever is known at the last moment, the last word is an answer, and a refusal has a ground that the rules give.
func TestTheLastWordIsLawful(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := portOut(porting.Deciding, func(p *porting.Port) {
			p.Risk = rapid.SampledFrom([]porting.Risk{porting.RiskLow, porting.RiskMedium, porting.RiskHigh}).Draw(t, "risk")
			p.Found.Policy = &porting.Policy{People: rapid.IntRange(0, 2).Draw(t, "people")}
			p.Leaving.Reply = rapid.SampledFrom([]string{"", porting.ReplyYes, porting.ReplyNo}).Draw(t, "reply")
			p.Leaving.Plan.Grounds = rapid.SliceOfDistinct(rapid.SampledFrom(porting.Reasons), func(r porting.Reason) porting.Reason { return r }).Draw(t, "grounds")
			p.Leaving.Plan.Confirm = rapid.Bool().Draw(t, "confirm")
			p.Leaving.Plan.OnNoReply = rapid.SampledFrom([]string{"stop", "pause", "cancel", "proceed"}).Draw(t, "no reply")
			p.Leaving.Plan.Defaults.Medium = rapid.SampledFrom([]porting.AnswerKind{"", porting.AnswerApprove, porting.AnswerRefuse}).Draw(t, "default")
		})
		if rapid.Bool().Draw(t, "decided") {
			p.Decisions = []porting.Decision{{Decision: rapid.SampledFrom([]string{porting.Approve, porting.Reject}).Draw(t, "decision"), By: "ana@desk", OrderVersion: 1}}
			if len(p.Leaving.Plan.Grounds) == 0 {
				p.Decisions[0].Decision = porting.Approve
			} else {
				p.Decisions[0].Reason = p.Leaving.Plan.Grounds[0]
			}
		}
		word, attention := p.LastWord("")
		switch word.Kind {
		case porting.AnswerRefuse:
			require.True(t, p.Leaving.Plan.Lawful(word.Reason), "%v", word)
		case porting.AnswerApprove:
			require.Empty(t, word.Reason)
			if word.Last && (p.Risk != porting.RiskLow || p.Leaving.Reply == porting.ReplyNo) {
				require.NotEmpty(t, attention, "nobody decided, so a person looks")
			}
		default:
			require.Fail(t, "no answer", "%v", word)
		}
		require.NotEmpty(t, word.By)
		require.NotEmpty(t, word.Why)
	})
}

func TestPortOutDocsCanBeSent(t *testing.T) {
	t.Parallel()
	stage := map[string]porting.Stage{porting.MsgDispute: porting.Releasing, porting.MsgResume: porting.OnHold}
	for _, doc := range porting.DocsOf(porting.PortOut) {
		at := stage[doc.Name]
		if at == "" {
			at = porting.Deciding
		}
		require.NoError(t, portOut(at, nil).Check(decode(t, doc)), "the example of %s", doc.Name)
		require.Equal(t, doc, porting.DocIn(porting.PortOut, doc.Name))
	}
	require.Equal(t, porting.DocOf(porting.MsgRevoke), porting.DocIn(porting.PortIn, porting.MsgRevoke))
}
