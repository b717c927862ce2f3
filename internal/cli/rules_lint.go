package cli

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// packReport is what is wrong with the rule packs of a directory.
type packReport struct {
	Dir      string          `json:"dir"` // empty: the embedded packs alone
	Valid    bool            `json:"valid"`
	Findings []rules.Finding `json:"findings"`
}

func newRulesLint(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "lint [DIR]",
		Short: "List every fault in rule packs, with file and line",
		Long: "Check the packs of a directory, read on top of the embedded ones: PORTSAGA_RULES_DIR where none is named, and the embedded\n" +
			"packs alone where that is not set either. A pack with an error is not loaded, and the exit code is 2.",
		Example: "  portsaga rules lint\n  portsaga rules lint ./packs\n  portsaga rules lint ./packs -o json | jq '.findings[].message'",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := f.packDir(args)
			if err != nil {
				return err
			}
			return f.lintPacks(dir)
		},
	}
}

// packDir is the directory that the user means, "" for the embedded packs.
func (f *Factory) packDir(args []string) (string, error) {
	cfg, err := f.Config()
	if err != nil {
		return "", err
	}
	dir := cfg.RulesDir
	if len(args) > 0 {
		dir = args[0]
	}
	if dir == "" {
		return "", nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", &porting.Error{
			Kind: porting.Invalid, Code: "directory-unreadable", Op: "lint", Object: dir, Detail: "this is no directory",
			Next: "name the directory that holds the packs",
		}
	}
	return dir, nil
}

func (f *Factory) lintPacks(dir string) error {
	findings, err := rules.Lint(dir)
	if err != nil {
		return err
	}
	report := packReport{Dir: dir, Findings: append([]rules.Finding{}, findings...)}
	report.Valid = !slices.ContainsFunc(findings, func(found rules.Finding) bool { return found.Severity == rules.SeverityError })
	if err := f.Print(report, func(w io.Writer) { f.writeFindings(w, report) }); err != nil || report.Valid {
		return err
	}
	return answered(porting.Invalid)
}

func (f *Factory) writeFindings(w io.Writer, r packReport) {
	for _, found := range r.Findings {
		style := warning
		if found.Severity == rules.SeverityError {
			style = bad
		}
		fmt.Fprintln(w, f.style(style, found.String()))
	}
	if r.Valid {
		fmt.Fprintln(w, "the packs can be used")
	}
}
