package carrier

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// Choice is a gateway that can carry an order, and in one sentence why it is asked.
type Choice struct{ Name, Why string }

// Choose lists the gateways that can carry an order, in the order in which they are asked: the one that the order names and
// no other, else the preferred ones, else all by name. The order's country and kind must be those of its pack; an order
// without them goes only to a carrier that takes all. The same input always gets the same answer. Errors, both Refused:
//
//	carrier-unknown  the order names a carrier that is not there; it is not sent elsewhere
//	carrier-cannot   no carrier can carry the order; the detail says what each lacks
func Choose(gateways map[string]Gateway, prefer []string, order porting.Order) ([]Choice, error) {
	if _, there := gateways[order.Carrier]; order.Carrier != "" && !there {
		return nil, notChosen(order, "carrier-unknown", "no carrier "+order.Carrier+" is configured",
			"name one of "+strings.Join(slices.Sorted(maps.Keys(gateways)), ", ")+", or none")
	}
	var able []Choice
	var lacks []string
	for _, asked := range inTurn(gateways, prefer, order.Carrier) {
		if lack := gateways[asked].Capabilities().Lack(order); lack != "" {
			lacks = append(lacks, asked+" "+lack)
			continue
		}
		able = append(able, Choice{asked, strings.Join(append([]string{reason(asked, prefer, order.Carrier)}, lacks...), "; ")})
	}
	if len(able) > 0 {
		return able, nil
	}
	if len(lacks) == 0 {
		lacks = []string{"no carrier is configured"}
	}
	return nil, notChosen(order, "carrier-cannot", strings.Join(lacks, "; "), "split or change the order, or configure a carrier that can")
}

// inTurn lists the gateways in the order in which they are asked, each once.
func inTurn(gateways map[string]Gateway, prefer []string, named string) []string {
	if named != "" {
		return []string{named}
	}
	var turn []string
	for _, name := range slices.Concat(prefer, slices.Sorted(maps.Keys(gateways))) {
		if _, there := gateways[name]; there && !slices.Contains(turn, name) {
			turn = append(turn, name)
		}
	}
	return turn
}

func reason(name string, prefer []string, named string) string {
	switch place := slices.Index(prefer, name); {
	case name == named:
		return "the order names " + name
	case place == 0:
		return name + " is the default"
	case place > 0:
		return name + " is the next preferred one"
	default:
		return name + " is the first by name that can carry the order"
	}
}

// Lack says what keeps the carrier from carrying an order, like "ports no numbers of GB"; it is "" if nothing does.
func (c Capabilities) Lack(o porting.Order) string {
	var lacks []string
	if !serves(c.Countries, o.Country) {
		lacks = append(lacks, "ports no numbers of "+cmp.Or(o.Country, "a country that is not told"))
	}
	if !serves(c.Kinds, o.Kind) {
		lacks = append(lacks, "ports no "+cmp.Or(o.Kind, "lines of a kind that is not told"))
	}
	if c.MaxNumbers > 0 && len(o.Numbers) > c.MaxNumbers {
		lacks = append(lacks, fmt.Sprintf("takes %d numbers in an order, not %d", c.MaxNumbers, len(o.Numbers)))
	}
	return strings.Join(lacks, ", ")
}

// serves reports whether a list names a value, or leaves all open.
func serves(list []string, value string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(served string) bool { return strings.EqualFold(served, value) })
}

func notChosen(o porting.Order, code, detail, next string) error {
	return &porting.Error{Kind: porting.Refused, Code: code, Op: "choose carrier", Object: o.Reference, Detail: detail, Next: next}
}
