package orders

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/nyaruka/phonenumbers"

	"github.com/portsaga/portsaga/porting"
)

// blockDigits is how many final digits a range may run through. In the US a range on an LSR is NPA-NXX-nnnn-nnnn, so it
// stays within one NPA-NXX; elsewhere blocks of ten thousand are the largest that are handed out as one.
const blockDigits = 4

// numberList gathers the numbers of an order, ranges expanded.
type numberList struct {
	*examination
	numbers []porting.Number
	paths   map[porting.Number]string // where each number is listed first
	homes   []string                  // the countries of the numbers, each once
}

// examineNumbers expands the listed numbers into the order, and takes its country from them where it names none. It
// returns where each number is listed.
func (x *examination) examineNumbers(listed []entry) map[porting.Number]string {
	list := &numberList{examination: x, paths: map[porting.Number]string{}}
	if len(listed) == 0 {
		x.fail("numbers", flaw{"numbers-missing", "the order has no numbers", "list at least one number under numbers"})
	}
	for i, e := range listed {
		if !list.add(item("numbers", i), e) {
			break
		}
	}
	x.order.Numbers = list.numbers
	x.settleCountry(list.homes)
	return list.paths
}

// add takes one entry. It returns false when the order holds more numbers than it may.
func (l *numberList) add(path string, e entry) bool {
	first, last, ok := l.ends(path, e)
	if !ok {
		return true
	}
	l.checkLine(path, first)
	if len(l.numbers)+size(first.number, last.number) > l.options.MaxNumbers {
		l.fail(path, flaw{
			"numbers-too-many", fmt.Sprintf("the order holds more than %d numbers", l.options.MaxNumbers),
			"split it into several orders",
		})
		return false
	}
	l.take(path, l.expand(path, first, last))
	return true
}

// ends reads the first and the last number of an entry. They are the same for a single number.
func (l *numberList) ends(path string, e entry) (first, last phone, ok bool) {
	if !e.Range {
		p, ok := l.read(path, e.From)
		return p, p, ok
	}
	first, okFirst := l.read(child(path, "from"), e.From)
	last, okLast := l.read(child(path, "to"), e.To)
	if !okFirst || !okLast {
		return phone{}, phone{}, false
	}
	if found := rangeFlaw(first.number, last.number); found != nil {
		l.fail(path, *found)
		return phone{}, phone{}, false
	}
	return first, last, true
}

func (l *numberList) read(path, text string) (phone, bool) {
	if text == "" {
		l.fail(path, flaw{"number-missing", "the number is missing", "write it like +12125550123"})
		return phone{}, false
	}
	p, found := parsePorted(text, l.order.Country)
	if found == nil {
		return p, true
	}
	if found.code != "number-no-country" || !l.isUnread("country") {
		l.fail(path, *found)
	}
	return phone{}, false
}

// rangeFlaw says why two numbers are not the ends of a range.
func rangeFlaw(from, to porting.Number) *flaw {
	a, b := from.E164(), to.E164()
	prefix := max(0, len(a)-blockDigits)
	switch {
	case len(a) != len(b) || a[:prefix] != b[:prefix]:
		return &flaw{
			"range-prefix", fmt.Sprintf("the range runs from %s to %s, over more than one prefix", from, to),
			"write a range for each block of ten thousand numbers",
		}
	case a > b:
		return &flaw{"range-reversed", fmt.Sprintf("the range runs backwards, from %s to %s", from, to), "swap from and to"}
	default:
		return nil
	}
}

// final is the number that the last digits make.
func final(n porting.Number) int {
	value, _ := strconv.Atoi(string(n[len(n)-blockDigits:]))
	return value
}

// size is how many numbers a range holds, both ends included.
func size(from, to porting.Number) int { return final(to) - final(from) + 1 }

// expand reads every number from the first to the last. A plan may have holes between two valid numbers.
func (l *numberList) expand(path string, first, last phone) []phone {
	if first.number == last.number {
		return []phone{first}
	}
	prefix := first.number[:len(first.number)-blockDigits]
	var phones []phone
	var holes []porting.Number
	for n := final(first.number); n <= final(last.number); n++ {
		number := fmt.Sprintf("%s%0*d", prefix.E164(), blockDigits, n)
		p, found := parsePorted(number, l.order.Country)
		if found != nil {
			holes = append(holes, porting.Number(number))
			continue
		}
		phones = append(phones, p)
	}
	if len(holes) > 0 {
		l.fail(path, flaw{"range-invalid", count(holes) + " not valid", "list only numbers that the subscriber holds"})
	}
	return phones
}

// take adds the numbers of one entry, but those that are listed before.
func (l *numberList) take(path string, phones []phone) {
	var twice []porting.Number
	for _, p := range phones {
		if l.paths[p.number] != "" {
			twice = append(twice, p.number)
			continue
		}
		l.numbers = append(l.numbers, p.number)
		l.paths[p.number] = path
		if !slices.Contains(l.homes, p.country) {
			l.homes = append(l.homes, p.country)
		}
	}
	if len(twice) > 0 {
		l.fail(path, flaw{"number-twice", count(twice) + " already listed at " + l.paths[twice[0]], "list each number once"})
	}
}

// count begins a sentence about some numbers: the first, and how many more.
func count(numbers []porting.Number) string {
	if len(numbers) == 1 {
		return numbers[0].String() + " is"
	}
	return fmt.Sprintf("%s and %d more are", numbers[0], len(numbers)-1)
}

// checkLine compares what the numbering plan knows of a number with the order's kind. In the US and Canada the plan
// does not tell a wireless from a wireline number.
func (l *numberList) checkLine(path string, p phone) {
	mismatch := func(line string) flaw {
		return flaw{
			"kind-mismatch", fmt.Sprintf("%s is a %s number and the order is %s", p.number, line, l.order.Kind),
			"correct the kind, or write an order for each kind",
		}
	}
	switch kind, line := l.order.Kind, p.line(); {
	case kind == "" || l.isUnread("kind"):
	case kind != porting.KindTollFree && line == phonenumbers.TOLL_FREE:
		l.fail(path, mismatch("toll-free"))
	case kind == porting.KindTollFree && ofLine(line):
		l.fail(path, mismatch("fixed or mobile"))
	case kind == porting.KindWireline && line == phonenumbers.MOBILE:
		l.warn(path, mismatch("wireless"))
	case kind == porting.KindWireless && line == phonenumbers.FIXED_LINE:
		l.warn(path, mismatch("wireline"))
	}
}

// ofLine reports whether a number of this type belongs to a line, fixed or mobile.
func ofLine(line phonenumbers.PhoneNumberType) bool {
	switch line {
	case phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	default:
		return false
	}
}
