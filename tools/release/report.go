package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// results are all that a page is made of.
type results struct {
	Commit, Tier, Machine string
	Date                  time.Time
	Steps                 []step // of the tier
	Records               map[string]record
	Refused               map[string]string // why a record that was there is not taken
}

// page renders the report. It is a pure function.
func (r results) page() string {
	p := &page{}
	r.throughput(p)
	r.stages(p)
	r.revocations(p)
	r.idle(p)
	r.fleets(p)
	r.starts(p)
	r.budgets(p)
	r.chaos(p)
	r.proofs(p)
	r.runs(p)
	return fmt.Sprintf("# Release report\n\nMade by `make report`; `docs/performance.md` and `docs/chaos.md` tell what is measured and how.\n\nCommit %s, tier %s, seed of chaos %s, %s. %s.\n\n"+
		"Of what is asked, %d met, %d missed, %d not measured. Ratios are of this machine and this hour; read them beside the load.\n%s",
		r.Commit, r.Tier, r.seeds(), r.Date.Format("2 January 2006, 15:04 MST"), r.Machine, p.met, p.missed, p.unknown, p)
}

// throughput sets ours beside the two workflows that were run in turn with it.
func (r results) throughput(p *page) {
	var rows [][]string
	for _, s := range r.called("bench-port-in", "bench-signed", "bench-port-out", "bench-bulk") {
		b, toReference := r.of(s.name), []string{"none", "none"}
		if !s.called("bench-bulk") { // the reference workflow has no parent
			toReference = []string{p.atLeast(b.number("reference_ratio"), 1), p.atLeast(b.number("reference_cpu_ratio"), 1)}
		}
		rows = append(rows, []string{
			s.what, written("%.1f", b.number("ours", "ports_per_second")),
			p.atLeast(b.number("ratio"), 0.9), p.atLeast(b.number("cpu_ratio"), 0.9), toReference[0], toReference[1],
			b.beside(whole, "history_events"), b.beside(kilo, "history_bytes"),
		})
	}
	p.table("Throughput", "", []string{"Bench", "Ports/s", "To bare: asked 0.9", "by CPU", "To reference: asked 1", "by CPU", "Events (bare)", "History (bare)"}, rows)
}

// stages tells the work of each stage, of the benches that tell it.
func (r results) stages(p *page) {
	head, order, cells := []string{"Stage"}, []string{}, map[string][]string{}
	benches := r.called("bench-port-in", "bench-port-out")
	for i, s := range benches {
		head = append(head, s.what)
		for _, f := range r.of(s.name).list("ours", "stages") {
			stage := f.text("stage")
			if cells[stage] == nil {
				order, cells[stage] = append(order, stage), make([]string, len(benches))
			}
			cells[stage][i] = f.latency()
		}
	}
	var rows [][]string
	for _, stage := range order {
		rows = append(rows, append([]string{stage}, cells[stage]...))
	}
	p.table("Work of a stage, without its waits", "Milliseconds, p50 / p99.", head, rows)
}

// revocations tells how soon the carrier is asked to cancel, beside a signal to a workflow that does nothing.
func (r results) revocations(p *page) {
	var rows [][]string
	for _, s := range r.called("bench-revoke") {
		b := r.of(s.name)
		for _, way := range []struct{ name, what string }{{"burst", "all at once"}, {"half_load", "at half load"}, {"bare", "bare signals between those"}} {
			found := b.at("revocations", way.name)
			rows = append(rows, []string{s.what + ", " + way.what, found.at("accepted").latency(), found.at("begun").latency(), found.at("whole").latency()})
		}
		rows = append(rows, []string{"p99 at half load to bare: asked 2", "", p.atMost(b.number("latency_ratio"), 2), p.atMost(b.number("whole_latency_ratio"), 2)})
	}
	p.table("Revocations", "Milliseconds, p50 / p99.", []string{"", "Until accepted", "From there until the cancel is sent", "Both"}, rows)
}

// idle tells what a port costs that waits for people.
func (r results) idle(p *page) {
	var rows [][]string
	for _, s := range r.called("bench-idle") {
		b := r.of(s.name)
		rows = append(rows, []string{
			s.what, b.beside(kilo, "memory_bytes"), b.beside(kilo, "engine_database_bytes"), kilo(b.number("ours", "ledger_database_bytes")),
		})
	}
	p.table("An idle port", "", []string{"Bench", "Memory (bare)", "Engine's database (bare)", "Ledger"}, rows)
}

