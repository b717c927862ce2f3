package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// asked runs a command line in JSON and returns the answer.
func asked(t *testing.T, line string) map[string]any {
	t.Helper()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, line+" -o json"), s.err.String())
	var answer map[string]any
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &answer))
	return answer
}

func TestRulesAnswerInJSON(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]map[string]any{
		"portsaga rules deadlines --pack us-wireline-simple --received 2026-11-20T14:30 --number +12125550123": {
			"deemed_received": "2026-11-23T08:00:00-05:00", "foc_due": "2026-11-23T12:00:00-05:00", "eligible_from": "2026-11-24T00:00:00-05:00",
		},
		"portsaga rules check --pack gb-mobile --code abc-123456 --issued 2026-11-01 --at 2026-11-20": {"valid": true, "normalized": "ABC123456", "reason": ""},
		"portsaga rules check --pack gb-mobile --code abc-123456 --issued 2026-08-01":                 {"valid": false, "reason": "expired"},
		"portsaga rules check --pack gb-mobile --code abc":                                            {"valid": false, "reason": "shape"},
		"portsaga rules refusal --pack us-wireless --reason UNPAID_BALANCE":                           {"lawful": false, "party": "donor"},
		"portsaga rules refusal --pack us-wireless --reason PIN_MISMATCH":                             {"lawful": true},
		"portsaga rules cancel --pack us-wireless --foc 2026-11-24T11:00:00-05:00 --at 2026-11-23T09:00:00-05:00 --via recipient": {
			"allowed": true, "until": "2026-11-24T11:00:00-05:00",
		},
		"portsaga rules compensation --pack it-mobile --late 3": {"amount": "7.50", "currency": "EUR"},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			answer := asked(t, line)
			for field, value := range want {
				require.Equal(t, value, answer[field], field)
			}
		})
	}
}

func TestEveryRulesAnswerIsASentenceWithItsSource(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"portsaga rules list":                    "us-wireline-simple  ",
		"portsaga rules show us-wireline-simple": "47 CFR 52.35",
		"portsaga rules show gb-mobile":          "The donor may refuse for",
		"portsaga rules deadlines --pack us-wireline-simple --received 2026-11-20T14:30:00-05:00 --number +12125550123": "NANC LNP provisioning flows",
		"portsaga rules check --pack gb-mobile --code ABC123456":                                                        "valid: a PAC is three letters and six digits",
		"portsaga rules refusal --pack us-wireless --reason UNPAID_BALANCE":                                             "not lawful for the donor to refuse for UNPAID_BALANCE: ",
		"portsaga rules refusal --pack us-wireless --reason SUSPECTED_FRAUD":                                            "it may hold the port for a review that ends with the clock",
		"portsaga rules cancel --pack gb-mobile --via recipient":                                                        "allowed: ",
		"portsaga rules compensation --pack it-mobile --late 3":                                                         "7.50 EUR: ",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			require.Equal(t, 0, s.run(t, line), s.err.String())
			require.Contains(t, s.out.String(), says)
		})
	}
}

func TestRulesRefuse(t *testing.T) {
	t.Parallel()
	for line, code := range map[string]string{
		"portsaga rules show xx":                                                                                         "pack-unknown",
		"portsaga rules check --pack gb-mobile --code x --kind rio":                                                      "code-wrong-country",
		"portsaga rules deadlines --pack gb-mobile --received 2026-11-20T14:30 --number +12125550123":                    "number-wrong-country",
		"portsaga rules deadlines --pack us-wireline-simple --received 2026-11-20T14:30 --number +12125550123 --lines 3": "facts-contradict",
		"portsaga rules refusal --pack gb-mobile --reason BECAUSE":                                                       "reason-unknown",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			require.Equal(t, 3, s.run(t, line+" -o json"))
			require.Contains(t, s.err.String(), `"code":"`+code+`"`)
			require.Empty(t, s.out.String())
		})
	}
}

func TestDeadlinesByPlace(t *testing.T) {
	t.Parallel()
	const line = "portsaga rules deadlines --pack us-wireline-nonsimple --received 2026-11-25T14:30 --region "
	require.Contains(t, asked(t, line+"AZ")["received"], "-07:00", "Phoenix keeps mountain time")
	require.Contains(t, asked(t, line+"NY")["received"], "-05:00")

	const friday = "portsaga rules deadlines --pack us-wireline-simple --received 2026-11-20T14:30 --region NY"
	open, closed := asked(t, friday), asked(t, friday+" --donor-holidays 2026-11-23,2026-11-24")
	require.Less(t, open["foc_due"], closed["foc_due"], "closed days of the donor move its answer")
}

func TestShowInJSONIsTheWholePack(t *testing.T) {
	t.Parallel()
	pack := asked(t, "portsaga rules show au-mobile@c570-2009")
	require.Equal(t, "superseded", pack["status"])
	require.NotEmpty(t, pack["digest"])
	require.Contains(t, pack["rules"], "clocks")
}

func TestListInJSON(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga rules list -o json"))
	var packs []packLine
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &packs))
	require.Greater(t, len(packs), 20)
	for _, p := range packs {
		require.NotEmpty(t, p.Country, p.ID)
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	file := orderFile(t, anOrder)
	require.Equal(t, 0, s.run(t, "portsaga rules classify -f", file))
	require.Contains(t, s.out.String(), "us-wireline-simple@")
	require.Contains(t, s.out.String(), "pass  one line")

	several := orderFile(t, strings.Replace(anOrder, `number: "4412-77"`, `number: "4412-77", lines: 4`, 1))
	require.Equal(t, 0, s.run(t, "portsaga rules classify -o json -f", several))
	require.Contains(t, s.out.String(), `"simple": false`)
	require.Equal(t, 2, s.run(t, "portsaga rules classify"))
}

func TestPacksOfADirectory(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.config.RulesDir = t.TempDir()
	embedded, err := os.ReadFile(filepath.Join("..", "..", "rules", "packs", "nl.yaml"))
	require.NoError(t, err)
	ours := strings.Replace(string(embedded), "id: nl\n", "id: nl-ours\n", 1)
	require.NoError(t, os.WriteFile(filepath.Join(s.config.RulesDir, "ours.yaml"), []byte(ours), 0o600))

	require.Equal(t, 0, s.run(t, "portsaga rules show nl-ours"), s.err.String())
	require.Equal(t, 0, s.run(t, "portsaga rules show nl"), "the embedded ones are there too")
}

func TestLintPacks(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga rules lint"), s.out.String())
	require.Contains(t, s.out.String(), "the packs can be used")

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "xx.yaml"), []byte("id: xx\nnonsense: true\n"), 0o600))
	require.Equal(t, 2, s.run(t, "portsaga rules lint", dir))
	require.Contains(t, s.out.String(), "xx.yaml:1: error: ")
	require.Empty(t, s.err.String(), "what lint finds is its answer")

	s.config.RulesDir = dir
	require.Equal(t, 2, s.run(t, "portsaga rules lint -o json"))
	var report packReport
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &report))
	require.False(t, report.Valid)
	require.NotEmpty(t, report.Findings)

	require.Equal(t, 2, s.run(t, "portsaga rules lint", filepath.Join(dir, "missing")))
	require.Contains(t, s.err.String(), "this is no directory")
}
