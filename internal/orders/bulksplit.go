package orders

import (
	"fmt"

	"github.com/portsaga/portsaga/porting"
)

// together is what the numbers of one carrier order have in common.
type together struct {
	carrier, country, kind string
	account                string
	btn                    porting.Number
	subscriber             string
	address                porting.Address
	code                   porting.Secret
}

func togetherOf(o porting.Order) together {
	return together{o.Carrier, o.Country, o.Kind, o.Account.Number, o.Account.BTN, o.Subscriber.Name, o.Subscriber.Address, o.Authorization.Code}
}

// split puts orders of one number each together to ports: by carrier, country, kind of line, account, subscriber and
// authorization, and at most so many numbers a port. Ports come in the order in which their first numbers are listed.
func split(reference string, orders []porting.Order, most int) []porting.Order {
	var ports []porting.Order
	filling := map[together]int{} // the port that is being filled
	lines := map[together]int{}
	for _, o := range orders {
		key := togetherOf(o)
		lines[key]++
		i, known := filling[key]
		if !known || len(ports[i].Numbers) == most {
			i = len(ports)
			filling[key] = i
			ports = append(ports, newPort(reference, i+1, o))
		}
		ports[i].Numbers = append(ports[i].Numbers, o.Numbers...)
	}
	for i := range ports {
		if ports[i].Account.Lines == 0 { // an account that is split over ports stays as large as it is
			ports[i].Account.Lines = lines[togetherOf(ports[i])]
		}
	}
	return ports
}

func newPort(reference string, i int, o porting.Order) porting.Order {
	o.Reference = fmt.Sprintf("%s-%04d", reference, i)
	o.Numbers = nil
	return o
}
