// Package prometheus_test reads the alerts and the dashboards with Prometheus's own parser, and plays the alerts with its
// own engine. It is a module of its own, because what it needs must not enter any other.
package prometheus_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

func alerts(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	groups, problems := rulefmt.ParseFile("alerts.yml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	all := map[string]rulefmt.Rule{}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			all[r.Alert] = r
		}
	}
	return all
}

// exported are the metrics that portsaga, the SDK and Prometheus itself have; a test of portsaga keeps the list.
func exported(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("metrics.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for name := range strings.FieldsSeq(string(text)) {
		names[name] = true
	}
	return names
}

// requireExported says that an expression can be read, and asks for nothing that nobody exports.
func requireExported(t *testing.T, where, expression string, names map[string]bool) {
	t.Helper()
	read, err := parser.NewParser(parser.Options{}).ParseExpr(expression)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	parser.Inspect(read, func(n parser.Node, _ []parser.Node) error {
		if s, is := n.(*parser.VectorSelector); is && !names[s.Name] {
			t.Errorf("%s asks for %s, which nobody exports", where, s.Name)
		}
		return nil
	})
}

func TestAlertsAskForWhatIsExported(t *testing.T) {
	names := exported(t)
	runbooks, err := os.ReadFile("../../docs/runbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, rule := range alerts(t) {
		requireExported(t, name, rule.Expr, names)
		if !strings.Contains(string(runbooks), "## "+name) {
			t.Errorf("%s has no runbook", name)
		}
		if s := rule.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s has severity %q", name, s)
		}
	}
}

func TestDashboardsAskForWhatIsExported(t *testing.T) {
	names := exported(t)
	text, err := os.ReadFile("../grafana/dashboards/desk.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			requireExported(t, p.Title, strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"), names)
			asked++
		}
	}
	if asked < 8 {
		t.Errorf("the dashboard asks for %d things only", asked)
	}
}

// Each alert fires in its world, and does not in one where all is well.
func TestAlertsFire(t *testing.T) {
	const steady = `
load 1m
  portsaga_rollbacks_stuck 0x90
  portsaga_ports_overdue 0x90
  portsaga_ports_attention 0x90
  portsaga_ports_due_soon 3x90
  portsaga_carrier_call_seconds_count{carrier="telnyx",answer="200"} 0+60x90
  portsaga_carrier_call_seconds_count{carrier="telnyx",answer="401"} 0x90
  portsaga_carrier_call_seconds_count{carrier="telnyx",answer="timeout"} 0+2x90
  portsaga_fraud_patterns{pattern="account-burst"} 0x90
  portsaga_watchdog_dates{state="near"} 2x90
  portsaga_watchdog_dates{state="over"} 0x90
  portsaga_watchdog_looked 0+60x90
  up{job="portsaga",instance="worker-gate:9464"} 1x90
  temporal_activity_schedule_to_start_latency_seconds_bucket{task_queue="portsaga-gate",le="1"} 0+60x90
  temporal_activity_schedule_to_start_latency_seconds_bucket{task_queue="portsaga-gate",le="100"} 0+60x90
  temporal_activity_schedule_to_start_latency_seconds_bucket{task_queue="portsaga-gate",le="+Inf"} 0+60x90
`
	broken := map[string][2]string{ // what changes
		"RollbackStuck":             {"portsaga_rollbacks_stuck 0x90", "portsaga_rollbacks_stuck 1x90"},
		"PortsOverdue":              {"portsaga_ports_overdue 0x90", "portsaga_ports_overdue 2x90"},
		"PortsNeedPeople":           {"portsaga_ports_attention 0x90", "portsaga_ports_attention 1x90"},
		"PortsDueSoon":              {"portsaga_ports_due_soon 3x90", "portsaga_ports_due_soon 30x90"},
		"NobodyLooks":               {"portsaga_ports_overdue 0x90", "portsaga_ports_unheard_of 0x90"},
		"CarrierFails":              {`answer="timeout"} 0+2x90`, `answer="timeout"} 0+200x90`},
		"CarrierRefusesCredentials": {`answer="401"} 0x90`, `answer="401"} 0+1x90`},
		"FraudPattern":              {`"account-burst"} 0x90`, `"account-burst"} 1x90`},
		"WorkerGone":                {`"worker-gate:9464"} 1x90`, `"worker-gate:9464"} 0x90`},
		"DatesOverdue":              {`{state="over"} 0x90`, `{state="over"} 1x90`},
		"WatchdogBlind":             {"portsaga_watchdog_looked 0+60x90", "portsaga_watchdog_looked 60x90"},
		"StepsWait":                 {`le="1"} 0+60x90`, `le="1"} 0+1x90`},
	}
	for name, rule := range alerts(t) {
		change, known := broken[name]
		if !known {
			t.Errorf("%s is never seen to fire", name)
			continue
		}
		if n := found(t, steady, rule.Expr); n != 0 {
			t.Errorf("%s fires where all is well", name)
		}
		if n := found(t, strings.Replace(steady, change[0], change[1], 1), rule.Expr); n == 0 {
			t.Errorf("%s does not fire", name)
		}
	}
}

// found is how many series an expression has after an hour.
func found(t *testing.T, world, expression string) int {
	t.Helper()
	storage := promqltest.LoadedStorage(t, world)
	defer func() { _ = storage.Close() }()
	engine := promqltest.NewTestEngine(t, false, 0, 10_000)
	query, err := engine.NewInstantQuery(t.Context(), storage, nil, expression, time.Unix(0, 0).Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	defer query.Close()
	result := query.Exec(t.Context())
	if result.Err != nil {
		t.Fatal(fmt.Errorf("%s: %w", expression, result.Err))
	}
	vector, err := result.Vector()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range vector {
		if s.Metric.Get(labels.MetricName) == "ALERTS" {
			t.Fatal("an alert on alerts")
		}
	}
	return len(vector)
}
