package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

var update = flag.Bool("update", false, "write the golden files anew")

var now = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

// fakePorts answers as it is told, and keeps what it was asked.
type fakePorts struct {
	mu          sync.Mutex // a watched port is asked and waited for at once
	order       porting.Order
	ifNotExists bool
	id          string
	message     any
	filter      starter.Filter

	answer   porting.Answer
	statuses []porting.Status // one after the other; the last one stays
	ended    chan ending      // nil: the last status is the end
	summary  []starter.Summary
	err      error

	fakeBulks
	fakePortOuts
}

func (p *fakePorts) Start(_ context.Context, order porting.Order) (porting.Answer, error) {
	p.order = order
	return p.answer, p.err
}

func (p *fakePorts) StartIfNotExists(_ context.Context, order porting.Order) (porting.Answer, error) {
	p.order, p.ifNotExists = order, true
	return p.answer, p.err
}

func (p *fakePorts) receive(id string, message any) (porting.Answer, error) {
	p.id, p.message = id, message
	return p.answer, p.err
}

func (p *fakePorts) CarrierEvent(_ context.Context, id string, m porting.CarrierEvent) error {
	_, err := p.receive(id, m)
	return err
}

func (p *fakePorts) Decide(_ context.Context, id string, m porting.Decide) (porting.Answer, error) {
	return p.receive(id, m)
}

func (p *fakePorts) Revoke(_ context.Context, id string, m porting.Revoke) (porting.Answer, error) {
	return p.receive(id, m)
}

func (p *fakePorts) Amend(_ context.Context, id string, m porting.Amend) (porting.Answer, error) {
	return p.receive(id, m)
}

func (p *fakePorts) Note(_ context.Context, id string, m porting.Note) (porting.Answer, error) {
	return p.receive(id, m)
}

func (p *fakePorts) Status(_ context.Context, id string) (porting.Status, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.id = id
	if len(p.statuses) == 0 {
		return porting.Status{}, p.err
	}
	status := p.statuses[0]
	if len(p.statuses) > 1 {
		p.statuses = p.statuses[1:]
	}
	return status, p.err
}

func (p *fakePorts) Wait(ctx context.Context, id string) (porting.Status, error) {
	if p.ended == nil {
		return p.Status(ctx, id)
	}
	select {
	case end := <-p.ended:
		return end.status, end.err
	case <-ctx.Done():
		return porting.Status{}, ctx.Err()
	}
}

func (p *fakePorts) List(_ context.Context, f starter.Filter) ([]starter.Summary, error) {
	p.filter = f
	return p.summary, p.err
}

// session runs command lines against fakes. Nothing in it reaches a server.
type session struct {
	factory *Factory
	ports   *fakePorts
	secrets *fakeSecrets
	config  config.Config
	out     bytes.Buffer
	err     bytes.Buffer
}

type fakeSecrets struct {
	port string
	code porting.Secret
}

func (s *fakeSecrets) PutSecret(_ context.Context, port string, code porting.Secret) (string, error) {
	s.port, s.code = port, code
	return "sec-1", nil
}

func (s *fakeSecrets) DropSecret(context.Context, string) error { return nil }

func newSession(t *testing.T) *session {
	t.Helper()
	dir := t.TempDir()
	s := &session{ports: &fakePorts{}, secrets: &fakeSecrets{}, config: config.Config{
		Dir: dir, TaskQueue: "portsaga",
		Ledger: filepath.Join(dir, "ledger.db"), Keys: filepath.Join(dir, "ledger.db"), TenantKeys: filepath.Join(dir, "tenant-keys"),
		KeyFile: filepath.Join(dir, "key"), Carrier: "simulator", LogLevel: "info", LogFormat: "text",
	}}
	f := NewFactory(Streams{In: strings.NewReader(""), Out: &s.out, Err: &s.err})
	f.Now = func() time.Time { return now }
	f.User = func() string { return "ana" }
	f.Build = func() (*debug.BuildInfo, bool) {
		return &debug.BuildInfo{
			GoVersion: "go1.26", Main: debug.Module{Version: "v1.2.3"}, Deps: []*debug.Module{{Path: "go.temporal.io/sdk", Version: "v1.50.0"}},
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}},
		}, true
	}
	f.Config = func() (config.Config, error) { return s.config, nil }
	f.Connect = func(context.Context) (config.Connection, error) {
		return config.Connection{Options: client.Options{HostPort: "127.0.0.1:0", Namespace: "portsaga"}}, nil
	}
	f.Dial = func(context.Context) (client.Client, error) { return nil, errors.New("a test dialled") }
	f.Ports = func(context.Context) (Ports, error) { return s.ports, nil }
	f.Secrets = func(context.Context) (starter.SecretStore, error) { return s.secrets, nil }
	s.factory = f
	return s
}

// run runs one command line, written as in a shell without quotes, and returns its exit code.
func (s *session) run(t *testing.T, line string, more ...string) int {
	t.Helper()
	s.out.Reset()
	s.err.Reset()
	s.factory.Format = Text
	return run(t.Context(), s.factory, append(strings.Fields(line), more...), nil)
}

