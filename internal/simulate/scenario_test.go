package simulate_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
)

func TestParse(t *testing.T) {
	t.Parallel()
	s := parse(t,
		"about: everything that can be written",
		"order: {numbers: 3, all_or_nothing: false}",
		"carrier:",
		"  about: a carrier of our own",
		"  cancel_lock: 48h",
		"  early_activation: true",
		"  steps:",
		"    - {on: submitted, after: 3bd, then: confirmed, foc: 10d, except: [{ending: 0123, code: TN_INACTIVE}]}",
		"    - {on: confirmed, after_foc: 1d, then: activated}",
		"  answers:",
		"    submit: {hang: true}",
		"    cancel: {fail: 2}",
		"  webhooks: {duplicates: 2}",
		"people:",
		"  - {on: verifying, after: 2h, do: approve, by: ben@approvals, reason: OTHER}",
		"  - {on: verifying, version: 2, do: reject, id: r-1, by: ben@approvals}",
		"  - {on: exception, do: amend, by: ana@desk, btn: +12125550123, address: {postal_code: 10001}}",
		"ends: completed")
	require.Equal(t, "own", s.Name)
	require.Equal(t, porting.OutcomeCompleted, s.Ends)
	require.Equal(t, simulate.Needs{Numbers: 3, AllOrNothing: new(false)}, s.Needs)
	day := 24 * time.Hour
	require.Equal(t, simulator.Scenario{
		Name: "scenario-own", About: "a carrier of our own", CancelLock: simulator.Span{Elapsed: 2 * day}, EarlyActivation: true,
		Steps: []simulator.Step{
			{On: "submitted", After: simulator.Span{BusinessDays: 3}, Then: "confirmed", FOC: &simulator.Span{Elapsed: 10 * day}, Except: []simulator.Exception{{Ending: "0123", Code: "TN_INACTIVE"}}},
			{On: "confirmed", AfterFOC: &simulator.Span{Elapsed: day}, Then: "activated"},
		},
		Answers:  map[string]simulator.Answer{"submit": {Hang: true}, "cancel": {Fail: 2}},
		Webhooks: simulator.Webhooks{Duplicates: 2},
	}, s.Carrier)
	require.Equal(t, []simulate.Act{
		{
			On: porting.Verifying, Version: 1, After: simulator.Span{Elapsed: 2 * time.Hour}, Message: porting.MsgDecide,
			Body: porting.Decide{Decision: porting.Approve, By: "ben@approvals", Reason: porting.OtherReason},
		},
		{On: porting.Verifying, Version: 2, Message: porting.MsgDecide, Body: porting.Decide{ID: "r-1", Decision: porting.Reject, By: "ben@approvals"}},
		{
			On: porting.Exception, Version: 1, Message: porting.MsgAmend,
			Body: porting.Amend{By: "ana@desk", BTN: "+12125550123", Address: &porting.Address{PostalCode: "10001"}},
		},
	}, s.People)
}

func TestWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	s := parse(t, "about: nobody does anything")
	require.Equal(t, simulator.Builtin()[simulator.DefaultScenario], s.Carrier)
	require.Empty(t, s.People)
	require.Empty(t, s.Ends)
}

