package chaos

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/chaos/oracle"
	"github.com/portsaga/portsaga/porting"
)

// evidence is everything that the oracle is shown.
func (h *house) evidence(ctx context.Context, l *load, ports []oracle.Port) oracle.Record {
	h.Helper()
	effects := h.readEffects()
	r := oracle.Record{
		At: time.Now(), Patience: overdue, Ports: ports, Started: l.acked, Effects: effects, Calls: h.line.calls, Revocations: l.acknowledged(),
		Mails: h.mails.mails, Forged: h.post.forged,
	}
	h.readLedger(ctx, &r)
	r.Replays, r.Log, r.Canaries = h.replay(ctx), h.verifyLog(ctx), h.searchCanaries()
	return r
}

// overdue is how long after its time a clock may still be on its way.
const overdue = time.Minute

// readEffects reads the carrier's journal, each line of which was on the disk before the carrier answered.
func (h *house) readEffects() []oracle.Effect {
	h.Helper()
	file, err := os.Open(h.path("carrier.jsonl"))
	require.NoError(h, err)
	defer file.Close()
	var effects []oracle.Effect
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var l struct {
			At  time.Time
			Ref struct {
				Port    string
				Version int
			}
			Effect    string
			RequestID string `json:"request_id"`
			Numbers   []string
			PortOut   *struct{ ID string } `json:"port_out"`
		}
		require.NoError(h, json.Unmarshal(lines.Bytes(), &l))
		if l.PortOut != nil {
			l.Ref.Port = l.PortOut.ID
		}
		if !slices.Contains(aside, l.Effect) {
			effects = append(effects, oracle.Effect{At: l.At, Port: l.Ref.Port, Version: l.Ref.Version, Name: l.Effect, Key: l.RequestID, Numbers: l.Numbers})
		}
	}
	require.NoError(h, lines.Err())
	return effects
}

// aside are lines of the journal that are about no order's standing.
var aside = []string{"scenario-chosen", "webhook-delivered", "passed"}

// look reads where a port stands. Where its saga is gone, its rescue tells.
func (h *house) look(ctx context.Context, c choice) oracle.Port {
	p := oracle.Port{ID: c.ID, Direction: c.Direction}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	workflow := c.ID
	seen, err := h.raw.DescribeWorkflowExecution(ctx, workflow, "")
	if err != nil && !isGone(err) {
		p.Unread = err.Error()
		return p
	}
	state := seen.GetWorkflowExecutionInfo().GetStatus()
	if err != nil || state == enums.WORKFLOW_EXECUTION_STATUS_TERMINATED {
		workflow, p.Rescued = "rescue-"+c.ID, true
		seen, err = h.raw.DescribeWorkflowExecution(ctx, workflow, "")
		switch {
		case isGone(err):
			return h.orphan(ctx, p)
		case err != nil:
			p.Unread = err.Error()
			return p
		}
		state = seen.GetWorkflowExecutionInfo().GetStatus()
	}
	status, err := h.sagas.Status(ctx, workflow)
	if err != nil {
		p.Unread = fmt.Sprintf("%s, and it does not say how it stands: %v", state, err)
		return p
	}
	p.Stage, p.Outcome, p.WaitingOn, p.Attention = status.Stage, status.Outcome, status.WaitingOn, status.NeedsAttention
	p.Timeline, p.Undone, p.Open = status.Timeline, status.Undone, state == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	if status.DueAt != nil {
		p.DueAt = *status.DueAt
	}
	if p.Open {
		p.Timers, err = h.timers(ctx, workflow)
		p.Timers += len(seen.GetPendingActivities()) // the engine has a clock for each
	}
	if err != nil {
		p.Unread = err.Error()
	}
	return p
}

// orphan is a port that an operator took the saga of. Nobody need rescue it where it holds nothing.
func (h *house) orphan(ctx context.Context, p oracle.Port) oracle.Port {
	fence, err := h.books.Fence(ctx, p.ID)
	switch {
	case porting.KindOf(err) == porting.NotFound:
		p.Outcome, p.Unclaimed = porting.OutcomeCancelled, true
	case err != nil:
		p.Unread = err.Error()
	case fence.ClaimedAt.IsZero():
		p.Outcome, p.Unclaimed = porting.OutcomeRevoked, true
	case fence.ReleasedAt.IsZero():
		p.Unread = "its saga is gone, and nobody rescues it"
	default:
		p.Outcome = fence.Outcome
	}
	return p
}

