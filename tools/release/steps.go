package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// step is a campaign: a command of the house, and where its figures are.
type step struct {
	name     string
	what     string // on the page
	dir      string // below the root, where it runs
	run      string // NAME=value of its environment first; braces are filled in below
	leaves   figuresFrom
	postgres bool // it needs a PostgreSQL on this machine

	words []string // of run, filled in
	lacks string   // why it cannot be run here
}

type figuresFrom int

const (
	noFigures  figuresFrom = iota
	fromOutput             // it prints JSON
	fromFile               // it writes JSON to {figures}
	fromTests              // it is go test -json
)

// campaigns are all steps, in their order. The first one makes the program that others measure.
var campaigns = []step{
	{name: "build", what: "the program", dir: "devserver", run: "go build -o {program} ./cmd/portsaga"},
	{name: "bench-port-in", what: "port-in", run: "{bench} --kind port-in {size}", leaves: fromOutput},
	{name: "bench-port-in-postgres", what: "port-in, PostgreSQL", run: "{bench} --kind port-in {size} {stores}", leaves: fromOutput, postgres: true},
	{name: "bench-signed", what: "port-in, decisions signed", run: "{bench} --kind port-in --signed {size}", leaves: fromOutput},
	{name: "bench-port-out", what: "port-out", run: "{bench} --kind port-out {size}", leaves: fromOutput},
	{name: "bench-port-out-postgres", what: "port-out, PostgreSQL", run: "{bench} --kind port-out {size} {stores}", leaves: fromOutput, postgres: true},
	{name: "bench-bulk", what: "bulk", run: "{bench} --kind bulk {size}", leaves: fromOutput},
	{name: "bench-revoke", what: "revocations", run: "{bench} --kind revoke {size}", leaves: fromOutput},
	{name: "bench-idle", what: "idle", run: "{bench} --kind idle {size}", leaves: fromOutput},
	{name: "bench-fleet", what: "port-in", run: "{bench} --kind port-in {beside} --open {fleets} --dir {fleet}", leaves: fromOutput},
	{name: "bench-start", what: "start", run: "{bench} --kind start {beside} --open {most} --dir {fleet}", leaves: fromOutput},
	{
		name: "budgets", what: "budgets", dir: "devserver", leaves: fromTests,
		run: "go test -json -count=1 -timeout 30m -run ^Test(PortIn|PortOut|RoundTrips|.*Allocates)$ ./bench",
	},
	{
		name: "chaos", what: "SQLite", dir: "devserver/chaos", leaves: fromFile,
		run: "PORTSAGA_CHAOS={chaos} PORTSAGA_CHAOS_SEED={seed} PORTSAGA_CHAOS_REPORT={figures} go test -count=1 -timeout 2h -v -run ^TestCampaign$",
	},
	{
		name: "chaos-postgres", what: "PostgreSQL", dir: "devserver/chaos", leaves: fromFile, postgres: true,
		run: "PORTSAGA_CHAOS={chaos} PORTSAGA_CHAOS_LEDGER=postgres PORTSAGA_CHAOS_SEED={seed} PORTSAGA_CHAOS_REPORT={figures} go test -count=1 -timeout 2h -v -run ^TestCampaign$",
	},
	{
		name: "saboteurs", what: "saboteurs", leaves: fromFile,
		run: "PORTSAGA_SABOTEURS={saboteurs} PORTSAGA_SABOTEURS_REPORT={figures} go test -count=1 -timeout 2h -v -run ^TestSaboteursAreCaught$ ./internal/sabotage",
	},
	{name: "mutants", what: "mutants", leaves: fromFile, run: "go -C tools run ./mutants -o {figures} -only={room}"},
	{
		name: "canary", what: "search for canaries", dir: "devserver", leaves: fromTests,
		run: "PORTSAGA_CANARY={depth} go test -json -count=1 -timeout 60m -run ^TestNobodyIsFound ./canary",
	},
	{
		name: "redteam", what: "red team", dir: "devserver", leaves: fromTests,
		run: "PORTSAGA_REDTEAM={depth} go test -json -count=1 -timeout 60m -run ^Test(Stock|Guarded)Server$ ./redteam",
	},
}

