package cli

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Check says whether a command line, without the program's name, can be run: whether there is such a command, and whether it takes
// these flags and so many arguments. It runs nothing. extra are commands that only some builds have.
func Check(line []string, extra ...func(*Factory) *cobra.Command) error {
	f := NewFactory(Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
	root := program(f, "portsaga", extra)
	cmd, rest, err := root.Find(line)
	if err != nil {
		return err
	}
	if isGroup(cmd) && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return unknownCommand(cmd, rest[0])
	}
	if err := cmd.ParseFlags(rest); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil
		}
		return err
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err
	}
	return cmd.ValidateRequiredFlags()
}

// isGroup reports whether a command only holds others; see group.
func isGroup(cmd *cobra.Command) bool {
	return cmd.HasSubCommands() && cmd.Args != nil && cmd.SuggestionsMinimumDistance > 0
}
