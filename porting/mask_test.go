package porting_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

const (
	number = porting.Number("+12025550123")
	secret = porting.Secret("hunter2-4711")
)

func TestParseNumber(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"+12025550123", "+4915112345678", "+12345", "+123456789012345"} {
		n, err := porting.ParseNumber(good)
		require.NoError(t, err, good)
		require.Equal(t, good, n.E164())
	}
	for _, bad := range []string{
		"", "+", "12025550123", "+02025550123", "+1 202 555 0123", "+1234", "+1234567890123456", "tel:+12025550123",
		"+12025550123\n", "+1202555O123", "+１２０２５５５０１２３",
	} {
		_, err := porting.ParseNumber(bad)
		require.Equal(t, "number-not-e164", porting.CodeOf(err), "%q", bad)
		require.Equal(t, 2, porting.ExitCode(err))
		if len(bad) > 8 {
			require.NotContains(t, err.Error(), strings.TrimSpace(bad))
		}
	}
}

// printed is a value however it is printed: alone, in a struct, behind a pointer, in a list, as a key, in an error, in a log line.
func printed(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	held := struct {
		Name  string
		Value any
	}{"held", v}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X"} {
		for _, shown := range []any{v, &v, held, &held, []any{v}, map[any]string{v: "key"}} {
			fmt.Fprintf(&out, verb+"\n", shown)
		}
	}
	fmt.Fprintln(&out, v)
	fmt.Fprintln(&out, fmt.Errorf("about %v: %w", v, fmt.Errorf("%s", v)))
	slog.New(slog.NewTextHandler(&out, nil)).Info("text", "value", v, slog.Group("group", "value", v))
	slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "value", v, slog.Group("group", "value", v))
	return out.String()
}

func TestNumberIsMaskedWhereverItIsPrinted(t *testing.T) {
	t.Parallel()
	out := printed(t, number)
	require.Contains(t, out, "+1…0123")
	for _, hidden := range []string{"2025550123", "202555", fmt.Sprintf("%x", "202555")} {
		require.NotContains(t, strings.ToLower(out), hidden)
	}
	require.Equal(t, `"+1…0123"`, fmt.Sprintf("%#v", number))

	encoded, err := json.Marshal(number)
	require.NoError(t, err)
	require.JSONEq(t, `"+12025550123"`, string(encoded), "sagas and carriers need the digits")
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	out := printed(t, secret)
	require.Contains(t, out, "[secret]")
	for _, hidden := range []string{"hunter2", "4711", fmt.Sprintf("%x", "hunter2")} {
		require.NotContains(t, strings.ToLower(out), hidden)
	}
	require.Equal(t, "hunter2-4711", secret.Reveal())
	require.Empty(t, porting.Secret("").String())
}

func TestSecretRefusesToBeEncoded(t *testing.T) {
	t.Parallel()
	held := secret
	for _, v := range []any{
		secret, &held,
		[]porting.Secret{secret},
		map[string]porting.Secret{"pin": secret},
		struct{ Code porting.Secret }{secret},
	} {
		encoded, err := json.Marshal(v)
		require.Error(t, err)
		require.Equal(t, "secret-not-encodable", porting.CodeOf(err))
		require.NotContains(t, err.Error(), "hunter2")
		require.Empty(t, encoded)
	}
	encoded, err := json.Marshal(struct{ Code porting.Secret }{})
	require.NoError(t, err, "no secret, nothing to refuse")
	require.JSONEq(t, `{"Code":""}`, string(encoded))

	var read struct{ Code porting.Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"Code":"hunter2-4711"}`), &read))
	require.Equal(t, secret, read.Code)
}

// An order travels to the saga as JSON: its reference of the secret goes along, the secret does not.
func TestOrderLeavesItsSecretBehind(t *testing.T) {
	t.Parallel()
	order := input().Order
	order.Authorization = porting.Authorization{Kind: "transfer-pin", Code: secret, CodeRef: "vault:1"}
	encoded, err := json.Marshal(order)
	require.NoError(t, err)
	require.Contains(t, string(encoded), "vault:1")
	require.NotContains(t, string(encoded), "hunter2")
}

func TestMask(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "…", "1234": "…", "12345": "…2345", "+12345": "…2345", "+123456": "+1…3456", "4412-77": "…2-77", "ÄÖÜäöü": "…Üäöü",
	} {
		require.Equal(t, want, porting.Mask(in), "%q", in)
	}
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.String().Draw(t, "in")
		masked := porting.Mask(in)
		require.True(t, utf8.ValidString(masked), "%q", masked)
		require.LessOrEqual(t, utf8.RuneCountInString(masked), 7)
	})
}
