package manual_test

import (
	"bufio"
	"fmt"
	"net"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// letter is a mail that came to a carrier's desk.
type letter struct {
	id   string // Message-ID
	task string // that its first file is named after, like "pi-1/1/submit"
	text string
}

// reply is what a mailbox says to a mail.
type reply int

const (
	takes   reply = iota
	loses         // takes it, and hangs up before it says so
	refuses       // knows no such recipient
	busy          // not now
)

// mailbox is an SMTP server on loopback. how is asked for every mail; arrived hears of each Message-ID once.
type mailbox struct {
	listener net.Listener
	open     sync.WaitGroup

	mu      sync.Mutex
	how     func(letter, int) reply // with how often the Message-ID came before
	arrived func(letter)
	letters []letter
}

func newMailbox(t testing.TB) *mailbox {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m := &mailbox{listener: listener, how: func(letter, int) reply { return takes }, arrived: func(letter) {}}
	m.open.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			m.open.Go(func() {
				defer c.Close()
				m.converse(c)
			})
		}
	})
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		m.open.Wait()
	})
	return m
}

func (m *mailbox) behave(how func(letter, int) reply) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.how = how
}

// converse speaks as much SMTP as a client needs.
func (m *mailbox) converse(c net.Conn) {
	in := bufio.NewReader(c)
	say := func(line string) { _, _ = fmt.Fprintf(c, "%s\r\n", line) }
	say("220 the desk")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.TrimSpace(line)); {
		case strings.HasPrefix(verb, "EHLO"):
			say("250-the desk")
			say("250 8BITMIME")
		case verb == "DATA":
			say("354 go on")
			switch m.take(in) {
			case takes:
				say("250 kept")
			case refuses:
				say("550 5.1.1 no such desk")
			case busy:
				say("451 4.7.1 later")
			case loses:
				return
			}
		case verb == "QUIT":
			say("221 goodbye")
			return
		default:
			say("250 ok")
		}
	}
}

var firstFile = regexp.MustCompile(`filename="([a-z0-9-]+)-(\d+)-([a-z]+(?:\.\d+)?)\.pdf"`)

func (m *mailbox) take(in *bufio.Reader) reply {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return loses
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	message, err := mail.ReadMessage(strings.NewReader(text.String()))
	if err != nil {
		return refuses
	}
	l := letter{id: message.Header.Get("Message-ID"), text: text.String()}
	if name := firstFile.FindStringSubmatch(l.text); name != nil {
		l.task = strings.Join(name[1:], "/")
	}
	return m.keep(l)
}

func (m *mailbox) keep(l letter) reply {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := 0
	for _, kept := range m.letters {
		if kept.id == l.id {
			before++
		}
	}
	says := m.how(l, before)
	if says == takes || says == loses {
		m.letters = append(m.letters, l)
		if before == 0 {
			m.arrived(l)
		}
	}
	return says
}

// all are the letters that came, repetitions included.
func (m *mailbox) all() []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.letters)
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
