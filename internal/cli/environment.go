package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/config"
)

// variable is one that the program reads, and whether it is set. Values are not shown: some are secrets.
type variable struct {
	config.Variable
	Set bool `json:"set"`
}

func newEnvironment(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "environment",
		Aliases: []string{"env"},
		Short:   "List the variables that portsaga reads",
		Long: "List every PORTSAGA_* variable with its default, and whether it is set. Values are not shown.\n\n" +
			"The connection to Temporal is set as for the temporal CLI: with TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the other\n" +
			"TEMPORAL_* variables, or in temporal.toml. Where neither TEMPORAL_ADDRESS nor TEMPORAL_PROFILE is set and `portsaga dev`\n" +
			"runs on this machine, commands talk to that. The namespace is \"portsaga\" where none is named.",
		Example: "  portsaga environment\n  portsaga environment -o json",
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			variables := environment()
			return f.Print(variables, func(w io.Writer) {
				var rows [][]string
				for _, v := range variables {
					rows = append(rows, []string{v.Name, mark(v.Set), v.Default, v.Description})
				}
				f.Table(w, []string{"VARIABLE", "SET", "DEFAULT", "MEANING"}, rows)
				fmt.Fprintln(w, "\nTemporal is found by TEMPORAL_* and temporal.toml, as the temporal CLI finds it.")
			})
		},
	}
}

// Variables lists every PORTSAGA_* variable that a command reads.
func Variables() []config.Variable {
	return append(config.Variables(), config.VariablesOf(&outward{})...)
}

func environment() []variable {
	var all []variable
	for _, v := range Variables() {
		_, set := os.LookupEnv(v.Name)
		all = append(all, variable{v, set})
	}
	return all
}

func mark(yes bool) string {
	if yes {
		return "yes"
	}
	return "-"
}
