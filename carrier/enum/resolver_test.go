package enum_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/enum"
	"github.com/portsaga/portsaga/porting"
)

const (
	number = porting.Number("+12125550123")
	zone   = "e164enum.example"
	name   = "3.2.1.0.5.5.5.2.1.2.1.e164enum.example."
	ported = `!^.*$!tel:+1-212-555-0123;npdi;rn=+1-312-555-0100!`
)

// serve runs a name server on a free loopback port, over UDP and TCP, and returns its address.
func serve(t *testing.T, answer dns.HandlerFunc) string {
	t.Helper()
	var stream net.Listener
	var datagrams net.PacketConn
	require.Eventually(t, func() bool { // the port must be free for both
		var err error
		if stream, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return false
		}
		if datagrams, err = net.ListenPacket("udp", stream.Addr().String()); err != nil {
			stream.Close()
		}
		return err == nil
	}, 10*time.Second, time.Millisecond)
	for _, server := range []*dns.Server{{Listener: stream, Handler: answer}, {PacketConn: datagrams, Handler: answer}} {
		ready := make(chan struct{})
		server.NotifyStartedFunc = func() { close(ready) }
		ended := make(chan error, 1)
		go func() { ended <- server.ActivateAndServe() }()
		<-ready
		t.Cleanup(func() {
			require.NoError(t, server.Shutdown())
			require.NoError(t, <-ended)
		})
	}
	return stream.Addr().String()
}

// telling is a name server that answers every question with records.
func telling(t *testing.T, code int, records ...string) string {
	t.Helper()
	return serve(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetRcode(q, code)
		m.Answer = parse(t, records...)
		if w.RemoteAddr().Network() == "udp" {
			m.Truncate(1232)
		}
		_ = w.WriteMsg(m)
	})
}

func parse(t *testing.T, records ...string) (all []dns.RR) {
	for _, text := range records {
		rr, err := dns.NewRR(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return nil
		}
		all = append(all, rr)
	}
	return all
}

