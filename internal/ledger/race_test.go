package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// envRounds is how often each race is run; campaigns set it to 10000.
const envRounds = "PORTSAGA_TEST_RACES"

func rounds(t *testing.T) int {
	const normal = 200
	value := os.Getenv(envRounds)
	if value == "" {
		return normal
	}
	n, err := strconv.Atoi(value)
	require.NoError(t, err, envRounds)
	return n
}

// race starts every runner at the same moment and waits for all.
func race(runners ...func()) {
	var done sync.WaitGroup
	start := make(chan struct{})
	for _, run := range runners {
		done.Go(func() {
			<-start
			run()
		})
	}
	close(start)
	done.Wait()
}

// Two handles stand for two processes: nothing in memory joins them.
func twoHandles(t *testing.T, dsn newDSN) [2]*ledger.Ledger {
	where := dsn(t)
	return [2]*ledger.Ledger{open(t, where), open(t, where)}
}

// In every other round a quarantine comes and goes between the two.
func testRaceRevokeActivate(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) {
		before := state(t, handles[0]).Changes
		port := fmt.Sprintf("pi-%d", round)
		claim(t, handles[0], port, port)

		var began, revoked [2]error
		var fences [2]ledger.Fence
		activate := func(i int) func() {
			return func() {
				_, began[i] = handles[i].BeginActivation(t.Context(), port, 1, fmt.Sprint("key-", i), noon)
			}
		}
		revoke := func(i int) func() {
			return func() {
				fences[i], revoked[i] = handles[i].CloseFence(t.Context(), port, "ben@care", porting.AuthorizationRevoked, noon)
			}
		}
		runners := []func(){activate(0), revoke(1), activate(1), revoke(0)}
		var interrupted error
		if round%2 == 1 {
			runners = append(runners, func() { interrupted = comeAndGo(t.Context(), handles[round/2%2]) })
		}
		race(runners...)

		require.NoError(t, interrupted)
		winners := 0
		for i := range handles {
			require.NoError(t, revoked[i])
			if began[i] == nil {
				winners++
			} else {
				require.Equal(t, porting.Refused, porting.KindOf(began[i]))
			}
		}
		require.Equal(t, fences[0].State, fences[1].State, "both revocations get one answer")
		if fences[0].State == ledger.FenceClosed {
			require.Zero(t, winners, "an acknowledged revocation holds")
			_, err := handles[0].BeginActivation(t.Context(), port, 2, "late", noon)
			requireCode(t, err, porting.Refused, "fence-closed")
		} else {
			require.Equal(t, 1, winners)
		}
		const claimAndRevocations, quarantineAndLift = 3, 2
		want := before + claimAndRevocations + int64(winners) + int64(round%2*quarantineAndLift)
		require.Equal(t, want, state(t, handles[1]).Changes, "no change goes uncounted")
	}
}

// comeAndGo raises a quarantine and lifts it. The count of changes must only rise meanwhile.
func comeAndGo(ctx context.Context, l *ledger.Ledger) error {
	var seen [3]ledger.State
	for i, step := range []func() error{
		func() error { return nil },
		func() error { return l.Quarantine(ctx, "restored", noon) },
		func() error { return l.LiftQuarantine(ctx, "cho@ops", noon) },
	} {
		err := step()
		if err == nil {
			seen[i], err = l.State(ctx)
		}
		if err != nil {
			return err
		}
	}
	if seen[0].Changes >= seen[1].Changes || seen[1].Changes >= seen[2].Changes {
		return fmt.Errorf("the count of changes does not rise: %v", seen)
	}
	return nil
}

// One gate begins and ends activations. Once a quarantine is acknowledged, it begins no other one.
func testRaceQuarantineActivate(t *testing.T, dsn newDSN) {
	const tries = 3
	handles := twoHandles(t, dsn)
	for round := range rounds(t) {
		port := fmt.Sprintf("pi-%d", round)
		claim(t, handles[0], port, port)

		var stopped, quarantined error
		var acknowledged ledger.Fence
		race(
			func() {
				for try := 0; try < tries && stopped == nil; try++ {
					key := fmt.Sprint("key-", try)
					if _, stopped = handles[0].BeginActivation(t.Context(), port, 1, key, noon); stopped == nil {
						stopped = handles[0].EndActivation(t.Context(), port, key, false, noon)
					}
				}
			},
			func() {
				quarantined = handles[1].Quarantine(t.Context(), "restored", noon)
				if quarantined == nil {
					acknowledged, quarantined = handles[1].Fence(t.Context(), port)
				}
			},
		)

		require.NoError(t, quarantined)
		if stopped != nil {
			requireCode(t, stopped, porting.Refused, "ledger-quarantined")
		}
		require.Equal(t, acknowledged.ActivationKey, fence(t, handles[0], port).ActivationKey)
		require.Equal(t, ledger.FenceClosed, revoke(t, handles[1], port).State, "a revocation works in quarantine")
		lift(t, handles[1])
		_, err := handles[0].BeginActivation(t.Context(), port, 1, "late", noon)
		requireCode(t, err, porting.Refused, "fence-closed")
	}
}

func testRaceSubmissions(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) {
		port := fmt.Sprintf("pi-%d", round)
		claim(t, handles[0], port, port)

		var recorded [2]error
		record := func(i int) func() {
			return func() {
				_, recorded[i] = handles[i].RecordSubmission(t.Context(), submissionOf(port, 1, fmt.Sprint("sha256:", i)))
			}
		}
		race(record(0), record(1))

		winner := slices.Index(recorded[:], nil)
		require.GreaterOrEqual(t, winner, 0, "one order is recorded: %v", recorded)
		requireCode(t, recorded[1-winner], porting.Refused, "submission-differs")
		last, err := handles[0].LastSubmission(t.Context(), port)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint("sha256:", winner), last.OrderDigest)
	}
}

