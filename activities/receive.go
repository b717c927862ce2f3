package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// maxTokens is how many numbers of a port can be found by search: the server bounds the attribute's size.
const maxTokens = 50

// ReceiveOrder decides whether an order can be taken: the rules are chosen and pinned, and every number is claimed in the
// ledger, all or none.
func (a *Activities) ReceiveOrder(ctx context.Context, in porting.ReceiveInput) (porting.Receipt, error) {
	if in.Clock.Scaled() && !a.AllowScaledClock {
		return porting.Receipt{Refused: &porting.Refusal{
			Reason: porting.ScaledClockRefused,
			Note:   "this worker lives in real time; scaled clocks are for demo and dev",
		}}, nil
	}
	chosen, err := a.Rules.Select(in.Order, in.At)
	if err == nil {
		err = chosen.Pack.CheckPlace(in.Order) // whoever takes an order whose clocks nobody can compute ends it without a reason
	}
	if no, ok := refusal(err, porting.OrderInvalid); ok {
		return porting.Receipt{Refused: no}, nil
	}
	if err != nil {
		return porting.Receipt{}, err
	}
	receipt := porting.Receipt{
		Pack: chosen.Pack.Ref(), PackWhy: chosen.Why, Jurisdiction: chosen.Pack.ID, Approvals: max(chosen.Pack.Approvals().People, 1),
	}
	asked := in.Order
	asked.Country = chosen.Pack.Rules.For.Country
	route, err := a.route(ctx, in.Port, asked)
	if no, ok := refusal(err, porting.OrderInvalid); ok {
		receipt.Refused = no
		return receipt, nil
	}
	if err != nil {
		return porting.Receipt{}, err
	}
	receipt.Carrier, receipt.Line = route.Name, a.Lines[route.Name]
	if receipt.Refused, err = a.missingDocument(ctx, in.Order); receipt.Refused != nil || err != nil {
		return receipt, err
	}
	if in.Order.Carrier == "" && receipt.Carrier != a.defaultCarrier() {
		receipt.PackWhy += "; " + route.Why
	}
	if err := a.askForSignatures(ctx, &receipt); err != nil {
		return porting.Receipt{}, err
	}
	fence, err := a.claimSalted(ctx, in, &receipt)
	if no, ok := refusal(err, claimReason(err)); ok {
		receipt.Refused, receipt.Tokens = no, nil
		return receipt, nil
	}
	if err != nil {
		return receipt, err
	}
	receipt.Epoch = fence.Epoch
	return receipt, a.rememberPeople(ctx, in, receipt)
}

// missingDocument refuses an order that names a document which nobody added: the carrier would wait for it. A letter of
// authorization may be on paper alone.
func (a *Activities) missingDocument(ctx context.Context, order porting.Order) (*porting.Refusal, error) {
	for _, d := range order.Documents {
		_, err := a.Ledger.Document(ctx, d.SHA256)
		if porting.CodeOf(err) == "document-unknown" {
			return &porting.Refusal{
				Reason: porting.OrderInvalid,
				Note:   fmt.Sprintf("the ledger does not have the %s %s; add it with portsaga document add", d.Kind, d.SHA256),
			}, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// askForSignatures makes the port one that takes signed decisions only.
func (a *Activities) askForSignatures(ctx context.Context, receipt *porting.Receipt) error {
	if a.Approvals == nil {
		return nil
	}
	registry, err := a.Approvals.Registry.Current(ctx, time.Now())
	if err != nil {
		return err
	}
	receipt.Signed, receipt.Audience, receipt.Salt = true, registry.Audience(), unguessable()
	return nil
}

// saltLife is longer than any port lives; one that ends destroys its salt at once.
const saltLife = 10 * 365 * 24 * time.Hour

// claimSalted claims the order's numbers. A port keeps the salt that was drawn first: what was signed and sent is known by
// digests with it, and a saga that was reset to its start would find its own order to be another one.
func (a *Activities) claimSalted(ctx context.Context, in porting.ReceiveInput, receipt *porting.Receipt) (ledger.Fence, error) {
	claim := a.claim(ctx, in, receipt)
	if receipt.Salt == "" {
		return a.Ledger.Claim(ctx, claim)
	}
	name := "salt-" + in.Port
	fence, sealed, err := a.Ledger.ClaimKeeping(ctx, claim, ledger.KeptSecret{
		Ref: name, Owner: in.Port, Sealed: a.Vault.Seal(name, porting.Secret(receipt.Salt)), At: in.At, ExpiresAt: in.At.Add(saltLife),
	})
	if err != nil {
		return fence, err
	}
	salt, err := a.Vault.Open(name, sealed)
	receipt.Salt = salt.Reveal()
	return fence, lasting(err)
}

// claim lists the order's numbers with their lock tokens, and puts the search tokens into the receipt. What the gate must
// not take from the saga is kept with it.
func (a *Activities) claim(ctx context.Context, in porting.ReceiveInput, receipt *porting.Receipt) ledger.Claim {
	claim := ledger.Claim{
		PortID: in.Port, Direction: porting.PortIn, Tenant: in.Order.TenantOrDefault(), Reference: in.Order.Reference,
		Carrier: receipt.Carrier, Pack: receipt.Pack, Submitter: in.Order.SubmittedBy, At: in.At,
	}
	if activity.IsActivity(ctx) {
		claim.Run = activity.GetInfo(ctx).WorkflowExecution.RunID
	}
	for i, n := range in.Order.Numbers {
		claim.Numbers = append(claim.Numbers, ledger.NumberClaim{Token: a.Vault.LockToken(n), Masked: n.String()})
		if i < maxTokens {
			receipt.Tokens = append(receipt.Tokens, a.Vault.SearchToken(claim.Tenant, n))
		}
	}
	return claim
}

func claimReason(err error) porting.Reason {
	var held *ledger.HeldError
	switch {
	case errors.As(err, &held):
		return porting.NumberInUse
	case porting.CodeOf(err) == "port-revoked":
		return porting.AuthorizationRevoked
	default:
		return porting.OrderInvalid
	}
}
