package porting_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func challenged() *porting.Port {
	p := portIn(porting.Verifying)
	p.Receipt = porting.Receipt{Pack: "us-wireline@2026.1", Carrier: "simulator", Signed: true, Audience: "test", Salt: "c2FsdA", Epoch: 1}
	p.Found = porting.Findings{Risk: porting.RiskHigh, Notes: []string{"SIM changed"}, Policy: &porting.Policy{People: 2, Teams: 2, Hardware: 1}, Nonce: "n-1"}
	return p
}

func TestStatementAnswersItsChallengeOnly(t *testing.T) {
	t.Parallel()
	challenge := challenged().Challenge("run-1")
	signed := challenge.Statement(porting.Approve, "", start, porting.StatementLife)
	require.NoError(t, signed.Answers(challenge))
	require.Equal(t, "us-wireline@2026.1 people=2 teams=2 hardware=1", signed.Policy)
	require.Equal(t, start.Add(porting.StatementLife), signed.ExpiresAt)

	free := map[string]bool{"Decision": true, "Reason": true, "IssuedAt": true, "ExpiresAt": true} // the approver's own
	for i := range reflect.TypeFor[porting.Statement]().NumField() {
		field := reflect.TypeFor[porting.Statement]().Field(i)
		if free[field.Name] {
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			t.Parallel()
			other := signed
			switch f := reflect.ValueOf(&other).Elem().Field(i); f.Kind() {
			case reflect.String:
				f.SetString(f.String() + "x")
			default:
				f.SetInt(f.Int() + 1)
			}
			require.Equal(t, "statement-differs", porting.CodeOf(other.Answers(challenge)))
		})
	}
}

// What the approver saw is computed from the order that is sent: nobody can be shown one and have another sent.
func TestAnotherOrderIsAnotherChallenge(t *testing.T) {
	t.Parallel()
	signed := challenged().Challenge("run-1").Statement(porting.Approve, "", start, porting.StatementLife)
	for name, change := range map[string]func(*porting.Port){
		"number": func(p *porting.Port) {
			p.Order.Numbers = append([]porting.Number{"+12125550199"}, p.Order.Numbers[1:]...)
		},
		"donor":     func(p *porting.Port) { p.Order.Donor.Name = "Another Telco" },
		"recipient": func(p *porting.Port) { p.Order.Recipient.Name = "Another Telco" },
		"account":   func(p *porting.Port) { p.Order.Account.Number = "99" },
		"carrier":   func(p *porting.Port) { p.Receipt.Carrier = "another" },
		"risk":      func(p *porting.Port) { p.Found.Risk = porting.RiskLow },
		"findings":  func(p *porting.Port) { p.Found.Notes = nil },
		"policy":    func(p *porting.Port) { p.Found.Policy.People = 1 },
		"salt":      func(p *porting.Port) { p.Receipt.Salt = "b3RoZXI" },
		"version":   func(p *porting.Port) { p.Order.Version++ },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := challenged()
			change(p)
			require.Error(t, signed.Answers(p.Challenge("run-1")))
		})
	}
}

// A saga may leave the date to the carrier by itself; the order that was approved stays the same.
func TestOrderDigestLeavesOutVersionAndDate(t *testing.T) {
	t.Parallel()
	order := challenged().Order
	mended := order
	mended.Version, mended.Wishes.DueDate = order.Version+1, "2026-02-01"
	require.Equal(t, porting.OrderDigest("salt", order), porting.OrderDigest("salt", mended))
	require.NotEqual(t, porting.OrderDigest("salt", order), porting.OrderDigest("pepper", order))

	text, err := json.Marshal(order)
	require.NoError(t, err)
	var read porting.Order
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, porting.OrderDigest("salt", order), porting.OrderDigest("salt", read), "the digest survives the journey")
}

