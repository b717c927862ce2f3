package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden pages anew")

// written are figures as campaigns write them.
var figuresOf = map[string]string{
	"bench-port-in": `{"ours":{"ports_per_second":4.02,"history_events":92,"history_bytes":33280,"stages":[
		{"stage":"received","p50_ms":31,"p99_ms":80},{"stage":"screening","p50_ms":42,"p99_ms":101}]},
		"bare":{"ports_per_second":3.8,"history_events":92,"history_bytes":13619},
		"ratio":1.058,"cpu_ratio":0.8999,"reference_ratio":1,"reference_cpu_ratio":0.68,"unheard_of":{"a":1}}`,
	"bench-port-out": `{"ours":{"ports_per_second":5.5,"history_events":82,"history_bytes":30000,"stages":[{"stage":"screening","p50_ms":12,"p99_ms":99}]},
		"bare":{"history_events":93},"ratio":0.85}`,
	"bench-revoke": `{"latency_ratio":1.91,"whole_latency_ratio":2.004,"revocations":{"burst":{"accepted":{"p50_ms":20,"p99_ms":90}},
		"half_load":{"accepted":{"p50_ms":10,"p99_ms":30},"begun":{"p50_ms":41,"p99_ms":87},"whole":{"p50_ms":52,"p99_ms":110}},"bare":{"begun":{"p50_ms":20,"p99_ms":44}}}}`,
	"bench-idle": `{"ours":{"memory_bytes":2048,"engine_database_bytes":34816,"ledger_database_bytes":5120},"bare":{"memory_bytes":1024,"engine_database_bytes":27648}}`,
	"bench-fleet": `{"fleets":[{"open":100,"cpu_seconds":0.205,"to_first":1,"bare_to_first":1,"engine_database_bytes":9437184,"ledger_database_bytes":1048576},
		{"open":50000,"cpu_seconds":0.25,"to_first":1.2195,"bare_to_first":1.05}]}`,
	"bench-start": `{"starts":[{"open":0,"ready_ms":812.4,"cpu_ms":640,"first_task_ms":1100,"killed_ready_ms":900,"recovery":{"ports":20,"first_step_ms":1500,"all_ended_ms":9000}},
		{"open":50000,"ready_ms":2000.001}]}`,
	"budgets": `[{"name":"TestPortIn","result":"pass","figures":{"events":"92 of 96","bytes":"33280 of 36864"}},
		{"name":"TestRoundTrips","result":"skip"},{"name":"TestSealAllocates","result":"fail","figures":{"allocations":"26 of 25"}}]`,
	"chaos": `{"tier":"20m","seed":20,"ports":1103,"faults":1998,"settled_after_seconds":121.4,"judged":{"effects at the carrier":3400},
		"findings":[{"law":"one effect per step","breaches":[]},{"law":"exact undo","breaches":["pi-1: order lives on"]}]}`,
	"saboteurs": `{"caught":24,"of":24,"list":[]}`,
	"mutants":   `{"rooms":[{"name":"transitions","killed":110,"lived":10,"not_covered":3,"timed_out":1,"score":91.67,"least":90},{"name":"rules","score":80,"killed":8,"lived":2}],"score":91.67}`,
	"canary":    `[{"name":"TestNobodyIsFound","result":"pass","figures":{"sentinels":"26","encodings":"10","sealed":"0","control":"24124"}}]`,
	"redteam": `[{"name":"TestStockServer/attacks/one","result":"pass"},{"name":"TestStockServer/attacks/two","result":"pass"},
		{"name":"TestStockServer/attacks","result":"pass"},{"name":"TestStockServer","result":"pass"}]`,
}

// The page is a pure function of what was found: whole, and with half of it missing in every way in which it can.
func TestPage(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, time.November, 23, 3, 0, 0, 0, time.UTC)
	campaigns, err := stepsOf(options{tier: "full", out: "/dist"})
	must(t, err)
	for i := range campaigns {
		if campaigns[i].postgres { // whatever this machine has
			campaigns[i].lacks = "there is no PostgreSQL on this machine"
		}
	}
	whole := results{Commit: "1111111111111111", Tier: "full", Machine: "2 cores", Date: began.Add(time.Hour), Steps: campaigns, Records: map[string]record{}}
	for name, figures := range figuresOf {
		whole.Records[name] = record{Commit: whole.Commit, Seed: 20, Seconds: 61.2, Load: [2]string{"0.50", "3.10"}, Figures: json.RawMessage(figures)}
	}
	half := whole
	half.Records = map[string]record{
		"bench-port-in": {Commit: "2222222222222222", Figures: json.RawMessage(`{"ours":{"ports_per_second":"fast","history_events":92}}`)},
		"chaos":         {Commit: whole.Commit, Failed: "exit status 1", Log: "/dist/chaos.log", Said: "no space left"},
		"saboteurs":     {Commit: whole.Commit, Figures: json.RawMessage(`{"caught":23,"of":24}`)},
	}
	half.Refused = map[string]string{"mutants": "its figures are of 3333333333"}
	for name, found := range map[string]results{"whole": whole, "half": half} {
		golden, page := filepath.Join("testdata", name+".md"), found.page()
		if *update {
			must(t, os.WriteFile(golden, []byte(page), 0o600))
		}
		want, err := os.ReadFile(golden)
		must(t, err)
		if page != string(want) {
			t.Errorf("%s is another page; write it anew with -update:\n%s", golden, page)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A figure that misses what is asked by little is not rounded to it, and one that is just enough is written as it is.
func TestFiguresAreRoundedToTheirWorseSide(t *testing.T) {
	t.Parallel()
	p := &page{}
	for got, want := range map[string]string{
		p.atLeast(new(0.8999), 0.9): "0.89 **missed**", p.atLeast(new(0.9), 0.9): "0.90 met", p.atLeast(new(0.29), 0.2): "0.29 met",
		p.atMost(new(1.1001), 1.1): "1.11 **missed**", p.atMost(new(1.1), 1.1): "1.10 met", p.zero(new(0.0)): "0 met", p.all(new(4.0), new(5.0)): "4/5 **missed**",
		p.all(new(0.0), new(0.0)): "0/0 **missed**", p.atMost(nil, 2): notMeasured,
	} {
		if got != want {
			t.Errorf("%q is not %q", got, want)
		}
	}
	if p.met != 4 || p.missed != 4 || p.unknown != 1 {
		t.Errorf("%d met, %d missed, %d not measured", p.met, p.missed, p.unknown)
	}
}