func naptr(order, services, substitution string) string {
	return name + " 60 IN NAPTR " + order + ` "u" "` + services + `" "` + strings.ReplaceAll(substitution, `\`, `\\`) + `" .`
}

func TestRoute(t *testing.T) {
	t.Parallel()
	moved := enum.Route{RoutingNumber: "+13125550100", Dipped: true}
	for _, c := range []struct {
		label   string
		code    int
		records []string
		want    enum.Route
		refused string
	}{
		{label: "ported", records: []string{naptr("10 10", "E2U+pstn:tel", ported)}, want: moved},
		{label: "never ported", records: []string{naptr("10 10", "E2U+pstn:tel", `!^.*$!tel:+12125550123;npdi!`)}, want: enum.Route{Dipped: true}},
		{label: "not looked up", records: []string{naptr("10 10", "E2U+pstn:tel", `!^.*$!tel:+12125550123!`)}},
		{label: "over SIP, with a carrier", records: []string{
			naptr("10 10", "e2u+PSTN:sip", `!^(.*)$!sip:\1;npdi;rn=+13125550100;cic=+1-6789@gw.example;user=phone!i`),
		}, want: enum.Route{RoutingNumber: "+13125550100", Dipped: true, Carrier: "+16789"}},
		{label: "the first in order", records: []string{
			naptr("20 10", "E2U+pstn:tel", `!^.*$!tel:+12125550123;npdi;rn=+14155550100!`), naptr("10 20", "E2U+pstn:tel", ported),
		}, want: moved},
		{label: "the preferred", records: []string{
			naptr("10 20", "E2U+pstn:tel", `!^.*$!tel:+12125550123;npdi;rn=+14155550100!`), naptr("10 10", "E2U+sip", `!^.*$!sip:x@y!`),
			naptr("10 15", "E2U+mailto+pstn:tel", ported),
		}, want: moved},
		{label: "an alias", records: []string{
			name + " 60 IN CNAME ported.example.", `ported.example. 60 IN NAPTR 10 10 "u" "E2U+pstn:tel" "` + ported + `" .`,
		}, want: moved},
		{label: "malformed ones are passed over", records: []string{
			naptr("1 1", "E2U+pstn:tel", ``), naptr("2 1", "E2U+pstn:tel", `!^.*$!tel:+12125550123`), naptr("3 1", "E2U+pstn:tel", `!^(.*$!tel:\1!`),
			naptr("4 1", "E2U+pstn:tel", `!^.*$!tel:+12125550123;npdi!x`), naptr("5 1", "E2U+pstn:tel", `!^.*$!tel:\2;npdi!`),
			naptr("6 1", "E2U+pstn:tel", `!^.*$!tel:+12125550123;npdi;rn=3125550100!`), naptr("7 1", "E2U+pstn:tel", `!^.*$!tel:+12125550123;rn=+1;rn=+2!`),
			naptr("8 1", "E2U+pstn:tel", `!^.*$!tel:+12125550124;npdi!`), naptr("9 1", "E2U+pstn:tel", `!^\+44!tel:+12125550123;npdi!`),
			naptr("10 1", "E2U+pstn:sip", `!^.*$!sip:+12125550123;npdi!`), naptr("11 1", "pstn:tel+E2U", ported),
			name + ` 60 IN NAPTR 12 1 "" "E2U+pstn:tel" "" elsewhere.example.`, naptr("13 1", "E2U+pstn:tel", ported),
		}, want: moved},
		{label: "another's record", records: []string{`other.example. 60 IN NAPTR 10 10 "u" "E2U+pstn:tel" "` + ported + `" .`}, refused: "registry-number-unknown"},
		{label: "aliases in a ring", records: []string{name + " 60 IN CNAME a.example.", "a.example. 60 IN CNAME " + name}, refused: "registry-number-unknown"},
		{label: "nothing readable", records: []string{naptr("10 10", "E2U+pstn:tel", `!`)}, refused: "registry-unread"},
		{label: "no such name", code: dns.RcodeNameError, refused: "registry-number-unknown"},
		{label: "no records", refused: "registry-number-unknown"},
		{label: "the server fails", code: dns.RcodeServerFailure, refused: "registry-unavailable"},
		{label: "the server refuses", code: dns.RcodeRefused, refused: "registry-unavailable"},
	} {
		t.Run(c.label, func(t *testing.T) {
			t.Parallel()
			r := enum.Resolver{Server: telling(t, c.code, c.records...), Zone: zone}
			route, err := r.Route(t.Context(), number)
			require.Equal(t, c.refused, porting.CodeOf(err))
			require.Equal(t, c.want, route)
			if err != nil {
				require.NotContains(t, err.Error(), "5550123")
			}
		})
	}
}

func TestServing(t *testing.T) {
	t.Parallel()
	r := enum.Resolver{Server: telling(t, dns.RcodeSuccess, naptr("10 10", "E2U+pstn:tel", ported)), Zone: "." + zone}
	s, err := r.Serving(t.Context(), number)
	require.NoError(t, err)
	require.Equal(t, "+13125550100", s.RoutingNumber)
	require.WithinDuration(t, time.Now(), s.At, time.Minute)

	r.Server = telling(t, dns.RcodeSuccess, naptr("10 10", "E2U+pstn:tel", `!^.*$!tel:+12125550123!`))
	_, err = r.Serving(t.Context(), number)
	require.Equal(t, "registry-unread", porting.CodeOf(err), "who did not look cannot say that a number was never ported")
}

func TestWhatUDPCutsOffIsAskedForOverTCP(t *testing.T) {
	t.Parallel()
	var asked, streamed atomic.Int32
	server := serve(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if w.RemoteAddr().Network() == "udp" {
			asked.Add(1)
			m.Truncated = true
		} else {
			streamed.Add(1)
			m.Answer = parse(t, naptr("10 10", "E2U+pstn:tel", ported))
		}
		_ = w.WriteMsg(m)
	})
	route, err := (&enum.Resolver{Server: server, Zone: zone}).Route(t.Context(), number)
	require.NoError(t, err)
	require.True(t, route.Dipped)
	require.EqualValues(t, 1, asked.Load())
	require.EqualValues(t, 1, streamed.Load())
}

func TestALostDatagramIsAskedForOnceMore(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := serve(t, func(w dns.ResponseWriter, q *dns.Msg) {
		if asked.Add(1) == 1 {
			return
		}
		m := new(dns.Msg).SetReply(q)
		m.Answer = parse(t, naptr("10 10", "E2U+pstn:tel", ported))
		_ = w.WriteMsg(m)
	})
	_, err := (&enum.Resolver{Server: server, Zone: zone, Timeout: 200 * time.Millisecond}).Route(t.Context(), number)
	require.NoError(t, err)
	require.EqualValues(t, 2, asked.Load())
}

func TestASilentServerIsUnavailable(t *testing.T) {
	t.Parallel()
	r := enum.Resolver{Server: serve(t, func(dns.ResponseWriter, *dns.Msg) {}), Zone: zone, Timeout: 50 * time.Millisecond}
	_, err := r.Route(t.Context(), number)
	require.Equal(t, "registry-unavailable", porting.CodeOf(err))
	require.Equal(t, porting.Failed, porting.KindOf(err))

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Route(gone, number)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "registry-unavailable", porting.CodeOf(err))
}

func TestAnAnswerToAnotherQuestionIsNone(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		m.Question[0].Name = "4.2.1.0.5.5.5.2.1.2.1.e164enum.example."
		m.Answer = parse(t, naptr("10 10", "E2U+pstn:tel", ported))
		_ = w.WriteMsg(m)
	})
	_, err := (&enum.Resolver{Server: server, Zone: zone}).Route(t.Context(), number)
	require.Equal(t, "registry-unavailable", porting.CodeOf(err))
}
