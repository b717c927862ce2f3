package ledger

import (
	"strconv"
	"time"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/porting"
)

// The leaves that tell changes of the ledger. They hold masked numbers and codes, never a token: a token is the same in every
// port of its number.

// maxShown is how many numbers of a port a leaf shows.
const maxShown = 10

func (c Claim) leaf() audit.Leaf {
	fact := audit.ClaimFact{
		Direction: c.Direction, Tenant: c.Tenant, Carrier: c.Carrier, Pack: c.Pack, Submitter: c.Submitter, Run: c.Run, Count: len(c.Numbers),
	}
	for _, n := range c.Numbers[:min(len(c.Numbers), maxShown)] {
		fact.Numbers = append(fact.Numbers, n.Masked)
	}
	return audit.Leaf{At: c.At, Kind: audit.Claimed, Port: c.PortID, Data: fact}
}

func closedLeaf(portID string, outcome porting.Outcome, at time.Time) audit.Leaf {
	return audit.Leaf{At: at, Kind: audit.Closed, Port: portID, Ref: "closed", Data: audit.CloseFact{Outcome: outcome}}
}

func (s Submission) leaf() audit.Leaf {
	return audit.Leaf{At: s.At, Kind: audit.Submission, Port: s.PortID, Data: audit.SubmissionFact{
		Version: s.Version, Carrier: s.Carrier, Order: s.OrderDigest, Shown: s.ShownDigest, Nonce: s.Nonce, Policy: s.Policy,
	}}
}

// revocationLeaf tells what a revocation came to. The same revocation again comes to the same, unless the fence has changed.
func (f Fence) revocationLeaf() audit.Leaf {
	return audit.Leaf{
		At: f.RevokeRequestedAt, Kind: audit.Revocation, Port: f.PortID, Ref: string(f.State) + "/" + strconv.FormatInt(f.Epoch, 10),
		Data: audit.RevocationFact{By: f.RevokedBy, Reason: f.RevokeReason, Fence: string(f.State), Epoch: f.Epoch},
	}
}

func (f Fence) begunLeaf() audit.Leaf {
	return audit.Leaf{At: f.ActivatingAt, Kind: audit.ActivationBegun, Port: f.PortID, Data: audit.ActivationFact{Key: f.ActivationKey, Epoch: f.Epoch}}
}

func endedLeaf(portID, key string, moved bool, at time.Time) audit.Leaf {
	return audit.Leaf{At: at, Kind: audit.ActivationEnded, Port: portID, Data: audit.ActivationFact{Key: key, Moved: moved}}
}

// leaf tells what became of a notice. Each sending ends once.
func (n Notice) leaf(what audit.Kind, at time.Time) audit.Leaf {
	return audit.Leaf{At: at, Kind: what, Port: n.PortID, Ref: n.ID + "/" + strconv.Itoa(max(n.Sending, 1)), Data: audit.NoticeFact{
		Event: n.Kind, Recipient: n.Recipient, Channel: n.Channel, Lang: n.Lang, Demand: n.Demand, Suppressed: n.Suppressed,
		Failure: n.Failure, Sending: n.Sending, Provider: n.ProviderRef,
	}}
}

// leaf tells what was said with a carrier by the digests of it.
func (e Exchange) leaf() audit.Leaf {
	return audit.Leaf{At: e.At, Kind: audit.Exchange, Port: e.PortID, Data: audit.ExchangeFact{
		Carrier: e.Carrier, Step: e.Step, Method: e.Method, Path: e.Path, Status: e.Status, Failure: e.Failure,
		Request: audit.Digest(e.Request), Answer: audit.Digest(e.Answer),
	}}
}

// leaf tells what a person at the desk wrote down.
func (a DeskAnswer) leaf() audit.Leaf {
	leaf := audit.Leaf{
		At: a.At, Kind: audit.DeskAnswer, Port: a.PortID, Ref: a.TaskID + "/" + strconv.FormatInt(a.Seq, 10),
		Data: audit.DeskFact{Task: a.TaskID, By: a.By, Signed: a.Signature != ""}, Evidence: [][]byte{a.Statement},
	}
	if a.Signature != "" {
		leaf.Evidence = append(leaf.Evidence, []byte(a.Signature))
	}
	return leaf
}

// leaf tells of a lock or a PIN. It concerns a number, and no port.
func (e GuardEvent) leaf() audit.Leaf {
	return audit.Leaf{At: e.At, Kind: audit.Protection, Ref: e.ID, Data: audit.ProtectionFact{
		Event: e.Kind, Number: e.Masked, Actor: e.Actor, Detail: e.Detail, Due: e.DueAt,
	}}
}
