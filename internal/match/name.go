package match

import "strings"

// nameForms are legal forms as they are abbreviated.
var nameForms = map[string]string{"incorporated": "inc", "corporation": "corp", "company": "co", "limited": "ltd", "junior": "jr", "senior": "sr"}

// nameExtras are legal forms, titles and suffixes: one of two equal names may lack them.
var nameExtras = map[string]bool{
	"llc": true, "inc": true, "corp": true, "co": true, "ltd": true, "lp": true, "llp": true, "pc": true, "plc": true,
	"pllc": true, "gmbh": true, "mr": true, "mrs": true, "ms": true, "miss": true, "dr": true, "jr": true, "sr": true, "ii": true, "iii": true, "iv": true,
}

// names compares two names of persons or businesses. The order of their words makes no difference: bills put the family
// name first.
func (c *comparison) names(a, b string) {
	x, y := wordsOf(a, nameForms), wordsOf(b, nameForms)
	if len(x) == 0 || len(y) == 0 {
		return
	}
	onlyX, onlyY := apart(x, y)
	more := append(onlyX, onlyY...)
	switch shared := len(x) - len(onlyX); {
	case len(more) == 0:
	case sameLetters(x, y):
		c.add(FieldName, Near, "the words are divided in another way")
	case len(onlyX) == 1 && len(onlyY) == 1 && isInitial(onlyX[0], onlyY[0]):
		c.add(FieldName, Near, "an initial stands for a name")
	case len(onlyX) > 0 && len(onlyY) > 0:
		c.add(FieldName, Mismatch, "another name")
	case shared > 0 && all(more, isExtra):
		c.add(FieldName, Near, "only one of the two has a legal form, a title or an initial")
	case shared > 1:
		c.add(FieldName, Near, "only one of the two has a further name")
	default:
		c.add(FieldName, Mismatch, "another name")
	}
}

func isExtra(w string) bool { return nameExtras[w] || len([]rune(w)) == 1 }

// isInitial reports whether one of two words is the first letter of the other.
func isInitial(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len([]rune(a)) == 1 && strings.HasPrefix(b, a)
}
