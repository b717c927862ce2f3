package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func newKeys(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Rotate the keys that payloads are sealed with, and erase what is known of a port",
		Long: "Every payload that Temporal is given is sealed with a key of its order. These keys are in the ledger, each wrapped by the key\n" +
			"of its tenant (PORTSAGA_TENANT_KEYS). docs/encryption.md tells the whole of it.",
		Example: "  portsaga keys show PORT\n  portsaga keys rotate\n  portsaga keys erase PORT --yes",
		GroupID: groupRunning,
	}
	return group(cmd, newKeysShow(f), newKeysRotate(f), newKeysHold(f), newKeysErase(f))
}

// keyCount is what there is of keys.
type keyCount struct {
	Keys          int       `json:"keys"`
	Held          int       `json:"held"`
	Erased        int       `json:"erased"`
	OldestWrapped time.Time `json:"oldest_wrapped,omitzero"`
}

func newKeysShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "show [PORT]",
		Short: "Show a port's key, or how many keys there are",
		Long: "Show when the key of a port, or of a bulk order, was made and wrapped, whether it is under legal hold, and when it was erased.\n" +
			"The key itself is never shown. Without a port: how many there are, and how old the oldest wrapping is.",
		Example: "  portsaga keys show\n  portsaga keys show PORT -o json | jq .erased_at",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.withKeys(cmd.Context(), func(books *ledger.Ledger) error {
				if len(args) == 0 {
					return f.countKeys(cmd.Context(), books.Keys())
				}
				key, err := books.Keys().DataKey(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return f.showKey(key)
			})
		},
	}
}

func (f *Factory) showKey(key ledger.DataKey) error {
	return f.Print(key, func(w io.Writer) {
		fields(w, "owner", key.Owner, "tenant", key.Tenant, "wrapped by", key.KEK, "made", stamp(key.MadeAt), "wrapped", stamp(key.WrappedAt),
			"legal hold", signed(key.HeldAt, key.HeldBy, key.HeldWhy), "erased", signed(key.ErasedAt, key.ErasedBy, ""))
	})
}

func signed(at time.Time, by, why string) string {
	if at.IsZero() {
		return ""
	}
	says := stamp(at) + " by " + oneLine(by)
	if why != "" {
		says += ": " + oneLine(why)
	}
	return says
}

func (f *Factory) countKeys(ctx context.Context, keys *ledger.Keys) error {
	const page = 500
	var n keyCount
	for after := ""; ; {
		rows, err := keys.DataKeys(ctx, after, page)
		if err != nil {
			return err
		}
		for _, key := range rows {
			n.add(key)
			after = key.Owner
		}
		if len(rows) < page {
			break
		}
	}
	return f.Print(n, func(w io.Writer) {
		fields(w, "keys", strconv.Itoa(n.Keys), "under legal hold", strconv.Itoa(n.Held), "erased", strconv.Itoa(n.Erased))
		if n.Keys > 0 {
			fields(w, "oldest wrapping", stamp(n.OldestWrapped))
		}
	})
}

func (n *keyCount) add(key ledger.DataKey) {
	if key.Erased() {
		n.Erased++
		return
	}
	n.Keys++
	if key.Held() {
		n.Held++
	}
	if n.OldestWrapped.IsZero() || key.WrappedAt.Before(n.OldestWrapped) {
		n.OldestWrapped = key.WrappedAt
	}
}

func newKeysRotate(f *Factory) *cobra.Command {
	var given bool
	var by string
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Wrap every key anew, with the newest keys of the tenants",
		Long: "Give the tenants a new key and wrap the key of every order with it. Keys in a file get a new line first; keys in a KMS are\n" +
			"rotated there, and then wrapped anew here. No port and no history changes, and workers need no restart. It may be repeated.\n" +
			"Once it is done the older lines of the file are not needed any more, except to open backups. Where processes have copies of\n" +
			"the file, or may not write it, whoever deploys gives it the line: docs/encryption.md, \"Rotation\".",
		Example: "  portsaga keys rotate\n  portsaga keys rotate --given\n  portsaga keys rotate -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withKeys(cmd.Context(), func(books *ledger.Ledger) error { return f.rotateKeys(cmd.Context(), books, given, by) })
		},
	}
	cmd.Flags().BoolVar(&given, "given", false, "the file has its new line already: write nothing to it")
	byFlag(cmd, &by)
	return cmd
}

func (f *Factory) rotateKeys(ctx context.Context, books *ledger.Ledger, given bool, by string) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	ring, err := f.keyRing()
	if err != nil {
		return err
	}
	if ring == nil {
		return &porting.Error{
			Kind: porting.Refused, Code: "encryption-off", Op: "rotate keys", Detail: "payloads are not sealed here", Next: "unset PORTSAGA_ENCRYPTION",
		}
	}
	rotate := func() (codec.Rotation, error) { return ring.Rotate(ctx, codec.TenantKeys(cfg.TenantKeys)) }
	if given {
		rotate = func() (codec.Rotation, error) { return ring.Rewrap(ctx) }
	}
	who, err := f.who(by)
	if err != nil {
		return err
	}
	done, err := rotate()
	fact := audit.RotationFact{By: who, Wrapped: done.Wrapped, Erased: done.Erased, Failure: porting.CodeOf(err)}
	// A rotation that broke off has wrapped keys anew, too.
	if err := errors.Join(err, books.Append(ctx, audit.Leaf{At: f.Now(), Kind: audit.KeyRotated, Data: fact})); err != nil {
		return err
	}
	return f.Print(done, func(w io.Writer) {
		fmt.Fprintf(w, "%d keys are wrapped anew; %d were erased before\n", done.Wrapped, done.Erased)
	})
}
