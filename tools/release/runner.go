package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// patience ends a step that hangs.
const patience = 3 * time.Hour

// runner runs steps, one after the other: each has the machine to itself.
type runner struct {
	options

	commit   string
	out      io.Writer
	farewell time.Duration // in which a step that is told to stop may stop what it started
}

// run runs a step and writes its record. A step that fails has one as well; its error is that of a run that cannot go on.
func (r runner) run(ctx context.Context, s step, place string) (record, error) {
	done := r.tell(place + " " + s.name)
	defer done()
	made := record{
		Step: s.name, Commit: r.commit, Tier: r.tier, Seed: r.seed, Command: s.words, Began: time.Now().UTC(), Load: [2]string{load(), ""},
		Log: filepath.Join(r.options.out, s.name+".log"),
	}
	_ = os.Remove(r.figures(s.name)) // of another run
	figures, err := r.withServer(ctx, s, made.Log)
	if ctx.Err() != nil {
		return made, fmt.Errorf("%s was stopped; -keep goes on from here", s.name)
	}
	after, gitErr := commitOf(ctx, r.root)
	if gitErr == nil && after != r.commit {
		gitErr = errors.New("the source was changed while it ran")
	}
	err = errors.Join(err, gitErr)
	made.Seconds, made.Load[1], made.Figures = time.Since(made.Began).Seconds(), load(), figures
	if err != nil {
		made.Failed, made.Said = strings.ReplaceAll(err.Error(), "\n", "; "), tail(made.Log)
	}
	return made, r.save(made)
}

// figures is the file that {figures} stands for.
func (o options) figures(step string) string { return filepath.Join(o.out, step+".figures") }

// withServer starts a PostgreSQL for a step that asks for one.
func (r runner) withServer(ctx context.Context, s step, log string) (figures json.RawMessage, err error) {
	if !slices.ContainsFunc(s.words, func(word string) bool { return strings.Contains(word, "{socket}") }) {
		return r.execute(ctx, s, log)
	}
	s.words = slices.Clone(s.words)
	err = withPostgres(ctx, func(socket string) (err error) {
		s.fill("{socket}", socket)
		figures, err = r.execute(ctx, s, log)
		return err
	})
	return figures, err
}

// execute runs the command, writes what it says to the log, and returns its figures: also those of a command that fails, because
// a campaign that finds something fails.
func (r runner) execute(ctx context.Context, s step, logFile string) (json.RawMessage, error) {
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	env, command := s.split()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // a command of the table
	// Built the way images are, if nobody says otherwise: what is measured is what is released, and the embedded server is compiled
	// once for every step.
	cmd.Dir, cmd.Env = filepath.Join(r.root, s.dir), slices.Concat([]string{"CGO_ENABLED=0", "GOFLAGS=-trimpath"}, os.Environ(), env)
	cmd.WaitDelay = r.farewell
	defer together(cmd)()

	var printed bytes.Buffer
	tests := newListener(log)
	cmd.Stdout, cmd.Stderr = log, log
	switch s.leaves {
	case fromOutput:
		cmd.Stdout = io.MultiWriter(&printed, log)
	case fromTests:
		cmd.Stdout = tests
	case noFigures, fromFile:
	}
	failed := cmd.Run()

	text := printed.Bytes()
	switch s.leaves {
	case noFigures:
		return nil, failed
	case fromFile:
		text, _ = os.ReadFile(r.figures(s.name)) // none is told below
		_ = os.Remove(r.figures(s.name))         // the record has them
	case fromTests:
		text, _ = json.Marshal(tests.heard) // names and texts
	case fromOutput:
	}
	var figures json.RawMessage
	if json.NewDecoder(bytes.NewReader(text)).Decode(&figures) != nil { // an error may follow them
		return nil, errors.Join(failed, errors.New("it left no figures"))
	}
	return figures, failed
}

// tail is the end of a log.
func tail(file string) string {
	const lines = 5
	all := strings.Split(strings.TrimSpace(contentOf(file)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
