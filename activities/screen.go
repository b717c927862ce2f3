package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/internal/fraud/replay"
	"github.com/portsaga/portsaga/internal/match"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// recent is how far screening looks back for earlier ports of the same number.
const recent = 90 * 24 * time.Hour

// ScreenOrder runs the checks before people decide: the authorization by the pack's rules, portability at the carrier, what
// the ledger remembers of the numbers, and the fraud desk's policy on the evidence of the moment.
func (a *Activities) ScreenOrder(ctx context.Context, in porting.ScreenInput) (porting.Findings, error) {
	in, err := a.asTaken(ctx, in)
	if err != nil {
		return porting.Findings{}, err
	}
	found, judged, err := a.screen(ctx, in)
	if err != nil {
		return found, err
	}
	if found.Blocked == nil {
		err = a.sign(ctx, in, &found, judged)
	} else {
		err = a.keepLook(ctx, in, found, judged)
	}
	if err == nil {
		err = a.recordScreening(ctx, in, found)
	}
	if err == nil {
		err = a.awaitApproval(ctx, in, found)
	}
	if err != nil {
		return found, err
	}
	return found, a.tellBlocked(ctx, in, found)
}

// asTaken takes from the ledger what a saga could choose to its liking, and the time from this worker's own clock.
func (a *Activities) asTaken(ctx context.Context, in porting.ScreenInput) (porting.ScreenInput, error) {
	if a.Approvals == nil {
		return in, nil
	}
	fence, err := a.Ledger.Fence(ctx, in.Port)
	if err != nil {
		return in, lasting(err)
	}
	in.Pack, in.Carrier = fence.Pack, fence.Carrier
	if !a.AllowScaledClock {
		in.At = time.Now().UTC()
	}
	return in, nil
}

// screen makes the checks, one after the other, until one of them blocks the order. The fraud desk's is the last.
func (a *Activities) screen(ctx context.Context, in porting.ScreenInput) (porting.Findings, *replay.Judged, error) {
	found := porting.Findings{Risk: porting.RiskLow}
	for _, check := range []func(context.Context, porting.ScreenInput, *porting.Findings) error{
		a.checkAuthorization, a.checkPortability, checkRecord, a.checkHistory,
	} {
		if err := check(ctx, in, &found); err != nil || found.Blocked != nil {
			return found, nil, err
		}
	}
	judged, err := a.judgeFraud(ctx, in, &found)
	return found, judged, err
}

// sign says who must approve at the risk that was found, and signs the findings with what the fraud desk judged by: nobody can
// answer for this worker.
func (a *Activities) sign(ctx context.Context, in porting.ScreenInput, found *porting.Findings, judged *replay.Judged) error {
	nonce, verdict, err := a.testify(ctx, in, *found, judged)
	if a.Approvals == nil || err != nil {
		return err
	}
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return lasting(err)
	}
	policy := pack.Policy(found.Risk)
	found.Policy, found.Nonce, found.Verdict = &policy, nonce, verdict
	return a.Ledger.RecordScreening(ctx, in.Port, found.Nonce, found.Risk, in.At)
}

func (a *Activities) checkAuthorization(ctx context.Context, in porting.ScreenInput, found *porting.Findings) error {
	auth := in.Order.Authorization
	if auth.CodeRef == "" {
		found.Notes = append(found.Notes, "authorization "+auth.Kind+" without a code")
		return nil
	}
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return lasting(err)
	}
	code, err := a.secret(ctx, in.Port, auth.CodeRef, in.At)
	if porting.CodeOf(err) == "secret-gone" {
		found.Blocked = &porting.Refusal{Reason: porting.PINRequired, Note: "the authorization code was destroyed or has expired; ask the subscriber for a new one"}
		return nil
	}
	if err != nil {
		return lasting(err)
	}
	result, err := pack.CheckCode(rules.CodeCheck{Code: code, Number: in.Order.Numbers[0], Issued: auth.IssuedAt, At: in.At, Area: in.Order.Subscriber.Address.Region})
	if no, ok := refusal(err, porting.PINMismatch); ok {
		found.Blocked = no
		return nil
	}
	if err != nil {
		return err
	}
	if !result.Valid {
		why := porting.PINMismatch
		if result.Reason == rules.CodeExpired {
			why = porting.PINExpired
		}
		found.Blocked = &porting.Refusal{Reason: why, Note: "the authorization code is not valid: " + result.Why}
		return nil
	}
	found.Notes = append(found.Notes, "authorization code valid")
	return nil
}

func (a *Activities) checkPortability(ctx context.Context, in porting.ScreenInput, found *porting.Findings) error {
	gateway, err := a.gateway(in.Carrier)
	if err != nil {
		return err
	}
	answers, err := gateway.Portability(ctx, in.Order.Numbers)
	if err != nil {
		return err
	}
	stuck := 0
	for _, answer := range answers {
		if !answer.Portable {
			stuck++
		}
	}
	told := fmt.Sprintf("%d of %d numbers are not portable", stuck, len(answers))
	switch {
	case stuck > 0 && in.Order.Version > 1: // the version that is corrected may itself be what holds them
		found.Notes = append(found.Notes, told+", as far as the carrier tells while it has the order")
		return nil
	case stuck > 0:
		found.Blocked = &porting.Refusal{Reason: porting.NumberNotPortable, Note: told}
		return nil
	}
	found.Notes = append(found.Notes, fmt.Sprintf("%d numbers portable", len(answers)))
	return nil
}

// tellBlocked tells people that somebody tried, and was stopped by a check.
func (a *Activities) tellBlocked(ctx context.Context, in porting.ScreenInput, found porting.Findings) error {
	if found.Blocked == nil {
		return nil
	}
	return a.tell(ctx, in.Port, notify.Event{Kind: notify.BlockedAttempt, Key: string(found.Blocked.Reason)}, in.At,
		func(f *notify.Facts) { f.Reason = found.Blocked.Reason })
}

// checkRecord compares the order with the donor's record, so that the approver sees what the donor will likely reject.
func checkRecord(_ context.Context, in porting.ScreenInput, found *porting.Findings) error {
	for _, d := range match.Order(in.Order) {
		if d.Severity == match.Mismatch {
			found.Risk = porting.RiskMedium
		}
		found.Notes = append(found.Notes, fmt.Sprintf("%s differs from the donor's record: %s (%s)", d.Field, d.Why, d.Severity))
	}
	return nil
}

// checkHistory raises the risk for numbers that moved, or were to move, not long ago.
func (a *Activities) checkHistory(ctx context.Context, in porting.ScreenInput, found *porting.Findings) error {
	earlier := 0
	for _, n := range in.Order.Numbers[:min(len(in.Order.Numbers), maxTokens)] {
		ports, err := a.Ledger.PortsOfNumber(ctx, a.Vault.LockToken(n), in.At.Add(-recent))
		if err != nil {
			return err
		}
		for _, p := range ports {
			if p.PortID != in.Port {
				earlier++
			}
		}
	}
	if earlier > 0 {
		found.Risk = porting.RiskMedium
		found.Notes = append(found.Notes, fmt.Sprintf("%d earlier ports of these numbers in 90 days", earlier))
	}
	return nil
}

// secret opens an authorization code from the vault.
func (a *Activities) secret(ctx context.Context, port, ref string, at time.Time) (porting.Secret, error) {
	if ref == "" {
		return "", nil
	}
	sealed, err := a.Ledger.GetSecret(ctx, ref, at)
	if err != nil {
		return "", err
	}
	return a.Vault.Open(port, sealed)
}
