package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/porting"
)

func newNumberPIN(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pin",
		Short: "Set, check and remove the port-out PIN of a number",
		Long: "The port-out PIN of a number is asked when another provider wants it. It is never an argument and never in the environment:\n" +
			"it is typed, or read from stdin or another file descriptor. It is kept as a hash that nobody can turn back.",
		Example: "  portsaga number pin set +12125550123\n  portsaga number pin check +12125550123 < pin.txt",
	}
	return group(cmd, newNumberPINSet(f), newNumberPINCheck(f), newNumberPINRemove(f))
}

// pinOptions are on every command that is about the PIN of a number.
type pinOptions struct {
	numberTarget
	By string
	FD int
}

func (o *pinOptions) pinFlags(cmd *cobra.Command) {
	tenantFlag(cmd, &o.Tenant)
	byFlag(cmd, &o.By)
	fdFlag(cmd, &o.FD)
}

func fdFlag(cmd *cobra.Command, fd *int) {
	cmd.Flags().IntVar(fd, "pin-fd", 0, "file descriptor to read the PIN from, where it is not typed")
}

func newNumberPINSet(f *Factory) *cobra.Command {
	var o pinOptions
	cmd := &cobra.Command{
		Use:   "set NUMBER",
		Short: "Give a number a port-out PIN, or another one",
		Long: "Set the port-out PIN of a number, once you are sure of its subscriber. PINs that are easy to guess are refused: repeats,\n" +
			"sequences, dates, and parts of the number. The subscriber is told.",
		Example: "  portsaga number pin set +12125550123\n  portsaga number pin set +12125550123 --pin-fd 3 3< pin.txt",
		Args:    exactly(1, "of which number? write it like +12125550123"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Number = args[0]
			return o.run(cmd.Context(), f, func(g *guard.Guard, s guard.Subject, who string) error {
				pin, err := f.newPIN(o.FD)
				if err != nil {
					return err
				}
				if err := g.SetPIN(cmd.Context(), s, pin, who, f.Now()); err != nil {
					return err
				}
				return f.showProtection(cmd.Context(), g, s, 0)
			})
		},
	}
	o.pinFlags(cmd)
	return cmd
}

func newNumberPINCheck(f *Factory) *cobra.Command {
	var o pinOptions
	cmd := &cobra.Command{
		Use:   "check NUMBER",
		Short: "Say whether a PIN is the number's",
		Long: "Check a port-out PIN. It is an attempt like any other one: it counts, and the subscriber is told of a wrong one. The verdict\n" +
			"is ok, wrong, none (there is no PIN) or locked (too many attempts), and all but ok end with 3.",
		Example: "  portsaga number pin check +12125550123 < pin.txt",
		Args:    exactly(1, "of which number? write it like +12125550123"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Number = args[0]
			return o.run(cmd.Context(), f, func(g *guard.Guard, s guard.Subject, who string) error {
				pin, err := f.readPIN("PIN: ", o.FD)
				if err != nil {
					return err
				}
				verdict, err := g.Check(cmd.Context(), f.pinAttempt(s, pin, who))
				if err != nil {
					return err
				}
				return f.printVerdict(verdict)
			})
		},
	}
	o.pinFlags(cmd)
	return cmd
}

func newNumberPINRemove(f *Factory) *cobra.Command {
	var o pinOptions
	cmd := &cobra.Command{
		Use:     "remove NUMBER",
		Short:   "Destroy the port-out PIN of a number",
		Long:    "Destroy the port-out PIN of a number, once you are sure of its subscriber, who is told.",
		Example: "  portsaga number pin remove +12125550123",
		Args:    exactly(1, "of which number? write it like +12125550123"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Number = args[0]
			return o.run(cmd.Context(), f, func(g *guard.Guard, s guard.Subject, who string) error {
				if err := g.RemovePIN(cmd.Context(), s, who, f.Now()); err != nil {
					return err
				}
				return f.showProtection(cmd.Context(), g, s, 0)
			})
		},
	}
	tenantFlag(cmd, &o.Tenant)
	byFlag(cmd, &o.By)
	return cmd
}

func (o *pinOptions) run(ctx context.Context, f *Factory, do func(g *guard.Guard, s guard.Subject, who string) error) error {
	who, err := f.who(o.By)
	if err != nil {
		return err
	}
	return f.withGuard(ctx, o.numberTarget, func(g *guard.Guard, s guard.Subject) error { return do(g, s, who) })
}

// pinAttempt is an attempt of a person at a terminal.
func (f *Factory) pinAttempt(s guard.Subject, pin porting.Secret, who string) guard.Attempt {
	return guard.Attempt{Number: s, PIN: pin, Source: guard.Source{Kind: guard.FromOperator, ID: who}, At: f.Now()}
}

// printVerdict answers with a verdict: all but ok are a no.
func (f *Factory) printVerdict(v guard.Verdict) error {
	err := f.Print(map[string]guard.Verdict{"verdict": v}, func(w io.Writer) { fmt.Fprintln(w, v) })
	if err != nil || v == guard.OK {
		return err
	}
	return answered(porting.Refused)
}

// newPIN asks for a PIN, twice where it is typed: nobody sees a slip of the finger.
func (f *Factory) newPIN(fd int) (porting.Secret, error) {
	pin, err := f.readPIN("New PIN: ", fd)
	if err != nil || !f.typed(fd) {
		return pin, err
	}
	again, err := f.readPIN("Once more: ", fd)
	if err == nil && pin != again {
		err = &porting.Error{Kind: porting.Invalid, Code: "pin-differs", Op: "set PIN", Detail: "the two were not the same", Next: "try again"}
	}
	return pin, err
}

func (f *Factory) typed(fd int) bool { return fd == 0 && f.Streams.Terminal }

// readPIN reads a PIN from the terminal, which does not show it, or else one line from stdin or another file descriptor.
func (f *Factory) readPIN(question string, fd int) (porting.Secret, error) {
	if f.typed(fd) {
		typed, err := f.Passphrase(question)
		return porting.Secret(typed), err
	}
	from := f.Streams.In
	if fd != 0 {
		file := os.NewFile(uintptr(fd), "pin")
		if file == nil {
			return "", noPIN("the file descriptor is not open")
		}
		defer file.Close()
		from = file
	}
	const longest = 64
	line, err := bufio.NewReader(io.LimitReader(from, longest)).ReadString('\n')
	pin := strings.TrimRight(line, "\r\n")
	if pin == "" {
		return "", noPIN("nothing was given")
	}
	if err != nil && err != io.EOF {
		return "", noPIN("it cannot be read")
	}
	return porting.Secret(pin), nil
}

func noPIN(detail string) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "pin-missing", Op: "read PIN", Detail: detail, Next: "type it on a terminal, or give it by stdin or --pin-fd",
	}
}
