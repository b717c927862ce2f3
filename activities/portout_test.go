package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

const mobileNumber = porting.Number("+14155550134")

// guarded is a number protection that says what the test wants.
type guarded struct {
	verdict activities.PINVerdict
	locked  bool
}

func (g *guarded) CheckPIN(context.Context, activities.PINAttempt) (activities.PINVerdict, error) {
	return g.verdict, nil
}

func (g *guarded) Locked(context.Context, string, porting.Number, string) (bool, error) {
	return g.locked, nil
}

// donor is our side of port-outs, with a simulated counterparty and network.
type donor struct {
	*world
	server *simulator.Server
	guard  *guarded
}

func newDonor(t *testing.T) *donor {
	t.Helper()
	server, err := simulator.Start(t.Context(), simulator.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	client := &simulator.Client{URL: server.URL()}
	d := &donor{newWorld(t, client), server, &guarded{verdict: activities.PINRight}}
	d.Leaving = &activities.Leaving{Switch: client, Guard: d.guard}
	server.SetLine(mobileNumber, carrier.Line{Active: true, Account: "8800-2214", Name: "Sam Placeholder", Address: porting.Address{PostalCode: "94103"}})
	return d
}

// asked is a request as the gate's steps see it, after the counterparty sent it.
func (d *donor) asked(scenario string, change ...func(*porting.PortOutRequest)) porting.LeavingInput {
	d.t.Helper()
	r := porting.PortOutRequest{
		ID: "WPR-" + scenario, Carrier: "simulator", Kind: porting.KindWireless, Country: "US", Numbers: []porting.Number{mobileNumber},
		Recipient: porting.Party{Name: "Harbor Mobile", SPID: "331C"}, Given: porting.Given{Account: "88002214", PostalCode: "94103"},
	}
	for _, c := range change {
		c(&r)
	}
	require.NoError(d.t, d.server.SendPortOut(simulator.PortOut{Scenario: scenario, Request: r}))
	status, err := (&simulator.Client{URL: d.server.URL()}).PortOutStatus(d.t.Context(), r.ID)
	require.NoError(d.t, err)
	r.ReceivedAt, r.SilenceAt = status.ReceivedAt, status.SilenceAt
	return porting.LeavingInput{Port: r.PortID(), Request: r, Pack: d.plan(r).Pack, Carrier: "simulator", At: time.Now().UTC()}
}

func (d *donor) plan(r porting.PortOutRequest) porting.AnswerPlan {
	d.t.Helper()
	plan, err := d.PlanAnswer(d.t.Context(), porting.AnswerPlanInput{Request: r, At: r.ReceivedAt})
	require.NoError(d.t, err)
	require.Nil(d.t, plan.Refused)
	return plan
}

func (d *donor) answer(in porting.LeavingInput, a porting.PortOutAnswer) (porting.AnswerGiven, error) {
	d.t.Helper()
	return d.AnswerPortOut(d.t.Context(), porting.AnswerInput{Leaving: in, Answer: a, Epoch: 1})
}

func (d *donor) answers(id string) []string {
	var names []string
	for _, e := range d.server.Effects() {
		if e.Ref.Port == id {
			names = append(names, e.Effect)
		}
	}
	return names
}

var (
	approve = porting.PortOutAnswer{Kind: porting.AnswerApprove, By: "checks"}
	refuse  = porting.PortOutAnswer{Kind: porting.AnswerRefuse, Reason: porting.PINMismatch, By: "checks"}
	cancel  = porting.PortOutAnswer{Kind: porting.AnswerCancel, Reason: porting.AuthorizationRevoked, By: "subscriber"}
)

func TestPlanOfAnAnswer(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	monday := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC) // 10:00 in California
	r := porting.PortOutRequest{ID: "x", Kind: porting.KindWireless, Numbers: []porting.Number{mobileNumber}, ReceivedAt: monday}

	own := d.plan(r)
	require.Equal(t, "us-wireless", own.Jurisdiction)
	require.Equal(t, monday.Add(30*time.Minute), own.AnswerBy.UTC(), "the donor answers within 30 minutes")
	require.Equal(t, monday.Add(27*time.Minute), own.LastMoment.UTC(), "a tenth of a short time is left")
	require.Contains(t, own.Grounds, porting.PINMismatch)
	require.NotContains(t, own.Grounds, porting.UnpaidBalance)
	require.NotContains(t, own.Grounds, porting.SuspectedFraud, "suspicion is a review")
	require.True(t, own.Revocation.Allowed)
	require.NotEmpty(t, own.Revocation.Evidence)

	r.SilenceAt = monday.Add(10 * time.Minute)
	require.Equal(t, r.SilenceAt, d.plan(r).AnswerBy, "the counterparty's silence comes first")

	r.SilenceAt = monday.Add(24 * time.Hour)
	require.Equal(t, own.AnswerBy, d.plan(r).AnswerBy, "the rules come first")

	french := d.plan(porting.PortOutRequest{ID: "x", Kind: porting.KindWireless, Numbers: []porting.Number{"+33639980123"}, ReceivedAt: monday})
	require.False(t, french.Revocation.Allowed, "only the recipient cancels")
	canadian := d.plan(porting.PortOutRequest{ID: "x", Kind: porting.KindWireless, Country: "CA", Numbers: []porting.Number{"+16135550142"}, ReceivedAt: monday})
	require.True(t, canadian.Confirm, "the donor asks the customer")
	require.Equal(t, "stop", canadian.OnNoReply)

	require.Equal(t, porting.AnswerApprove, own.Defaults.At(porting.RiskMedium))
	require.Equal(t, porting.AnswerRefuse, own.Defaults.At(porting.RiskHigh))

	none, err := d.PlanAnswer(t.Context(), porting.AnswerPlanInput{Request: porting.PortOutRequest{Numbers: []porting.Number{"+99912345678"}}, At: monday})
	require.NoError(t, err)
	require.NotNil(t, none.Refused)
}

