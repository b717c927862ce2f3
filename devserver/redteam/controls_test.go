package redteam

import (
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/porting"
)

// controls show that the suite can see numbers move: a real port ends well, and so does one that a puppet runs and tells the
// gate the truth.
var controls = []attack{
	{
		name: "control: an honest port", reaches: "the numbers move", stock: harmless, token: authorizer.Reader, guarded: harmless,
		run: func(v *victim, _ *mallory) (place, error) {
			v.approve("ben", v.waiting())
			v.ends(porting.OutcomeCompleted)
			require.True(v, v.did(simulator.Activated))
			return harmless, nil
		},
	},
	{
		name: "control: another build of the saga that tells the gate the truth", reaches: "the numbers move", stock: harmless,
		token: insider, guarded: harmless,
		run: func(v *victim, m *mallory) (place, error) {
			h, err := m.play(puppet{decided: 1}, "ben")
			if err != nil {
				return "", err
			}
			require.Empty(v, h.Failed)
			require.Nil(v, h.Submitted.Withheld)
			require.Nil(v, h.Activated.Refused)
			require.True(v, v.did(simulator.ActivationAsked))
			return harmless, nil
		},
	},
}

// insider is the token of somebody who has the submitter's and the saga worker's at once.
const insider = authorizer.Submitter | authorizer.WorkflowWorker
