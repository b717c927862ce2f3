package redteam

import (
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/porting"
)

// place is where an attack was stopped.
type place string

// Places, from the outside to the inside.
const (
	atFrontend place = "the frontend's authorizer"
	atServer   place = "the server itself"
	atRegistry place = "the registry, when it is read"
	atSaga     place = "the saga"
	atDoor     place = "the update's validator"
	atTrust    place = "the trust worker"
	atGate     place = "the gate"
	atFence    place = "the fence"
	atLedger   place = "the ledger"
	harmless   place = "nowhere: it does no harm"
	nowhere    place = "**nowhere**" // the policy is broken: a known hole
)

// attack is a row of the table.
type attack struct {
	name    string
	reaches string          // how far it comes on a stock server
	stock   place           // where it is stopped there
	token   authorizer.Role // what the attacker has stolen where the frontend asks for a token
	guarded place           // where it is stopped there
	setting setting
	run     func(v *victim, m *mallory) (place, error)
}

// families are all attacks.
var families = [][]attack{controls, forgedResults, decisions, resets, operators, rogues, starts}

// update writes the report's table anew.
var update = flag.Bool("update", false, "write the table in docs/redteam.md anew")

func TestMain(m *testing.M) {
	// Ports wait much more than they compute.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	m.Run()
}

// On a stock server whoever reaches the frontend may do everything. The gate has to be enough.
func TestStockServer(t *testing.T) {
	c := newCity(t, false)
	t.Run("attacks", func(t *testing.T) {
		for _, family := range families {
			for _, a := range family {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					v := newVictim(t, c, a.setting)
					stopped, err := a.run(v, newMallory(v, a.token))
					require.NoError(t, err)
					require.Equal(t, a.stock, stopped)
					v.atRest()
					v.requireLaw(stopped)
				})
			}
		}
	})
}

// wholeLives lets a port whose attack was denied live to its proper end: minutes more, for make redteam.
var wholeLives = os.Getenv("PORTSAGA_REDTEAM") == "full"

// With the authorizer most attacks end at the frontend, and the port goes on as if nothing had been.
func TestGuardedServer(t *testing.T) {
	c := newCity(t, true)
	for _, family := range families {
		for _, a := range family {
			t.Run(a.name, func(t *testing.T) {
				v := newVictim(t, c, a.setting)
				defer v.endOfDay()
				stopped, err := a.run(v, newMallory(v, a.token))
				if isDenied(err) {
					require.Equal(t, atFrontend, a.guarded, "%v", err)
					if wholeLives {
						v.carryOn()
					}
				} else {
					require.NoError(t, err)
					require.Equal(t, a.guarded, stopped)
					v.atRest()
				}
				v.requireLaw(stopped)
				t.Logf("stopped at: %s", a.guarded)
			})
		}
	}
}

// requireLaw is the judge's word: nothing happened that the policy does not allow. A known hole must still be one, so that
// its row is corrected when it is closed.
func (v *victim) requireLaw(stopped place) {
	v.Helper()
	if stopped == nowhere {
		require.Error(v, v.judge(), "the hole is closed: correct its row")
		return
	}
	require.NoError(v, v.judge())
}

// carryOn lets a port whose attack was denied go on to its proper end.
func (v *victim) carryOn() {
	v.Helper()
	v.line.releaseAll()
	v.on(everyone...)
	if _, err := v.client.DescribeWorkflowExecution(v.Context(), v.id, ""); err != nil {
		v.start()
	}
	want := v.properEnd()
	if want == porting.OutcomeCompleted {
		for _, person := range []string{"ben", "fay"}[:v.policy.People] {
			v.approveIfAsked(person)
		}
	}
	v.ends(want)
}

// properEnd is how a port ends after what people did to it.
func (v *victim) properEnd() porting.Outcome {
	rejected := slices.ContainsFunc(v.people.said, func(s said) bool { return s.decision == porting.Reject })
	switch {
	case !v.revoked.IsZero():
		return porting.OutcomeRevoked
	case rejected:
		return porting.OutcomeRejected
	default:
		return porting.OutcomeCompleted
	}
}

func (v *victim) approveIfAsked(person string) {
	v.Helper()
	status := v.see(v.id, "asks people or does not need them", func(s porting.Status) bool {
		return s.Outcome != "" || s.Stage == porting.Confirmed || s.Stage == porting.Submitted || s.Stage == porting.Active || s.Challenge != nil
	})
	if status.Challenge != nil {
		v.approve(person, *status.Challenge)
	}
}

// endOfDay leaves nothing on a queue that the next port shares.
func (v *victim) endOfDay() {
	v.Helper()
	v.off(everyone...)
	emergency := v.city.as(v, authorizer.BreakGlass)
	_ = emergency.TerminateWorkflow(v.Context(), v.id, "", "the attack is over") // it may have ended
}