func TestSignedPortTakesSignedDecisionsOnly(t *testing.T) {
	t.Parallel()
	p := challenged()
	require.Equal(t, "decision-unsigned", porting.CodeOf(p.Check(porting.Decide{Decision: porting.Approve, By: "ben"})))
	require.Equal(t, "decision-unsigned", porting.CodeOf(p.Check(porting.Decide{Statement: []byte("{}")})))
	require.Equal(t, "decision-unsigned", porting.CodeOf(p.Check(porting.Decide{Signature: "armor"})))
	require.NoError(t, p.Check(porting.Decide{Statement: []byte("{}"), Signature: "armor"}))
	require.Equal(t, "field-length", porting.CodeOf(p.Check(porting.Decide{Statement: make([]byte, porting.MaxStatement+1), Signature: "armor"})))

	trusting := portIn(porting.Verifying)
	require.Equal(t, "decision-signed", porting.CodeOf(trusting.Check(porting.Decide{Statement: []byte("{}"), Signature: "armor"})))

	decision := porting.Decision{Decision: porting.Approve, By: "ben", OrderVersion: 1, Signed: true, Proof: &porting.Proof{Signature: "armor"}}
	judged := porting.Judged{ID: "d-1", Decision: decision}
	require.NoError(t, p.Check(judged))
	p.Receive(judged, start)
	p.Receive(judged, start)
	require.Len(t, p.Decisions, 1, "the same decision once")
	require.NotNil(t, p.Decisions[0].Proof, "kept for the gate")

	status := p.StatusFor("run-1")
	require.Nil(t, status.Decisions[0].Proof, "not shown")
	require.NotNil(t, status.Challenge)
	require.Equal(t, "approve (signed)", p.Timeline[len(p.Timeline)-1].Note)

	p.Order.Version++
	require.Equal(t, "order-moved-on", porting.CodeOf(p.Check(porting.Judged{ID: "d-2", Decision: decision})))
	p.Stage = porting.Submitted
	require.Equal(t, "port-not-deciding", porting.CodeOf(p.Check(porting.Judged{ID: "d-3", Decision: decision})))
	require.Nil(t, p.StatusFor("run-1").Challenge)
}

func TestDecisionsOfAVersionAreBounded(t *testing.T) {
	t.Parallel()
	p := challenged()
	signed := porting.Decide{Statement: []byte("{}"), Signature: "armor"}
	decide := func(by string) {
		p.Receive(porting.Judged{Decision: porting.Decision{Decision: porting.Approve, By: by, OrderVersion: 1}}, start.Add(time.Minute))
	}
	for range 100 {
		decide("ben")
	}
	require.Len(t, p.Decisions, 1, "who repeats themselves under other IDs fills no list")
	for i := range 100 {
		if p.Check(signed) == nil {
			decide(fmt.Sprint("person-", i))
		}
	}
	require.Equal(t, "decisions-full", porting.CodeOf(p.Check(signed)))
	require.Len(t, p.Decisions, 16)

	p.Order.Version++
	require.NoError(t, p.Check(signed), "another version has its own")
}

// Another key, another run, another answer: each is a decision of its own, which the ruling weighs.
func TestOnlyTheSameDecisionIsARepetition(t *testing.T) {
	t.Parallel()
	said := porting.Decision{By: "ben", Decision: porting.Approve, OrderVersion: 1, Run: "run-1", Credential: "key-1"}
	for name, change := range map[string]func(*porting.Decision){
		"person":   func(d *porting.Decision) { d.By = "ana" },
		"decision": func(d *porting.Decision) { d.Decision = porting.Reject },
		"version":  func(d *porting.Decision) { d.OrderVersion = 2 },
		"run":      func(d *porting.Decision) { d.Run = "run-2" },
		"key":      func(d *porting.Decision) { d.Credential = "key-2" },
	} {
		p := challenged()
		another := said
		change(&another)
		p.Receive(porting.Judged{ID: "d-1", Decision: said}, start)
		p.Receive(porting.Judged{ID: "d-2", Decision: said}, start)
		p.Receive(porting.Judged{ID: "d-3", Decision: another}, start)
		require.Equal(t, []porting.Decision{said, another}, p.Decisions, name)
	}
}

func TestWhenDecisionsAreTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stage    porting.Stage
		again    bool // the gate asks for others
		deciding bool
	}{
		{porting.Verifying, false, true},
		{porting.Verifying, true, true},
		{porting.Deciding, false, true},
		{porting.Confirmed, false, false},
		{porting.Confirmed, true, true},
		{porting.Submitting, true, false},
		{porting.Activating, true, false},
		{porting.RollingBack, true, false},
	} {
		p := challenged()
		p.Stage, p.Reapproval = c.stage, c.again
		require.Equal(t, c.deciding, p.Deciding(), "%+v", c)
		require.Equal(t, c.deciding, p.StatusFor("run-1").Challenge != nil, "%+v", c)
		p.Receipt.Signed = false
		require.Nil(t, p.StatusFor("run-1").Challenge, "nothing is signed: %+v", c)
	}
}
