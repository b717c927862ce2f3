package starter_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/mocks"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// shelf is a store of secrets that tells which are there.
type shelf map[string]porting.Secret

func (s shelf) PutSecret(_ context.Context, port string, secret porting.Secret) (string, error) {
	s["sec-"+port] = secret
	return "sec-" + port, nil
}

func (s shelf) DropSecret(_ context.Context, ref string) error {
	delete(s, ref)
	return nil
}

// A port that has ended destroyed its secrets. Whoever starts it again must not leave one behind.
func TestAPortThatExistsKeepsNoOtherSecret(t *testing.T) {
	t.Parallel()
	request := porting.PortOutRequest{ID: "R-1", Tenant: "acme", Given: porting.Given{PIN: "482913"}}
	order := porting.Order{Reference: "ACME-1", Tenant: "acme", Authorization: porting.Authorization{Code: "4711"}}
	for name, c := range map[string]struct {
		answer error
		kept   int
	}{
		"it exists":          {serviceerror.NewWorkflowExecutionAlreadyStarted("exists", "", ""), 0},
		"it may have begun":  {errors.New("connection lost"), 2},
		"no server answered": {serviceerror.NewUnavailable("down"), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &mocks.Client{}
			server.On("NewWithStartWorkflowOperation", mock.Anything, mock.Anything, mock.Anything).Return(nil)
			server.On("UpdateWithStartWorkflow", mock.Anything, mock.Anything).Return(nil, c.answer)
			secrets := shelf{}
			ports := starter.New(server, starter.Options{Secrets: secrets})

			_, err := ports.StartPortOut(t.Context(), request)
			require.Error(t, err)
			_, err = ports.Start(t.Context(), order)
			require.Error(t, err)
			require.Len(t, secrets, c.kept)
		})
	}
}

// A secret that the caller kept may be the one that the port uses.
func TestAReferenceOfTheCallersStays(t *testing.T) {
	t.Parallel()
	server := &mocks.Client{}
	server.On("NewWithStartWorkflowOperation", mock.Anything, mock.Anything, mock.Anything).Return(nil)
	server.On("UpdateWithStartWorkflow", mock.Anything, mock.Anything).Return(nil, serviceerror.NewWorkflowExecutionAlreadyStarted("exists", "", ""))
	secrets := shelf{"sec-theirs": "4711"}
	order := porting.Order{Reference: "ACME-1", Authorization: porting.Authorization{CodeRef: "sec-theirs"}}
	_, err := starter.New(server, starter.Options{Secrets: secrets}).Start(t.Context(), order)
	require.Equal(t, "port-exists", porting.CodeOf(err))
	require.Len(t, secrets, 1)
}