// golden holds text against a file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text, "go test ./internal/cli -update writes %s anew", file)
}

func TestExitCodesFollowTheKindOfError(t *testing.T) {
	t.Parallel()
	for kind, code := range map[porting.Kind]int{porting.Failed: 1, porting.Invalid: 2, porting.Refused: 3, porting.NotFound: 4, porting.Unauthorised: 5} {
		s := newSession(t)
		s.ports.err = &porting.Error{Kind: kind, Code: "c", Op: "show port", Object: "pi-1", Detail: "no", Next: "go on"}

		require.Equal(t, code, s.run(t, "portsaga port show pi-1"))
		require.Equal(t, "error: show port pi-1: no; go on\n", s.err.String())
		require.Empty(t, s.out.String())

		require.Equal(t, code, s.run(t, "portsaga port show pi-1 -o json"))
		require.JSONEq(t, `{"error":{"kind":"`+string(kind)+`","code":"c","operation":"show port","object":"pi-1","detail":"no","next":"go on"}}`, s.err.String())
		require.Empty(t, s.out.String(), "stdout holds answers only")
	}
}

func TestAnErrorOfSomebodyElse(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.err = errors.New("the disk is full")
	require.Equal(t, 1, s.run(t, "portsaga port show pi-1 -o json"))
	require.JSONEq(t, `{"error":{"kind":"failed","code":"failed","operation":"portsaga port show","detail":"the disk is full"}}`, s.err.String())
}

func TestJoinedErrorsAreALineEach(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	first := &porting.Error{Kind: porting.Invalid, Code: "config-invalid", Op: "read environment", Object: "A", Detail: "no"}
	second := &porting.Error{Kind: porting.Invalid, Code: "config-invalid", Op: "read environment", Object: "B", Detail: "no"}
	s.factory.Config = func() (config.Config, error) { return config.Config{}, errors.Join(first, second) }

	require.Equal(t, 2, s.run(t, "portsaga worker"))
	require.Equal(t, "error: read environment A: no\nerror: read environment B: no\n", s.err.String())

	require.Equal(t, 2, s.run(t, "portsaga worker -o json"))
	var told struct{ Error errorReport }
	require.NoError(t, json.Unmarshal(s.err.Bytes(), &told))
	require.Equal(t, "A", told.Error.Object)
	require.Len(t, told.Error.Others, 1)
	require.Equal(t, "B", told.Error.Others[0].Object)
}

func TestAnInterruptIsSaidInAWord(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.ended = make(chan ending)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, 1, run(ctx, s.factory, []string{"portsaga", "port", "watch", "pi-1"}, nil))
	require.Equal(t, "error: portsaga port watch: interrupted\n", s.err.String())
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"portsaga prot":                                                     `there is no command "prot"; did you mean port?`,
		"portsaga port shwo":                                                `there is no command "shwo"; did you mean show?`,
		"portsaga port xyzzy":                                               `there is no command "xyzzy"; see portsaga port --help`,
		"portsaga --bogus":                                                  "unknown flag: --bogus; see portsaga --help",
		"portsaga version -o xml":                                           `"xml" is not text or json`,
		"portsaga version x":                                                "see portsaga version --help",
		"portsaga port show":                                                "which port? name it by its ID",
		"portsaga port note pi-1":                                           "which port, and what shall be noted?",
		"portsaga port in start":                                            "which order? name its file with -f",
		"portsaga port watch pi-1 --interval 0s":                            "--interval is longer than nothing",
		"portsaga port list --limit 0":                                      "--limit is at least 1",
		"portsaga port amend pi-1":                                          "say what to correct",
		"portsaga port amend pi-1 --due-date tomorrow":                      "--due-date is not a day like 2026-12-31",
		"portsaga port amend pi-1 --btn 12125550123":                        "a number is written as + country code and digits",
		"portsaga port revoke pi-1 --reason BECAUSE":                        "there is no reason BECAUSE",
		"portsaga bulk start":                                               "which numbers? name their file with -f",
		"portsaga bulk start -f numbers.csv":                                "which order? name its file with --order",
		"portsaga bulk start -f - --order -":                                "only one of the two files can be stdin",
		"portsaga bulk show":                                                "which bulk order? name it by its ID",
		"portsaga bulk watch bo-1 --interval 0s":                            "--interval is longer than nothing",
		"portsaga bulk decide bo-1":                                         "say either --approve or --reject",
		"portsaga bulk revoke bo-1 --reason BECAUSE":                        "there is no reason BECAUSE",
		"portsaga port list --csv -o json":                                  "say either --csv or -o json",
		"portsaga decide pi-1":                                              "say either --approve or --reject",
		"portsaga decide pi-1 --approve --reject":                           "say either --approve or --reject",
		"portsaga decide pi-1 --approve --reason PIN_MISMATCH":              "--reason goes with --reject",
		"portsaga decide pi-1 --reject --reason NO":                         "there is no reason NO",
		"portsaga demo --scenario happy":                                    "this is the lean build; use the all-in-one: go -C devserver run ./cmd/portsaga demo",
		"portsaga dev":                                                      "this is the lean build; use the all-in-one: go -C devserver run ./cmd/portsaga dev",
		"portsaga port in start -f missing.yaml":                            "read missing.yaml: no such file or directory",
		"portsaga rules deadlines --received 2026-11-20T10:00":              "which pack? name it with --pack",
		"portsaga rules deadlines --pack gb-mobile":                         "when did the request come?",
		"portsaga rules deadlines --pack gb-mobile --received x":            "--received is no time",
		"portsaga rules cancel --pack us-wireless --at 2026-01-01":          "--at needs an offset, because the pack has several zones",
		"portsaga rules compensation --pack nl":                             "how late is the port?",
		"portsaga rules refusal --pack nl":                                  "which reason?",
		"portsaga rules refusal --pack nl --reason PIN_MISMATCH --party me": "say donor or recipient",
		"portsaga rules check --pack nl":                                    "which code?",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			require.Equal(t, 2, s.run(t, line))
			require.Contains(t, s.err.String(), says)
			require.Equal(t, 1, strings.Count(s.err.String(), "\n"), "an error is one line")
			require.Empty(t, s.out.String())
		})
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	root := program(newSession(t).factory, "portsaga", nil)
	forEach(root, func(c *cobra.Command) {
		if c.Hidden && c.Name() != "simulator" || c.Name() == "help" || c.Name() == "completion" {
			return
		}
		require.NotEmpty(t, c.Short, c.CommandPath())
		require.NotEmpty(t, c.Long, c.CommandPath())
		require.NotEmpty(t, c.Example, c.CommandPath())
		c.LocalFlags().VisitAll(func(flag *pflag.Flag) { require.NotEmpty(t, flag.Usage, "%s --%s", c.CommandPath(), flag.Name) })
		for line := range strings.Lines(c.Long) {
			require.LessOrEqual(t, len([]rune(line)), 132, "%s: %s", c.CommandPath(), line)
		}
	})
}

