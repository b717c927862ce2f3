package starter_test

import (
	"context"
	"fmt"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// A service looks at a port and reacts to its refusals by code, not by text.
func Example() {
	temporal := aTemporalClient() // client.Dial(client.Options{HostPort: ..., Namespace: "portsaga"})
	ports := starter.New(temporal, starter.Options{})

	status, err := ports.Status(context.Background(), "pi-jrnmntaoorcvfbja")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(status.Stage, "waiting on", status.WaitingOn)

	err = ports.CarrierEvent(context.Background(), "pi-unknown", porting.CarrierEvent{By: "webhook"})
	fmt.Println(porting.CodeOf(err), porting.ExitCode(err))
	// Output:
	// verifying waiting on approver
	// port-not-found 4
}

// aTemporalClient stands for a connection, so that the example runs without a server.
func aTemporalClient() client.Client {
	c := &mocks.Client{}
	c.On("QueryWorkflow", mock.Anything, "pi-jrnmntaoorcvfbja", "", porting.QueryStatus).
		Return(encoded{porting.Status{Stage: porting.Verifying, WaitingOn: porting.WaitingApprover}}, nil)
	c.On("SignalWorkflow", mock.Anything, "pi-unknown", "", porting.MsgCarrierEvent, mock.Anything).
		Return(serviceerror.NewNotFound("no such workflow"))
	return c
}

// encoded is a value as Temporal hands it over.
type encoded struct{ value any }

func (e encoded) HasValue() bool { return true }

func (e encoded) Get(into any) error {
	p, err := converter.GetDefaultDataConverter().ToPayload(e.value)
	if err != nil {
		return err
	}
	return converter.GetDefaultDataConverter().FromPayload(p, into)
}