// Every fault is told with its path and its line, and all at once.
func TestFaults(t *testing.T) {
	t.Parallel()
	for says, lines := range map[string][]string{
		"this is no YAML: yaml: line 1: did not find expected ',' or '}' (line 1)":                                                               {"{about: x"},
		"this is no YAML: EOF (line 1)":                                                                                                          {""},
		"a file holds one scenario (line 1)":                                                                                                     {"about: x", "---", "about: y"},
		"here belong fields with values, as in {name: value} (line 1)":                                                                           {"- about: x"},
		"about: missing; say in one sentence what happens (line 1)":                                                                              {"ends: completed"},
		"abuot: unknown field; known are about, carrier, ends, order, our_record, people, port_out (line 2)":                                     {"about: x", "abuot: y"},
		"about: comes twice (line 2)":                                                                                                            {"about: x", "about: y"},
		"about: here belongs a single value (line 1)":                                                                                            {"about: [x]"},
		"ends: anchors and aliases are not used here (line 2)":                                                                                   {"about: &x completed", "ends: *x"},
		"people: here belongs a list (line 2)":                                                                                                   {"about: x", "people: ben"},
		"carrier.steps[1].after: \"soon\" is no span: write it like 90m, 4h, 2d or 3bd (line 5)":                                                 {"about: x", "carrier:", "  steps:", "    - {on: submitted, then: confirmed}", "    - {on: confirmed, after: soon, then: activated}"},
		"carrier.steps[0]: then: \"paid\" is nothing that the carrier does by itself (line 4)":                                                   {"about: x", "carrier:", "  steps:", "    - {on: submitted, then: paid}"},
		"carrier.steps[0].code: here belongs a single value (line 2)":                                                                            {"about: x", "carrier: {steps: [{on: submitted, then: rejected, code: {a: b}}]}"},
		"carrier.answers: unknown operation \"sumbit\", known: submit, status, cancel, activate, reverse (line 2)":                               {"about: x", "carrier: {answers: {sumbit: {fail: 1}}}"},
		"carrier.answers.submit.fail: \"often\" is no int (line 2)":                                                                              {"about: x", "carrier: {answers: {submit: {fail: often}}}"},
		"carrier.webhooks.lost: unknown field; known are drop, duplicates, reorder (line 2)":                                                     {"about: x", "carrier: {webhooks: {lost: true}}"},
		"people[0].do: \"aprove\" is nothing that people do; they amend, approve, extend, hold, note, reassign, reject, resume, revoke (line 3)": {"about: x", "people:", "  - {on: verifying, do: aprove, by: ben}"},
		"people[0].by: missing; say who does it (line 3)":                                                                                        {"about: x", "people:", "  - {on: verifying, do: approve}"},
		"people[0].version: versions count from 1 (line 3)":                                                                                      {"about: x", "people:", "  - {on: verifying, version: -1, do: approve, by: ben}"},
		"people[0].text: unknown field; known are authority_at, by, id, reason (line 4)":                                                         {"about: x", "people:", "  - on: verifying", "    text: hello", "    do: revoke", "    by: ben"},
		"people[0]: here belong fields with values, as in {name: value} (line 2)":                                                                {"about: x", "people: [ben]"},
		"people[0].address.town: unknown field; known are city, country, postal_code, region, street (line 2)":                                   {"about: x", "people: [{on: exception, do: amend, by: ana, address: {town: x}}]"},
		"people[0].after: here belongs a single value (line 2)":                                                                                  {"about: x", "people: [{on: verifying, after: [1], do: approve, by: ben}]"},
		"order.numbers: a scenario needs up to 50 numbers (line 2)":                                                                              {"about: x", "order: {numbers: 51}"},
		"order.all_or_nothing: \"maybe\" is no bool (line 2)":                                                                                    {"about: x", "order: {all_or_nothing: maybe}"},
		"carrier.steps[0]: except: an exception needs a code (line 4)":                                                                           {"about: x", "carrier:", "  steps:", "    - {on: submitted, then: confirmed, except: [{position: 1}]}"},
		"carrier: the carrier knows no scenario \"hapy\"; write its steps here, or name one of " + strings.Join(carriers(), ", ") + " (line 2)":  {"about: x", "carrier: hapy"},
	} {
		_, err := simulate.Parse("own", []byte(strings.Join(lines, "\n")))
		require.ErrorContains(t, err, "read scenario own: "+says, "%v", lines)
		require.Equal(t, porting.Invalid, porting.KindOf(err))
		require.Equal(t, "scenario-invalid", porting.CodeOf(err))
	}
	_, err := simulate.Parse("own", []byte("about: x\nends: never\npeople: [{on: paid, do: approve, by: ben}]"))
	require.ErrorContains(t, err, `ends: "never" is no outcome; outcomes are completed, `)
	require.ErrorContains(t, err, `people[0].on: "paid" is no stage of an open port; stages are received, `)
}

func carriers() []string {
	var names []string
	for name := range simulator.Builtin() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestFind(t *testing.T) {
	t.Parallel()
	s, err := simulate.Find("foc-slips")
	require.NoError(t, err)
	require.Equal(t, "foc-slips", s.Name)

	file := filepath.Join(t.TempDir(), "our-donor.yaml")
	require.NoError(t, os.WriteFile(file, []byte("about: our donor\n"), 0o600))
	s, err = simulate.Find(file)
	require.NoError(t, err)
	require.Equal(t, "our-donor", s.Name)

	_, err = simulate.Find("hapy")
	require.EqualError(t, err, "read scenario hapy: there is no such scenario; choose one of "+strings.Join(simulate.Names(), ", ")+", or name a file")
	_, err = simulate.Find("./no-such.yaml")
	require.EqualError(t, err, "read scenario ./no-such.yaml: no such file or directory; name a file that you may read")
	require.Equal(t, porting.Invalid, porting.KindOf(err))
}

// A script hands out each act once, at its own time, when the port is where the act waits for it.
func TestScript(t *testing.T) {
	t.Parallel()
	script := simulate.NewScript(parse(t,
		"about: x",
		"people:",
		"  - {on: submitted, after: 3h, do: revoke, by: carla}",
		"  - {on: submitted, after: 1h, do: note, by: ana, text: called}",
		"  - {on: submitted, version: 2, do: note, by: ana, text: again}"))
	at := func(stage porting.Stage, version int, hours ...int) porting.Status {
		p := porting.Status{Stage: stage, OrderVersion: version, Timeline: []porting.Entry{{At: monday.Add(-time.Hour), Stage: porting.Submitting}}}
		for _, h := range hours {
			p.Timeline = append(p.Timeline, porting.Entry{At: monday.Add(time.Duration(h) * time.Hour), Stage: stage})
		}
		return p
	}
	require.Empty(t, script.Follow(at(porting.Verifying, 1, 0)))
	set := script.Follow(at(porting.Submitted, 1, 0, 2))
	require.Len(t, set, 2)
	require.Equal(t, porting.MsgNote, set[0].Message)
	require.Equal(t, monday.Add(time.Hour), set[0].At, "counted from the beginning of the stage")
	require.Equal(t, porting.MsgRevoke, set[1].Message)
	require.Empty(t, script.Follow(at(porting.Submitted, 1, 0, 2, 3)))
	require.Len(t, script.Follow(at(porting.Submitted, 2, 5)), 1)
}
