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

	"github.com/portsaga/portsaga/porting"
)

// reconcileID is one for all: a comparison that is asked for twice at once is made once.
const reconcileID = "reconcile"

func newLedgerReconcile(f *Factory) *cobra.Command {
	var gone bool
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Compare the ledger with the sagas and with what carriers hold, and repair what is sure",
		Long: "Compare every open port of the ledger with its saga and with its carrier, through the workers. What is surely right is\n" +
			"done: the fence of a port that is rolled back is closed, a saga that forgot its revocation is told again, a port whose saga\n" +
			"is gone is rescued. The rest are questions for people; while there are any, the exit code is 3.",
		Example: "  portsaga ledger reconcile\n  portsaga ledger reconcile -o json | jq '.questions[].what'\n  portsaga ledger reconcile --gone",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.reconcile(cmd.Context(), gone) },
	}
	cmd.Flags().BoolVar(&gone, "gone", false, "rescue ports whose sagas the engine does not know, however many they are")
	return cmd
}

func (f *Factory) reconcile(ctx context.Context, gone bool) error {
	compared, err := f.compare(ctx, gone)
	if err != nil {
		return err
	}
	if err := f.Print(compared, func(w io.Writer) { f.writeReconciliation(w, compared) }); err != nil || len(compared.Questions) == 0 {
		return err
	}
	return answered(porting.Refused)
}

// compare lets the workers compare: they alone reach the carriers.
func (f *Factory) compare(ctx context.Context, gone bool) (compared porting.Reconciliation, err error) {
	cfg, err := f.Config()
	if err != nil {
		return compared, err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return compared, err
	}
	c, err := f.Dial(ctx)
	if err != nil {
		return compared, err
	}
	f.progress("the workers compare the ledger with sagas and carriers")
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: reconcileID, TaskQueue: cfg.TaskQueue, StaticSummary: "Compare the ledger with sagas and carriers",
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, porting.WorkflowReconcile, porting.ReapInput{Clock: connection.Clock(), Gone: gone})
	if err == nil {
		err = run.Get(ctx, &compared)
	}
	return compared, reconcileFailed(err)
}

func reconcileFailed(err error) error {
	if err == nil {
		return nil
	}
	failed := &porting.Error{
		Kind: porting.Failed, Code: "reconcile-failed", Op: "compare ledger", Object: reconcileID, Detail: err.Error(),
		Next: "look at the workflow " + reconcileID + " in the Web UI", Err: err,
	}
	if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
		failed.Kind, failed.Next = porting.Unauthorised, "run it as an operator"
	}
	return failed
}

func (f *Factory) writeReconciliation(w io.Writer, r porting.Reconciliation) {
	for _, m := range r.Repaired {
		fmt.Fprintf(w, "%s %s: %s; %s\n", f.style(good, "repaired"), m.Port, oneLine(m.What), m.Repair)
	}
	for _, m := range r.Questions {
		fmt.Fprintf(w, "%s %s: %s; %s\n", f.style(bad, "question"), orDash(m.Port), oneLine(m.What), m.Next)
	}
	fmt.Fprintf(w, "%d open ports, %d repaired, %d questions\n", r.Looked, len(r.Repaired), len(r.Questions))
}
