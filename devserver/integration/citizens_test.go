package integration

import (
	"context"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/stretchr/testify/require"
)

// citizen is a user of the town, a process or a person. Where the tests run as root each has a user ID of its own, so that
// the system itself keeps what is in its home from everybody else.
type citizen struct {
	town     *town
	name     string
	uid      int
	home     string
	settings []string // the environment: nothing is inherited but the path
}

// firstUID is beyond those that systems give to people and services.
const firstUID = 61_000

// settle gives the town a new citizen.
func (w *town) settle(name string) *citizen {
	w.t.Helper()
	c := &citizen{town: w, name: name, uid: os.Getuid(), home: filepath.Join(w.dir, name)}
	if os.Getuid() == 0 {
		w.citizens++
		c.uid = firstUID + w.citizens
	}
	c.movesIn()
	return c
}

// isKnown gives the citizen the ID of one of the system's own users. Temporal's server asks for its user's name, and does
// not start for one that has none.
func (c *citizen) isKnown(as string) *citizen {
	c.town.t.Helper()
	if os.Getuid() != 0 {
		return c
	}
	known, err := user.Lookup(as)
	require.NoError(c.town.t, err)
	c.uid, err = strconv.Atoi(known.Uid)
	require.NoError(c.town.t, err)
	c.owns(c.home)
	return c
}

func (c *citizen) movesIn() {
	c.town.t.Helper()
	require.NoError(c.town.t, os.Mkdir(c.home, 0o700))
	c.owns(c.home)
	c.settings = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.home, "TMPDIR=" + c.home, "PORTSAGA_DIR=" + c.path(".portsaga")}
}

func (c *citizen) owns(path string) {
	c.town.t.Helper()
	require.NoError(c.town.t, os.Chown(path, c.uid, -1))
}

func (c *citizen) path(name string) string { return filepath.Join(c.home, name) }

// is adds to the citizen's environment.
func (c *citizen) is(settings ...string) *citizen {
	c.settings = append(c.settings, settings...)
	return c
}

// keeps writes a file that the citizen alone can read, and returns its path.
func (c *citizen) keeps(name string, text []byte) string {
	c.town.t.Helper()
	require.NoError(c.town.t, os.WriteFile(c.path(name), text, 0o400))
	c.owns(c.path(name))
	return c.path(name)
}

// reads returns what is in a file of the citizen's home.
func (c *citizen) reads(name string) []byte {
	c.town.t.Helper()
	text, err := os.ReadFile(c.path(name))
	require.NoError(c.town.t, err)
	return text
}

// command is a program that the citizen runs.
func (c *citizen) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = c.home, c.settings
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: c.town.guardian}
	if os.Getuid() == 0 {
		id := uint32(c.uid)
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: id, Gid: id, NoSetGroups: false}
	}
	return cmd
}

// canRead reports whether the system lets the citizen read a file.
func (c *citizen) canRead(file string) bool {
	return c.command(c.town.t.Context(), "cat", file).Run() == nil
}

func (c *citizen) identity() string {
	if os.Getuid() == 0 {
		return strconv.Itoa(c.uid)
	}
	return "ours"
}
