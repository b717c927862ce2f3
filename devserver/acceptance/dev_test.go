package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dev is a running `portsaga dev`, and what it printed about itself.
type dev struct {
	*process
	ui, temporal, carrier string
}

var (
	devUI       = regexp.MustCompile(`Web UI +(http://127\.0\.0\.1:\d+)\n`)
	devTemporal = regexp.MustCompile(`Temporal +(127\.0\.0\.1:\d+), namespace portsaga\n`)
	devCarrier  = regexp.MustCompile(`Carrier +simulated, \S+, at (http://127\.0\.0\.1:\d+)\n`)
	readyAfter  = regexp.MustCompile(`(?:ready|up) after [0-9.]+ s`)
)

// Servers start one after the other: many at once make each other slow, and may take each other's free ports between the
// choice of a port and its use. A restart goes before those in the queue, because clocks run.
var queue, starting sync.Mutex

// startServer runs a command that brings a server, until that is ready.
func (d desk) startServer(t *testing.T, args ...string) *process {
	t.Helper()
	queue.Lock()
	defer queue.Unlock()
	return d.startServerNow(t, args...)
}

func (d desk) startServerNow(t *testing.T, args ...string) *process {
	t.Helper()
	starting.Lock()
	defer starting.Unlock()
	d.keepClock(t)
	p := d.start(t, "", args...)
	await(t, often, args[0]+" is ready", func() bool {
		return readyAfter.MatchString(p.stdout.String()+p.stderr.String()) || p.isOver()
	})
	t.Log(args[0], readyAfter.FindString(p.stdout.String()+p.stderr.String()))
	return p
}

// startDev runs a dev on the desk's directory, on free ports.
func (d desk) startDev(t *testing.T, flags ...string) dev {
	t.Helper()
	return readDev(t, d.startServer(t, onFreePorts(flags)...))
}

// restartDev runs a dev where another one died.
func (d desk) restartDev(t *testing.T, flags ...string) dev {
	t.Helper()
	return readDev(t, d.startServerNow(t, onFreePorts(flags)...))
}

func onFreePorts(flags []string) []string {
	return append([]string{"dev", "--port", "0", "--ui-port", "0"}, flags...)
}

func readDev(t *testing.T, p *process) dev {
	t.Helper()
	p.says(t, "Try ")
	printed := p.stdout.String()
	return dev{p, find(t, devUI, printed), find(t, devTemporal, printed), find(t, devCarrier, printed)}
}

func find(t *testing.T, what *regexp.Regexp, text string) string {
	t.Helper()
	found := what.FindStringSubmatch(text)
	require.NotNil(t, found, "%s in %s", what, text)
	return found[1]
}

// longWeekend begins on the evening before Labor Day's weekend, in New York. A decision that is asked for in it may take
// until Wednesday morning: 110 hours.
var longWeekend = time.Date(2027, time.September, 3, 21, 5, 0, 0, time.UTC)

// keepClock gives the directory its clock before the first dev starts there. A dev lives by the clock of its directory.
func (d desk) keepClock(t *testing.T) {
	t.Helper()
	file := filepath.Join(d.dir(), "clock.json")
	if _, err := os.Stat(file); err == nil || d.scale == 0 {
		return
	}
	clock, err := json.Marshal(map[string]any{"scale": d.scale, "real_start": time.Now(), "business_start": d.begin})
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(d.dir(), 0o700))
	require.NoError(t, os.WriteFile(file, clock, 0o600))
}

// order writes an order for one number, and returns the file's name. The number is one of the hundred that are reserved
// for fiction.
func (d desk) order(t *testing.T, reference string, number int) string {
	t.Helper()
	return d.write(t, reference+".yaml", orderText(reference, number))
}

func orderText(reference string, number int) string {
	return fmt.Sprintf(`
reference: %s
kind: wireline
country: US
numbers: ["%s"]
donor: {name: Hudson Telephone, spid: "1234"}
recipient: {name: Acme Voice, spid: 567A}
subscriber:
  name: Jordan Example
  address: {street: 1 Example Plaza, city: New York, region: NY, postal_code: "10001", country: US}
  contact: {email: jordan@example.com}
account: {number: 4412-77}
authorization: {kind: loa, signed_at: 2026-01-12T09:30:00-05:00, signed_by: Jordan Example}
submitted_by: ana@desk
`, reference, fiction(number))
}

func fiction(number int) string { return fmt.Sprintf("+121255501%02d", number) }

func masked(number int) string { return fmt.Sprintf("+1…01%02d", number) }
