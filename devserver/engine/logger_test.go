package engine

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/log/tag"
)

const (
	quietLines = "level=ERROR msg=\"disk full\" service=history\n"
	allLines   = "level=WARN msg=\"no config\" service=history\n" + quietLines
)

func TestServerIsQuietUnlessAsked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		verbose, running bool
		want             string
	}{
		"starting or stopping":          {false, false, ""},
		"running":                       {false, true, quietLines},
		"verbose, starting or stopping": {true, false, allLines},
		"verbose, running":              {true, true, allLines},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines bytes.Buffer
			l := newServerLogger(slog.New(plainHandler(&lines)), test.verbose)
			l.running.Store(test.running)

			history := l.With(tag.Service("history"))
			history.Warn("no config")
			history.Error("disk full")
			require.Equal(t, test.want, lines.String())
		})
	}
}

func TestFatalDoesNotReturn(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	l := newServerLogger(slog.New(plainHandler(&lines)), false)
	require.PanicsWithValue(t, "no listener", func() { l.Fatal("no listener", tag.Service("frontend")) })
	require.Contains(t, lines.String(), "service=frontend")
}

// plainHandler leaves the time out.
func plainHandler(lines *bytes.Buffer) slog.Handler {
	return slog.NewTextHandler(lines, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
}
