package guard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// refuseWeak refuses a PIN that somebody would guess early. Its errors say which rule, and nothing of the PIN. Codes of
// Refused: "pin-weak"; of Invalid: "pin-malformed".
func refuseWeak(pin porting.Secret, number Subject, p Policy) error {
	digits := plain(pin)
	if len(digits) < p.PIN.Min || len(digits) > p.PIN.Max || strings.Trim(digits, "0123456789") != "" {
		return &porting.Error{
			Kind: porting.Invalid, Code: "pin-malformed", Op: "set PIN", Object: number.Masked,
			Detail: fmt.Sprintf("a PIN is %d to %d digits", p.PIN.Min, p.PIN.Max),
		}
	}
	for _, weak := range weaknesses {
		if weak.in(digits, number.number.E164()) {
			return &porting.Error{
				Kind: porting.Refused, Code: "pin-weak", Op: "set PIN", Object: number.Masked,
				Detail: "it is easy to guess: " + weak.name, Next: "choose digits that mean nothing",
			}
		}
	}
	return nil
}

// weaknesses are what makes a PIN easy to guess, by its digits and those of its number.
var weaknesses = []struct {
	name string
	in   func(digits, number string) bool
}{
	{"it repeats itself", func(d, _ string) bool { return repeats(d) }},
	{"it is a sequence", func(d, _ string) bool { return sequence(d) || sequence(squeeze(d)) }},
	{"it follows the keys of a telephone", func(d, _ string) bool { return onKeypad(d) }},
	{"it looks like a date", func(d, _ string) bool { return isDate(d) }},
	{"it has a year in it", func(d, _ string) bool { return hasYear(d) }},
	{"it is part of the number", partOfNumber},
}

// repeats finds a short piece that is said again and again: 111111, 121212, 123123.
func repeats(d string) bool {
	for size := 1; size <= len(d)/2; size++ {
		if strings.HasPrefix(strings.Repeat(d[:size], len(d)), d) {
			return true
		}
	}
	return distinct(d) < 3
}

func distinct(d string) int {
	digits := []byte(d)
	slices.Sort(digits)
	return len(slices.Compact(digits))
}

// sequence finds digits with one step between them, over the nine too: 123456, 975319, 890123.
func sequence(d string) bool {
	const few, keys = 3, 10
	if len(d) < few {
		return false
	}
	step := func(i int) int { return (int(d[i]) - int(d[i-1]) + keys) % keys }
	for i := 2; i < len(d); i++ {
		if step(i) != step(1) {
			return false
		}
	}
	return true
}

// squeeze says each digit once that comes several times in a row: 112233 becomes 123.
func squeeze(d string) string { return string(slices.Compact([]byte(d))) }

// lines are what fingers draw on the keys of a telephone.
var lines = []string{"147258369", "741852963", "159357", "159753", "258456", "147369", "789456123", "789654123", "123654789", "147896325"}

func onKeypad(d string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return within(d, line+line) })
}

// within reports whether a text, read either way, is part of another one.
func within(part, whole string) bool {
	return strings.Contains(whole, part) || strings.Contains(whole, reversed(part))
}

func reversed(d string) string {
	digits := []byte(d)
	slices.Reverse(digits)
	return string(digits)
}

// isDate finds birthdays, however they are written.
func isDate(d string) bool {
	layouts := []string{"020106", "010206", "060102", "02012006", "01022006", "20060102"}
	return slices.ContainsFunc(layouts, func(layout string) bool {
		_, err := time.Parse(layout, d)
		return err == nil
	})
}

// hasYear finds a year in which somebody who lives may be born, in a PIN that has little else.
func hasYear(d string) bool {
	const year, little = 4, 3
	if len(d) > year+little {
		return false
	}
	for i := 0; i+year <= len(d); i++ {
		if y := d[i : i+year]; "1920" <= y && y <= "2029" {
			return true
		}
	}
	return false
}

// partOfNumber finds a PIN of the number's own digits, or one that has the last six of them in it.
func partOfNumber(d, number string) bool {
	const tail = 6
	digits := strings.TrimPrefix(number, "+")
	return within(d, digits) || len(digits) >= tail && within(digits[len(digits)-tail:], d)
}
