// Command mutants asks whether the tests would notice a bug: gremlins changes one operator of the code at a time and runs the
// tests of its room. A mutant that lives is a line that may say something else without a test turning red. The score of a room
// is the share of those that were killed among those that its tests reach.
//
//	go -C tools run ./mutants                      every room
//	go -C tools run ./mutants -only transitions    one room, in minutes
//	go -C tools run ./mutants -only rules -file clock.go
//	go -C tools run ./mutants -o FILE              the scores as JSON too
//
// Mutants that live are named as they are found. No file of the tree is changed: the work is done in copies.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

// options are what the command was asked for.
type options struct {
	root    string
	out     string
	only    string
	file    string
	workers int
}

func main() {
	if filepath.Base(os.Args[0]) == "go" {
		os.Exit(standIn(os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be undone
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	var o options
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.StringVar(&o.root, "root", "..", "root of the repository")
	flags.StringVar(&o.out, "o", "", "file for the scores as JSON")
	flags.StringVar(&o.only, "only", "", "look at this room only")
	flags.StringVar(&o.file, "file", "", "change this file of the room only, while you write its tests")
	flags.IntVar(&o.workers, "workers", 1, "how many mutants are tried at once; each one takes its own copy of the repository")
	if err := flags.Parse(args); err != nil {
		return err
	}
	scores, err := o.scores(ctx, progress)
	if err != nil {
		return err
	}
	if err := printTable(out, scores); err != nil {
		return err
	}
	if err := o.write(scores); err != nil {
		return err
	}
	if low := scores.below(); len(low) > 0 {
		return errors.New("below the score that is asked: " + strings.Join(low, ", "))
	}
	return nil
}

// scores tries the mutants of every room that was asked for.
func (o options) scores(ctx context.Context, progress io.Writer) (report, error) {
	lab, err := newLab(ctx, o.root)
	if err != nil {
		return report{}, err
	}
	defer lab.close()
	var scores report
	for _, r := range rooms {
		if o.only != "" && o.only != r.name {
			continue
		}
		if o.file != "" {
			r.files = []string{o.file}
		}
		fmt.Fprintf(progress, "%s: ./%s\n", r.name, r.dir)
		s, err := lab.try(ctx, r, o.workers, progress)
		if err != nil {
			return report{}, fmt.Errorf("%s: %w", r.name, err)
		}
		scores.add(s)
	}
	if len(scores.Rooms) == 0 {
		return report{}, errors.New("there is no room " + o.only)
	}
	return scores, nil
}

func (o options) write(scores report) error {
	if o.out == "" {
		return nil
	}
	text, err := json.MarshalIndent(scores, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.out, append(text, '\n'), 0o600)
}
