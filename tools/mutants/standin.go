package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/tools/cover"
)

// realGo names the go command to the program that stands in for it.
const realGo = "MUTANTS_GO"

// noMutant is what gremlins takes to mean that a mutant does not compile.
const noMutant = 2

// standIn is the go command that gremlins finds, and mends two things about its tests. A mutant that does not compile fails as
// one does that a test noticed, and would count as killed. And a coverage profile knows nothing of the conditions of a switch,
// so that gremlins would not try them.
func standIn(args []string) int {
	told, err := exec.Command(os.Getenv(realGo), args...).CombinedOutput() //nolint:gosec // the path comes from our own parent
	if at := slices.Index(args, "-coverprofile"); at >= 0 && err == nil {
		err = addConditions(args[at+1])
	}
	_, _ = os.Stdout.Write(told)
	switch {
	case err == nil:
		return 0
	case bytes.Contains(told, []byte("[build failed]")):
		return noMutant
	default:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
}

// addConditions adds to a profile of the module here the conditions of every switch without a tag that was reached.
func addConditions(profile string) error {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	files, err := cover.ParseProfiles(profile)
	if err != nil {
		return err
	}
	var added strings.Builder
	for _, file := range files {
		path := strings.TrimPrefix(file.FileName, modfile.ModulePath(text)+"/")
		conditions, err := conditionsIn(filepath.FromSlash(path), file.Blocks)
		if err != nil {
			return err
		}
		for _, c := range conditions {
			fmt.Fprintf(&added, "%s:%d.%d,%d.%d 1 1\n", file.FileName, c.from.Line, c.from.Column, c.to.Line, c.to.Column)
		}
	}
	out, err := os.OpenFile(profile, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = out.WriteString(added.String())
	return errors.Join(err, out.Close())
}

// condition is where one stands.
type condition struct{ from, to token.Position }

func conditionsIn(path string, blocks []cover.ProfileBlock) ([]condition, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []condition
	ast.Inspect(file, func(n ast.Node) bool {
		s, is := n.(*ast.SwitchStmt)
		if !is || s.Tag != nil || !reached(set.Position(s.Pos()), blocks) {
			return true
		}
		for _, clause := range s.Body.List {
			for _, c := range clause.(*ast.CaseClause).List {
				found = append(found, condition{set.Position(c.Pos()), set.Position(c.End())})
			}
		}
		return true
	})
	return found, nil
}

func reached(at token.Position, blocks []cover.ProfileBlock) bool {
	return slices.ContainsFunc(blocks, func(b cover.ProfileBlock) bool {
		after := at.Line > b.StartLine || at.Line == b.StartLine && at.Column >= b.StartCol
		before := at.Line < b.EndLine || at.Line == b.EndLine && at.Column < b.EndCol
		return b.Count > 0 && after && before
	})
}
