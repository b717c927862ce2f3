package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Story tells what happens to a port, line by line, in one time zone: the page of simulate and of demo.
type Story struct {
	factory *Factory
	out     io.Writer
	zone    *time.Location
	day     string
}

// NewStory is a story for people: on stdout, and on stderr where stdout is for programs.
func (f *Factory) NewStory(zone *time.Location) *Story {
	if f.Format == JSON {
		return f.newStory(f.Streams.Err, zone)
	}
	return f.newStory(f.Streams.Out, zone)
}

func (f *Factory) newStory(w io.Writer, zone *time.Location) *Story {
	return &Story{factory: f, out: w, zone: zone}
}

// Say writes a line.
func (s *Story) Say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// Line writes one entry of the timeline; a new day gets a line of its own.
func (s *Story) Line(e porting.Entry) {
	at := e.At.In(s.zone)
	if day := at.Format("Monday 2 January 2006"); day != s.day {
		s.day = day
		s.Say("%s", s.bold(day))
	}
	text := fmt.Sprintf("  %s  %-12s  %s", at.Format("15:04"), e.Stage, e.Event)
	if e.Note != "" {
		text += ": " + oneLine(e.Note)
	}
	if e.Actor != "" && e.Actor != "portsaga" {
		text += "  (" + oneLine(e.Actor) + ")"
	}
	s.Say("%s", text)
}

// End writes how the port ended, and what became of its numbers.
func (s *Story) End(p porting.Status) {
	s.Say("\n%s", s.bold(fmt.Sprintf("Port %s %s.", p.ID, howItEnded(p))))
	counts := map[string]int{}
	for _, n := range p.Numbers {
		counts[n.Status]++
	}
	for _, status := range []string{porting.NumberMoved, porting.NumberMovedBack, porting.NumberNotMoved, porting.NumberPending} {
		if n := counts[status]; n > 0 {
			s.Say("%s %s.", numbersOf(n), status)
		}
	}
}

func numbersOf(n int) string {
	if n == 1 {
		return "1 number"
	}
	return fmt.Sprintf("%d numbers", n)
}

func howItEnded(p porting.Status) string {
	switch {
	case p.Outcome == "":
		return fmt.Sprintf("has not ended: it is in %s and waits for the %s", p.Stage, p.WaitingOn)
	case p.Reason != "":
		return fmt.Sprintf("ended: %s, %s", p.Outcome, p.Reason)
	default:
		return "ended: " + string(p.Outcome)
	}
}

// bold keeps a story on stderr plain: only stdout is known to show colours.
func (s *Story) bold(text string) string {
	if s.out != s.factory.Streams.Out {
		return text
	}
	return s.factory.style(bold, text)
}