func testRaceRevokeEnd(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) {
		port := fmt.Sprintf("pi-%d", round)
		claim(t, handles[0], port, port)
		begin(t, handles[0], port, "key")

		var ended, revoked error
		race(
			func() { ended = handles[0].EndActivation(t.Context(), port, "key", false, noon) },
			func() {
				_, revoked = handles[1].CloseFence(t.Context(), port, "ben@care", porting.AuthorizationRevoked, noon)
			},
		)

		require.NoError(t, ended)
		require.NoError(t, revoked)
		require.Equal(t, ledger.FenceClosed, fence(t, handles[0], port).State, "the revocation is not lost between the two")
	}
}

func testRaceClaims(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) {
		shared := []string{fmt.Sprint(round, "-a"), fmt.Sprint(round, "-b"), fmt.Sprint(round, "-c")}
		var refused [4]error
		var runners []func()
		for i := range refused {
			own := append(slices.Clone(shared), fmt.Sprintf("%d-own-%d", round, i))
			if i%2 == 1 {
				slices.Reverse(own)
			}
			runners = append(runners, func() {
				_, refused[i] = handles[i%2].Claim(t.Context(), portIn(fmt.Sprintf("pi-%d-%d", round, i), own...))
			})
		}
		race(runners...)

		winner := slices.Index(refused[:], nil)
		require.GreaterOrEqual(t, winner, 0, "one claim wins: %v", refused)
		for i, err := range refused {
			if i == winner {
				continue
			}
			requireCode(t, err, porting.Refused, "number-in-open-port")
			var held *ledger.HeldError
			require.ErrorAs(t, err, &held)
			require.Equal(t, fmt.Sprintf("pi-%d-%d", round, winner), held.Holder)
		}
	}
}

func testRaceClaimRelease(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) {
		number, old, next := fmt.Sprint(round), fmt.Sprintf("pi-old-%d", round), fmt.Sprintf("pi-new-%d", round)
		claim(t, handles[0], old, number)

		var released, claimed error
		race(
			func() { released = handles[0].Release(t.Context(), old, porting.OutcomeExpired, noon) },
			func() { _, claimed = handles[1].Claim(t.Context(), portIn(next, number)) },
		)

		require.NoError(t, released)
		if claimed != nil {
			requireCode(t, claimed, porting.Refused, "number-in-open-port")
			claim(t, handles[1], next, number)
		}
	}
}

func testRaceMigrate(t *testing.T, dsn newDSN) {
	where := dsn(t)
	for range 10 {
		open(t, where)
		execute(t, where, `DROP TABLE secrets`, `DROP TABLE requests`, `DROP TABLE submissions`, `DROP TABLE ledger_state`, `DROP TABLE port_numbers`, `DROP TABLE ports`,
			`DELETE FROM ledger_version WHERE version_id > 0`)
		var failed [4]error
		var runners []func()
		for i := range failed {
			runners = append(runners, func() {
				l, err := ledger.Open(t.Context(), where)
				if err == nil {
					err = l.Close()
				}
				failed[i] = err
			})
		}
		race(runners...)
		require.Equal(t, [4]error{}, failed)
	}
}

const (
	envChild     = "PORTSAGA_TEST_LEDGER_CHILD"
	envChildName = "PORTSAGA_TEST_LEDGER_CHILD_NAME"
	childNumbers = 40
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(envChild); dsn != "" {
		if err := child(dsn, os.Getenv(envChildName)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child waits until its input ends, opens the ledger and prints each number that it won.
func child(dsn, name string) error {
	if _, err := io.ReadAll(os.Stdin); err != nil {
		return err
	}
	ctx := context.Background()
	l, err := ledger.Open(ctx, dsn)
	if err != nil {
		return err
	}
	for i := range childNumbers {
		number := strconv.Itoa(i)
		_, err := l.Claim(ctx, portIn(name+"-"+number, number))
		switch {
		case err == nil:
			fmt.Println(number)
		case porting.CodeOf(err) != "number-in-open-port":
			return err
		}
	}
	return l.Close()
}

// Processes that meet on an empty database migrate it once, and share the numbers without giving one away twice.
func testRaceProcesses(t *testing.T, dsn newDSN) {
	where := dsn(t)
	var children []*exec.Cmd
	var outputs []*strings.Builder
	var inputs []io.Closer
	for i := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), envChild+"="+where, fmt.Sprintf("%s=child-%d", envChildName, i))
		output := &strings.Builder{}
		cmd.Stdout, cmd.Stderr = output, os.Stderr
		input, err := cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		children, outputs, inputs = append(children, cmd), append(outputs, output), append(inputs, input)
	}
	for _, input := range inputs {
		require.NoError(t, input.Close())
	}
	var won []string
	for i, cmd := range children {
		require.NoError(t, cmd.Wait())
		lines := bufio.NewScanner(strings.NewReader(outputs[i].String()))
		for lines.Scan() {
			won = append(won, lines.Text())
		}
	}
	slices.Sort(won)
	require.Len(t, slices.Compact(slices.Clone(won)), childNumbers, "every number is won")
	require.Len(t, won, childNumbers, "and none twice")
}
