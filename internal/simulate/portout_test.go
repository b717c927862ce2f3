package simulate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

func readRequest(t testing.TB, name string) porting.PortOutRequest {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "examples", "portouts", name+".yaml"))
	require.NoError(t, err)
	defer file.Close()
	request, err := orders.ReadPortOut(file, orders.Options{Now: monday})
	require.NoError(t, err)
	return request
}

func runOut(t testing.TB, request porting.PortOutRequest, s simulate.Scenario) porting.Status {
	t.Helper()
	book, err := rules.Embedded()
	require.NoError(t, err)
	status, err := simulate.RunPortOut(t.Context(), book, request, s, monday)
	require.NoError(t, err)
	return status
}

// Every scenario of a port-out ends as it says, answers before the counterparty's silence, and tells the same story every time.
func TestBuiltinPortOuts(t *testing.T) {
	t.Parallel()
	require.Len(t, simulate.BuiltinPortOuts(), 6)
	for _, s := range simulate.BuiltinPortOuts() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			first := runOut(t, readRequest(t, "us-wireless"), s)
			require.Equal(t, s.Ends, first.Outcome, "%v", first.Timeline)
			require.NotContains(t, events(first), porting.EventBreached)
			require.True(t, find(t, first, porting.EventAnswered).At.Before(*first.Leaving.AnswerBy))
			require.Equal(t, first, runOut(t, readRequest(t, "us-wireless"), s))
			text, err := json.Marshal(first)
			require.NoError(t, err)
			require.NotContains(t, string(text), "482913", "no PIN is told")
		})
	}
}

func TestWhatPortOutsAnswer(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		kind porting.AnswerKind
		why  porting.Reason
		by   string
	}{
		"port-out-happy":        {porting.AnswerApprove, "", "checks"},
		"port-out-wrong-pin":    {porting.AnswerRefuse, porting.PINMismatch, "checks"},
		"port-out-locked":       {porting.AnswerRefuse, porting.PortProtected, "checks"},
		"port-out-silence":      {porting.AnswerApprove, "", "policy"},
		"port-out-reply-no":     {porting.AnswerRefuse, porting.AuthorizationRevoked, "subscriber"},
		"port-out-unauthorised": {porting.AnswerApprove, "", "checks"},
	} {
		s, err := simulate.Find(name)
		require.NoError(t, err)
		p := runOut(t, readRequest(t, "us-wireless"), s)
		require.Equal(t, []any{want.kind, want.why, want.by}, []any{p.Leaving.Answer.Kind, p.Leaving.Answer.Reason, p.Leaving.Answer.By}, name)
	}
}

func TestScenariosOfPortOutsAreReadStrictly(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"about: x\nport_out: {silense: 3h}":                                                           "port_out.silense: unknown field",
		"about: x\nport_out: {cancel: no}":                                                            "port_out.cancel: is acknowledge, refuse or ignore",
		"about: x\nport_out: {silence: 3h}\npeople: [{on: deciding, do: amend, by: ana}]":             `"amend" is nothing that people do; they approve, dispute, hold, `,
		"about: x\nport_out: {silence: 3h}\npeople: [{on: submitted, do: note, by: ana, text: x}]":    `"submitted" is no stage of an open port`,
		"about: x\nport_out: {silence: 3h}\npeople: [{port: in, on: deciding, do: approve, by: ana}]": `people[0].port: of a port-out this is "back"`,
		"about: x\npeople: [{port: back, on: verifying, do: approve, by: ana}]":                       `people[0].port: of a port-out this is "back"`,
		"about: x\nour_record: {pins: 1}":                                                             "our_record.pins: unknown field",
	} {
		_, err := simulate.Parse("own", []byte(text))
		require.ErrorContains(t, err, says, text)
	}
}