// timers counts those that run in a history.
func (h *house) timers(ctx context.Context, workflow string) (int, error) {
	running := 0
	events := h.raw.GetWorkflowHistory(ctx, workflow, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return 0, err
		}
		switch event.GetEventType() {
		case enums.EVENT_TYPE_TIMER_STARTED:
			running++
		case enums.EVENT_TYPE_TIMER_FIRED, enums.EVENT_TYPE_TIMER_CANCELED:
			running--
		}
	}
	return running, nil
}

// lookPatiently reads where ports stand, and reads again what a busy machine did not tell.
func (h *house) lookPatiently(ctx context.Context, choices []choice) []oracle.Port {
	const often = 5
	ports := h.lookAll(ctx, choices)
	for range often {
		var again []choice
		var at []int
		for i, p := range ports {
			if p.Unread != "" {
				again, at = append(again, choices[i]), append(at, i)
			}
		}
		for i, p := range h.lookAll(ctx, again) {
			ports[at[i]] = p
		}
	}
	return ports
}

// lookAll reads where ports stand.
func (h *house) lookAll(ctx context.Context, choices []choice) []oracle.Port {
	ports := make([]oracle.Port, len(choices))
	var all errgroup.Group
	all.SetLimit(8)
	for i, c := range choices {
		all.Go(func() error {
			ports[i] = h.look(ctx, c)
			return nil
		})
	}
	_ = all.Wait() // what could not be read says so
	return ports
}

