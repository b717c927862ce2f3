package serve

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/time/rate"
)

const (
	burst     = 20      // tries at once from one address
	perSecond = 1.0 / 3 // and from then on
	remember  = 10_000  // addresses; then the older half is forgotten
)

// limits bound how often one address may try. Two generations keep the memory small under a flood of addresses.
type limits struct {
	mu       sync.Mutex
	now, old map[netip.Addr]*rate.Limiter
}

func newLimits() *limits {
	return &limits{now: map[netip.Addr]*rate.Limiter{}}
}

func (l *limits) allow(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.now[from]
	if limiter == nil {
		if limiter = l.old[from]; limiter == nil {
			limiter = rate.NewLimiter(perSecond, burst)
		}
		if len(l.now) >= remember/2 {
			l.now, l.old = map[netip.Addr]*rate.Limiter{}, l.now
		}
		l.now[from] = limiter
	}
	return limiter.Allow()
}

// tooMany reports that an address has tried too often.
func (d *door) tooMany(r *http.Request) bool { return !d.limits.allow(d.addressOf(r)) }

// addressOf is where a request comes from; of IPv6 the network, which one customer has to himself.
func (d *door) addressOf(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if forwarded := r.Header.Values("X-Forwarded-For"); d.BehindProxy && len(forwarded) > 0 {
		last := forwarded[len(forwarded)-1]
		host = strings.TrimSpace(last[strings.LastIndex(last, ",")+1:])
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	address = address.Unmap().WithZone("")
	if address.Is6() {
		if network, err := address.Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return address
}
