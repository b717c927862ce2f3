package fraud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"unicode"

	"github.com/adrg/strutil"
	"github.com/adrg/strutil/metrics"
)

// Fingerprint of a document's text: two texts are as alike as the places in which their fingerprints agree (MinHash). It is
// keyed, so that nobody without the key can try names against it, and the text cannot be had back from it.
type Fingerprint string

const (
	fingerprintSize = 128 // places; the likeness is right within a few hundredths
	shingleWords    = 3
	shingleAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
)

// FingerprintOf makes the fingerprint of a text, "" where it has too few words to tell letters apart. Case, digits, signs and
// spacing make no difference, so that only another wording does.
func FingerprintOf(key []byte, text string) Fingerprint {
	words := plainWords(text)
	if len(words) < 2*shingleWords {
		return ""
	}
	var least [fingerprintSize]uint64
	for i := range least {
		least[i] = ^uint64(0)
	}
	for i := 0; i+shingleWords <= len(words); i++ {
		a, b := keyedHash(key, strings.Join(words[i:i+shingleWords], " "))
		for j := range least {
			least[j] = min(least[j], mix(a+uint64(j)*b))
		}
	}
	var out strings.Builder
	for _, value := range least {
		out.WriteByte(shingleAlphabet[value%uint64(len(shingleAlphabet))])
	}
	return Fingerprint(out.String())
}

// plainWords are the words of a text; every number is the same word, for dates and accounts differ in every letter.
func plainWords(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		if strings.IndexFunc(word, unicode.IsDigit) >= 0 {
			words[i] = "0"
		}
	}
	return words
}

// keyedHash makes two numbers of a text, the second one odd.
func keyedHash(key []byte, text string) (a, b uint64) {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	sum := mac.Sum(nil)
	return binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:]) | 1
}

// mix spreads a number over all bits (the finaliser of SplitMix64), so that every place has an order of its own.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Similarity is how alike two texts are, from 0 to 1. ok is false where one of them has no fingerprint: two empty texts are
// not alike, they say nothing.
func Similarity(a, b Fingerprint) (likeness float64, ok bool) {
	if len(a) != fingerprintSize || len(b) != fingerprintSize {
		return 0, false
	}
	return strutil.Similarity(string(a), string(b), metrics.NewHamming()), true
}
