// Package notifytest has a mail server for tests: a real SMTP server on loopback that keeps what it accepts, and misbehaves as
// it is told.
package notifytest

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Behaviour is how a mail server treats its clients.
type Behaviour int32

// Behaviours.
const (
	Accepting      Behaviour = iota
	Down                     // hangs up on every connection
	Refusing                 // knows no recipient
	Greylisting              // not now
	HangingUp                // accepts, and hangs up before the goodbye
	LosingTheReply           // accepts, and the acknowledgement is lost
)

// MailServer is an SMTP server on loopback that keeps what it accepts. It is safe for concurrent use.
type MailServer struct {
	listener net.Listener
	how      atomic.Int32
	open     sync.WaitGroup

	mu    sync.Mutex
	judge func(text string) Behaviour
	mails []*mail.Message
	ids   map[string]int // how often each Message-ID was accepted
	texts []string
	heard func(id string)
}

// Start starts a mail server that accepts everything, and stops it with the test.
func Start(t testing.TB) *MailServer {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &MailServer{listener: listener, ids: map[string]int{}, heard: func(string) {}}
	s.open.Go(s.serve)
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		s.open.Wait()
	})
	return s
}

// Addr is the server's host:port.
func (s *MailServer) Addr() string { return s.listener.Addr().String() }

// Behave changes how the server treats its clients from now on.
func (s *MailServer) Behave(how Behaviour) { s.how.Store(int32(how)) }

// Judge has every mail from now on treated as judge says of its text, once all of it has come: Accepting, Refusing, Greylisting
// or LosingTheReply.
func (s *MailServer) Judge(judge func(text string) Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.judge = judge
}

// OnMail calls heard with the Message-ID of every mail that is accepted from now on.
func (s *MailServer) OnMail(heard func(id string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = heard
}

func (s *MailServer) serve() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		if Behaviour(s.how.Load()) == Down {
			_ = c.Close()
			continue
		}
		s.open.Go(func() {
			defer c.Close()
			s.converse(c)
		})
	}
}

// converse speaks as much SMTP as a client needs.
func (s *MailServer) converse(c net.Conn) {
	in := bufio.NewReader(c)
	say := func(line string) { _, _ = fmt.Fprintf(c, "%s\r\n", line) }
	say("220 test ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		how := Behaviour(s.how.Load())
		switch verb := strings.ToUpper(strings.TrimSpace(line)); {
		case strings.HasPrefix(verb, "EHLO"):
			say("250-test")
			say("250 8BITMIME")
		case strings.HasPrefix(verb, "RCPT") && how == Refusing:
			say("550 5.1.1 no such user <" + line[strings.Index(line, "<")+1:strings.Index(line, ">")] + ">")
		case strings.HasPrefix(verb, "RCPT") && how == Greylisting:
			say("451 4.7.1 try again later")
		case verb == "DATA":
			say("354 go on")
			switch how = s.take(in, how); how {
			case Refusing:
				say("550 5.1.1 no such user")
			case Greylisting:
				say("451 4.7.1 try again later")
			case Down, LosingTheReply:
				return
			case HangingUp:
				say("250 kept")
				return
			default:
				say("250 kept")
			}
		case verb == "QUIT":
			say("221 goodbye")
			return
		default:
			say("250 ok")
		}
	}
}

// take reads one mail, and keeps it if it is accepted. It is Down where the mail did not come whole.
func (s *MailServer) take(in *bufio.Reader, how Behaviour) Behaviour {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return Down
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	message, err := mail.ReadMessage(strings.NewReader(text.String()))
	if err != nil {
		return Down
	}
	if judge := s.judgement(); judge != nil {
		how = judge(text.String())
	}
	if how != Refusing && how != Greylisting {
		s.keep(message, text.String())
	}
	return how
}

func (s *MailServer) judgement() func(text string) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.judge
}

func (s *MailServer) keep(message *mail.Message, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails, s.texts = append(s.mails, message), append(s.texts, text)
	id := message.Header.Get("Message-ID")
	s.ids[id]++
	s.heard(id)
}

// Accepted is how often each Message-ID was accepted.
func (s *MailServer) Accepted() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.ids)
}

// Texts are the mails that were accepted, as they came.
func (s *MailServer) Texts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.texts)
}

// LastMail is the mail that was accepted last.
func (s *MailServer) LastMail(t testing.TB) *mail.Message {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NotEmpty(t, s.mails)
	return s.mails[len(s.mails)-1]
}