// tiers are what stands in the braces.
var tiers = map[string]map[string]string{
	"short": {
		"size": "--rounds 2 --ports 40 --in-progress 20", "beside": "--rounds 2 --ports 20 --in-progress 20", "fleets": "100,1000", "most": "1000",
		"chaos": "3m", "saboteurs": "some", "room": "transitions", "depth": "short",
	},
	"full": {
		"size": "--rounds 3 --ports 100 --in-progress 20", "beside": "--rounds 3 --ports 40 --in-progress 20", "fleets": "100,1000,10000,50000", "most": "50000",
		"chaos": "20m", "saboteurs": "all", "room": "", "depth": "full",
	},
}

// stepsOf are the campaigns of a tier, with everything in braces filled in but the socket of a server that is not there yet.
func stepsOf(o options) ([]step, error) {
	tier, known := tiers[o.tier]
	if !known {
		return nil, fmt.Errorf("there is no tier %q: choose one of %s", o.tier, strings.Join(slices.Sorted(maps.Keys(tiers)), ", "))
	}
	phrases := []string{
		"{bench}", "{program} bench -o json --baseline",
		"{stores}", "--engine postgres://postgres@/engine?host={socket} --ledger postgres://postgres@/postgres?host={socket}",
	}
	for name, value := range tier {
		phrases = append(phrases, "{"+name+"}", value)
	}
	var all []step
	for _, s := range campaigns {
		if _, err := programOfPostgres("initdb"); s.postgres && err != nil {
			s.lacks = err.Error()
		}
		s.words = strings.Fields(strings.NewReplacer(phrases...).Replace(s.run))
		s.fill("{program}", filepath.Join(o.work(), "portsaga"), "{fleet}", o.fleet(), "{figures}", o.figures(s.name), "{seed}", strconv.FormatUint(o.seed, 10))
		all = append(all, s)
	}
	return all, nil
}

// fill puts values into words: a directory may have a space in its name.
func (s *step) fill(values ...string) {
	for i, word := range s.words {
		s.words[i] = strings.NewReplacer(values...).Replace(word)
	}
}

// work is the directory of the program, and of the ports that stand open in benches: gigabytes, which do not outlive a run.
func (o options) work() string { return filepath.Join(o.out, "work") }

func (o options) fleet() string { return filepath.Join(o.work(), "fleet") }

// choose picks the steps to run: those that are asked for by name, or else those without a record. The program is built where one
// of them needs it.
func choose(all []step, only string, there map[string]record) ([]step, error) {
	wanted := func(s step) bool { _, is := there[s.name]; return !is }
	if only != "" {
		names := strings.Split(only, ",")
		for _, name := range names {
			if !slices.ContainsFunc(all, func(s step) bool { return s.called(name) }) {
				return nil, fmt.Errorf("there is no step %q", name)
			}
		}
		wanted = func(s step) bool { return slices.ContainsFunc(names, s.called) }
	}
	var chosen []step
	for _, s := range all[1:] {
		if wanted(s) && s.lacks == "" {
			chosen = append(chosen, s)
		}
	}
	if slices.ContainsFunc(chosen, func(s step) bool { return s.called("bench") }) {
		chosen = slices.Insert(chosen, 0, all[0])
	}
	return chosen, nil
}

// called reports whether a name means this step: its own, or how it begins.
func (s step) called(name string) bool { return s.name == name || strings.HasPrefix(s.name, name+"-") }

// split tells what a step adds to the environment from its program and the arguments.
func (s step) split() (env, command []string) {
	begins := slices.IndexFunc(s.words, func(word string) bool { return !strings.Contains(word, "=") })
	return s.words[:begins], s.words[begins:]
}
