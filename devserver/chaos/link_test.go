package chaos

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// link is a way between two processes that can be cut: then no byte passes either way, and when it is mended what was under way
// is gone.
type link struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	mended chan struct{} // nil while it is whole
	ends   map[net.Conn]bool
}

func newLink(t *testing.T, target string) *link {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &link{listener: listener, target: target, ends: map[net.Conn]bool{}}
	t.Cleanup(func() {
		_ = listener.Close()
		l.mend()
	})
	go l.serve()
	return l
}

func (l *link) address() string { return l.listener.Addr().String() }

func (l *link) serve() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		go l.join(near)
	}
}

// join carries bytes both ways until either side has had enough.
func (l *link) join(near net.Conn) {
	defer near.Close()
	<-l.whole()
	far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", l.target)
	if err != nil {
		return
	}
	defer far.Close()
	l.holds(near, far)
	defer l.drops(near, far)
	over := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() {
			l.carry(way[0], way[1])
			over <- struct{}{}
		}()
	}
	<-over
}

func (l *link) carry(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		<-l.whole()
		if err != nil {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// whole is closed as soon as bytes may pass.
func (l *link) whole() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mended != nil {
		return l.mended
	}
	open := make(chan struct{})
	close(open)
	return open
}

// cut stops all bytes. It reports whether the link was whole.
func (l *link) cut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mended != nil {
		return false
	}
	l.mended = make(chan struct{})
	return true
}

// mend lets new connections pass, and ends those that were cut.
func (l *link) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mended != nil {
		close(l.mended)
		l.mended = nil
	}
	for end := range l.ends {
		_ = end.Close()
	}
}

func (l *link) holds(ends ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range ends {
		l.ends[end] = true
	}
}

func (l *link) drops(ends ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range ends {
		delete(l.ends, end)
	}
}
