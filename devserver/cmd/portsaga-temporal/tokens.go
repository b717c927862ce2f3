package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/devserver/authorizer"
)

// tokenOptions say which tokens are made, and where.
type tokenOptions struct {
	keys, dir string
	audience  string
	life      time.Duration
	renew     bool
	holders   []holder
}

// holder is a process that gets a token.
type holder struct {
	name  string
	roles authorizer.Role
}

func newTokens() *cobra.Command {
	var o tokenOptions
	cmd := &cobra.Command{
		Use:   "tokens NAME=ROLE[,ROLE]...",
		Short: "Make tokens for the processes of a small cluster that has no identity provider",
		Long: "Write a token for each process to DIR/NAME/token, readable by everybody who is given that directory, and the public keys to\n" +
			"DIR/server/jwks.json. The key that signs them is made once, in --keys; whoever can read it can be anybody.\n\n" +
			"With --renew it stays up and writes new tokens when a quarter of their life is left; processes read theirs again.",
		Example: "  portsaga-temporal tokens --keys /keys --dir /tokens --audience portsaga gate=gate-worker,webhook workflow=workflow-worker",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, arg := range args {
				h, err := parseHolder(arg)
				if err != nil {
					return err
				}
				o.holders = append(o.holders, h)
			}
			return o.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.keys, "keys", "", "directory of the key that signs")
	flags.StringVar(&o.dir, "dir", "", "directory of the tokens")
	flags.StringVar(&o.audience, "audience", os.Getenv("PORTSAGA_TOKEN_AUDIENCE"), "audience that the tokens name (PORTSAGA_TOKEN_AUDIENCE)")
	flags.DurationVar(&o.life, "life", 24*time.Hour, "how long a token lives")
	flags.BoolVar(&o.renew, "renew", false, "stay up and renew them")
	for _, name := range []string{"keys", "dir"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func parseHolder(arg string) (holder, error) {
	name, roles, found := strings.Cut(arg, "=")
	if !found || name == "" || name != filepath.Base(name) {
		return holder{}, fmt.Errorf("%q is not like gate=gate-worker,webhook", arg)
	}
	parsed, err := authorizer.ParseRoles(strings.Split(roles, ",")...)
	return holder{name, parsed}, err
}

// run writes the tokens, again and again if they are renewed.
func (o tokenOptions) run(ctx context.Context, out io.Writer) error {
	if o.audience == "" {
		return fmt.Errorf("tokens name an audience: set --audience")
	}
	issuer, err := authorizer.OpenIssuer(o.keys, time.Now)
	if err != nil {
		return err
	}
	for {
		if err := o.write(issuer); err != nil {
			return err
		}
		fmt.Fprintf(out, "%d tokens, good for %s\n", len(o.holders), o.life)
		if !o.renew {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(o.life * 3 / 4):
		}
	}
}

func (o tokenOptions) write(issuer *authorizer.Issuer) error {
	keys, err := issuer.KeySet()
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(o.dir, "server", "jwks.json"), keys); err != nil {
		return err
	}
	for _, h := range o.holders {
		token, err := issuer.TokenFor(o.audience, h.name, h.roles, o.life)
		if err != nil {
			return err
		}
		if err := replace(filepath.Join(o.dir, h.name, "token"), []byte(token)); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file whole or not at all: somebody may be reading it.
func replace(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	draft := file + ".new"
	if err := os.WriteFile(draft, text, 0o644); err != nil { //nolint:gosec // whoever is given the directory may read it
		return err
	}
	return os.Rename(draft, file)
}
