package cli

import (
	"cmp"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version says what was built from what.
type version struct {
	Version  string            `json:"version"`
	Revision string            `json:"revision,omitempty"` // of the source
	Modified bool              `json:"modified,omitempty"` // the source differed from the revision
	Go       string            `json:"go,omitempty"`
	Modules  map[string]string `json:"modules,omitempty"` // those that decide how ports behave
}

// told are the modules whose versions a fault report needs.
var told = []string{
	"go.temporal.io/sdk", "go.temporal.io/server", "github.com/temporalio/ui-server/v2", "modernc.org/sqlite",
	"github.com/nyaruka/phonenumbers",
}

func versionOf(info *debug.BuildInfo, ok bool) version {
	if !ok {
		return version{Version: "(unknown)"}
	}
	v := version{Version: cmp.Or(info.Main.Version, "(devel)"), Go: info.GoVersion, Modules: map[string]string{}}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	linked := map[string]string{}
	for _, m := range info.Deps {
		linked[m.Path] = m.Version
	}
	for _, name := range told {
		if linked[name] != "" {
			v.Modules[name] = linked[name]
		}
	}
	return v
}

func (v version) String() string { return "portsaga " + v.Version }

func newVersion(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which build this is",
		Long:    "Print the version, the source revision, the Go release and the versions of the modules that decide how ports behave.",
		Example: "  portsaga version\n  portsaga version -o json",
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versionOf(f.Build())
			return f.Print(v, func(w io.Writer) { v.write(w) })
		},
	}
}

func (v version) write(w io.Writer) {
	fmt.Fprintln(w, v)
	revision := v.Revision
	if v.Modified {
		revision += " (modified)"
	}
	pairs := []string{"revision", revision, "go", v.Go}
	for _, name := range told {
		pairs = append(pairs, name, v.Modules[name])
	}
	fields(w, pairs...)
}
