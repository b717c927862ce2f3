package cli

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
)

// Bulks is what the commands ask of bulk orders. *starter.Client is one.
type Bulks interface {
	StartBulk(ctx context.Context, reference string, orders []porting.Order, tell func(porting.BulkStatus)) (porting.BulkStatus, error)
	BulkStatus(ctx context.Context, id string) (porting.BulkStatus, error)
	DecideBulk(ctx context.Context, id string, d porting.Decide) (porting.Answer, error)
	RevokeBulk(ctx context.Context, id string, r porting.Revoke) (porting.Answer, error)
}

func newBulk(f *Factory) *cobra.Command {
	return group(&cobra.Command{
		Use:   "bulk",
		Short: "Move up to 20,000 numbers as one order",
		Long: "A bulk order moves many numbers: it starts a port for each carrier order that they need, and rolls up how far they are. It\n" +
			"is named by its ID, which `bulk start` prints.",
		Example: "  portsaga bulk start -f numbers.csv --order order.yaml\n  portsaga bulk show ORDER\n  portsaga port list --order ORDER",
		GroupID: groupPorts,
	}, newBulkStart(f), newBulkShow(f), newBulkWatch(f), newBulkDecide(f), newBulkRevoke(f))
}

const whichBulk = "which bulk order? name it by its ID"

func newBulkDecide(f *Factory) *cobra.Command {
	o := decideOptions{}
	cmd := &cobra.Command{
		Use:   "decide ORDER --approve|--reject",
		Short: "Approve or reject every port of a bulk order",
		Long: "Decide on the ports of a bulk order. Signed decisions go to the ports that wait for one now: each gets a statement of its\n" +
			"own, and the command ends with 3 if any refused it. What comes to it later is decided on by running the command again.\n\n" +
			"Where decisions are trusted as they come, one message goes to those that wait and to those that come to it later. It is\n" +
			"for the first version of each order: a port whose order was amended needs a decision of its own, and is shown as one that\n" +
			"needs a person. Who rejects also stops what is not started yet.",
		Example: "  portsaga bulk decide ORDER --approve\n  portsaga bulk decide ORDER --reject --reason SUSPECTED_FRAUD",
		Args:    exactly(1, whichBulk),
		RunE: func(cmd *cobra.Command, args []string) error {
			message, err := o.message(cmd)
			if err != nil {
				return err
			}
			return o.decideAll(cmd.Context(), f, args[0], message)
		},
	}
	cmd.Flags().BoolVar(&o.Approve, "approve", false, "let the ports go on")
	cmd.Flags().BoolVar(&o.Reject, "reject", false, "stop the ports")
	byFlag(cmd, &o.By)
	reasonFlag(cmd, &o.Reason, "reason code of a reject")
	o.signFlags(cmd)
	return cmd
}

func newBulkRevoke(f *Factory) *cobra.Command {
	var by, code string
	cmd := &cobra.Command{
		Use:   "revoke ORDER",
		Short: "Revoke every open port of a bulk order",
		Long: "Withdraw the authorization of every open port of a bulk order. Nothing else is started, and every open port is told to stop.\n" +
			"That takes a moment: a port is sure not to activate when it says so itself. To stop one port at once, use `port revoke`.",
		Example: "  portsaga bulk revoke ORDER\n  portsaga bulk revoke ORDER --by ben@care --reason UNAUTHORISED_PORT",
		Args:    exactly(1, whichBulk),
		RunE: func(cmd *cobra.Command, args []string) error {
			reason, err := reasonOf(cmd, code)
			if err != nil {
				return err
			}
			return f.sendAll(cmd.Context(), by, func(ports Ports, by string) (porting.Answer, error) {
				return ports.RevokeBulk(cmd.Context(), args[0], porting.Revoke{ID: newMessageID(), By: by, Reason: reason})
			})
		},
	}
	byFlag(cmd, &by)
	reasonFlag(cmd, &code, "reason code (AUTHORIZATION_REVOKED)")
	return cmd
}

