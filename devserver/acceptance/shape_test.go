package acceptance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shape sees that a JSON value is of a kind.
type shape func(t *testing.T, path string, value any)

func text(t *testing.T, path string, value any) {
	t.Helper()
	require.IsType(t, "", value, path)
}

func said(t *testing.T, path string, value any) {
	t.Helper()
	text(t, path, value)
	require.NotEmpty(t, value, path)
}

func maskedNumber(t *testing.T, path string, value any) {
	t.Helper()
	text(t, path, value)
	require.Regexp(t, `^\+1…\d{4}$`, value, path)
}

// instant is RFC 3339 with its offset.
func instant(t *testing.T, path string, value any) {
	t.Helper()
	text(t, path, value)
	_, err := time.Parse(time.RFC3339, value.(string))
	require.NoError(t, err, path)
}

func orNull(s shape) shape {
	return func(t *testing.T, path string, value any) {
		t.Helper()
		if value != nil {
			s(t, path, value)
		}
	}
}

func oneOf(words ...any) shape {
	return func(t *testing.T, path string, value any) {
		t.Helper()
		require.Contains(t, words, value, path)
	}
}

// object has at least these fields.
func object(fields map[string]shape) shape {
	return func(t *testing.T, path string, value any) {
		t.Helper()
		require.IsType(t, map[string]any{}, value, path)
		for name, s := range fields {
			require.Contains(t, value, name, path)
			s(t, path+"."+name, value.(map[string]any)[name])
		}
	}
}

// list has at least one item.
func list(item shape) shape {
	return func(t *testing.T, path string, value any) {
		t.Helper()
		require.IsType(t, []any{}, value, path)
		require.NotEmpty(t, value, path)
		for _, v := range value.([]any) {
			item(t, path+"[]", v)
		}
	}
}

// portShape is what everybody may build on: what `port show -o json` and `demo -o json` have at least.
var portShape = object(map[string]shape{
	"id":           said,
	"direction":    oneOf("port-in"),
	"stage":        oneOf("received", "screening", "verifying", "submitting", "submitted", "exception", "confirmed", "activating", "active", "completed", "rolling-back"),
	"outcome":      oneOf("", "completed", "revoked", "reversed", "disputed", "rejected", "expired", "cancelled"),
	"jurisdiction": text,
	"carrier":      text,
	"waiting_on":   oneOf("nobody", "approver", "carrier", "customer", "date", "operator"),
	"due_at":       orNull(instant),
	"foc_at":       orNull(instant),
	"risk":         oneOf("low", "medium", "high"),
	"numbers":      list(object(map[string]shape{"number": maskedNumber, "status": oneOf("pending", "moved", "not-moved", "moved-back"), "reason": text})),
	"timeline":     list(object(map[string]shape{"at": instant, "stage": said, "event": said, "actor": said})),
})

// requireShape reads the one JSON value of a text and holds it against a shape.
func requireShape(t *testing.T, s shape, printed string) {
	t.Helper()
	var value any
	read(t, printed, &value)
	s(t, "$", value)
}