// The pack says who may stop a port-out: in the United States the donor, with authority of the subscriber; in France and Spain
// the recipient alone; in Nigeria nobody, once the text is sent.
func TestWhoMayStopAPortOut(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	monday := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	for pack, want := range map[string]struct {
		donor, recipient, evidence bool
	}{
		"us-wireless": {donor: true, recipient: true, evidence: true},
		"fr-mobile":   {recipient: true},
		"es-mobile":   {recipient: true},
		"ng":          {},
	} {
		of := numberOf[pack]
		plan := d.plan(porting.PortOutRequest{ID: "x", Kind: of.kind, Numbers: []porting.Number{of.number}, ReceivedAt: monday})
		require.Equal(t, pack, plan.Jurisdiction)
		require.Equal(t, want.donor, plan.Revocation.Allowed, pack)
		require.Equal(t, want.evidence, plan.Revocation.Evidence != "", pack)
		require.Equal(t, want.donor, plan.Lawful(porting.AuthorizationRevoked), "%s: a ground to refuse where a donor may stop it, and nowhere else", pack)
		rules, err := d.Rules.Pack(plan.Pack)
		require.NoError(t, err)
		elsewhere, err := rules.Cancel(time.Time{}, monday, "recipient")
		require.NoError(t, err)
		require.Equal(t, want.recipient, elsewhere.Allowed, pack)
	}
}

func TestScreenLeaving(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		line    func(*carrier.Line)
		request func(*porting.PortOutRequest)
		guard   func(*guarded)
		blocked porting.Reason
		risk    porting.Risk
	}{
		{name: "all in order", risk: porting.RiskLow},
		{name: "another account", request: func(r *porting.PortOutRequest) { r.Given.Account = "1" }, blocked: porting.AccountNumberMismatch},
		{name: "no account", request: func(r *porting.PortOutRequest) { r.Given.Account = "" }, blocked: porting.AccountNumberRequired},
		{name: "another ZIP", request: func(r *porting.PortOutRequest) { r.Given.PostalCode = "10001" }, blocked: porting.ZIPMismatch},
		{name: "another name, which a donor may not ask for", request: func(r *porting.PortOutRequest) { r.Given.Name = "Somebody Else" }, risk: porting.RiskLow},
		{name: "out of service", line: func(l *carrier.Line) { l.Active = false }, blocked: porting.NumberInactive},
		{name: "wrong PIN", guard: func(g *guarded) { g.verdict = activities.PINWrong }, request: withPIN, blocked: porting.PINMismatch},
		{name: "no PIN given", guard: func(g *guarded) { g.verdict = activities.PINWrong }, blocked: porting.PINRequired},
		{name: "no PIN set", guard: func(g *guarded) { g.verdict = activities.PINNone }, risk: porting.RiskLow},
		{name: "too many PINs, perhaps by others", guard: func(g *guarded) { g.verdict = activities.PINLocked }, risk: porting.RiskHigh},
		{name: "locked", guard: func(g *guarded) { g.locked = true }, blocked: porting.PortProtected},
		{name: "locked, and a line separation", guard: func(g *guarded) { g.locked = true }, request: func(r *porting.PortOutRequest) { r.LineSeparation = true }, risk: porting.RiskLow},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDonor(t)
			line := carrier.Line{Active: true, Account: "8800-2214", Name: "Sam Placeholder", Address: porting.Address{PostalCode: "94103"}}
			if c.line != nil {
				c.line(&line)
			}
			d.server.SetLine(mobileNumber, line)
			if c.guard != nil {
				c.guard(d.guard)
			}
			in := d.asked("happy", func(r *porting.PortOutRequest) {
				if c.request != nil {
					c.request(r)
				}
			})
			if in.Request.Given.PINRef != "" {
				ref, err := d.Ledger.PutSecret(t.Context(), in.Port, d.Vault.Seal(in.Port, "482913"), in.At, in.At.AddDate(0, 1, 0))
				require.NoError(t, err)
				in.Request.Given.PINRef = ref
			}
			found, err := d.ScreenLeaving(t.Context(), in)
			require.NoError(t, err)
			if c.blocked == "" {
				require.Nil(t, found.Blocked)
				require.Equal(t, c.risk, found.Risk)
				if c.risk == porting.RiskLow {
					require.Zero(t, found.Policy.People, "nobody may delay it")
				}
				return
			}
			require.NotNil(t, found.Blocked, "%v", found.Notes)
			require.Equal(t, c.blocked, found.Blocked.Reason)
		})
	}
}

