package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// Reconcile compares every open port of the ledger with its saga and with what its carrier holds. It repairs what is surely
// right, and lists what only a person can answer. Whoever lifts a quarantine has run it before.
func Reconcile(ctx workflow.Context, in porting.ReapInput) (porting.Reconciliation, error) {
	result := porting.Reconciliation{Repaired: []porting.Mismatch{}, Questions: []porting.Mismatch{}}
	found, err := find(ctx, in)
	if err != nil {
		return result, err
	}
	// Open fences of revoked ports come first: nothing else in the ledger could let an activation through.
	if err := comparePages(ctx, in.Clock, &result); err != nil {
		return result, err
	}
	act(ctx, in, found)
	for _, a := range found.Abandoned {
		result.Repaired = append(result.Repaired, porting.Mismatch{Port: a.Port, What: "its saga is " + a.Saga, Repair: "it is rescued: see " + porting.RescueID(a.Port)})
	}
	for _, c := range found.Concerns {
		if c.ID != porting.ConcernQuarantine {
			result.Questions = append(result.Questions, porting.Mismatch{Port: c.Port, What: c.What, Next: c.Next})
		}
	}
	return result, nil
}

func comparePages(ctx workflow.Context, clock porting.Clock, result *porting.Reconciliation) error {
	for after := ""; ; {
		page, err := callOnce[porting.Compared](ctx, reapStep, porting.StepCompare, "Compare open ports with their sagas and carriers", porting.CompareInput{After: after})
		if err != nil {
			return err
		}
		result.Looked += page.Looked
		for _, m := range page.Mismatches {
			if m.Repair == "" {
				result.Questions = append(result.Questions, m)
				continue
			}
			if err := repair(ctx, clock, m); err != nil {
				return err
			}
			result.Repaired = append(result.Repaired, m)
		}
		if after = page.Next; after == "" {
			return nil
		}
	}
}

// repair closes the fence that should be closed. A saga that does not know of its revocation is told by what was found.
func repair(ctx workflow.Context, clock porting.Clock, m porting.Mismatch) error {
	if m.Revoke == nil {
		return nil
	}
	_, err := callOnce[porting.FenceClosed](ctx, ahead(ownStep), porting.StepCloseFence, "Close the fence of a port that is rolled back",
		porting.FenceInput{Port: m.Port, By: m.Revoke.By, Reason: m.Revoke.Reason, At: clock.Business(workflow.Now(ctx)).UTC()})
	return err
}
