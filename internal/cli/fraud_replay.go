package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/fraud/replay"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

func newFraudReplay(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "replay PORT",
		Short: "Judge a port again, as it was judged then, and say whether the same comes out",
		Long: "Every time that a worker judges a port, it keeps the evidence, the policy and what it signed of them in the ledger. This command\n" +
			"takes them from there, checks the digests and the signature, judges again by the policy of then, and compares. No server and no\n" +
			"neighbour is asked; it needs the ledger, the deployment's key, which opens the evidence, and the registry for the signatures.\n\n" +
			"The command ends with 1 where something comes out otherwise or a signature is not good, and with 4 where the port was never judged.",
		Example: "  portsaga fraud replay pi-...\n  portsaga fraud replay pi-... -o json | jq '.[] | {at, signature, same: .again.same}'\n" +
			"  portsaga fraud replay pi-... -o json | jq '.[0].evidence' > evidence.json",
		Args: exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.replayFraud(cmd.Context(), args[0]) },
	}
}

// rejudged is a judgement that was made again.
type rejudged struct {
	At        time.Time          `json:"at"` // business time
	Signature string             `json:"signature"`
	Said      approval.Judgement `json:"said"`
	Again     replay.Result      `json:"again"`
	Evidence  json.RawMessage    `json:"evidence"`
}

// What can be said of a signature, beside the code of what is wrong with it.
const (
	signatureGood      = "good"
	signatureAbsent    = "none" // decisions are trusted as they come
	signatureUnchecked = "not checked, because there is no registry"
	signatureElsewhere = "of another judgement"
)

func (r rejudged) good() bool {
	return r.Again.Same && (r.Signature == signatureGood || r.Signature == signatureAbsent || r.Signature == signatureUnchecked)
}

func (f *Factory) replayFraud(ctx context.Context, port string) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	keys, err := vault.Load(cfg.KeyFile)
	if err != nil {
		return err
	}
	registry, err := f.registryIfAny()
	if err != nil {
		return err
	}
	var all []rejudged
	err = f.withLedger(ctx, func(books *ledger.Ledger) error {
		judgements, err := books.Judgements(ctx, port)
		if err != nil {
			return err
		}
		for _, j := range judgements {
			again, err := judgeAgain(j, keys, registry)
			if err != nil {
				return err
			}
			all = append(all, again)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return f.answerReplay(port, all)
}

// registryIfAny is the registry in force; nil where there is none, because decisions are trusted as they come.
func (f *Factory) registryIfAny() (*approval.Registry, error) {
	files, err := f.registryFiles()
	if err != nil || !exists(files.registry) {
		return nil, err
	}
	return files.inForce()
}

func (f *Factory) answerReplay(port string, all []rejudged) error {
	if len(all) == 0 {
		return &porting.Error{
			Kind: porting.NotFound, Code: "judgement-unknown", Op: "judge again", Object: port, Detail: "the ledger keeps no judgement of this port",
			Next: "check the port's ID; a worker without a fraud desk judges nothing",
		}
	}
	if err := f.Print(all, func(w io.Writer) { f.writeReplay(w, all) }); err != nil {
		return err
	}
	for _, r := range all {
		if !r.good() {
			return answered(porting.Failed)
		}
	}
	return nil
}

// judgeAgain opens what was kept of a judgement and makes it once more.
func judgeAgain(j ledger.Judgement, keys *vault.Vault, registry *approval.Registry) (rejudged, error) {
	r := rejudged{At: j.JudgedAt}
	if err := json.Unmarshal(j.Said, &r.Said); err != nil {
		return r, &porting.Error{
			Kind: porting.Failed, Code: "judgement-unreadable", Op: "judge again", Object: j.PortID, Detail: "what was said cannot be read: somebody changed it", Err: err,
		}
	}
	evidence, err := keys.Open(ledger.EvidencePlace(j.PortID, j.Nonce), j.Evidence)
	if err != nil {
		return r, err
	}
	r.Evidence = json.RawMessage(evidence.Reveal()) //nolint:forbidigo // whoever has the key may see what was judged
	r.Signature = r.checkSignature(j, registry)
	r.Again = replay.Again(r.Said, j.PolicyText, r.Evidence)
	return r, nil
}

// checkSignature says whether a worker signed this judgement, and takes from what it signed what was said. A key counts as it did
// when it signed, and a registry from its first day on.
func (r *rejudged) checkSignature(j ledger.Judgement, registry *approval.Registry) string {
	if j.Verdict == "" {
		return signatureAbsent
	}
	if registry == nil {
		return signatureUnchecked
	}
	at := j.SignedAt
	if issued := registry.Document().Issued; at.Before(issued) {
		at = issued
	}
	var signed approval.ScreeningVerdict
	if err := registry.OpenVerdict(j.Verdict, &signed, at); err != nil {
		return porting.CodeOf(err)
	}
	if signed.Port != j.PortID || signed.Nonce != j.Nonce || signed.Fraud == nil || !signed.At.Equal(j.SignedAt) {
		return signatureElsewhere
	}
	r.Said = *signed.Fraud
	return signatureGood
}

func (f *Factory) writeReplay(w io.Writer, all []rejudged) {
	for i, r := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		outcome := f.style(good, "comes out the same")
		if !r.Again.Same {
			outcome = f.style(bad, "comes out otherwise")
		}
		fmt.Fprintf(w, "%s  %s, score %d: %s\n", timestamp(r.At), r.Said.Outcome, r.Said.Score, outcome)
		fields(w, "ground", r.Said.Ground, "policy", r.Said.Policy, "digest", r.Said.Digest, "evidence", r.Said.Evidence, "signature", r.Signature)
		f.section(w, "Fired", len(r.Said.Fired), func(i int) string { return r.Said.Fired[i] })
		f.section(w, "Otherwise", len(r.Again.Differs), func(i int) string { return r.Again.Differs[i] })
	}
}
