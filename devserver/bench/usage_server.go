package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What a PostgreSQL server of this machine has used, where the system keeps /proc: a parent process, and a child for each connection.

// process is what the system says of one.
type process struct {
	name   string
	parent int
	own    time.Duration // of the processors
	ended  time.Duration // of its children that have ended
}

// tick is the unit of times in /proc, the same on all that Go runs on.
const tick = time.Second / 100

func lookAt(pid int) (p process, found bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, false
	}
	name, rest, found := strings.Cut(string(stat), ") ") // PID (NAME) STATE PARENT ...
	fields := strings.Fields(rest)
	if !found || len(fields) < 15 {
		return p, false
	}
	number := func(i int) time.Duration {
		n, _ := strconv.ParseInt(fields[i], 10, 64)
		return time.Duration(n)
	}
	_, p.name, _ = strings.Cut(name, "(")
	p.parent, p.own, p.ended = int(number(1)), (number(11)+number(12))*tick, (number(13)+number(14))*tick
	return p, true
}

// serverOf is the server that has a process of this machine answer a connection; zero where it is none of this machine.
func serverOf(pid int) int {
	const name = "postgres"
	if p, found := lookAt(pid); found && p.name == name {
		if server, found := lookAt(p.parent); found && server.name == name {
			return p.parent
		}
	}
	return 0
}

// familyTime is what a process and its children have had of the processors, those that have ended included.
func familyTime(pid int) time.Duration {
	server, _ := lookAt(pid)
	total := server.own + server.ended
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		other, _ := strconv.Atoi(filepath.Base(dir))
		if p, found := lookAt(other); found && p.parent == pid {
			total += p.own
		}
	}
	return total
}
