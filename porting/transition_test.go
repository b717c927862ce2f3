package porting_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

// The whole law of a port-in, as people read it: from, event, to. "end" closes the port where it stands.
const portInLaw = `
	-            received           received
	received     accepted           screening
	received     refused            rolling-back
	received     revoked            rolling-back
	received     cancelled          rolling-back
	screening    screened           verifying
	screening    blocked            rolling-back
	screening    revoked            rolling-back
	screening    cancelled          rolling-back
	verifying    approved           submitting
	verifying    declined           rolling-back
	verifying    expired            rolling-back
	verifying    revoked            rolling-back
	verifying    cancelled          rolling-back
	submitting   approval-void      verifying
	submitting   submitted          submitted
	submitting   carrier-rejected   exception
	submitting   carrier-refused    rolling-back
	submitting   revoked            rolling-back
	submitting   cancelled          rolling-back
	submitted    foc-received       confirmed
	submitted    carrier-rejected   exception
	submitted    carrier-refused    rolling-back
	submitted    expired            rolling-back
	submitted    revoked            rolling-back
	submitted    cancelled          rolling-back
	exception    amended            screening
	exception    expired            rolling-back
	exception    revoked            rolling-back
	exception    cancelled          rolling-back
	confirmed    foc-changed        confirmed
	confirmed    carrier-rejected   exception
	confirmed    carrier-refused    rolling-back
	confirmed    declined           rolling-back
	confirmed    activation-started activating
	confirmed    expired            rolling-back
	confirmed    revoked            rolling-back
	confirmed    cancelled          rolling-back
	activating   activated          active
	activating   activation-failed  confirmed
	activating   revoked            rolling-back
	activating   cancelled          rolling-back
	active       verified           completed
	active       partly-verified    end
	active       incomplete         rolling-back
	active       revoked            rolling-back
	active       cancelled          rolling-back
	screening    held               on-hold
	verifying    held               on-hold
	submitting   held               on-hold
	submitted    held               on-hold
	exception    held               on-hold
	confirmed    held               on-hold
	on-hold      revoked            rolling-back
	on-hold      cancelled          rolling-back
	rolling-back rolled-back        end`

var (
	stages = []porting.Stage{
		"", porting.Received, porting.Screening, porting.Verifying, porting.Submitting, porting.Submitted,
		porting.Exception, porting.Confirmed, porting.Activating, porting.Active, porting.Completed, porting.OnHold, porting.RollingBack,
	}
	movingEvents = []porting.Event{
		porting.EventReceived, porting.EventRefused, porting.EventAccepted, porting.EventScreened,
		porting.EventBlocked, porting.EventApproved, porting.EventApprovalVoid, porting.EventDeclined, porting.EventSubmitted, porting.EventCarrierRejected,
		porting.EventCarrierRefused, porting.EventAmended, porting.EventConfirmed, porting.EventFOCChanged,
		porting.EventActivationStarted, porting.EventActivationFailed, porting.EventActivated, porting.EventVerified,
		porting.EventExpired, porting.EventRevoked, porting.EventCancelled, porting.EventRolledBack, porting.EventHeld, porting.EventIncomplete, porting.EventPartlyVerified,
	}
	recordedEvents = []porting.Event{
		porting.EventDecision, porting.EventExtended, porting.EventReassigned, porting.EventNote, porting.EventCarrierNews, porting.EventIgnored,
		porting.EventWarned, porting.EventEscalated, porting.EventUndone, porting.EventUndoStuck, porting.EventUnknownState,
	}
)

// lawful reads portInLaw.
func lawful() map[porting.Stage]map[porting.Event]string {
	law := map[porting.Stage]map[porting.Event]string{}
	for line := range strings.Lines(strings.TrimSpace(portInLaw)) {
		f := strings.Fields(line)
		from := porting.Stage(strings.TrimPrefix(f[0], "-"))
		if law[from] == nil {
			law[from] = map[porting.Event]string{}
		}
		law[from][porting.Event(f[1])] = f[2]
	}
	return law
}

func TestTransitionsAreTheLaw(t *testing.T) {
	t.Parallel()
	law, listed := lawful(), 0
	for _, row := range porting.Transitions(porting.PortIn) {
		if row.On == porting.EventResumed {
			continue // back to where it was held: see TestHold
		}
		to := string(row.To)
		if to == "" {
			to = "end"
		}
		require.Equal(t, law[row.From][row.On], to, "%s on %s", row.From, row.On)
		listed++
	}
	require.Equal(t, strings.Count(portInLaw, "\n"), listed, "every row of the law, each once")
}

func TestNextInEveryStageOnEveryEvent(t *testing.T) {
	t.Parallel()
	law := lawful()
	for _, from := range stages {
		for _, on := range movingEvents {
			to, ends, err := porting.Next(porting.PortIn, from, on)
			want, legal := law[from][on]
			if !legal {
				require.Equal(t, "illegal-transition", porting.CodeOf(err), "%s on %s", from, on)
				require.Equal(t, from, to)
				require.False(t, ends)
				continue
			}
			require.NoError(t, err, "%s on %s", from, on)
			require.Equal(t, want == "end" || want == string(porting.Completed), ends, "%s on %s", from, on)
			if want == "end" {
				want = string(from)
			}
			require.Equal(t, porting.Stage(want), to, "%s on %s", from, on)
		}
		for _, on := range recordedEvents {
			to, ends, err := porting.Next(porting.PortIn, from, on)
			require.NoError(t, err)
			require.Equal(t, from, to, "%s is recorded and moves nothing", on)
			require.False(t, ends)
		}
	}
}

func TestTransitionsOfAnotherDirection(t *testing.T) {
	t.Parallel()
	require.Empty(t, porting.Transitions("sideways"))
	_, _, err := porting.Next("sideways", porting.Received, porting.EventAccepted)
	require.Equal(t, "illegal-transition", porting.CodeOf(err))
}

// Whatever happens in whatever order, a port is only ever in a stage of the law, an illegal event leaves no trace, and
// nothing leaves the rollback or the completion.
func TestAnyEventsKeepTheLaw(t *testing.T) {
	t.Parallel()
	law := lawful()
	events := slices.Concat(movingEvents, recordedEvents)
	rapid.Check(t, func(t *rapid.T) {
		p := porting.NewPort(input())
		for i, on := range rapid.SliceOfN(rapid.SampledFrom(events), 1, 60).Draw(t, "events") {
			before, where, lines := p.Stage, p.Where(), len(p.Timeline)
			err := p.Move(on, start.Add(time.Duration(i)*time.Minute), "test", "")
			if err != nil {
				require.Equal(t, before, p.Stage)
				require.Len(t, p.Timeline, lines)
				continue
			}
			require.Len(t, p.Timeline, lines+1)
			require.Equal(t, p.Stage, p.Timeline[lines].Stage)
			if p.Stage != before {
				require.Equal(t, law[where][on], string(p.Stage))
			}
			require.False(t, (before == porting.Completed || before == porting.RollingBack) && p.Stage != before,
				"%s left by %s", before, on)
		}
	})
}
