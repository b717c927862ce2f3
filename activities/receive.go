package activities

import (
	"context"
	"errors"

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
	if no, ok := refusal(err, porting.OrderInvalid); ok {
		return porting.Receipt{Refused: no}, nil
	}
	if err != nil {
		return porting.Receipt{}, err
	}
	receipt := porting.Receipt{
		Pack: chosen.Pack.Ref(), PackWhy: chosen.Why, Jurisdiction: chosen.Pack.ID, Carrier: a.carrierOf(in.Order),
		Approvals: max(chosen.Pack.Approvals().People, 1),
	}
	if _, err := a.gateway(receipt.Carrier); err != nil {
		receipt.Refused = &porting.Refusal{Reason: porting.OrderInvalid, Note: "no carrier " + receipt.Carrier + " is configured"}
		return receipt, nil
	}
	fence, err := a.Ledger.Claim(ctx, a.claim(in, &receipt))
	if no, ok := refusal(err, claimReason(err)); ok {
		receipt.Refused, receipt.Tokens = no, nil
		return receipt, nil
	}
	receipt.Epoch = fence.Epoch
	return receipt, err
}

func (a *Activities) carrierOf(o porting.Order) string {
	if o.Carrier != "" {
		return o.Carrier
	}
	return a.DefaultCarrier
}

// claim lists the order's numbers with their lock tokens, and puts the search tokens into the receipt.
func (a *Activities) claim(in porting.ReceiveInput, receipt *porting.Receipt) ledger.Claim {
	claim := ledger.Claim{PortID: in.Port, Direction: porting.PortIn, Tenant: in.Order.TenantOrDefault(), Reference: in.Order.Reference, At: in.At}
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
