package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/portsaga/portsaga/porting"
)

// watchLive shows a port in a view that changes with it, until it ends or the user leaves. Leaving is no error: the port
// goes on.
func (f *Factory) watchLive(ctx context.Context, ports Ports, id string, every time.Duration) (porting.Status, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	program := tea.NewProgram(liveView{factory: f, id: id}, tea.WithContext(ctx), tea.WithInput(f.Streams.In), tea.WithOutput(f.Streams.Out))
	go func() {
		status, err := Follow(ctx, ports, id, every, func(s porting.Status, _ []porting.Entry) { program.Send(s) })
		program.Send(ending{status, err})
	}()
	last, err := program.Run()
	if err != nil && !errors.Is(err, tea.ErrInterrupted) {
		return porting.Status{}, err
	}
	view, _ := last.(liveView)
	return view.status, view.err
}

// liveView is the model of the view.
type liveView struct {
	factory *Factory
	id      string
	status  porting.Status
	ended   bool
	left    bool
	err     error
	frame   int
	width   int // of the terminal, in columns; 0 while it is not known
	height  int // of the terminal, in lines; 0 while it is not known
}

type nextFrame struct{}

// spinner turns while a port is open.
var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

const frameTime = 120 * time.Millisecond

func spin() tea.Cmd {
	return tea.Tick(frameTime, func(time.Time) tea.Msg { return nextFrame{} })
}

// Init starts the spinner.
func (v liveView) Init() tea.Cmd { return spin() }

// Update takes the port's news, the user's keys and the passing of time.
func (v liveView) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case porting.Status:
		v.status = msg
	case ending:
		v.ended, v.err = true, msg.err
		if msg.err == nil {
			v.status = msg.status
		}
		return v, tea.Quit
	case tea.WindowSizeMsg:
		v.width, v.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		if slices.Contains([]string{"q", "esc", "ctrl+c"}, msg.String()) {
			v.left = true
			return v, tea.Quit
		}
	case nextFrame:
		v.frame++
		return v, spin()
	}
	return v, nil
}

// View draws the port: its headline, its way through the stages, the latest of its timeline, and what can be done.
func (v liveView) View() tea.View {
	if v.width == 0 {
		return tea.NewView(v.text())
	}
	return tea.NewView(lipgloss.Wrap(v.text(), v.width, ""))
}

func (v liveView) text() string {
	var b strings.Builder
	if v.status.ID == "" {
		fmt.Fprintf(&b, "%s %s\n", v.turning(), "asking for "+v.id)
		return b.String()
	}
	f, s := v.factory, v.status
	fmt.Fprintf(&b, "%s %s  %s\n", v.turning(), f.style(bold, s.ID), s.Reference)
	fmt.Fprintf(&b, "  %s\n", v.way())
	fmt.Fprintf(&b, "  %s\n", f.style(tone(s), headline(s)))
	if s.NeedsAttention {
		fmt.Fprintf(&b, "  %s\n", f.style(bad, "A person must look: "+s.Attention))
	}
	b.WriteString("\n")
	for _, e := range v.latest() {
		fmt.Fprintf(&b, "  %s\n", entryLine(e))
	}
	if !v.ended && !v.left {
		fmt.Fprintf(&b, "\n  %s\n", f.style(faint, hint(s)))
	}
	return b.String()
}

func (v liveView) turning() string {
	switch {
	case !v.ended:
		return spinner[v.frame%len(spinner)]
	case v.status.Outcome == porting.OutcomeCompleted:
		return v.factory.style(good, "✓")
	default:
		return v.factory.style(warning, "■")
	}
}

// way is the straight way of a port-in, the stages behind it and its present one marked.
func (v liveView) way() string {
	straight := []porting.Stage{
		porting.Received, porting.Screening, porting.Verifying, porting.Submitting, porting.Submitted,
		porting.Confirmed, porting.Activating, porting.Active, porting.Completed,
	}
	here := slices.Index(straight, v.status.Stage)
	var steps []string
	for i, stage := range straight {
		switch {
		case i == here:
			steps = append(steps, v.factory.style(bold, "["+string(stage)+"]"))
		case i < here:
			steps = append(steps, string(stage))
		default:
			steps = append(steps, v.factory.style(faint, string(stage)))
		}
	}
	if here < 0 { // off the straight way: in exception, on hold or rolling back
		steps = append([]string{v.factory.style(warning, "["+string(v.status.Stage)+"]")}, steps...)
	}
	return strings.Join(steps, " › ")
}

// latest are the entries that fit on the terminal, newest last.
func (v liveView) latest() []porting.Entry {
	const around = 9 // lines of the view that are not the timeline
	room := 15
	if v.height > 0 {
		room = max(v.height-around, 3)
	}
	all := v.status.Timeline
	return all[max(len(all)-room, 0):]
}

// hint names the next command that makes sense.
func hint(s porting.Status) string {
	switch s.Stage {
	case porting.Verifying:
		return "decide: portsaga decide " + s.ID + " --approve    q leaves, the port goes on"
	case porting.Exception:
		return "correct it: portsaga port amend " + s.ID + " ...    q leaves, the port goes on"
	default:
		return "q leaves, the port goes on"
	}
}
