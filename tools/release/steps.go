package main

import (
	"fmt"
	"maps"
	"os/exec"
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
	run      string // NAME=value of its environment first; braces stand for what tiers and runs decide
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
	{name: "build", what: "the program", dir: "devserver", run: "go build -trimpath -o {program} ./cmd/portsaga"},
	{name: "bench-port-in", what: "port-in", run: "{program} bench -o json --baseline --kind port-in --rounds {rounds} --ports {ports} --in-progress 20", leaves: fromOutput},
	{name: "bench-port-out", what: "port-out", run: "{program} bench -o json --baseline --kind port-out --rounds {rounds} --ports {ports} --in-progress 20", leaves: fromOutput},
	{name: "bench-signed", what: "port-in, decisions signed", run: "{program} bench -o json --baseline --kind port-in --signed --rounds {rounds} --ports {ports} --in-progress 20", leaves: fromOutput},
	{name: "bench-bulk", what: "bulk", run: "{program} bench -o json --baseline --kind bulk --rounds {rounds} --ports {ports} --in-progress 20", leaves: fromOutput},
	{name: "bench-revoke", what: "revocations", run: "{program} bench -o json --baseline --kind revoke --rounds {rounds} --ports {ports} --in-progress 20", leaves: fromOutput},
	{name: "bench-idle", what: "idle", run: "{program} bench -o json --baseline --kind idle --rounds {rounds} --ports {ports} --in-progress 20", leaves: fromOutput},
	{
		name: "budgets", what: "budgets", dir: "devserver", leaves: fromTests,
		run: "go test -json -count=1 -timeout 30m -run ^(TestPortIn|TestPortOut|TestRoundTrips|Test.*Allocates)$ ./bench",
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
	"short": {"rounds": "2", "ports": "40", "chaos": "3m", "saboteurs": "some", "room": "transitions", "depth": "short"},
	"full":  {"rounds": "5", "ports": "200", "chaos": "20m", "saboteurs": "all", "room": "", "depth": "full"},
}

// stepsOf are the campaigns of a tier, with everything in braces filled in.
func stepsOf(o options) ([]step, error) {
	tier, known := tiers[o.tier]
	if !known {
		return nil, fmt.Errorf("there is no tier %q: choose one of %s", o.tier, strings.Join(slices.Sorted(maps.Keys(tiers)), ", "))
	}
	var all []step
	for _, s := range campaigns {
		if s.postgres && !o.postgres {
			s.lacks = "there is no PostgreSQL on this machine"
		}
		fill := []string{"{program}", filepath.Join(o.out, "portsaga"), "{figures}", o.figures(s.name), "{seed}", strconv.FormatUint(o.seed, 10)}
		for name, value := range tier {
			fill = append(fill, "{"+name+"}", value)
		}
		s.words = strings.Fields(s.run)
		for i, word := range s.words { // afterwards, because a directory may have a space in its name
			s.words[i] = strings.NewReplacer(fill...).Replace(word)
		}
		all = append(all, s)
	}
	return all, nil
}

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

// hasPostgres reports whether the programs of PostgreSQL are on this machine.
func hasPostgres() bool {
	if _, err := exec.LookPath("initdb"); err == nil {
		return true
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	return err == nil && len(found) > 0
}
