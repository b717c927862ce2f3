package watchdog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// Way is a way to people, or to a service that calls them.
type Way interface {
	Name() string // what the memory knows it by
	Tell(ctx context.Context, alarms []Alarm, now time.Time) error
}

// Mail tells one address.
type Mail struct {
	To     string
	Sender notify.Sender
}

// Name implements Way.
func (m Mail) Name() string { return string(notify.Email) + " " + digest(m.To) }

// maxLines bounds the dates that a mail lists: whoever reads it needs the first ones and the number of all.
const maxLines = 50

// Tell implements Way.
func (m Mail) Tell(ctx context.Context, alarms []Alarm, now time.Time) error {
	var text strings.Builder
	fmt.Fprintf(&text, "At %s these dates of ports are near or over, and the ledger has no answer:\n\n", stamp(now))
	for i, a := range alarms {
		if i == maxLines {
			fmt.Fprintf(&text, "  and %d more\n", len(alarms)-maxLines)
			break
		}
		fmt.Fprintf(&text, "  %s  %s  %s\n", stamp(a.DueAt), a.PortID, sentence(a))
	}
	text.WriteString("\nSee first whether the cluster lives: portsaga doctor. If it does not, answer by hand: docs/runbooks.md, DatesOverdue.\n" +
		"A port that is on hold, or whose time was extended, has more time than this says. Each date is told once.\n")
	_, err := m.Sender.Send(ctx, notify.Message{
		Key: key(alarms), ID: key(alarms), To: m.To,
		Content: notify.Content{Lang: "en", Subject: fmt.Sprintf("portsaga: dates of ports that need people: %d", len(alarms)), Text: text.String()},
	})
	return err
}

// sentence is what an alarm is about, in words.
func sentence(a Alarm) string {
	what := map[string]string{
		"decision": "people decide", "foc": "the carrier confirms", "correction": "the order is corrected", "date": "the numbers move",
		"guard": "the numbers are read back", "answer": "we answer the recipient, or it goes on without us",
	}[a.Clock]
	if what == "" {
		what = a.Clock
	}
	if a.Over {
		return what + " (over)"
	}
	return what
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// Service tells one service by a signed webhook.
type Service struct {
	Service string
	Sender  notify.Sender
}

// Name implements Way.
func (s Service) Name() string { return string(notify.Webhook) + " " + s.Service }

// Tell implements Way.
func (s Service) Tell(ctx context.Context, alarms []Alarm, now time.Time) error {
	event, err := json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      []Alarm   `json:"data"`
	}{"watchdog.dates", now.UTC(), alarms})
	if err != nil {
		return err
	}
	_, err = s.Sender.Send(ctx, notify.Message{Key: key(alarms), ID: key(alarms), To: s.Service, Event: event})
	return err
}

// Ways are the ways that the settings of notices open: a mail to each address, and a webhook to each service that hears of every
// tenant. Code of Invalid: "watchdog-mute", where addresses are named and no mail server.
func Ways(addresses []string, senders map[notify.Channel]notify.Sender, services []string) ([]Way, error) {
	var ways []Way
	mail := senders[notify.Email]
	if mail == nil && len(addresses) > 0 {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "watchdog-mute", Op: "start watchdog", Detail: "it has addresses and no mail server",
			Next: "set PORTSAGA_SMTP_ADDR and PORTSAGA_SMTP_FROM",
		}
	}
	for _, to := range addresses {
		ways = append(ways, Mail{To: to, Sender: mail})
	}
	for _, name := range services {
		ways = append(ways, Service{Service: name, Sender: senders[notify.Webhook]})
	}
	return ways, nil
}

// key names a message by what it says, so that a server can drop what comes twice.
func key(alarms []Alarm) string {
	var names []string
	for _, a := range alarms {
		names = append(names, nameOf(a))
	}
	return "wd-" + digest(strings.Join(names, "\n"))
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
