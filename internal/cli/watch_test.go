package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

var (
	received = porting.Entry{At: now, Stage: porting.Received, Event: porting.EventReceived, Actor: "ana"}
	approved = porting.Entry{At: now, Stage: porting.Submitting, Event: porting.EventApproved, Actor: "ben"}
	verified = porting.Entry{At: now, Stage: porting.Completed, Event: porting.EventVerified, Actor: "portsaga"}
)

func statusWith(stage porting.Stage, outcome porting.Outcome, entries ...porting.Entry) porting.Status {
	return porting.Status{ID: "pi-1", Stage: stage, Outcome: outcome, Timeline: entries}
}

func TestFollowTellsEachThingOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ports := &fakePorts{ended: make(chan ending, 1), statuses: []porting.Status{
			statusWith(porting.Received, "", received),
			statusWith(porting.Received, "", received),
			statusWith(porting.Submitting, "", received, approved),
		}}
		var told []porting.Event
		go func() {
			<-time.After(5 * time.Second)
			ports.ended <- ending{status: statusWith(porting.Completed, porting.OutcomeCompleted, received, approved, verified)}
		}()

		status, err := Follow(t.Context(), ports, "pi-1", time.Second, func(_ porting.Status, fresh []porting.Entry) {
			for _, e := range fresh {
				told = append(told, e.Event)
			}
		})

		require.NoError(t, err)
		require.Equal(t, porting.OutcomeCompleted, status.Outcome)
		require.Equal(t, []porting.Event{porting.EventReceived, porting.EventApproved, porting.EventVerified}, told)
	})
}

func TestFollowWaitsWhileNoWorkerAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ports := &fakePorts{ended: make(chan ending, 1), err: errors.New("no worker")}
		go func() {
			<-time.After(time.Hour)
			ports.ended <- ending{status: statusWith(porting.Completed, porting.OutcomeCompleted, received)}
		}()
		status, err := Follow(t.Context(), ports, "pi-1", time.Second, func(porting.Status, []porting.Entry) {})
		require.NoError(t, err)
		require.Equal(t, porting.OutcomeCompleted, status.Outcome)
	})
}

func TestWatchInAPipe(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.statuses = []porting.Status{statusWith(porting.Completed, porting.OutcomeCompleted, received, verified)}

	require.Equal(t, 0, s.run(t, "portsaga port watch pi-1 --interval 1ms"))
	require.Equal(t, "2026-11-23 15:00Z  received      received            ana\n"+
		"2026-11-23 15:00Z  completed     verified            portsaga\nEnded: completed\n", s.out.String())

	require.Equal(t, 0, s.run(t, "portsaga port watch pi-1 -o json"))
	lines := strings.Split(strings.TrimSpace(s.out.String()), "\n")
	require.Len(t, lines, 3)
	require.JSONEq(t, `{"at":"2026-11-23T15:00:00Z","stage":"received","event":"received","actor":"ana"}`, lines[0])
	require.Contains(t, lines[2], `"outcome":"completed"`)
}

func TestWatchSomethingThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.err = &porting.Error{Kind: porting.NotFound, Code: "port-not-found", Op: "wait for port", Object: "pi-9", Detail: "there is no such port"}
	require.Equal(t, 4, s.run(t, "portsaga port watch pi-9"))
	require.Equal(t, 4, s.run(t, "portsaga port watch pi-9 -o json"))
	s.factory.Streams.Terminal, s.factory.Streams.In = true, silence(t)
	require.Equal(t, 4, s.run(t, "portsaga port watch pi-9"))
}

// silence is a keyboard that nobody touches.
func silence(t *testing.T) io.Reader {
	t.Helper()
	r, w := io.Pipe()
	t.Cleanup(func() { _ = w.Close() })
	return r
}

func TestLiveViewEndsWithThePort(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.factory.Streams.Terminal, s.factory.Streams.In = true, silence(t)
	s.ports.statuses = []porting.Status{statusWith(porting.Completed, porting.OutcomeCompleted, received, verified)}
	status, err := s.factory.watch(t.Context(), s.ports, "pi-1", time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, porting.OutcomeCompleted, status.Outcome)
}

func TestLeavingTheLiveViewIsNoError(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.factory.Streams.Terminal, s.factory.Streams.In = true, strings.NewReader("q")
	s.ports.ended = make(chan ending)
	s.ports.statuses = []porting.Status{statusWith(porting.Verifying, "", received)}
	status, err := s.factory.watchLive(context.WithoutCancel(t.Context()), s.ports, "pi-1", time.Millisecond)
	require.NoError(t, err)
	require.Empty(t, status.Outcome)
}

func TestLiveView(t *testing.T) {
	t.Parallel()
	view := liveView{factory: newSession(t).factory, id: "pi-1"}
	require.Equal(t, "⠋ asking for pi-1\n", view.text())

	open := aStatus
	open.NeedsAttention, open.Attention = true, "the donor is silent"
	golden(t, "live-open.txt", after(t, view, open, nextFrame{}).text())

	exception := aStatus
	exception.Stage, exception.WaitingOn, exception.DueAt = porting.Exception, porting.WaitingOperator, nil
	golden(t, "live-exception.txt", after(t, view, exception).text())

	ended := statusWith(porting.Completed, porting.OutcomeCompleted, received, approved, verified)
	golden(t, "live-ended.txt", after(t, view, ending{status: ended}).text())

	narrow := after(t, view, tea.WindowSizeMsg{Width: 40, Height: 40}, ending{status: ended}).View()
	for line := range strings.Lines(narrow.Content) {
		require.LessOrEqual(t, len([]rune(strings.TrimSpace(line))), 40, "lines are wrapped at the terminal's edge")
	}

	long := statusWith(porting.Submitted, "")
	for range 100 {
		long.Timeline = append(long.Timeline, received)
	}
	require.Equal(t, 11, strings.Count(after(t, view, tea.WindowSizeMsg{Width: 80, Height: 20}, long).text(), "ana"), "the view fits the terminal")
	require.Equal(t, 3, strings.Count(after(t, view, tea.WindowSizeMsg{Width: 80, Height: 5}, long).text(), "ana"))
}

func after(t *testing.T, view liveView, messages ...tea.Msg) liveView {
	t.Helper()
	var model tea.Model = view
	for _, m := range messages {
		model, _ = model.Update(m)
	}
	changed, ok := model.(liveView)
	require.True(t, ok)
	return changed
}
