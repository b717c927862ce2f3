package engine

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"

	"github.com/portsaga/portsaga/porting"
)

// Everything listens here: the engine asks nobody who they are, so nobody outside this machine may reach it.
const host = "127.0.0.1"

// ports are the engine's listeners. Beside frontend and ui they are free ports, new at every start.
type ports struct {
	frontend, frontendHTTP, internalFrontend, history, matching, worker, ui int
}

// choosePorts probes the wanted ports and picks the free ones. All are held open until the last is chosen, so that no
// two are the same; a taken port is an error here because the Web UI would end the process over it.
func choosePorts(o Options) (p ports, err error) {
	wanted := []struct {
		purpose string
		port    int
		chosen  *int
	}{
		{"Temporal frontend", o.FrontendPort, &p.frontend},
		{"Web UI", o.UIPort, &p.ui},
		{"HTTP frontend", 0, &p.frontendHTTP},
		{"internal frontend", 0, &p.internalFrontend},
		{"history service", 0, &p.history},
		{"matching service", 0, &p.matching},
		{"worker service", 0, &p.worker},
	}
	for _, w := range wanted {
		listener, err := listen(w.port)
		if err != nil {
			return ports{}, portError(w.purpose, w.port, err)
		}
		defer func() { _ = listener.Close() }()
		*w.chosen = listener.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

// Free ports are picked below the range from which systems give ports to outgoing connections: between the choice and the
// server's own listening, no connection of any process can take one.
const (
	lowestFree  = 21_000
	highestFree = 32_000
	tries       = 100
)

// listen holds the wanted port, or for 0 a free one.
func listen(port int) (net.Listener, error) {
	if port != 0 {
		return net.Listen("tcp", loopback(port))
	}
	for range tries {
		if listener, err := net.Listen("tcp", loopback(lowestFree+rand.IntN(highestFree-lowestFree))); err == nil {
			return listener, nil
		}
	}
	return net.Listen("tcp", loopback(0))
}

func portError(purpose string, port int, err error) error {
	return &porting.Error{
		Kind: porting.Failed, Code: "engine-port-taken", Op: "start engine",
		Detail: fmt.Sprintf("cannot listen on port %d for the %s: %v", port, purpose, err),
		Next:   "stop the program that holds the port, or choose another one (0 picks a free one)", Err: err,
	}
}

func loopback(port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
