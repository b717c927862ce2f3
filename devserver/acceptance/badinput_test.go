package acceptance

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mistakes are orders that cannot be taken: each is a good order with one thing changed.
var mistakes = []struct {
	name     string
	old, new string // everything is new where old is empty
	says     string
}{
	{"an empty file", "", "", "the file is empty"},
	{"10 MB", "", strings.Repeat("# padding\n", 1<<20), "the file is larger than 1024 KiB"},
	{"bad YAML", "numbers: [", "numbers: [[", "the file is not YAML or JSON"},
	{"an unknown country", "country: US", "country: ZZ", "the country is unknown"},
	{"numbers that are 000", fiction(23), "000", "is not a valid telephone number"},
	{"a number twice", `"` + fiction(23) + `"`, `"` + fiction(23) + `", "` + fiction(23) + `"`, "is already listed at numbers[0]"},
	{"a date in the past", "submitted_by:", "wishes: {due_date: 2020-01-02}\nsubmitted_by:", "the date has passed"},
}

func TestBadOrdersStartNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.startDev(t)
	good := d.order(t, "GOOD-1", 23)
	order, err := os.ReadFile(good)
	require.NoError(t, err)

	for _, c := range mistakes {
		t.Run(c.name, func(t *testing.T) {
			text := c.new
			if c.old != "" {
				text = strings.ReplaceAll(string(order), c.old, c.new)
				require.NotEqual(t, string(order), text)
			}
			file := d.write(t, "bad.yaml", text)

			r := d.run(t, "port", "in", "start", "-f", file)
			require.Equal(t, 2, r.code)
			requireErrorLine(t, r)
			require.Contains(t, r.stderr, c.says)
			require.Less(t, len(r.stderr), 1000)

			r = d.run(t, "port", "in", "start", "-f", file, "-o", "json")
			require.Equal(t, 2, r.code)
			require.Empty(t, r.stdout)
			requireShape(t, object(map[string]shape{"error": object(map[string]shape{
				"kind": oneOf("invalid"), "code": oneOf("order-invalid"),
				"detail": said, "next": said, "problems": list(object(map[string]shape{"code": said, "message": said, "next": said})),
			})}), r.stderr)
		})
	}

	// The list lags behind, so a good order goes last: when that is listed, the others would be too.
	id := d.startPort(t, good)
	var listed []port
	await(t, every, "the good order is listed", func() bool {
		listed = ask[[]port](t, d, "port", "list")
		return len(listed) > 0
	})
	require.Len(t, listed, 1)
	require.Equal(t, id, listed[0].ID)
	require.Empty(t, d.effects(t), "the carrier heard nothing")
}
