package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func newKeysHold(f *Factory) *cobra.Command {
	var by, why string
	var release bool
	cmd := &cobra.Command{
		Use:   "hold PORT --why REASON",
		Short: "Keep a port from being erased, or end that",
		Long: "Put a port, or a bulk order, under legal hold: its key cannot be erased until the hold is released. The port itself goes on.\n" +
			"The first hold stays. The reason is kept as it is: write no personal data.",
		Example: "  portsaga keys hold PORT --why \"case 2026-17\"\n  portsaga keys hold PORT --release",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if release == (why != "") {
				return usage(cmd, "either say why with --why, or --release")
			}
			who, err := f.who(by)
			if err != nil {
				return err
			}
			return f.withKeys(cmd.Context(), func(books *ledger.Ledger) (err error) {
				var key ledger.DataKey
				if release {
					key, err = books.ReleaseDataKey(cmd.Context(), args[0], who, f.Now())
				} else {
					key, err = books.HoldDataKey(cmd.Context(), args[0], who, why, f.Now())
				}
				if err != nil {
					return err
				}
				return f.showKey(key)
			})
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "a line for those who find it; no personal data")
	cmd.Flags().BoolVar(&release, "release", false, "end the hold")
	byFlag(cmd, &by)
	return cmd
}

func newKeysErase(f *Factory) *cobra.Command {
	var by string
	var yes bool
	cmd := &cobra.Command{
		Use:   "erase PORT --yes",
		Short: "Destroy the key of a port that has ended, and with it all that its history says",
		Long: "Destroy the key that the payloads of a port, or of a bulk order, are sealed with. From then on nobody can read its order, its\n" +
			"messages, its results and its page, in Temporal or in a backup of it; processes that have read it before can for ten minutes\n" +
			"more. What the fraud desk judged the port by is destroyed in the ledger, and cannot be replayed. What is in the clear stays: its\n" +
			"ID, its search attributes, the types of its steps and their times. A port that has not ended is refused, and one under legal\n" +
			"hold. It cannot be undone, except by a backup of the ledger that is older.\n\n" +
			"A port of a bulk order is in the history of that order, too: the answer names it, for you to erase when it has ended.",
		Example: "  portsaga keys erase PORT --yes\n  portsaga keys erase PORT --yes --by carla@privacy -o json",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !yes {
				return usage(cmd, "it cannot be undone; say --yes")
			}
			who, err := f.who(by)
			if err != nil {
				return err
			}
			return f.eraseKey(cmd.Context(), args[0], who)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "destroy the key")
	byFlag(cmd, &by)
	return cmd
}

// erasure is what was erased, and where more of it is.
type erasure struct {
	ledger.DataKey
	Judgements int64  `json:"judgements,omitempty"` // of the fraud desk, with their evidence
	AlsoIn     string `json:"also_in,omitempty"`    // the bulk order that holds the same order
}

func (f *Factory) eraseKey(ctx context.Context, port, by string) error {
	c, err := f.Dial(ctx)
	if err != nil {
		return err
	}
	bulk, err := requireOver(ctx, c, port)
	if err != nil {
		return err
	}
	if _, err := requireOver(ctx, c, porting.RescueID(port)); err != nil {
		return err
	}
	if err := f.requireReleased(ctx, port); err != nil {
		return err
	}
	erased := erasure{AlsoIn: bulk}
	if err := f.withKeys(ctx, func(books *ledger.Ledger) (err error) {
		erased.DataKey, err = books.EraseDataKey(ctx, port, by, f.Now())
		return err
	}); err != nil {
		return err
	}
	if err := f.withLedger(ctx, func(books *ledger.Ledger) (err error) {
		erased.Judgements, err = books.EraseJudgements(ctx, port)
		return err
	}); err != nil {
		return err
	}
	return f.Print(erased, func(w io.Writer) { erased.write(w, port) })
}

func (e erasure) write(w io.Writer, port string) {
	fmt.Fprintf(w, "%s is erased: its key was destroyed at %s by %s\n", port, stamp(e.ErasedAt), oneLine(e.ErasedBy))
	if e.Judgements > 0 {
		fmt.Fprintf(w, "%d judgements of the fraud desk were destroyed with it\n", e.Judgements)
	}
	if e.AlsoIn != "" {
		fmt.Fprintf(w, "its order is also in the history of %s: erase that when it has ended\n", e.AlsoIn)
	}
}

// requireReleased refuses ports that hold their numbers in the ledger, which may be another database than that of the keys.
func (f *Factory) requireReleased(ctx context.Context, port string) error {
	return f.withLedger(ctx, func(books *ledger.Ledger) error {
		fence, err := books.Fence(ctx, port)
		if porting.KindOf(err) == porting.NotFound {
			return nil
		}
		if err != nil || fence.ClaimedAt.IsZero() || !fence.ReleasedAt.IsZero() {
			return err
		}
		return notEnded(port)
	})
}

func notEnded(workflow string) error {
	return &porting.Error{
		Kind: porting.Refused, Code: "port-open", Op: "erase data key", Object: workflow, Detail: "it has not ended; without its key it could not go on",
		Next: "erase it when it has ended",
	}
}

// requireOver refuses workflows that run: without their key they could not go on. It returns the bulk order of a port.
func requireOver(ctx context.Context, c client.Client, workflow string) (bulk string, err error) {
	described, err := c.DescribeWorkflowExecution(ctx, workflow, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return "", nil
	}
	if err != nil {
		return "", unread("erase data key", workflow, err)
	}
	info := described.GetWorkflowExecutionInfo()
	if info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return "", notEnded(workflow)
	}
	if order := info.GetSearchAttributes().GetIndexedFields()[porting.AttrOrder]; order != nil {
		err = converter.GetDefaultDataConverter().FromPayload(order, &bulk)
	}
	return bulk, err
}
