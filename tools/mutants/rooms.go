package main

// room is code that people's numbers depend on, with the tests that guard it.
type room struct {
	name  string
	dir   string   // from the root of the repository; its tests are those that are run
	files []string // that are changed; all of the directory's if there are none
	tests string   // pattern of the tests that are run; all if empty
	env   []string // for the tests
	least float64  // score in percent that is asked of it
}

var rooms = []room{
	{
		// What a message makes of a port, and the stage that an event leads to.
		name: "transitions", dir: "porting",
		files: []string{
			"transition.go", "portouttransition.go", "stage.go", "clock.go", "decision.go", "statement.go",
			"port.go", "portmessage.go", "portdecision.go",
		},
		least: 95,
	},
	{
		// What a pack answers: deadlines, codes, refusals, which pack binds.
		name: "rules", dir: "rules",
		files: []string{
			"book.go", "calendar.go", "cancel.go", "clock.go", "code.go", "compensation.go", "country.go", "date.go", "door.go", "due.go",
			"holidays.go", "hours.go", "opening.go", "pack.go", "papers.go", "refusal.go", "rio.go", "select.go", "simple.go", "zone.go",
		},
		least: 85,
	},
	{
		// How packs are read, and what is said of those that are wrong.
		name: "rule-files", dir: "rules", files: []string{"check.go", "lint.go", "load.go", "schema.go", "source.go", "taxonomy.go"}, least: 85,
	},
	{name: "approval", dir: "internal/approval", least: 95},
	{
		// The conditions in SQL are no operators of Go: saboteurs change those. PostgreSQL is left out, it would take too long.
		name: "fence", dir: "internal/ledger", files: []string{"fence.go", "claim.go", "pin_attempt.go"},
		tests: "^Test(Guard)?SQLite$", env: []string{"PORTSAGA_TEST_RACES=20"}, least: 88,
	},
}
