package activities

import (
	"context"
	"encoding/json"
	"time"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/fraud/replay"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// testify signs what was found, where decisions are signed, and keeps beside it what the fraud desk judged by: evidence, policy
// and all. The evidence never enters a history.
func (a *Activities) testify(ctx context.Context, in porting.ScreenInput, found porting.Findings, judged *replay.Judged) (nonce, verdict string, err error) {
	statement := approval.ScreeningVerdict{
		Port: in.Port, OrderVersion: in.Order.Version, OrderDigest: porting.OrderDigest(in.Salt, in.Order),
		Risk: found.Risk, Notes: found.Notes, Nonce: unguessable(), At: time.Now().UTC().Truncate(time.Microsecond),
	}
	if judged != nil {
		statement.Fraud = &judged.Said
	}
	if a.Approvals != nil {
		if verdict, err = a.Approvals.Key.Sign(statement); err != nil {
			return "", "", err
		}
	}
	if judged != nil {
		err = a.keep(ctx, in, judged, statement, verdict)
	}
	return statement.Nonce, verdict, err
}

// keep puts a judgement into the ledger, its evidence sealed: it is about a person, though it names none.
func (a *Activities) keep(ctx context.Context, in porting.ScreenInput, judged *replay.Judged, statement approval.ScreeningVerdict, verdict string) error {
	said, err := json.Marshal(judged.Said)
	if err != nil {
		return err
	}
	return a.Ledger.RecordJudgement(ctx, ledger.Judgement{
		Nonce: statement.Nonce, PortID: in.Port, Said: said,
		Evidence: a.Vault.Seal(ledger.EvidencePlace(in.Port, statement.Nonce), porting.Secret(judged.Evidence)),
		Policy:   judged.Said.Digest, PolicyText: judged.Policy.Text(), Verdict: verdict, JudgedAt: in.At, SignedAt: statement.At,
	})
}

// keepLook keeps a judgement on which nobody decides: one that blocked the port, or one that found nothing new.
func (a *Activities) keepLook(ctx context.Context, in porting.ScreenInput, found porting.Findings, judged *replay.Judged) error {
	if judged == nil {
		return nil
	}
	_, _, err := a.testify(ctx, in, found, judged)
	return err
}