// fleets tells whether a port costs the same however many stand open.
func (r results) fleets(p *page) {
	var rows [][]string
	for _, s := range r.called("bench-fleet") {
		for i, f := range withMost(r.of(s.name).list("fleets")) {
			flat := "1"
			if i > 0 || f.number("to_first") == nil {
				flat = p.atMost(f.number("to_first"), 1.1)
			}
			rows = append(rows, []string{
				whole(f.number("open")), milliseconds(f.number("cpu_seconds")), flat, written("%.2f", f.number("bare_to_first")),
				mega(f.number("engine_database_bytes")), mega(f.number("ledger_database_bytes")),
			})
		}
	}
	p.table("Beside ports that stand open", "Processor time of a port of ours, which is flat where it grows by a tenth at most.",
		[]string{"Open", "CPU a port", "To the fewest: asked 1.1", "the same of bare", "Engine's database", "Ledger"}, rows)
}

// starts tells how soon the embedded engine is there.
func (r results) starts(p *page) {
	var rows [][]string
	for _, s := range r.called("bench-start") {
		for _, f := range withMost(r.of(s.name).list("starts")) {
			rows = append(rows, []string{
				whole(f.number("open")), p.atMost(f.number("ready_ms"), 2000), whole(f.number("first_task_ms")), whole(f.number("cpu_ms")), whole(f.number("killed_ready_ms")),
				whole(f.number("recovery", "ports")), whole(f.number("recovery", "first_step_ms")), whole(f.number("recovery", "all_ended_ms")),
			})
		}
	}
	p.table("Start of the embedded engine, and recovery after kill -9", "Milliseconds.",
		[]string{"Open", "Start to ready: asked 2000", "to a first task", "CPU until then", "Ready after kill -9", "Ports under way", "the first got on", "all had ended"}, rows)
}

// withMost adds the most ports that are asked about where nothing was measured beside them.
func withMost(fleets []figures) []figures {
	const most = 50_000
	for _, f := range fleets {
		if open := f.number("open"); open != nil && *open >= most {
			return fleets
		}
	}
	return append(fleets, figures{map[string]any{"open": float64(most)}})
}

// budgets tells what CI holds on any machine, and by which test.
func (r results) budgets(p *page) {
	var rows [][]string
	for _, t := range r.of("budgets").list() {
		told, _ := t.at("figures").value.(map[string]any)
		var figures []string
		for what, figure := range told {
			figures = append(figures, fmt.Sprint(what, ": ", figure))
		}
		slices.Sort(figures)
		if len(figures) == 0 { // it was skipped, or failed before there was any
			rows = append(rows, []string{t.text("name"), p.none()})
			continue
		}
		rows = append(rows, []string{t.text("name"), p.verdict(strings.Join(figures, ", "), t.text("result") == "pass")})
	}
	p.table("Budgets that CI holds", "", []string{"Test", "Found of allowed"}, rows)
}

// chaos tells what the oracle counted.
func (r results) chaos(p *page) {
	campaigns, head, laws := r.called("chaos"), []string{"Ledger"}, []string{}
	for _, s := range campaigns {
		head = append(head, s.what)
		for _, f := range r.of(s.name).list("findings") {
			if law := f.text("law"); !slices.Contains(laws, law) {
				laws = append(laws, law)
			}
		}
	}
	var rows [][]string
	row := func(what string, cell func(figures) string) {
		cells := []string{what}
		for _, s := range campaigns {
			cells = append(cells, cell(r.of(s.name)))
		}
		rows = append(rows, cells)
	}
	row("Tier", func(c figures) string { return cmp.Or(c.text("tier"), notMeasured) })
	row("Ports, at least 1000 in 20 minutes", func(c figures) string { return p.inLong(c, "ports", 1000) })
	row("Faults, at least 2000 in 20 minutes", func(c figures) string { return p.inLong(c, "faults", 2000) })
	row("At rest after the last fault", func(c figures) string { return written("%.0f s", c.number("settled_after_seconds")) })
	for _, what := range []string{"acknowledged revocations", "effects at the carrier", "histories replayed"} {
		row("Judged: "+what, func(c figures) string { return whole(c.number("judged", what)) })
	}
	for _, law := range laws {
		row("Breaches: "+law, func(c figures) string { return p.zero(c.breaches(law)) })
	}
	if len(laws) == 0 {
		row("Breaches", func(figures) string { return p.zero(nil) })
	}
	p.table("Chaos", "Breaches are asked to be 0.", head, rows)
}

