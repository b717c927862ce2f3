package enum

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestDomain(t *testing.T) {
	t.Parallel()
	require.Equal(t, "3.2.1.0.5.5.5.2.1.2.1.e164.arpa.", domain("+12125550123", "e164.arpa"))
	require.Equal(t, "4.4.e164enum.example.", domain("+44", ".E164enum.Example."))
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Resolver{
		"192.0.2.53:53":        {Server: "192.0.2.53"},
		"192.0.2.53:5353":      {Server: "192.0.2.53:5353"},
		"dns.example:853":      {Server: "dns.example", TLS: true},
		"[2001:db8::53]:53":    {Server: "2001:db8::53"},
		"[2001:db8::53]:853":   {Server: "[2001:db8::53]", TLS: true},
		"[2001:db8::53]:10053": {Server: "[2001:db8::53]:10053"},
	} {
		require.Equal(t, want, r.address())
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		substitution, want string
		ok                 bool
	}{
		{`!^.*$!tel:+1!`, "tel:+1", true},
		{`!^\+1(.*)$!tel:\1!`, "tel:2125550123", true},
		{`/^.*$/a\/b/`, "a/b", true},
		{`!^.*$!a\\b!`, `a\b`, true},
		{`!^\+(1)(212)(.*)$!\3\2\1!i`, "55501232121", true},
		{`!^(x)?.*$![\1]!`, "[]", true},
		{`!^.*$!\1!`, "", false},
		{`!^\+44!x!`, "", false},
		{`!^.*$!x!!`, "", false},
		{`!^.*$!x!g`, "", false},
		{`!(!x!`, "", false},
		{`!a`, "", false},
		{`1^.*$1x1`, "", false},
		{`!`, "", false},
		{``, "", false},
		{`!^(.*)$!` + strings.Repeat(`\1`, 100) + `!`, "", false},
	} {
		got, ok := rewrite(c.substitution, "+12125550123")
		require.Equal(t, c.ok, ok, c.substitution)
		if c.ok {
			require.Equal(t, c.want, got)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	require.Equal(t, `!^(.*)$!tel:\1;x="é"!\`, plain(`!^(.*)$!tel:\\1;x=\"\195\169\"!\\`))
	require.Equal(t, `9`+"\\", plain(`\9\`))
	require.Equal(t, `999`, plain(`\999`), "no byte")
}

// Whatever a registry writes, reading it does not panic, and a route that is read is one of that number.
func FuzzRead(f *testing.F) {
	f.Add("u", "E2U+pstn:tel", `!^.*$!tel:+1-212-555-0123;npdi;rn=+1-312-555-0100!`)
	f.Add("U", "e2u+pstn:sip", `!^(.*)$!sip:\1;npdi;cic=+16789@gw.example!i`)
	f.Add("", "", `!\`)
	f.Add("u", "E2U+pstn:tel", `!(((((((.*)))))))!\9\8\\!`)
	f.Fuzz(func(t *testing.T, flags, services, substitution string) {
		route, ok := read(&dns.NAPTR{Flags: flags, Service: services, Regexp: substitution}, porting.Number("+12125550123"))
		if !ok {
			require.Equal(t, Route{}, route)
			return
		}
		for _, told := range []string{route.RoutingNumber, route.Carrier} {
			if told != "" {
				require.Regexp(t, `^\+[0-9]{1,20}$`, told)
			}
		}
	})
}
