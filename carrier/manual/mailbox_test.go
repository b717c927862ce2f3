package manual_test

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/portsaga/portsaga/internal/notify/notifytest"
)

// letter is a mail that came to a carrier's desk.
type letter struct {
	id   string // Message-ID
	task string // that its first file is named after, like "pi-1/1/submit"
	text string
}

// What a mailbox says to a mail.
const (
	takes   = notifytest.Accepting
	loses   = notifytest.LosingTheReply
	refuses = notifytest.Refusing
	busy    = notifytest.Greylisting
)

// mailbox is the mail server of a carrier's desk. how is asked for every mail; arrived hears of each Message-ID once.
type mailbox struct {
	*notifytest.MailServer

	mu      sync.Mutex
	how     func(letter, int) notifytest.Behaviour // with how often the Message-ID came before
	arrived func(letter)
	came    map[string]int // by Message-ID
}

func newMailbox(t testing.TB) *mailbox {
	t.Helper()
	m := &mailbox{
		MailServer: notifytest.Start(t), how: func(letter, int) notifytest.Behaviour { return takes }, arrived: func(letter) {}, came: map[string]int{},
	}
	m.Judge(m.judge)
	return m
}

func (m *mailbox) behave(how func(letter, int) notifytest.Behaviour) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.how = how
}

func (m *mailbox) judge(text string) notifytest.Behaviour {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := letterOf(text)
	before := m.came[l.id]
	says := m.how(l, before)
	if says == takes || says == loses {
		m.came[l.id]++
		if before == 0 {
			m.arrived(l)
		}
	}
	return says
}

var firstFile = regexp.MustCompile(`filename="([a-z0-9-]+)-(\d+)-([a-z]+(?:\.\d+)?)\.pdf"`)

func letterOf(text string) letter {
	l := letter{text: text}
	if message, err := mail.ReadMessage(strings.NewReader(text)); err == nil {
		l.id = message.Header.Get("Message-ID")
	}
	if name := firstFile.FindStringSubmatch(text); name != nil {
		l.task = strings.Join(name[1:], "/")
	}
	return l
}

// all are the letters that came, repetitions included.
func (m *mailbox) all() []letter {
	var all []letter
	for _, text := range m.Texts() {
		all = append(all, letterOf(text))
	}
	return all
}

// tasks are those that mails came for, each once, in order, of one port.
func (m *mailbox) tasks(port string) []string {
	var tasks []string
	for _, l := range m.all() {
		if strings.HasPrefix(l.task, port+"/") && !slices.Contains(tasks, l.task) {
			tasks = append(tasks, l.task)
		}
	}
	return tasks
}
