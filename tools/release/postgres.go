package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// programOfPostgres finds a program of the PostgreSQL that is on this machine.
func programOfPostgres(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", errors.New("there is no PostgreSQL on this machine")
	}
	slices.Sort(found)
	return found[len(found)-1], nil
}

// withPostgres lends a server with the settings that it comes with, on a socket in a directory of its own; it is gone afterwards,
// with all that is in it.
func withPostgres(ctx context.Context, use func(socket string) error) (err error) {
	dir, err := os.MkdirTemp("", "report-") // the path of a socket has a hundred characters at most
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	data := filepath.Join(dir, "data")
	if err := postgres(ctx, dir, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"); err != nil {
		return err
	}
	settings := "-c listen_addresses='' -c max_connections=300 -c unix_socket_directories=" + dir
	if err := postgres(ctx, dir, "pg_ctl", "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", settings, "start"); err != nil {
		return err
	}
	defer func() { // also when the run was stopped
		err = errors.Join(err, postgres(context.WithoutCancel(ctx), dir, "pg_ctl", "-D", data, "-w", "-m", "fast", "stop"))
	}()
	return use(dir)
}

// postgres runs one of its programs. It refuses to be root, and has a user of its own where it is installed.
func postgres(ctx context.Context, dir, name string, args ...string) error {
	path, err := programOfPostgres(name)
	if err != nil {
		return err
	}
	command := append([]string{path}, args...)
	if os.Getuid() == 0 {
		if err := exec.CommandContext(ctx, "chown", "postgres", dir).Run(); err != nil { //nolint:gosec // a directory that was just made
			return fmt.Errorf("give %s to the user postgres: %w", dir, err)
		}
		command = append([]string{"runuser", "-u", "postgres", "--"}, command...)
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // a program of PostgreSQL
	cmd.Dir = dir
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
