package cli

import "github.com/spf13/cobra"

func newPort(f *Factory) *cobra.Command {
	return group(&cobra.Command{
		Use:     "port",
		Short:   "Start, watch and change ports",
		Long:    "Start ports, look at them and change their course. A port is named by its ID, which `port in start` and `port list` print.",
		Example: "  portsaga port in start -f order.yaml\n  portsaga port list --open\n  portsaga port show PORT",
		GroupID: groupPorts,
	})
}