// readLedger reads what the ledger has of ports: their numbers, their secrets, the notices that must come first.
func (h *house) readLedger(ctx context.Context, r *oracle.Record) {
	h.Helper()
	driver, dsn := "sqlite", "file:"+h.path("ledger.db")+"?mode=ro&_pragma=busy_timeout(10000)"
	if h.database != nil {
		driver, dsn = "pgx", h.database.dsn(h.address("database"))
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(h, err)
	defer db.Close()
	held, secrets, ended, accepted := map[string]int{}, map[string]int{}, map[string]time.Time{}, acceptedAt(r.Ports)
	h.each(ctx, db, `SELECT n.token, n.port_id, COALESCE(p.claimed_at, 0), COALESCE(n.released_at, p.released_at, 0) FROM port_numbers n JOIN ports p ON p.port_id = n.port_id`,
		func(scan func(...any) error) error {
			var t oracle.Tenure
			var from, to int64
			err := scan(&t.Number, &t.Port, &from, &to)
			t.From = time.UnixMicro(from)
			if at := accepted[t.Port]; at.After(t.From) {
				t.From = at // the ledger has when the claim was asked for, which may have been tried for long
			}
			if to == 0 {
				held[t.Port]++
			} else {
				t.To = time.UnixMicro(to)
				ended[t.Port] = t.To
			}
			r.Tenures = append(r.Tenures, t)
			return err
		})
	h.each(ctx, db, `SELECT owner, count(*) FROM secrets GROUP BY owner`, func(scan func(...any) error) error {
		var owner string
		var n int
		err := scan(&owner, &n)
		secrets[owner] = n
		return err
	})
	h.each(ctx, db, `SELECT port_id, id FROM notices WHERE demand <> ''`, func(scan func(...any) error) error {
		var n oracle.Notice
		err := scan(&n.Port, &n.ID)
		r.Notices = append(r.Notices, n)
		return err
	})
	for i, p := range r.Ports {
		r.Ports[i].Holds, r.Ports[i].Secrets = held[p.ID], secrets[p.ID]
	}
	r.Tenures = append(r.Tenures, atCarrier(r.Effects, ended)...)
}

// acceptedAt is when ports had their numbers, as their sagas tell.
func acceptedAt(ports []oracle.Port) map[string]time.Time {
	at := map[string]time.Time{}
	for _, p := range ports {
		for _, e := range p.Timeline {
			if e.Event == porting.EventAccepted {
				at[p.ID] = e.At
			}
		}
	}
	return at
}

// atCarrier is the time in which a number was with the carrier in a port's name: from its order until the port had ended.
func atCarrier(effects []oracle.Effect, ended map[string]time.Time) []oracle.Tenure {
	var tenures []oracle.Tenure
	for _, e := range effects {
		for _, number := range e.Numbers {
			if e.Name == simulator.Submitted {
				tenures = append(tenures, oracle.Tenure{Number: number, Port: e.Port, From: e.At, To: ended[e.Port]})
			}
		}
	}
	return tenures
}

func (h *house) each(ctx context.Context, db *sql.DB, query string, read func(scan func(...any) error) error) {
	h.Helper()
	rows, err := db.QueryContext(ctx, query)
	require.NoError(h, err)
	defer rows.Close()
	for rows.Next() {
		require.NoError(h, read(rows.Scan))
	}
	require.NoError(h, rows.Err())
}

// replay has every history that the engine keeps replayed by the program that ran it.
func (h *house) replay(ctx context.Context) []oracle.Replay {
	out, err := h.tries(ctx, "replay", "--query", "ExecutionStatus = 'Running' OR ExecutionStatus != 'Running'", "-o", "json")
	var report struct {
		Results []struct{ ID, Error string }
	}
	if json.Unmarshal(out, &report) != nil || len(report.Results) == 0 {
		return []oracle.Replay{{ID: "all", Fault: fmt.Sprintf("nothing was replayed: %v", err)}}
	}
	var replays []oracle.Replay
	for _, r := range report.Results {
		replays = append(replays, oracle.Replay{ID: r.ID, Fault: r.Error})
	}
	return replays
}

// verifyLog holds the audit log against its checkpoints.
func (h *house) verifyLog(ctx context.Context) []string {
	out, err := h.tries(ctx, "audit", "verify", "-o", "json")
	var seen struct {
		Leaves   int64
		Findings []struct{ Code, Detail string }
	}
	if json.Unmarshal(out, &seen) != nil || seen.Leaves == 0 {
		return []string{fmt.Sprintf("the log was not verified: %v", err)}
	}
	var findings []string
	for _, f := range seen.Findings {
		findings = append(findings, f.Code+": "+f.Detail)
	}
	return findings
}

// searchCanaries looks for people in every file of the house but those of the carrier, who must know them.
func (h *house) searchCanaries() []string {
	h.Helper()
	var found []string
	roots := []string{h.dir}
	if h.database != nil {
		roots = append(roots, h.database.dir)
	}
	for _, root := range roots {
		require.NoError(h, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "bin" {
				return fs.SkipDir
			}
			if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "carrier.") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, canary := range canaries {
				if bytes.Contains(text, []byte(canary)) {
					found = append(found, fmt.Sprintf("%q in %s", canary, d.Name()))
				}
			}
			return err
		}))
	}
	return found
}

// unsettled are those that do not rest yet.
func unsettled(l *load, choices []choice, ports []oracle.Port) []choice {
	var left []choice
	for i, p := range ports {
		if !p.Rests() || l.asksStill(p) {
			left = append(left, choices[i])
		}
	}
	return left
}

// exists drops ports that were never acknowledged and of which the engine knows nothing.
func exists(l *load, choices []choice, ports []oracle.Port) []oracle.Port {
	var there []oracle.Port
	for i, p := range ports {
		if slices.Contains(l.acked, choices[i].ID) || p.Unread == "" {
			there = append(there, p)
		}
	}
	return there
}

// outcomes counts how ports ended, or where they rest.
func outcomes(ports []oracle.Port) map[string]int {
	counts := map[string]int{}
	for _, p := range ports {
		name := string(p.Outcome)
		if p.Outcome == "" {
			name = "open: " + string(p.Stage)
		}
		if p.Direction == porting.PortOut {
			name = "out, " + name
		}
		counts[name]++
	}
	return counts
}
