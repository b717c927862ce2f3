package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
)

func newPort(f *Factory) *cobra.Command {
	return group(&cobra.Command{
		Use:     "port",
		Short:   "Start, watch and change ports",
		Long:    "Start ports, look at them and change their course. A port is named by its ID, which `port in start` and `port list` print.",
		Example: "  portsaga port in start -f order.yaml\n  portsaga port list --open\n  portsaga port show PORT",
		GroupID: groupPorts,
	}, newPortIn(f), newPortOut(f), newPortShow(f), newPortExchanges(f), newPortList(f), newPortWatch(f), newPortRevoke(f), newPortNote(f), newPortAmend(f),
		newPortHold(f), newPortResume(f), newPortExtend(f), newPortReassign(f), newPortReply(f), newPortDispute(f))
}

func newPortIn(f *Factory) *cobra.Command {
	return group(&cobra.Command{
		Use:     "in",
		Short:   "Bring numbers in: we are the recipient",
		Long:    "Port-ins bring numbers to us from the provider that has them now.",
		Example: "  portsaga port in start -f order.yaml",
	}, newPortStart(f))
}

// send sends one message to a port and prints the answer. With an ID of its own a message is taken once, however often
// the network repeats it.
func (f *Factory) send(ctx context.Context, message func(Ports) (porting.Answer, error)) error {
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	answer, err := message(ports)
	if err != nil {
		return err
	}
	return f.Print(answer, func(w io.Writer) { writeAnswer(w, answer) })
}

// tell sends a message in the name of a person.
func (f *Factory) tell(ctx context.Context, by string, message func(p Ports, by string) (porting.Answer, error)) error {
	by, err := f.who(by)
	if err != nil {
		return err
	}
	return f.send(ctx, func(p Ports) (porting.Answer, error) { return message(p, by) })
}

func newMessageID() string { return "cli-" + rand.Text() }

func writeAnswer(w io.Writer, a porting.Answer) {
	fmt.Fprintf(w, "%s: %s (%s)\n", a.ID, a.Says, where(a.Stage, a.Outcome))
}

// where says where a port is, or how it ended.
func where(stage porting.Stage, outcome porting.Outcome) string {
	if outcome != "" {
		return "ended: " + string(outcome)
	}
	return "in " + string(stage)
}