// inLong judges a count where the campaign is long enough for what is asked.
func (p *page) inLong(c figures, what string, asked float64) string {
	if tier := c.text("tier"); tier == "" || tier == "3m" {
		return whole(c.number(what))
	}
	return p.atLeast(c.number(what), asked)
}

// proofs tells whether the tests would notice a bug, whether anybody was found, and whether an attack came through.
func (r results) proofs(p *page) {
	saboteurs, mutants, searches := r.of("saboteurs"), r.of("mutants"), r.of("canary").list()
	if len(searches) == 0 {
		searches = []figures{{}}
	}
	rows := [][]string{{"Saboteurs caught, of those that were sent", "all", p.all(saboteurs.number("caught"), saboteurs.number("of"))}}
	for _, room := range mutants.list("rooms") {
		asked, score := "", written("%.1f", room.number("score"))
		if least := room.number("least"); least != nil {
			asked, score = whole(least), p.atLeast(room.number("score"), *least)
		}
		rows = append(rows, []string{"Mutants killed in " + room.text("name") + ", of a hundred", asked, fmt.Sprintf("%s: %s killed, %s lived, %s not covered, %s timed out",
			score, whole(room.number("killed")), whole(room.number("lived")), whole(room.number("not_covered")), whole(room.number("timed_out")))})
	}
	rows = append(rows, []string{"Mutants killed in all, of a hundred", "", written("%.1f", mutants.number("score"))})
	for _, search := range searches {
		where := cmp.Or(search.text("name"), "Search for canaries")
		rows = append(rows,
			[]string{where + ": hits, sealed", "0", p.zero(search.number("figures", "sealed"))},
			[]string{where + ": hits, in the control", "1", p.atLeast(search.number("figures", "control"), 1)})
	}
	stopped, attacks := r.of("redteam").leaves()
	rows = append(rows, []string{"Attacks of the red team that ended where they must", "all", p.all(stopped, attacks)})
	p.table("Bugs, canaries, attacks", "", []string{"What", "Asked", "Found"}, rows)
}

// runs tells how each figure came to be.
func (r results) runs(p *page) {
	var rows [][]string
	for _, s := range r.Steps {
		made, is := r.Records[s.name]
		if !is {
			rows = append(rows, []string{s.name, "", "", cmp.Or(s.lacks, r.Refused[s.name], "not run")})
			continue
		}
		result := "done"
		if made.Failed != "" {
			result = "**failed**: " + made.Failed + "; see " + filepath.Base(made.Log)
		}
		if made.Commit != r.Commit {
			result += ", of " + short(made.Commit)
		}
		took := time.Duration(made.Seconds * float64(time.Second)).Round(time.Second)
		rows = append(rows, []string{s.name, took.String(), made.Load[0] + ", " + made.Load[1], result})
	}
	p.table("Steps", "Load is that of the minute before a step began, and before it ended.", []string{"Step", "Took", "Load", ""}, rows)
	for _, s := range r.Steps {
		if said := r.Records[s.name].Said; said != "" {
			fmt.Fprintf(p, "\nThe end of %s.log:\n\n```\n%s\n```\n", s.name, said)
		}
	}
}

// called are the steps with one of these names.
func (r results) called(names ...string) []step {
	var called []step
	for _, s := range r.Steps {
		if slices.ContainsFunc(names, s.called) {
			called = append(called, s)
		}
	}
	return called
}

// seeds are those of the campaigns that were run: one, unless they were run one by one.
func (r results) seeds() string {
	var seeds []string
	for _, s := range r.called("chaos") {
		if made, is := r.Records[s.name]; is {
			seeds = append(seeds, strconv.FormatUint(made.Seed, 10))
		}
	}
	return cmp.Or(strings.Join(slices.Compact(seeds), " and "), "none")
}
