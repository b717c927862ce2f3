package notify_test

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// behaviour is how a mail server treats its clients.
type behaviour int32

const (
	accepting      behaviour = iota
	down                     // hangs up on every connection
	refusing                 // knows no recipient
	greylisting              // not now
	hangingUp                // accepts, and hangs up before the goodbye
	losingTheReply           // accepts, and the acknowledgement is lost
)

// mailServer is an SMTP server on loopback that keeps what it accepts.
type mailServer struct {
	listener net.Listener
	how      atomic.Int32
	open     sync.WaitGroup

	mu    sync.Mutex
	mails []*mail.Message
	ids   map[string]int // how often each Message-ID was accepted
	texts []string
}

func startMailServer(t testing.TB) *mailServer {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &mailServer{listener: listener, ids: map[string]int{}}
	s.open.Go(s.serve)
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		s.open.Wait()
	})
	return s
}

func (s *mailServer) addr() string         { return s.listener.Addr().String() }
func (s *mailServer) behave(how behaviour) { s.how.Store(int32(how)) }

func (s *mailServer) serve() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		if behaviour(s.how.Load()) == down {
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
func (s *mailServer) converse(c net.Conn) {
	in := bufio.NewReader(c)
	say := func(line string) { _, _ = fmt.Fprintf(c, "%s\r\n", line) }
	say("220 test ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		how := behaviour(s.how.Load())
		switch verb := strings.ToUpper(strings.TrimSpace(line)); {
		case strings.HasPrefix(verb, "EHLO"):
			say("250-test")
			say("250 8BITMIME")
		case strings.HasPrefix(verb, "RCPT") && how == refusing:
			say("550 5.1.1 no such user <" + line[strings.Index(line, "<")+1:strings.Index(line, ">")] + ">")
		case strings.HasPrefix(verb, "RCPT") && how == greylisting:
			say("451 4.7.1 try again later")
		case verb == "DATA":
			say("354 go on")
			if !s.take(in) || how == losingTheReply {
				return
			}
			say("250 kept")
			if how == hangingUp {
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

// take keeps one mail.
func (s *mailServer) take(in *bufio.Reader) bool {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	message, err := mail.ReadMessage(strings.NewReader(text.String()))
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails, s.texts = append(s.mails, message), append(s.texts, text.String())
	s.ids[message.Header.Get("Message-ID")]++
	return true
}

// accepted is how often each Message-ID was accepted.
func (s *mailServer) accepted() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.ids)
}

func (s *mailServer) lastMail(t testing.TB) *mail.Message {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NotEmpty(t, s.mails)
	return s.mails[len(s.mails)-1]
}