// sendAll sends a message that is meant for all ports of a bulk order, and prints the answer.
func (f *Factory) sendAll(ctx context.Context, by string, message func(Ports, string) (porting.Answer, error)) error {
	by, err := f.who(by)
	if err != nil {
		return err
	}
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	answer, err := message(ports, by)
	if err != nil {
		return err
	}
	return f.Print(answer, func(w io.Writer) { fmt.Fprintf(w, "%s: %s\n", answer.ID, answer.Says) })
}

// pageOf is the address of a workflow's page in the Web UI.
func (f *Factory) pageOf(ctx context.Context, id string) (string, error) {
	connection, err := f.Connect(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s/namespaces/%s/workflows/%s", strings.TrimRight(connection.UI(), "/"), url.PathEscape(connection.Options.Namespace), url.PathEscape(id)), nil
}

// writeBulk writes a roll-up for people to read from top to bottom.
func (f *Factory) writeBulk(w io.Writer, s porting.BulkStatus) {
	fmt.Fprintf(w, "%s  bulk order %s\n", f.style(bold, s.ID), s.Reference)
	fmt.Fprintln(w, f.style(bulkTone(s), bulkHeadline(s)))
	fmt.Fprintln(w)
	fields(w, "tenant", s.Tenant, "ports", thousands(s.Ports), "numbers", thousands(s.Numbers), "waiting", notZero(s.Waiting, "to be started"),
		"not started", notZero(s.NotStarted, "never will be"), "untold", notZero(s.Untold, "ports that a message for all is on its way to"), "rest", restOf(s))
	var counts [][2]string
	for _, stage := range porting.Stages {
		if n := s.Stages[stage]; n > 0 {
			counts = append(counts, [2]string{"in " + string(stage), thousands(n)})
		}
	}
	for _, outcome := range porting.Outcomes {
		if n := s.Outcomes[outcome]; n > 0 {
			counts = append(counts, [2]string{"ended: " + string(outcome), thousands(n)})
		}
	}
	f.section(w, "Ports", len(counts), func(i int) string { return fmt.Sprintf("%-18s %6s", counts[i][0], counts[i][1]) })
	f.section(w, fmt.Sprintf("A person must look at %d ports", s.Attention), len(s.NeedsAttention), func(i int) string { return s.NeedsAttention[i] })
	f.section(w, "Notes", len(s.Notes), func(i int) string { return noteLine(s.Notes[i]) })
}

func noteLine(e porting.Entry) string {
	return fmt.Sprintf("%s  %-15s  %s: %s", timestamp(e.At), e.Event, oneLine(e.Actor), oneLine(e.Note))
}

// bulkHeadline says in one line how far a bulk order is.
func bulkHeadline(s porting.BulkStatus) string {
	how := strings.ToUpper(s.State[:1]) + s.State[1:]
	if s.Ended {
		how = "Ended: " + s.State
	}
	return fmt.Sprintf("%s, %s of %s numbers moved, %s of %s ports ended", how, thousands(s.Moved), thousands(s.Numbers), thousands(endedPorts(s)), thousands(s.Ports))
}

func endedPorts(s porting.BulkStatus) int {
	n := s.NotStarted
	for _, ports := range s.Outcomes {
		n += ports
	}
	return n
}

func bulkTone(s porting.BulkStatus) lipgloss.Style {
	switch s.State {
	case porting.BulkNeedsAttention:
		return bad
	case porting.BulkCompleted:
		return good
	case porting.BulkInProgress:
		return bold
	default:
		return warning
	}
}

func notZero(n int, what string) string {
	if n == 0 {
		return ""
	}
	return thousands(n) + " " + what
}

func restOf(s porting.BulkStatus) string {
	switch {
	case s.RestLate:
		return "never came; run `bulk start` again with the same files, or revoke the order"
	case !s.Complete:
		return "still to come; `bulk start` with the same files goes on"
	default:
		return ""
	}
}

// thousands writes a count for people.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