func TestExtraCommandsTakeTheirPlace(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	extra := func(*Factory) *cobra.Command {
		return &cobra.Command{Use: "demo", Run: func(cmd *cobra.Command, _ []string) { cmd.Println("the whole demo") }}
	}
	require.Equal(t, 0, run(t.Context(), s.factory, []string{"portsaga", "demo"}, []func(*Factory) *cobra.Command{extra}))
	require.Equal(t, "the whole demo\n", s.out.String())
}

func TestTheTemporalCLIRunsThePortCommand(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"temporal-port", "/usr/local/bin/temporal-port", "temporal-port.exe"} {
		s := newSession(t)
		s.ports.statuses = []porting.Status{{ID: "pi-1", Stage: porting.Verifying}}
		require.Equal(t, 0, s.run(t, name+" show pi-1 -o json"))
		require.Contains(t, s.out.String(), `"stage": "verifying"`)

		require.Equal(t, 0, s.run(t, name+" --help"))
		require.Contains(t, s.out.String(), "temporal port [command]")
		require.Equal(t, 2, s.run(t, name+" shwo"))
		require.Equal(t, "error: temporal port: there is no command \"shwo\"; did you mean show?\n", s.err.String())
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga version"))
	require.Equal(t, "portsaga v1.2.3\nrevision            abc (modified)\ngo                  go1.26\ngo.temporal.io/sdk  v1.50.0\n", s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga version -o json"))
	require.JSONEq(t, `{"version":"v1.2.3","revision":"abc","modified":true,"go":"go1.26","modules":{"go.temporal.io/sdk":"v1.50.0"}}`, s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga --version"))
	require.Equal(t, "portsaga v1.2.3\n", s.out.String())

	s.factory.Build = func() (*debug.BuildInfo, bool) { return nil, false }
	require.Equal(t, 0, s.run(t, "portsaga version"))
	require.Equal(t, "portsaga (unknown)\n", s.out.String())
}

func TestEnvironment(t *testing.T) {
	s := newSession(t)
	t.Setenv("PORTSAGA_LEDGER", "postgres://ana:hunter2@db/portsaga")
	require.Equal(t, 0, s.run(t, "portsaga environment -o json"))
	var all []variable
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &all))
	require.Len(t, all, len(Variables()))
	for _, v := range all {
		if v.Name == "PORTSAGA_LEDGER" {
			require.True(t, v.Set)
		}
	}
	require.Equal(t, 0, s.run(t, "portsaga env"))
	require.Regexp(t, `PORTSAGA_LEDGER +yes `, s.out.String())
	require.NotContains(t, s.out.String(), "hunter2")
}

func TestCompletionKnowsPacksAndReasons(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga __complete rules show gb"))
	require.Contains(t, s.out.String(), "gb-mobile\n")
	require.Equal(t, 0, s.run(t, "portsaga __complete decide pi-1 --reject --reason SUSP"))
	require.Contains(t, s.out.String(), "SUSPECTED_FRAUD\n")
	require.Equal(t, 0, s.run(t, "portsaga __complete port list --stage", ""))
	require.Contains(t, s.out.String(), "rolling-back\n")
	require.Equal(t, 0, s.run(t, "portsaga completion bash"))
	require.Contains(t, s.out.String(), "portsaga")
}
