package bench

import (
	"bytes"
	_ "embed"
	"fmt"
	"sync"
	"time"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

//go:embed order.yaml
var orderText []byte

// ofOneRecipient is how many orders have the same recipient.
const ofOneRecipient = 50

// numbers are how many each port has.
func (o Options) numbers() int {
	switch {
	case o.Numbers > 0:
		return o.Numbers
	case o.Kind == KindBulk:
		return 20
	default:
		return 1
	}
}

// order is a port-in of numbers that nobody else of the bench has.
func (o Options) order(run string, i int) (porting.Order, error) {
	order, err := orders.ReadTemplate(bytes.NewReader(orderText), orders.Options{})
	if err != nil {
		return order, err
	}
	numbers, err := numbersAt(i, o.numbers())
	// So many orders of one recipient in a day would be a burst to the fraud desk, which people look at.
	order.Recipient = porting.Party{Name: fmt.Sprint("Acme Voice ", i/ofOneRecipient), SPID: fmt.Sprintf("%04d", i/ofOneRecipient)}
	order.Reference, order.Numbers = fmt.Sprintf("BENCH-%s-%d", run, i), numbers
	return order, err
}

// areaCodes are those in which a number for fiction, 555-0100 to 555-0199, can be written so that the rules take the order. They
// know no state for some newer codes.
var areaCodes = sync.OnceValues(func() ([]string, error) {
	book, err := rules.Embedded()
	if err != nil {
		return nil, err
	}
	order, err := orders.ReadTemplate(bytes.NewReader(orderText), orders.Options{})
	if err != nil {
		return nil, err
	}
	var codes []string
	for code := 201; code < 990; code++ {
		order.Numbers = []porting.Number{porting.Number(fmt.Sprintf("+1%d5550100", code))}
		chosen, err := book.Select(order, time.Now())
		if err != nil {
			continue
		}
		place := rules.Place{Number: order.Numbers[0], Region: order.Subscriber.Address.Region}
		if _, err := chosen.Pack.ZoneAt(place); err == nil {
			codes = append(codes, fmt.Sprint(code))
		}
	}
	return codes, nil
})

// ofOneCode is how many numbers for fiction an area code has.
const ofOneCode = 100

// numbersAt are the numbers of one port, all of one area code.
func numbersAt(i, each int) ([]porting.Number, error) {
	codes, err := areaCodes()
	if err != nil {
		return nil, err
	}
	code, first := codes[i%len(codes)], i/len(codes)*each
	if first+each > ofOneCode {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "bench-too-large", Op: "run bench", Detail: fmt.Sprintf("there are %d numbers for fiction", ofOneCode*len(codes)),
			Next: "ask for fewer ports, rounds or numbers",
		}
	}
	numbers := make([]porting.Number, each)
	for k := range numbers {
		numbers[k] = porting.Number(fmt.Sprintf("+1%s55501%02d", code, first+k))
	}
	return numbers, nil
}
