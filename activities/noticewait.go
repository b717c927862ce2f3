package activities

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// noticePatience is how long an activation waits by itself for a notice to be accepted; then people are called.
const noticePatience = time.Hour

// untold keeps numbers where they are until whoever a rule wants told first was told: the notice was accepted, and not only
// recorded. It fails as long as that may happen by itself, and refuses when it will not. An activation that was sent is past that.
func (a *Activities) untold(ctx context.Context, port string) (*porting.Refusal, error) {
	if a.Notices == nil {
		return nil, nil
	}
	fence, err := a.Ledger.Fence(ctx, port)
	if err != nil || fence.State != ledger.FenceOpen {
		return nil, lasting(err)
	}
	notices, err := a.Ledger.Notices(ctx, port)
	if err != nil {
		return nil, err
	}
	awaited := notify.Awaited(notices)
	for _, n := range awaited {
		if n.State == ledger.NoticePending && time.Since(n.RecordedAt) < noticePatience {
			return nil, &porting.Error{
				Kind: porting.Failed, Code: "notice-awaited", Op: "activate", Object: port,
				Detail: "a notice that must come first was not accepted yet: " + n.Demand, Next: "see portsaga notices list",
			}
		}
	}
	if len(awaited) == 0 {
		return nil, nil
	}
	return &porting.Refusal{
		Reason: porting.OtherReason,
		Note:   "the customer must be told first (" + awaited[0].Demand + "), and nobody accepted the notice; see portsaga notices list",
	}, nil
}
