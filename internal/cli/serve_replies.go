package cli

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// replies bring customers' answers by SMS to the ports that they are about: those that move the telephone that answered, and
// those whose people are told on it.
type replies struct {
	books *ledger.Ledger
	keys  *vault.Vault
	ports replier
	now   func() time.Time // business time
}

// replier is what answers need of the sagas.
type replier interface {
	CustomerReply(ctx context.Context, id string, r porting.CustomerReply) (porting.Answer, error)
}

// CustomerReply writes the answer to the ledger before any saga hears of it.
func (r replies) CustomerReply(ctx context.Context, said serve.Reply) error {
	if said.Answer == notify.Unclear {
		return &porting.Error{Kind: porting.Refused, Code: "reply-unclear", Op: "read answer", Detail: "it is neither yes nor no"}
	}
	ports, err := r.books.PortsToldAt(ctx, r.keys.LockToken(said.From))
	if err != nil {
		return err
	}
	if len(ports) == 0 {
		return &porting.Error{Kind: porting.NotFound, Code: "reply-unexpected", Op: "read answer", Detail: "no port waits for this telephone"}
	}
	for _, id := range ports {
		if err := r.bring(ctx, id, said); err != nil {
			return err
		}
	}
	return nil
}

func (r replies) bring(ctx context.Context, id string, said serve.Reply) error {
	message := porting.CustomerReply{ID: said.ID, By: "subscriber", Reply: porting.ReplyYes, Channel: "sms"}
	if said.Answer == notify.No {
		message.Reply = porting.ReplyNo
	}
	if err := r.record(ctx, id, message); err != nil {
		return err
	}
	_, err := r.ports.CustomerReply(ctx, id, message)
	return err
}

// record writes what was said to the ledger, where the gate looks. A no closes the fence of a port that brings numbers in; one
// that takes them away asks its own rules what a no means.
func (r replies) record(ctx context.Context, id string, said porting.CustomerReply) error {
	if porting.WorkflowOf(id) == porting.WorkflowPortOut {
		return r.books.RecordReply(ctx, id, ledger.Reply{ID: said.ID, Reply: said.Reply, Channel: said.Channel, At: r.now()})
	}
	if said.Reply == porting.ReplyYes {
		return nil
	}
	_, err := r.books.CloseFence(ctx, id, "subscriber", porting.UnauthorisedPort, r.now())
	return err
}
