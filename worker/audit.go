package worker

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
)

// AuditSettings say who signs checkpoints of the audit log, and where they go. The environment fills them, under
// PORTSAGA_AUDIT_.
type AuditSettings struct {
	Key         string   `split_words:"true" desc:"OpenSSH key that signs checkpoints of the audit log (PORTSAGA_SIGNING_KEY)"`
	Checkpoints []string `split_words:"true" desc:"where checkpoints go, with commas between: directories and files of another owner, URLs of witnesses; nowhere when empty"`

	Keep time.Duration `default:"26280h" desc:"how long the documents of a port are kept after its end"`
}

// OpenCheckpointer is what signs checkpoints of a ledger's log, with the key that is set or with that of a worker.
func OpenCheckpointer(ctx context.Context, books *ledger.Ledger, s AuditSettings, signingKey string) (*audit.Checkpointer, error) {
	signer, err := openSigner(ctx, books, s, signingKey)
	if err != nil {
		return nil, err
	}
	c := &audit.Checkpointer{Log: books, Signer: signer, Now: time.Now, Tell: slog.Default()}
	for _, where := range s.Checkpoints {
		c.To = append(c.To, audit.OpenDestination(where))
	}
	return c, nil
}

func openSigner(ctx context.Context, books *ledger.Ledger, s AuditSettings, signingKey string) (*audit.Signer, error) {
	file := s.Key
	if file == "" {
		file = signingKey
	}
	key, err := approval.LoadPrivateKey(file)
	if err != nil {
		return nil, err
	}
	state, err := books.State(ctx)
	if err != nil {
		return nil, err
	}
	return audit.NewSigner(audit.Origin(state.Incarnation), key)
}

// openAudit opens what signs checkpoints, of a gate. A demo that has no key signs none.
func (n *Neighbours) openAudit(ctx context.Context, s Settings) (err error) {
	if !s.Role.has(RoleGate) || n.Ledger == nil {
		return nil
	}
	if s.Trusted && s.Audit.Key == "" {
		if _, err := os.Stat(s.SigningKey); s.SigningKey == "" || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	n.keep = s.Audit.Keep
	if n.keep == 0 {
		n.keep = audit.KeepEvidence
	}
	n.checkpoints, err = OpenCheckpointer(ctx, n.Ledger, s.Audit, s.SigningKey)
	return err
}

// keepLog signs and brings out checkpoints, and destroys documents that are over their time, until ctx ends.
func keepLog(ctx context.Context, c *audit.Checkpointer, books *ledger.Ledger, keep time.Duration) {
	go shredHourly(ctx, c, books, keep)
	ticker := time.NewTicker(audit.Every)
	defer ticker.Stop()
	_ = c.Run(ctx, ticker.C) // ends with ctx, without an error
}

func shredHourly(ctx context.Context, c *audit.Checkpointer, books *ledger.Ledger, keep time.Duration) {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			if _, err := Shred(ctx, books, keep, now); err != nil && ctx.Err() == nil {
				c.Tell.Warn("old evidence could not be destroyed", "error", err)
			}
		}
	}
}

// Shred destroys what is kept for longer than it may be: documents of ports that ended, what the fraud desk judged them by and
// what requests had in common, what was said with carriers, and files that went with orders. It tells how much that was.
func Shred(ctx context.Context, books *ledger.Ledger, keep time.Duration, now time.Time) (int64, error) {
	evidence, err := books.ShredEvidence(ctx, now.Add(-keep), now)
	exchanges, forgot := books.ForgetExchanges(ctx, now.Add(-keep))
	documents, lost := books.ForgetDocuments(ctx, now.Add(-keep))
	judgements, unjudged := books.ForgetJudgements(ctx, now.Add(-keep))
	requests, unasked := books.ForgetRequests(ctx, now.Add(-keep))
	forgotten := exchanges + documents + judgements + requests
	if forgotten > 0 { // the ledger tells of evidence itself
		fact := audit.ErasedFact{Exchanges: exchanges, Files: documents, Judgements: judgements, Requests: requests, Before: now.Add(-keep)}
		err = errors.Join(err, books.Append(ctx, audit.Leaf{At: now, Kind: audit.Erased, Data: fact}))
	}
	return evidence + forgotten, errors.Join(err, forgot, lost, unjudged, unasked)
}
