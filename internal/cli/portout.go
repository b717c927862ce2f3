package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

// PortOuts is what the commands ask of sagas on their way out. *starter.Client is one.
type PortOuts interface {
	StartPortOut(ctx context.Context, r porting.PortOutRequest) (porting.Answer, error)
	StartPortOutIfNotExists(ctx context.Context, r porting.PortOutRequest) (porting.Answer, error)
	Reply(ctx context.Context, id string, r porting.CustomerReply) (porting.Answer, error)
	Dispute(ctx context.Context, id string, d porting.Dispute) (porting.Answer, error)
}

func newPortOut(f *Factory) *cobra.Command {
	return group(&cobra.Command{
		Use:     "out",
		Short:   "Answer counterparties that ask for numbers: we are the donor",
		Long:    "Port-outs answer other providers that ask for numbers of ours, and let the numbers go where the rules say so.",
		Example: "  portsaga port out start -f request.yaml",
	}, newPortOutStart(f))
}

type startOutOptions struct {
	File        string
	Wait        bool
	IfNotExists bool
}

func newPortOutStart(f *Factory) *cobra.Command {
	o := startOutOptions{}
	cmd := &cobra.Command{
		Use:   "start -f REQUEST",
		Short: "Start a port-out from a counterparty's request",
		Long: "Read a counterparty's request, YAML or JSON, and start the saga that answers it. It checks what the rules let a donor check,\n" +
			"tells the subscriber, lets people decide where risk asks for them, and answers before the counterparty would answer by\n" +
			"itself. A PIN goes to the vault and never to Temporal. Deadlines run from received_at, or from now.\n\n" +
			"With --wait the command stays until the port has ended, and ends with 3 unless the numbers moved.",
		Example: "  portsaga port out start -f request.yaml\n  portsaga port out start -f request.yaml --if-not-exists -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.File == "" {
				return usage(cmd, "which request? name its file with -f")
			}
			return o.run(cmd.Context(), f)
		},
	}
	cmd.Flags().StringVarP(&o.File, "file", "f", "", "request file; - reads stdin")
	cmd.Flags().BoolVar(&o.Wait, "wait", false, "stay until the port has ended")
	cmd.Flags().BoolVar(&o.IfNotExists, "if-not-exists", false, "take it as success if the request was started before")
	return cmd
}

func (o startOutOptions) run(ctx context.Context, f *Factory) error {
	request, err := f.readRequest(ctx, o.File)
	if err != nil {
		return err
	}
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	start := ports.StartPortOut
	if o.IfNotExists {
		start = ports.StartPortOutIfNotExists
	}
	answer, err := start(ctx, request)
	if err != nil {
		return err
	}
	return f.started(ctx, ports, answer, o.Wait)
}

// readRequest reads the request that the user named. The carrier that brought it is the configured one where it names none.
func (f *Factory) readRequest(ctx context.Context, name string) (porting.PortOutRequest, error) {
	now, err := f.businessNow(ctx)
	if err != nil {
		return porting.PortOutRequest{}, err
	}
	file, err := f.open(name)
	if err != nil {
		return porting.PortOutRequest{}, err
	}
	defer file.Close()
	request, err := orders.ReadPortOut(file, orders.Options{Now: now})
	if err != nil || request.Carrier != "" {
		return request, err
	}
	cfg, err := f.Config()
	request.Carrier = cfg.Carrier
	return request, err
}

func newPortReply(f *Factory) *cobra.Command {
	var yes, no bool
	var by, channel string
	cmd := &cobra.Command{
		Use:   "reply PORT --yes|--no",
		Short: "Bring the subscriber's answer to a port-out",
		Long: "Bring the subscriber's yes or no to the notice of a port-out. Make sure that it is theirs. A no stops the port-out where the\n" +
			"rules give a ground, also after our approval, and has people decide where they do not.",
		Example: "  portsaga port reply PORT --no --channel phone",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if yes == no {
				return usage(cmd, "say either --yes or --no")
			}
			reply := porting.CustomerReply{ID: newMessageID(), Reply: porting.ReplyYes, Channel: channel}
			if no {
				reply.Reply = porting.ReplyNo
			}
			return f.tell(cmd.Context(), by, func(p Ports, by string) (porting.Answer, error) {
				reply.By = by
				return p.Reply(cmd.Context(), args[0], reply)
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "the subscriber wants the port")
	cmd.Flags().BoolVar(&no, "no", false, "the subscriber does not")
	cmd.Flags().StringVar(&channel, "channel", "", "how the answer came, such as phone or portal")
	byFlag(cmd, &by)
	return cmd
}

func newPortDispute(f *Factory) *cobra.Command {
	var by, reason string
	cmd := &cobra.Command{
		Use:   "dispute PORT",
		Short: "Report a port-out that nobody asked for, after the numbers moved",
		Long: "Report a port-out that the subscriber did not ask for. It is taken from the activation until the port-out completes, and starts\n" +
			"the port-in that brings the numbers back; `port show` names it.",
		Example: "  portsaga port dispute PORT --reason UNAUTHORISED_PORT",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			why, err := reasonOf(cmd, reason)
			if err != nil {
				return err
			}
			return f.tell(cmd.Context(), by, func(p Ports, by string) (porting.Answer, error) {
				return p.Dispute(cmd.Context(), args[0], porting.Dispute{ID: newMessageID(), By: by, Reason: why})
			})
		},
	}
	byFlag(cmd, &by)
	reasonFlag(cmd, &reason, "reason code (UNAUTHORISED_PORT)")
	return cmd
}

// authorityOf reads when the subscriber gave the authority to stop a port-out.
func authorityOf(cmd *cobra.Command, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usage(cmd, "--authority-at is an instant like 2026-12-01T09:00:00Z")
	}
	return at, nil
}
