package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// changedMark is on a commit whose tree has changes that were not committed.
const changedMark = "+changes"

// commitOf is the commit that is checked out, with a mark where the tree has changes.
func commitOf(ctx context.Context, root string) (string, error) {
	git := func(args ...string) (string, error) {
		said, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output() //nolint:gosec // what it is asked stands below
		return strings.TrimSpace(string(said)), err
	}
	commit, err := git("rev-parse", "HEAD")
	if err != nil {
		return "", fmt.Errorf("ask git for the commit: %w", err)
	}
	changed, err := git("status", "--porcelain")
	if err != nil {
		return "", fmt.Errorf("ask git what was changed: %w", err)
	}
	if changed != "" {
		commit += changedMark
	}
	return commit, nil
}

// short is a commit as people write it.
func short(commit string) string {
	name, mark, changed := strings.Cut(commit, "+")
	name = name[:min(len(name), 10)]
	if changed {
		name += " with " + mark + " that were not committed"
	}
	return name
}