func withPIN(r *porting.PortOutRequest) { r.Given.PINRef = "to be kept" }

func TestANumberThatIsNotOursIsRefused(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	d.server.Foreign(mobileNumber)
	found, err := d.ScreenLeaving(t.Context(), d.asked("happy"))
	require.NoError(t, err)
	require.Equal(t, porting.NumberNotFound, found.Blocked.Reason)
}

// A number cannot leave while it arrives, nor arrive while it leaves: the ledger knows both directions.
func TestANumberIsInOnePortAtATime(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	arriving := order()
	arriving.Kind, arriving.Numbers = porting.KindWireless, []porting.Number{mobileNumber}
	require.Nil(t, d.receive("pi-arriving", arriving).Refused)
	in := d.asked("happy")
	claim, err := d.ClaimLeaving(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, porting.NumberInUse, claim.Refused.Reason)
	given, err := d.answer(in, approve)
	require.NoError(t, err)
	require.Equal(t, porting.NumberInUse, given.Withheld.Reason, "the gate does not approve it either")
	require.Empty(t, d.answers(in.Request.ID))

	e := newDonor(t)
	leaving := e.asked("happy")
	claim, err = e.ClaimLeaving(t.Context(), leaving)
	require.NoError(t, err)
	require.Nil(t, claim.Refused)
	require.Equal(t, porting.NumberInUse, e.receive("pi-arriving", arriving).Refused.Reason)
}

func TestAnAnswerIsGivenOnce(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	yes := d.asked("never-activates")
	for range 3 {
		given, err := d.answer(yes, approve)
		require.NoError(t, err)
		require.Equal(t, porting.CarrierConfirmed, given.Status.State)
		require.Nil(t, given.Withheld)
	}
	require.Equal(t, []string{simulator.PortOutApproved}, d.answers(yes.Request.ID))

	given, err := d.answer(yes, refuse)
	require.NoError(t, err)
	require.Equal(t, porting.CarrierConfirmed, given.Status.State, "it asks first, and finds it answered")
	require.Equal(t, []string{simulator.PortOutApproved}, d.answers(yes.Request.ID))
}

func TestOnlyLawfulRefusalsAreSent(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("happy")
	for _, reason := range porting.Reasons {
		if !d.plan(in.Request).Lawful(reason) {
			_, err := d.answer(in, porting.PortOutAnswer{Kind: porting.AnswerRefuse, Reason: reason})
			require.Error(t, err, reason)
		}
	}
	require.Empty(t, d.answers(in.Request.ID))
	given, err := d.answer(in, refuse)
	require.NoError(t, err)
	require.Equal(t, porting.CarrierRefused, given.Status.State)
}

func TestARevocationFencesTheApproval(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("happy")
	_, err := d.ClaimLeaving(t.Context(), in)
	require.NoError(t, err)
	closed, err := d.CloseFence(t.Context(), porting.FenceInput{Port: in.Port, By: "ben@care", Reason: porting.AuthorizationRevoked, At: in.At})
	require.NoError(t, err)
	require.False(t, closed.TooLate)
	given, err := d.answer(in, approve)
	require.NoError(t, err)
	require.True(t, given.Fenced)
	require.Empty(t, d.answers(in.Request.ID), "whoever revoked was promised that nothing leaves")
}

// In France a donor stops no port. Whoever closed the fence all the same does not leave the counterparty without an answer.
func TestAFenceStopsNothingThatADonorMayNotStop(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("never-activates", func(r *porting.PortOutRequest) {
		r.Country, r.Numbers, r.Given = "FR", []porting.Number{"+33639980123"}, porting.Given{}
	})
	_, err := d.ClaimLeaving(t.Context(), in)
	require.NoError(t, err)
	_, err = d.CloseFence(t.Context(), porting.FenceInput{Port: in.Port, By: "link", Reason: porting.UnauthorisedPort, At: in.At})
	require.NoError(t, err)
	given, err := d.answer(in, approve)
	require.NoError(t, err)
	require.Nil(t, given.Withheld)
	require.Equal(t, []string{simulator.PortOutApproved}, d.answers(in.Request.ID))
}

