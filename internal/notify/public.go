package notify

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
)

// errPrivate means that a name led to an address that is not public.
var errPrivate = errors.New("the address is not public")

// notPublic are blocks that netip does not tell from public ones: shared by carriers, for protocols and benchmarks, reserved,
// and addresses of the old kind inside new ones.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
}

// Public reports whether an address may be one of a stranger's service: nothing of this machine or this network.
func Public(address netip.Addr) bool {
	address = address.Unmap()
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(block netip.Prefix) bool { return block.Contains(address) })
}

// PublicClient reaches public addresses only. It looks at the address that it connects to, after the name was resolved,
// follows no redirects and uses no proxy. allowPrivate lets it reach every address.
func PublicClient(allowPrivate bool) *http.Client {
	dialer := &net.Dialer{}
	if !allowPrivate {
		dialer.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil || !Public(to.Addr()) {
				return errPrivate
			}
			return nil
		}
	}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: atOnce, IdleConnTimeout: lease, ResponseHeaderTimeout: sendPatience},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
