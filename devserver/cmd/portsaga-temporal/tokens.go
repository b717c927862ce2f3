package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/devserver/authorizer"
)

// tokenOptions say which tokens are made, and where.
type tokenOptions struct {
	keys, dir string
	audience  string
	life      time.Duration
	renew     bool
	check     bool
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
			"With --renew it stays up and writes new tokens when a quarter of their life is left; processes read theirs again. With --check it\n" +
			"makes nothing, and fails unless all have been made and every token in DIR is good now: the health check of one that renews.",
		Example: "  portsaga-temporal tokens --keys /keys --dir /tokens --audience portsaga gate=gate-worker,webhook workflow=workflow-worker\n" +
			"  portsaga-temporal tokens --check --dir /tokens",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.check {
				return checkTokens(o.dir, time.Now())
			}
			if len(args) == 0 || o.keys == "" {
				return errors.New("say whose tokens, and with --keys where the key is that signs them")
			}
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
	flags.BoolVar(&o.check, "check", false, "only look whether they are there and good")
	_ = cmd.MarkFlagRequired("dir")
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
		return errors.New("tokens name an audience: set --audience")
	}
	if err := os.MkdirAll(o.keys, 0o700); err != nil {
		return err
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

// write ends with the public keys: where they are, everybody has had a token.
func (o tokenOptions) write(issuer *authorizer.Issuer) error {
	for _, h := range o.holders {
		token, err := issuer.TokenFor(o.audience, h.name, h.roles, o.life)
		if err != nil {
			return err
		}
		if err := replace(filepath.Join(o.dir, h.name, "token"), []byte(token)); err != nil {
			return err
		}
	}
	keys, err := issuer.KeySet()
	if err != nil {
		return err
	}
	return replace(keySetIn(o.dir), keys)
}

func keySetIn(dir string) string { return filepath.Join(dir, "server", "jwks.json") }

// checkTokens fails unless a directory has public keys, and tokens that these prove and that have not expired.
func checkTokens(dir string, now time.Time) error {
	text, err := os.ReadFile(keySetIn(dir))
	if err != nil {
		return err
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(text, &keys); err != nil {
		return fmt.Errorf("%s is not a JSON Web Key Set", keySetIn(dir))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "token"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("there is no token below %s", dir)
	}
	for _, file := range files {
		if err := checkToken(file, keys, now); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func checkToken(file string, keys jose.JSONWebKeySet, now time.Time) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	token, err := jwt.ParseSigned(string(text), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return errors.New("it is not a token")
	}
	var claims jwt.Claims
	if err := token.Claims(keys, &claims); err != nil {
		return errors.New("the public keys do not prove it")
	}
	return claims.ValidateWithLeeway(jwt.Expected{Time: now}, 0)
}

// replace writes a file whole or not at all: somebody may be reading it.
func replace(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // whoever is given the directory may read it
		return err
	}
	draft := file + ".new"
	if err := os.WriteFile(draft, text, 0o644); err != nil { //nolint:gosec // the same
		return err
	}
	return os.Rename(draft, file)
}