func TestAnApprovalIsTakenBackByTheLedgersRevocationAlone(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("never-activates")
	_, err := d.answer(in, approve)
	require.NoError(t, err)
	given, err := d.answer(in, cancel)
	require.NoError(t, err)
	require.NotNil(t, given.Withheld, "no revocation is in the ledger")

	closed, err := d.CloseFence(t.Context(), porting.FenceInput{Port: in.Port, By: "ben@care", Reason: porting.AuthorizationRevoked, At: in.At})
	require.NoError(t, err)
	require.True(t, closed.TooLate, "the approval was out")
	given, err = d.answer(in, cancel)
	require.NoError(t, err)
	require.Equal(t, porting.CarrierCancelPending, given.Status.State)

	given, err = d.answer(in, approve)
	require.NoError(t, err)
	require.False(t, given.Fenced, "it is being taken back")

	refuses := newDonor(t)
	in = refuses.asked("refuses-cancel")
	_, err = refuses.answer(in, approve)
	require.NoError(t, err)
	_, err = refuses.CloseFence(t.Context(), porting.FenceInput{Port: in.Port, By: "ben@care", Reason: porting.AuthorizationRevoked, At: in.At})
	require.NoError(t, err)
	given, err = refuses.answer(in, approve)
	require.NoError(t, err)
	require.Nil(t, given.Withheld)
	require.True(t, given.Fenced, "a saga that was reset since hears of the revocation")
	given, err = refuses.answer(in, cancel)
	require.NoError(t, err)
	require.Equal(t, porting.CarrierLocked, given.Status.State, "its people must take it")
}

// The gate believes the counterparty's own record of what it asked, not the saga's.
func TestARequestForOtherNumbersIsNotApproved(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("happy")
	in.Request.Numbers = []porting.Number{"+14155550135"}
	given, err := d.answer(in, approve)
	require.NoError(t, err)
	require.NotNil(t, given.Withheld)
	require.Empty(t, d.answers(in.Request.ID))
}

func TestNothingIsReleasedThatDoesNotWorkElsewhere(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("never-activates")
	_, err := d.answer(in, approve)
	require.NoError(t, err)
	released, err := d.ReleaseNumbers(t.Context(), porting.ReleaseInput{Leaving: in})
	require.NoError(t, err)
	require.NotNil(t, released.Withheld)
	require.Empty(t, d.server.Released(in.Port))

	s, err := simulator.ParsePortOutScenario("at-once", []byte("activates: 0s\n"))
	require.NoError(t, err)
	other := newDonor(t)
	other.server.LearnPortOut(s)
	in = other.asked("at-once")
	_, err = other.answer(in, approve)
	require.NoError(t, err)
	released, err = other.ReleaseNumbers(t.Context(), porting.ReleaseInput{Leaving: in})
	require.NoError(t, err)
	require.Nil(t, released.Withheld)
	require.Equal(t, []porting.Number{mobileNumber}, other.server.Released(in.Port))
	done, err := other.ClosePortOut(t.Context(), porting.CloseLeavingInput{Leaving: in, Outcome: porting.OutcomeCompleted})
	require.NoError(t, err)
	require.True(t, done)
	fence, err := other.Ledger.Fence(t.Context(), in.Port)
	require.NoError(t, err)
	require.Equal(t, porting.OutcomeCompleted, fence.Outcome)
	require.False(t, fence.ActivatedAt.IsZero(), "the ledger knows that they moved")
}

func TestAnApprovalThatLapsedFreesTheNumbers(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("never-activates")
	_, err := d.answer(in, approve)
	require.NoError(t, err)
	for range 2 {
		_, err = d.ClosePortOut(t.Context(), porting.CloseLeavingInput{Leaving: in, Outcome: porting.OutcomeExpired})
		require.NoError(t, err)
	}
	arriving := order()
	arriving.Kind, arriving.Numbers = porting.KindWireless, []porting.Number{mobileNumber}
	require.Nil(t, d.receive("pi-after", arriving).Refused)
}

func TestSilenceThatWasFasterIsTold(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	s, err := simulator.ParsePortOutScenario("no-patience", []byte("silence: 1ms\nnever_activates: true\n"))
	require.NoError(t, err)
	d.server.LearnPortOut(s)
	in := d.asked("no-patience")
	require.Eventually(t, func() bool {
		status, err := d.ReadPortOut(t.Context(), in)
		return err == nil && status.State == porting.CarrierConfirmed
	}, 5*time.Second, time.Millisecond)
	given, err := d.answer(in, refuse)
	require.NoError(t, err)
	require.Equal(t, in.Request.SilenceAt, given.Silence.UTC(), "at its own instant")
}
