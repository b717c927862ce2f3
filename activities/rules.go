package activities

import (
	"context"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// ComputeDeadline asks a pack for one of its clocks.
func (a *Activities) ComputeDeadline(_ context.Context, in porting.DeadlineInput) (porting.Deadline, error) {
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return porting.Deadline{}, lasting(err)
	}
	due, err := pack.Due(in.Clock, in.Start, placeOf(in.Place))
	if err != nil {
		return porting.Deadline{}, lasting(err)
	}
	if !due.At.After(in.Start) {
		return porting.Deadline{}, never(&porting.Error{
			Kind: porting.Refused, Code: "clock-empty", Op: "compute deadline", Object: in.Clock,
			Detail: "the pack gives this clock no time", Next: "correct the pack " + in.Pack,
		})
	}
	return porting.Deadline{
		Clock: in.Clock, Start: due.DeemedReceived, At: due.At, OnExpiry: due.OnExpiry,
		Why: strings.TrimSpace(due.Why),
	}, nil
}

// ComputeWindow asks a pack when numbers may change hands, not before an instant.
func (a *Activities) ComputeWindow(_ context.Context, in porting.WindowInput) (time.Time, error) {
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return time.Time{}, lasting(err)
	}
	opens, err := pack.NextActivation(in.After, placeOf(in.Place))
	if err != nil {
		return time.Time{}, lasting(err)
	}
	return opens, nil
}

// PlanCorrection reads a carrier's reasons: who can mend the order and how. The saga mends by itself only what the
// taxonomy calls automatic and needs nothing but another date or another moment.
func (a *Activities) PlanCorrection(_ context.Context, in porting.CorrectionInput) (porting.Correction, error) {
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return porting.Correction{}, lasting(err)
	}
	plan := porting.Correction{Automatic: len(in.Reasons) > 0, Exhausted: in.Version >= pack.MaxVersions()}
	var fixes []string
	for _, r := range in.Reasons {
		m := rules.Map(in.Carrier, r.Code, r.Text)
		if m.Reason == porting.OtherReason && r.Reason != "" {
			m = rules.Map("", string(r.Reason), "")
		}
		if plan.Owner == "" {
			plan.Owner = m.Owner
		}
		fixes = append(fixes, m.Fix)
		needsDate := m.Reason == porting.DueDateInvalid || m.Reason == porting.DueDateUnmeetable
		needsTime := m.Reason == porting.OutsideBusinessHours || m.Reason == porting.NetworkNotReady
		plan.AnyDate = plan.AnyDate || needsDate
		plan.Automatic = plan.Automatic && m.Automatic && (needsDate || needsTime)
	}
	plan.Fix = strings.Join(fixes, "; ")
	return plan, nil
}

func placeOf(p porting.Place) rules.Place {
	return rules.Place{Number: p.Number, Region: p.Region, Zone: p.Zone}
}
