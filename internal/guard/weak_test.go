package guard

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

const exampleNumber = porting.Number("+12125550123")

func weakness(pin string) error {
	number := Subject{Subject: ledger.Subject{Masked: exampleNumber.String()}, number: exampleNumber}
	return refuseWeak(porting.Secret(pin), number, DefaultPolicy())
}

func TestWeakPINs(t *testing.T) {
	t.Parallel()
	for pin, why := range map[string]string{
		"000000":       "repeats",
		"121212":       "repeats",
		"123123":       "repeats",
		"797979797":    "repeats",
		"338838":       "repeats",
		"123456":       "sequence",
		"987654":       "sequence",
		"890123":       "sequence",
		"975319":       "sequence",
		"112233":       "sequence",
		"111222333":    "sequence",
		"147258":       "keys",
		"159753":       "keys",
		"963852":       "keys",
		"311299":       "date",
		"123199":       "date",
		"991231":       "date",
		"24121987":     "date",
		"19871224":     "date",
		"201945":       "year",
		"771964":       "year",
		"1200574":      "year",
		"5550123":      "part of the number",
		"125550":       "part of the number",
		"321055":       "part of the number",
		"955501231":    "part of the number",
		"12125550123":  "part of the number",
		"830472550123": "part of the number",
	} {
		t.Run(pin, func(t *testing.T) {
			t.Parallel()
			err := weakness(pin)
			require.Equal(t, "pin-weak", porting.CodeOf(err))
			require.Equal(t, 3, porting.ExitCode(err))
			require.ErrorContains(t, err, why)
			require.NotContains(t, err.Error(), pin)
		})
	}
}

func TestMalformedPINs(t *testing.T) {
	t.Parallel()
	for _, pin := range []string{"", "83047", "8304728304728304", "83o472", "83047 ", "+830472", "８３０４７２", "-83047"} {
		err := weakness(pin)
		require.Equal(t, "pin-malformed", porting.CodeOf(err), pin)
		require.Equal(t, 2, porting.ExitCode(err))
	}
}

// Most PINs of chance are good: people are not to be sent round in circles.
func TestGoodPINs(t *testing.T) {
	t.Parallel()
	for _, pin := range []string{"830472", "618259", "40719362", "905263817426"} {
		require.NoError(t, weakness(pin), pin)
	}
	const tries = 10_000
	chance := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range tries {
		if weakness(fmt.Sprintf("%06d", chance.IntN(1_000_000))) != nil {
			refused++
		}
	}
	require.Less(t, refused, tries/5)
	t.Logf("%d of %d PINs of chance are refused", refused, tries)
}

// Whatever is typed, the answer is yes or a known no, and says nothing of what was typed.
func FuzzWeakPIN(f *testing.F) {
	for _, pin := range []string{"830472", "123456", "19871224", "", "\x00\xff", "5550123", "０１２３４５"} {
		f.Add(pin)
	}
	f.Fuzz(func(t *testing.T, pin string) {
		err := weakness(pin)
		if err == nil {
			require.Regexp(t, `^[0-9]{6,15}$`, pin)
			return
		}
		require.Contains(t, []string{"pin-weak", "pin-malformed"}, porting.CodeOf(err))
		if len(pin) > len("0123") && strings.Trim(pin, "0123456789") == "" { // longer than what masked numbers show
			require.NotContains(t, err.Error(), pin)
		}
	})
}
