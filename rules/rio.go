package rules

import (
	"strings"

	"github.com/portsaga/portsaga/porting"
)

const checksumRIO = "rio"

// rioAlphabet gives each character its value. The last one, +, is a real value: about one key in twelve holds it.
const rioAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+"

const (
	rioKey    = 3 // characters of the key, at the end
	rioLength = 2 + 1 + 6 + rioKey
	frCode    = "+33"
)

// rioBelongs reports whether a RIO of the right shape carries the key of the number: French inter-operator algorithm 1.1,
// over operator, quality, reference and the number in its national form.
func rioBelongs(rio string, n porting.Number) bool {
	national, ok := strings.CutPrefix(n.E164(), frCode)
	if !ok || len(rio) != rioLength {
		return false
	}
	body, key := rio[:rioLength-rioKey], rio[rioLength-rioKey:]
	return rioKeyOf(body+"0"+national) == key
}

// rioKeyOf is three sums over the values of s: plain, doubling and quadrupling, each modulo 37.
func rioKeyOf(s string) string {
	const modulus = len(rioAlphabet)
	var a, b, c int
	for _, r := range s {
		value := strings.IndexRune(rioAlphabet, r)
		a = (a + value) % modulus
		b = (2*b + value) % modulus
		c = (4*c + value) % modulus
	}
	return string([]byte{rioAlphabet[a], rioAlphabet[b], rioAlphabet[c]})
}
