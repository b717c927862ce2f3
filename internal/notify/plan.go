package notify

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// Event is something that people are told of.
type Event struct {
	Kind Kind
	Key  string // tells events of one kind apart: the order's version, the FOC date. The same key is told once
}

// Role is what a recipient is to a port.
type Role string

// Roles of people.
const (
	Subscriber      Role = "subscriber"       // who asked for the port
	AccountHolder   Role = "account-holder"   // who holds the line, where that is somebody else
	PreviousContact Role = "previous-contact" // a contact that was replaced lately; a thief changes it first
)

// Person is somebody to tell, on every channel that is known.
type Person struct {
	Role    Role
	Contact porting.Contact
	Lang    string // BCP 47; the country's when empty
}

// Quiet keeps everything from whoever shares the account, because a survivor leaves it (47 U.S.C. 345). It is never
// inferred: a person says so, and is recorded with every notice that is not sent.
type Quiet struct {
	By string
}

// Facts are what a plan needs to know of a port.
type Facts struct {
	Port             string
	Direction        porting.Direction
	Country          string // ISO 3166-1 alpha-2
	Numbers          []porting.Number
	Masked           []string // numbers that are known masked alone
	Donor, Recipient string
	Until            time.Time // until when something can be stopped, or does not work; zero where nothing is
	FOCAt            time.Time // in the zone in which people read it; zero while there is no date
	Reason           porting.Reason
	People           []Person
	Services         []string // names of the webhooks that hear of this port
	LineSeparation   *Quiet   // nil for every ordinary port
}

// Notice is one message to one recipient by one channel. It holds an address: it stays inside the process that records it.
type Notice struct {
	Port       string
	Event      Event
	Recipient  string // a role, numbered where several have it, or the name of a service
	Channel    Channel
	Lang       string
	To         string // address, number in E.164, or the name of a service
	Demand     string // the rule that wants it before the numbers move; empty where none does
	Suppressed string // why it is recorded and not sent
	Words      Words
}

// Words are what a notice may say. There is no field for a code, and numbers are masked.
type Words struct {
	Port      string         `json:"port"`
	Numbers   []string       `json:"numbers"`
	Donor     string         `json:"donor"`
	Recipient string         `json:"recipient"`
	FOCAt     time.Time      `json:"foc_at,omitzero"`
	Until     time.Time      `json:"until,omitzero"`
	Reason    porting.Reason `json:"reason,omitempty"`
}

// ID names the notice: the same port, event, recipient and channel always have the same.
func (n Notice) ID() string {
	parts := []string{"portsaga/notice/1", n.Port, string(n.Event.Kind), n.Event.Key, n.Recipient, string(n.Channel)}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "nt-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:15]))
}

// Plan lists who is told of an event, and what the pack demands of it. It is pure: the same input gives the same notices.
// Two people at one address are told once there; an address that somebody shares who must not hear is told nothing.
func Plan(event Event, facts Facts, demands []rules.Notice) []Notice {
	words := wordsOf(facts)
	demand := demandOf(event.Kind, facts.Direction, demands)
	var all []Notice
	seen := map[Role]int{}
	for _, person := range facts.People {
		seen[person.Role]++
		base := Notice{
			Port: facts.Port, Event: event, Recipient: nameOf(person.Role, seen[person.Role]), Demand: demand, Words: words,
			Lang: languageOf(person.Lang, facts.Country), Suppressed: facts.quietFor(person.Role),
		}
		all = append(all, base.by(Email, person.Contact.Email)...)
		all = append(all, base.by(SMS, person.Contact.Phone)...)
	}
	all = onePerAddress(all)
	for _, service := range facts.Services {
		base := Notice{Port: facts.Port, Event: event, Recipient: "service:" + service, Lang: "en", Words: words}
		all = append(all, base.by(Webhook, service)...)
	}
	return all
}

// onePerAddress drops what comes to an address for the second time, and suppresses what comes to one that must stay quiet.
func onePerAddress(plan []Notice) []Notice {
	quiet := map[string]string{}
	for _, n := range plan {
		if n.Suppressed != "" {
			quiet[n.address()] = n.Suppressed
		}
	}
	told := map[string]bool{}
	var all []Notice
	for _, n := range plan {
		n.Suppressed = quiet[n.address()]
		if n.Suppressed == "" && told[n.address()] {
			continue
		}
		told[n.address()] = true
		all = append(all, n)
	}
	return all
}

// address tells addresses apart, however they are written.
func (n Notice) address() string {
	return string(n.Channel) + ":" + strings.ToLower(strings.TrimSpace(n.To))
}

// by is the notice on a channel, if there is an address for it.
func (n Notice) by(c Channel, to string) []Notice {
	if to == "" {
		return nil
	}
	n.Channel, n.To = c, to
	return []Notice{n}
}

func nameOf(role Role, nth int) string {
	if nth == 1 {
		return string(role)
	}
	return fmt.Sprintf("%s-%d", role, nth)
}

// quietFor says why a role hears nothing. The survivor, who asked for the port, hears everything; contacts of before may be
// the other's.
func (f Facts) quietFor(role Role) string {
	if f.LineSeparation == nil || role == Subscriber {
		return ""
	}
	return "line separation, by " + f.LineSeparation.By
}

// demandOf is the source of the rule that wants the customer told, by us and before the numbers move. A rule that is
// adopted and not in force is followed too.
func demandOf(kind Kind, direction porting.Direction, demands []rules.Notice) string {
	us, first := "recipient", Received
	if direction == porting.PortOut {
		us, first = "donor", PortOutRequested
	}
	if kind != first {
		return ""
	}
	for _, d := range demands {
		if d.Party == us && d.Before != "" && d.Status != rules.Superseded {
			return d.Cite
		}
	}
	return ""
}

func wordsOf(f Facts) Words {
	w := Words{
		Port: f.Port, Numbers: slices.Clone(f.Masked), Donor: plain(f.Donor), Recipient: plain(f.Recipient), FOCAt: f.FOCAt, Until: f.Until, Reason: f.Reason,
	}
	for _, n := range f.Numbers {
		w.Numbers = append(w.Numbers, n.String())
	}
	slices.Sort(w.Numbers)
	return w
}

// plain makes a provider's name harmless in a message: orders come from many hands, and no name may become a link.
func plain(name string) string {
	const longest = 60
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" &-'", r) {
			return r
		}
		return ' '
	}, name)
	runes := []rune(strings.Join(strings.Fields(name), " "))
	return string(runes[:min(len(runes), longest)])
}
