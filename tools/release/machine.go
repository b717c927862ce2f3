package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

const untold = "not told" // by this machine

// machine is what the figures were measured on.
func machine() string {
	system := runtime.GOOS
	for line := range strings.Lines(contentOf("/etc/os-release")) {
		if name, is := strings.CutPrefix(line, "PRETTY_NAME="); is {
			system = strings.Trim(name, "\"\n")
		}
	}
	memory := untold
	for line := range strings.Lines(contentOf("/proc/meminfo")) {
		if rest, is := strings.CutPrefix(line, "MemTotal:"); is {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			memory = fmt.Sprintf("%.0f GB", float64(kb)/(1<<20))
		}
	}
	return fmt.Sprintf("%d cores, memory %s, %s %s, %s", runtime.NumCPU(), memory, runtime.Version(), runtime.GOARCH, system)
}

// load is the load average of the last minute.
func load() string {
	fields := strings.Fields(contentOf("/proc/loadavg"))
	if len(fields) == 0 {
		return untold
	}
	return fields[0]
}

func contentOf(file string) string {
	text, _ := os.ReadFile(file) // a system without it tells nothing
	return string(text)
}
