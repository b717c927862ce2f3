package cli

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.temporal.io/sdk/client"
	"golang.org/x/crypto/ssh"
)

// dialled is the exit code of a program that went for a server. No script asks for it.
const dialled = 99

func TestMain(m *testing.M) {
	program := func() {
		f := NewFactory(SystemStreams())
		f.Dial = func(context.Context) (client.Client, error) {
			fmt.Fprintln(os.Stderr, "it dialled")
			os.Exit(dialled)
			return nil, nil
		}
		os.Exit(run(context.Background(), f, os.Args, nil))
	}
	testscript.Main(m, map[string]func(){"portsaga": program, "temporal-port": program})
}

// The scripts run the program as a user does, with files and exit codes, and no server anywhere.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("PORTSAGA_DIR", filepath.Join(e.WorkDir, "state"))
			e.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(e.WorkDir, "none.toml"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "fill": fill, "keygen": keygen},
	})
}

// exits runs a program and holds its exit code: exits CODE PROGRAM ARGS...
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// fill writes a file of so many bytes: fill FILE BYTES
func fill(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte("a: b\n"), size/5), 0o600))
}

// keygen writes key pairs as ssh-keygen does: keygen NAME...
func keygen(ts *testscript.TestScript, _ bool, names []string) {
	for _, name := range names {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		ts.Check(err)
		signer, err := ssh.NewSignerFromKey(private)
		ts.Check(err)
		block, err := ssh.MarshalPrivateKey(private, name)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name), pem.EncodeToMemory(block), 0o600))
		ts.Check(os.WriteFile(ts.MkAbs(name+".pub"), ssh.MarshalAuthorizedKey(signer.PublicKey()), 0o600))
	}
}
