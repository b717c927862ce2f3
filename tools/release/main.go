// Command release measures a commit and makes one page of it: every campaign is run, one after the other, and what each of them
// found stands beside what is asked.
//
//	go -C tools run ./release                        minutes: small rounds, three minutes of chaos
//	go -C tools run ./release -tier full             hours: everything
//	go -C tools run ./release -keep                  only what this commit has no figures of yet
//	go -C tools run ./release -keep -only chaos      the same page, with another campaign
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// options are what the command was asked for.
type options struct {
	root, out string
	page      string
	tier      string
	only      string
	keep      bool
	anyCommit bool
	seed      uint64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.StringVar(&o.root, "root", "..", "root of the repository")
	flags.StringVar(&o.out, "out", "", "directory of the page, the figures and the logs (dist/report below the root)")
	flags.StringVar(&o.page, "page", "", "write the page to this file, too; from the root")
	flags.StringVar(&o.tier, "tier", "short", "short takes minutes, full takes hours")
	flags.StringVar(&o.only, "only", "", "run these steps and no others: names or their beginnings, with commas")
	flags.BoolVar(&o.keep, "keep", false, "take the figures that are there of this commit and tier, and run what has none, or what -only names")
	flags.BoolVar(&o.anyCommit, "any-commit", false, "with -keep, take also the figures of other commits; the page says which")
	flags.Uint64Var(&o.seed, "seed", rand.Uint64N(1_000_000_000), "of the chaos campaigns")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.out == "" {
		o.out = filepath.Join(o.root, "dist", "report")
	}
	if o.page != "" && !filepath.IsAbs(o.page) {
		o.page = filepath.Join(o.root, o.page)
	}
	var err error
	if o.out, err = filepath.Abs(o.out); err != nil {
		return err
	}
	all, err := stepsOf(o)
	if err != nil {
		return err
	}
	return report(ctx, o, all, out)
}

// report runs what is to be run, writes the page, and says in its error what went wrong.
func report(ctx context.Context, o options, all []step, out io.Writer) error {
	commit, err := commitOf(ctx, o.root)
	if err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(o.work()), os.MkdirAll(o.fleet(), 0o750)); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(o.work()) }()
	found := results{Commit: commit, Tier: o.tier, Machine: machine(), Steps: all, Records: map[string]record{}, Refused: map[string]string{}}
	if o.keep {
		found.take(o)
	}
	todo, err := choose(all, o.only, found.Records)
	if err != nil {
		return err
	}
	r := runner{options: o, commit: commit, out: out, farewell: 30 * time.Second}
	for i, s := range todo {
		record, err := r.run(ctx, s, fmt.Sprintf("[%d/%d]", i+1, len(todo)))
		if err != nil {
			return err
		}
		found.Records[s.name] = record
		delete(found.Refused, s.name)
	}
	found.Date = time.Now().UTC()
	for _, file := range []string{filepath.Join(o.out, "report.md"), o.page} {
		if file == "" {
			continue
		}
		if err := os.WriteFile(file, []byte(found.page()), 0o644); err != nil { //nolint:gosec // everybody may read the page
			return err
		}
		fmt.Fprintln(out, file)
	}
	if wrong := found.wrong(); len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}
