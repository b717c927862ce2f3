package worker

import (
	"context"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// PortOutStarter opens ports for counterparties' requests; the Go client is one.
type PortOutStarter interface {
	StartPortOut(ctx context.Context, r porting.PortOutRequest) (porting.Answer, error)
}

// takePortOut opens a port for a request that came in, and hints to it with every other news. A door that opens no ports
// only hints; the gate reads back from the carrier what was asked before it answers.
func takePortOut(ctx context.Context, ports Hinter, news simulator.Webhook, hint porting.CarrierEvent) error {
	request := news.PortOut.Received()
	door, opens := ports.(PortOutStarter)
	if news.Type != simulator.PortOutSent || !opens {
		request.Given.PIN = ""
		return deliver(ctx, ports, request.PortID(), hint)
	}
	return openPortOut(ctx, door, request)
}

// openPortOut opens a port, or finds that it is open. It asks for nothing before: a door for news may read no port.
func openPortOut(ctx context.Context, door PortOutStarter, request porting.PortOutRequest) error {
	_, err := door.StartPortOut(ctx, request)
	if porting.CodeOf(err) == "port-exists" {
		return nil
	}
	return err
}
