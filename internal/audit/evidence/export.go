package evidence

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// Export is what a bundle is made of.
type Export struct {
	Ledger *ledger.Ledger
	Key    string          // the public key of the log's checkpoints, as note.NewVerifier reads it
	Order  *Order          // in clear; only its digest is let out when nil
	Vault  *vault.Vault    // opens the evidence of the fraud desk; it is left out when nil
	Events json.RawMessage // of the saga's history; left out when empty

	Timeline []porting.Entry // of a port that has not ended: its transitions are logged at its end
}

// Of gathers the evidence of a port under the newest checkpoint. Codes: "port-unlogged" (NotFound), "checkpoint-missing" where
// no checkpoint covers the port's last leaf yet.
func (x Export) Of(ctx context.Context, port string) (Bundle, error) {
	verifier, err := note.NewVerifier(x.Key)
	if err != nil {
		return Bundle{}, err
	}
	last, err := x.newest(ctx, port, verifier)
	if err != nil {
		return Bundle{}, err
	}
	stored, err := x.leaves(ctx, port)
	if err != nil {
		return Bundle{}, err
	}
	b := Bundle{
		Manifest: Manifest{Port: port, Origin: last.Origin, Key: x.Key}, Checkpoint: last.Note,
		Order: x.Order, History: x.Events, Documents: map[string][]byte{},
	}
	for _, leaf := range stored {
		if leaf.Index >= last.Size {
			return Bundle{}, notCovered(port)
		}
		proof, err := tlog.ProveRecord(last.Size, leaf.Index, x.Ledger.LogHashes(ctx))
		if err != nil {
			return Bundle{}, err
		}
		b.Leaves = append(b.Leaves, Leaf{leaf.Index, string(leaf.Text), proof})
		if err := x.documents(ctx, leaf, b.Documents); err != nil {
			return Bundle{}, err
		}
	}
	for _, e := range x.Timeline {
		b.Transitions = append(b.Transitions, Transition{e.At, audit.TransitionFact{Stage: e.Stage, Event: e.Event, Actor: e.Actor}})
	}
	if b.Earlier, err = x.earlier(ctx, stored, last, verifier); err != nil {
		return Bundle{}, err
	}
	return b, x.beside(ctx, port, &b)
}

func (x Export) newest(ctx context.Context, port string, verifier note.Verifier) (audit.SignedCheckpoint, error) {
	kept, err := x.Ledger.LastCheckpoint(ctx)
	if err != nil {
		return kept, err
	}
	if kept.Number == 0 {
		return kept, notCovered(port)
	}
	return audit.OpenCheckpoint(kept.Note, verifier)
}

// leaves are those of the port, and those of everybody that it needs: the registries, and when activations were stopped.
func (x Export) leaves(ctx context.Context, port string) ([]audit.Stored, error) {
	own, err := x.Ledger.LeavesOf(ctx, port)
	if err != nil {
		return nil, err
	}
	if len(own) == 0 {
		return nil, &porting.Error{
			Kind: porting.NotFound, Code: "port-unlogged", Op: "export evidence", Object: port,
			Detail: "the audit log has no leaf of this port", Next: "check the port's ID",
		}
	}
	first, last, registries := own[0].Index, own[len(own)-1].Index, registriesOf(own)
	for leaf, err := range x.Ledger.LeavesBetween(ctx, time.Time{}, forever, audit.Registry, audit.Quarantined, audit.Lifted) {
		if err != nil {
			return nil, err
		}
		during := leaf.Index >= first && leaf.Index <= last && leaf.Kind != audit.Registry
		if during || registries[leaf.Ref] {
			own = append(own, leaf)
		}
	}
	slices.SortFunc(own, func(a, b audit.Stored) int { return int(a.Index - b.Index) })
	return own, nil
}

// forever is later than any leaf.
var forever = time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC)

// registriesOf are the digests of the registries by which a port's decisions were judged.
func registriesOf(leaves []audit.Stored) map[string]bool {
	found := map[string]bool{}
	for _, leaf := range leaves {
		var named struct {
			Registry string `json:"registry"`
		}
		r, err := audit.ReadRecord(leaf.Text)
		if err == nil && (r.Kind == audit.Decided || r.Kind == audit.Counted) && r.Into(&named) == nil && named.Registry != "" {
			found[named.Registry] = true
		}
	}
	return found
}

func (x Export) documents(ctx context.Context, leaf audit.Stored, into map[string][]byte) error {
	r, err := audit.ReadRecord(leaf.Text)
	if err != nil {
		return err
	}
	for _, digest := range r.Evidence {
		document, err := x.Ledger.Evidence(ctx, digest, leaf.Port)
		if err != nil {
			return err
		}
		if document != nil {
			into[digest] = document
		}
	}
	return nil
}

// earlier are the checkpoints that first covered each leaf: they say by when it was written.
func (x Export) earlier(ctx context.Context, leaves []audit.Stored, last audit.SignedCheckpoint, verifier note.Verifier) ([]Earlier, error) {
	all, seen := []Earlier{}, int64(0)
	for _, leaf := range leaves {
		if leaf.Index < seen {
			continue
		}
		kept, err := x.Ledger.CheckpointCovering(ctx, leaf.Index)
		if err != nil {
			return nil, err
		}
		if kept.Number == 0 || kept.Size >= last.Size {
			break
		}
		if _, err := audit.OpenCheckpoint(kept.Note, verifier); err != nil {
			return nil, err
		}
		proof, err := tlog.ProveTree(last.Size, kept.Size, x.Ledger.LogHashes(ctx))
		if err != nil {
			return nil, err
		}
		all, seen = append(all, Earlier{string(kept.Note), proof}), kept.Size
	}
	return all, nil
}

// beside are the ledger's own tables of what the fraud desk said and what was said with carriers.
func (x Export) beside(ctx context.Context, port string, b *Bundle) error {
	judgements, err := x.Ledger.Judgements(ctx, port)
	if err != nil {
		return err
	}
	for _, j := range judgements {
		told := Judgement{Nonce: j.Nonce, Policy: string(j.PolicyText)}
		if err := json.Unmarshal(j.Said, &told.Said); err != nil {
			return err
		}
		if x.Vault != nil {
			opened, err := x.Vault.Open(ledger.EvidencePlace(port, j.Nonce), j.Evidence)
			if err != nil {
				return err
			}
			told.Evidence = opened.Reveal() //nolint:forbidigo // whoever exports asked for it in clear
		}
		b.Judgements = append(b.Judgements, told)
	}
	exchanges, err := x.Ledger.Exchanges(ctx, port)
	for _, e := range exchanges {
		b.Exchanges = append(b.Exchanges, Exchange{
			At: e.At, Carrier: e.Carrier, Step: e.Step, Method: e.Method, Path: e.Path, Status: e.Status, Failure: e.Failure,
			Request: string(e.Request), Answer: string(e.Answer),
		})
	}
	return err
}

func notCovered(port string) error {
	return &porting.Error{
		Kind: porting.Refused, Code: "checkpoint-missing", Op: "export evidence", Object: port,
		Detail: "no checkpoint covers the port's last leaf yet", Next: "sign one with `portsaga audit checkpoint`",
	}
}
