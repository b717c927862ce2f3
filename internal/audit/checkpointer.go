package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Log is what a Checkpointer asks of the ledger. *ledger.Ledger is one.
type Log interface {
	LogTree(ctx context.Context) (*Tree, error)
	LogHashes(ctx context.Context) tlog.HashReader
	// LastCheckpoint is the one of the highest number; a zero one where there is none.
	LastCheckpoint(ctx context.Context) (SignedCheckpoint, error)
	// AddCheckpoint keeps one, and appends the leaf that tells it. added is false where its number is taken.
	AddCheckpoint(ctx context.Context, c SignedCheckpoint) (added bool, err error)
	UnpublishedCheckpoints(ctx context.Context) ([]SignedCheckpoint, error)
	CheckpointPublished(ctx context.Context, number int64, signed []byte, at time.Time) error
}

// How often a Checkpointer looks, and how long it lets a log rest.
const (
	Every     = 30 * time.Second
	Heartbeat = time.Hour // a checkpoint comes at least so often: one that is missing is missed
)

// Checkpointer signs checkpoints of a log and brings them to where they are kept. Any number of processes may do so for one
// log: of two that sign at once, one checkpoint counts.
type Checkpointer struct {
	Log    Log
	Signer *Signer
	To     []Destination
	Now    func() time.Time // real time
	Tell   *slog.Logger
}

// Run makes checkpoints at every tick until ctx ends.
func (c *Checkpointer) Run(ctx context.Context, ticks <-chan time.Time) error {
	for {
		if _, err := c.Once(ctx); err != nil && ctx.Err() == nil {
			c.complain(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
		}
	}
}

func (c *Checkpointer) complain(err error) {
	if found, ok := errors.AsType[*Finding](err); ok {
		c.Tell.Error("the audit log is not the one that was seen before", "finding", found.Code, "detail", found.Detail)
		return
	}
	c.Tell.Warn("a checkpoint of the audit log waits", "error", err)
}

// Once signs a checkpoint if there is something new to sign, or the last one is old, and brings all that have not left yet to
// every destination. It returns the newest one.
func (c *Checkpointer) Once(ctx context.Context) (SignedCheckpoint, error) {
	last, err := c.Log.LastCheckpoint(ctx)
	if err != nil {
		return last, err
	}
	tree, err := c.Log.LogTree(ctx)
	if err != nil {
		return last, err
	}
	if tree.Size < last.Size {
		return last, &Finding{Code: LogShorter, Number: last.Number, Detail: fmt.Sprintf("checkpoint %d signed %d leaves, and the log has %d", last.Number, last.Size, tree.Size)}
	}
	if c.due(tree, last) {
		if last, err = c.sign(ctx, tree, last); err != nil {
			return last, err
		}
	}
	return last, c.publish(ctx)
}

// due reports whether a log has more than the leaf that told the last checkpoint, or has been quiet for long.
func (c *Checkpointer) due(tree *Tree, last SignedCheckpoint) bool {
	if last.Number == 0 {
		return tree.Size > 0
	}
	return tree.Size > last.Size+1 || c.Now().Sub(last.At) >= Heartbeat
}

func (c *Checkpointer) sign(ctx context.Context, tree *Tree, last SignedCheckpoint) (SignedCheckpoint, error) {
	next, err := c.Signer.Checkpoint(tree, last.Number+1, c.Now())
	if err != nil {
		return last, err
	}
	added, err := c.Log.AddCheckpoint(ctx, next)
	if err != nil || !added {
		return last, err // another process was faster
	}
	return next, nil
}

func (c *Checkpointer) publish(ctx context.Context) error {
	waiting, err := c.Log.UnpublishedCheckpoints(ctx)
	if err != nil {
		return err
	}
	for _, checkpoint := range waiting {
		signed := checkpoint.Note
		for _, to := range c.To {
			cosigned, err := to.Publish(ctx, checkpoint, c.Log.LogHashes(ctx))
			if err != nil {
				return fmt.Errorf("bring checkpoint %d to %s: %w", checkpoint.Number, to, err)
			}
			signed = append(slices.Clip(signed), cosigned[len(checkpoint.Note):]...)
		}
		if err := c.Log.CheckpointPublished(ctx, checkpoint.Number, signed, c.Now()); err != nil {
			return err
		}
	}
	return nil
}
