package workflows_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

var rewrite = flag.Bool("update", false, "write the golden files of the details page anew")

// The operator's page in every stage, as the Web UI shows it.
func TestDetailsPages(t *testing.T) {
	t.Parallel()
	for _, s := range []scenario{
		{
			name: "happy",
			replies: map[string][]reply{
				porting.StepReceive: {{late: h}}, porting.StepScreen: {{late: h}}, porting.StepSubmit: {{late: h}},
				porting.StepActivate: {{state: porting.CarrierPending, then: []beat{at(2*h, becomes(porting.CarrierActive))}}},
			},
			script: []beat{
				at(30*time.Minute, lookAt("received")),
				at(90*time.Minute, lookAt("screening")),
				at(150*time.Minute, lookAt("verifying")),
				at(3*h, approve),
				at(210*time.Minute, lookAt("submitting")),
				at(5*h, lookAt("submitted")),
				at(7*h, lookAt("confirmed")),
				at(6*h+4*day+time.Minute, lookAt("activating")),
				at(9*h+4*day, lookAt("active")),
			},
		},
		{
			name:    "after a rejection",
			clocks:  map[string]time.Duration{"hold": 5 * day},
			replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}},
			script:  approved(at(2*h, lookAt("exception")), at(3*h, reassignToBen, hold), at(4*h, lookAt("on-hold")), at(5*h, revoke)),
		},
		{
			name: "after a revocation",
			replies: map[string][]reply{
				porting.StepReverse: {{state: porting.CarrierReversing, then: []beat{at(3*day, becomes(porting.CarrierReversed))}}},
			},
			script: approved(at(110*h, signal(porting.MsgRevoke, porting.Revoke{By: "ben@care", Reason: porting.UnauthorisedPort})),
				at(115*h, lookAt("rolling-back")), at(165*h, lookAt("rolling-back-attention"))),
		},
		{
			name:   "with a demo clock",
			clock:  porting.Clock{Scale: 3600, RealStart: start, BusinessStart: time.Date(2026, 12, 7, 9, 0, 0, 0, time.UTC)},
			order:  func(o *porting.Order) { o.Numbers = o.Numbers[:1] },
			script: []beat{at(time.Second, lookAt("demo")), at(2*time.Second, reject)},
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := run(t, s)
			lookAt("ended-" + string(w.status().Outcome))(w)
			for name, page := range w.pages {
				requireGolden(t, filepath.Join("testdata", "details", name+".md"), page)
			}
		})
	}
}

var (
	hold          = signal(porting.MsgHold, porting.Hold{By: "ana@desk", Why: "the customer is asked"})
	reassignToBen = signal(porting.MsgReassign, porting.Reassign{By: "ana@desk", To: "ben@desk"})
)

func requireGolden(t *testing.T, file, got string) {
	t.Helper()
	if *rewrite {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "write it with -update, and read it")
	require.Equal(t, string(want), got)
}
