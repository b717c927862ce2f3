package engine

import (
	"context"
	"log/slog"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLogger hands the server's log lines to slog: errors of a running engine, and everything if verbose. While a server
// starts and stops it reports the parts that are not there yet, or no more, as errors; Start and Stop return the real ones.
type serverLogger struct {
	target  *slog.Logger
	verbose bool
	running *atomic.Bool
}

var (
	_ log.Logger     = (*serverLogger)(nil)
	_ log.WithLogger = (*serverLogger)(nil)
)

func newServerLogger(target *slog.Logger, verbose bool) *serverLogger {
	return &serverLogger{target: target, verbose: verbose, running: new(atomic.Bool)}
}

func (l *serverLogger) With(tags ...tag.Tag) log.Logger {
	return &serverLogger{target: l.target.With(attributes(tags)...), verbose: l.verbose, running: l.running}
}

func (l *serverLogger) Debug(message string, tags ...tag.Tag) { l.log(slog.LevelDebug, message, tags) }

func (l *serverLogger) Info(message string, tags ...tag.Tag) { l.log(slog.LevelInfo, message, tags) }

func (l *serverLogger) Warn(message string, tags ...tag.Tag) { l.log(slog.LevelWarn, message, tags) }

func (l *serverLogger) Error(message string, tags ...tag.Tag) { l.log(slog.LevelError, message, tags) }

// DPanic only panics in the server's own development builds.
func (l *serverLogger) DPanic(message string, tags ...tag.Tag) { l.Error(message, tags...) }

func (l *serverLogger) Panic(message string, tags ...tag.Tag) {
	l.target.Error(message, attributes(tags)...) //nolint:sloglint // the message is the server's
	panic(message)
}

// Fatal must not return. It panics where the server would exit, so that deferred clean-up still runs.
func (l *serverLogger) Fatal(message string, tags ...tag.Tag) { l.Panic(message, tags...) }

func (l *serverLogger) log(level slog.Level, message string, tags []tag.Tag) {
	ctx := context.Background()
	wanted := l.verbose || (level >= slog.LevelError && l.running.Load())
	if wanted && l.target.Enabled(ctx, level) {
		l.target.Log(ctx, level, message, attributes(tags)...) //nolint:sloglint // the message is the server's
	}
}

func attributes(tags []tag.Tag) []any {
	attrs := make([]any, 0, len(tags))
	for _, t := range tags {
		attrs = append(attrs, slog.Any(t.Key(), t.Value()))
	}
	return attrs
}
