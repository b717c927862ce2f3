package manual_test

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/porting"
)

// person reads a carrier's mailbox, plays the carrier by the simulator's scenarios, and answers our tasks, signed.
type person struct {
	*world
	clock porting.Clock
	ctx   context.Context
	busy  sync.WaitGroup

	mu        sync.Mutex
	scenarios map[string]string // by port
	failed    []error
}

func newPerson(t *testing.T, w *world, clock porting.Clock) *person {
	p := &person{world: w, clock: clock, ctx: t.Context(), scenarios: map[string]string{}}
	w.mailbox.arrived = func(l letter) { p.play(happened(l.task), l.task, p.now()) }
	w.mailbox.behave(func(l letter, before int) notifytest.Behaviour {
		if before == 0 && p.scenario(l.task).Answers[requests[step(l.task)]].Hang {
			return loses
		}
		return takes
	})
	t.Cleanup(func() {
		p.busy.Wait()
		require.Empty(t, p.failed)
	})
	return p
}

func (p *person) now() time.Time { return p.clock.Business(time.Now()).UTC() }

func (p *person) choose(port, scenario string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scenarios[port] = scenario
}

func (p *person) scenario(task string) simulator.Scenario {
	p.mu.Lock()
	defer p.mu.Unlock()
	return simulator.Builtin()[p.scenarios[portOf(task)]]
}

func portOf(task string) string {
	port, _, _ := strings.Cut(task, "/")
	return port
}

// step is what a task's mail asks for.
func step(task string) string {
	name, _, _ := strings.Cut(task[strings.LastIndex(task, "/")+1:], ".")
	return name
}

// requests names steps as scenarios do.
var requests = map[string]string{"submit": "submit", "supplement": "submit", "cancel": "cancel", "activate": "activate", "reverse": "reverse"}

// happened is the event that a mail is, in the words of scenarios.
func happened(task string) string {
	return map[string]string{
		"submit": simulator.Submitted, "supplement": simulator.Supplemented, "cancel": simulator.CancelAsked,
		"activate": simulator.ActivationAsked, "reverse": simulator.ReversalAsked,
	}[step(task)]
}

// play does what the scenario says to an event, each thing in its time.
func (p *person) play(event, task string, at time.Time) {
	for _, s := range p.scenario(task).Steps {
		if s.On != event {
			continue
		}
		p.busy.Go(func() {
			due := s.After.From(at)
			if s.AfterFOC != nil {
				due = s.AfterFOC.From(p.foc(task))
			}
			if p.wait(due) {
				p.tell(s, task, due)
			}
		})
	}
}

func (p *person) wait(business time.Time) bool {
	timer := time.NewTimer(time.Until(p.clock.Real(business)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.ctx.Done():
		return false
	}
}

// tell answers a task. What the order's state does not allow any more is passed over, as the simulator does; a book that moved
// on in this moment is read again.
func (p *person) tell(s simulator.Step, task string, at time.Time) {
	for p.ctx.Err() == nil {
		switch err := p.answer(p.ctx, task, p.saying(s, task, at)); porting.CodeOf(err) {
		case "desk-book-moved-on":
		case "desk-answer-unfit":
			return
		case "":
			if err == nil {
				p.play(s.Then, task, at)
				return
			}
			fallthrough
		default:
			p.fail(err)
			return
		}
	}
}

func (p *person) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() == nil {
		p.failed = append(p.failed, err)
	}
}

// saying is a scenario's step as ana tells it.
func (p *person) saying(s simulator.Step, task string, at time.Time) manual.Says {
	says := manual.Says{State: map[string]carrier.State{
		simulator.Confirmed: carrier.StateConfirmed, simulator.Rejected: carrier.StateRejected, simulator.Activated: carrier.StateActive,
		simulator.Cancelled: carrier.StateCancelled, simulator.Reversed: carrier.StateReversed,
	}[s.Then], Code: s.Code, Text: s.Text}
	if s.Then == simulator.Confirmed {
		says.FOC = p.desired(task, at)
	}
	for _, left := range s.Except {
		says.Left = append(says.Left, approval.DeskLeft{Position: left.Position, Reason: porting.Reason(left.Code)})
	}
	return says
}

var dueDate = regexp.MustCompile(`\(DDD\): ([0-9-]+ [0-9:]+) \(UTC\+00:00\)`)

// desired is the date that the order asks for, read from the task.
func (p *person) desired(task string, at time.Time) time.Time {
	shown, err := p.Book.Task(p.ctx, task)
	if err != nil {
		return at
	}
	day := dueDate.FindStringSubmatch(shown.Body)
	if day == nil {
		return at.AddDate(0, 0, 3)
	}
	wish, _ := time.Parse("2006-01-02 15:04", day[1]) // the form has no other dates
	return wish
}

func (p *person) foc(task string) time.Time {
	st, err := p.Status(p.ctx, carrier.Ref{Port: portOf(task)})
	if err != nil {
		return p.now()
	}
	return st.FOC
}

// byScenario is the desk of a carrier that takes no cancel in writing, for the ports whose scenario says so.
type byScenario struct {
	*manual.Gateway
	person *person
}

func (g byScenario) Cancel(ctx context.Context, ref carrier.Ref, why porting.Reason) (carrier.Status, error) {
	if g.person.scenario(ref.Port).Answers["cancel"].Refuse == "" {
		return g.Gateway.Cancel(ctx, ref, why)
	}
	stubborn := *g.Gateway
	stubborn.Profile.NoCancel = true
	return stubborn.Cancel(ctx, ref, why)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	gatewaytest.Run(t, func(t *testing.T) gatewaytest.Subject {
		clock := porting.Clock{Scale: 360_000, RealStart: time.Now(), BusinessStart: monday}
		w := newWorld(t, func(p *manual.Profile) { p.Needs = nil }) // a letter less to make inside the suite's patience
		p := newPerson(t, w, clock)
		w.Now = p.now
		return gatewaytest.Subject{
			Gateway: byScenario{w.Gateway, p},
			Clock:   clock,
			Choose:  func(_ *testing.T, port, scenario string) { p.choose(port, scenario) },
			Effects: func(_ *testing.T, port string) []string {
				var effects []string
				for _, task := range w.mailbox.tasks(port) {
					effects = append(effects, happened(task))
				}
				return effects
			},
			Down: downLike(t, w),
		}
	})
}

// downLike is the same desk with its book out of reach.
func downLike(t *testing.T, w *world) carrier.Gateway {
	t.Helper()
	books, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	require.NoError(t, books.Close())
	down := *w.Gateway
	down.Book = &manual.Book{Books: books, Vault: w.keys, Registry: w.people.Keeper()}
	return &down
}
