package fraud_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
)

const letter = `Letter of Authorization. I, Jordan Example, of 22 Sample Street, hereby authorise Northwind Voice to move my telephone
number 202 555 0123 from my present provider, and to act for me in every step that this takes. This letter is good for thirty
days from the day on which I signed it, 3 November 2026. I know that leaving early may cost me a fee.`

var key = []byte("a key of thirty-two bytes, or so")

func likeness(t *testing.T, a, b string) float64 {
	t.Helper()
	s, ok := fraud.Similarity(fraud.FingerprintOf(key, a), fraud.FingerprintOf(key, b))
	require.True(t, ok)
	return s
}

func TestSimilarityOfLetters(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 1, likeness(t, letter, strings.ToUpper(strings.ReplaceAll(letter, " ", "\n  "))), 0, "writing makes no difference")
	otherNumber := strings.NewReplacer("202 555 0123", "202 555 0177", "3 November 2026", "14 November 2027", "22 ", "9 ").Replace(letter)
	require.InDelta(t, 1, likeness(t, letter, otherNumber), 0, "nor do numbers and dates")

	template := strings.NewReplacer("Jordan Example", "Robin Q Sample", "Sample Street", "Model Lane", "November", "March").Replace(letter)
	require.Greater(t, likeness(t, letter, template), 0.6)
	require.Less(t, likeness(t, letter, template), 0.95)

	other := `To whom it may concern: our company wishes to take its freephone numbers along when it changes its supplier next
quarter. Please release them on the date that the purchase order names, and send the final bill to our accounts department.`
	require.Less(t, likeness(t, letter, other), 0.15)
}

// Two empty texts are alike to a library; to us they say nothing.
func TestNothingIsLikeAnEmptyText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " . ", "I authorise it"} {
		f := fraud.FingerprintOf(key, text)
		require.Empty(t, f)
		_, ok := fraud.Similarity(f, f)
		require.False(t, ok)
		_, ok = fraud.Similarity(fraud.FingerprintOf(key, letter), f)
		require.False(t, ok)
	}
}

func TestAFingerprintGivesNothingAway(t *testing.T) {
	t.Parallel()
	f := fraud.FingerprintOf(key, letter)
	require.Regexp(t, `^[0-9A-Za-z_-]{128}$`, string(f))
	require.NotContains(t, strings.ToLower(string(f)), "jordan")
	require.Equal(t, f, fraud.FingerprintOf(key, letter))
	alike, ok := fraud.Similarity(f, fraud.FingerprintOf([]byte("another key"), letter))
	require.True(t, ok)
	require.Less(t, alike, 0.15, "without the key a guess cannot be tried")
}
