package enum

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"github.com/portsaga/portsaga/porting"
)

// read is what a record says of a number; false if it is no record of the service "pstn", cannot be read, or leads elsewhere.
func read(record *dns.NAPTR, n porting.Number) (Route, bool) {
	if !strings.EqualFold(record.Flags, "u") || !offersPSTN(record.Service) {
		return Route{}, false
	}
	uri, ok := rewrite(plain(record.Regexp), n.E164())
	if !ok {
		return Route{}, false
	}
	return routeIn(uri, n)
}

// plain is a text of a record as it was on the wire; the library keeps it as zone files write it, with \DDD for a byte and a
// backslash before a backslash or a quote.
func plain(text string) string {
	var wire strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			wire.WriteByte(text[i])
			continue
		}
		if i+3 < len(text) {
			if octet, err := strconv.ParseUint(text[i+1:i+4], 10, 8); err == nil {
				wire.WriteByte(byte(octet))
				i += 3
				continue
			}
		}
		i++
		wire.WriteByte(text[i])
	}
	return wire.String()
}

// offersPSTN reports whether a services field names one of the two forms of the service "pstn".
func offersPSTN(services string) bool {
	rule, offered, _ := strings.Cut(strings.ToLower(services), "+")
	if rule != "e2u" {
		return false
	}
	return slices.ContainsFunc(strings.Split(offered, "+"), func(s string) bool { return s == "pstn:tel" || s == "pstn:sip" })
}

// maxRewritten is far above the length of any URI with a number in it.
const maxRewritten = 1024

// rewrite applies a substitution of RFC 3402, such as !^(.*)$!tel:\1;npdi!, to a text; false if it does not match or is
// malformed. Its expressions run in time linear to the text.
func rewrite(substitution, text string) (string, bool) {
	parts, ok := split(substitution)
	if !ok {
		return "", false
	}
	pattern := parts[0]
	switch parts[2] {
	case "":
	case "i":
		pattern = "(?i)" + pattern
	default:
		return "", false
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return "", false
	}
	expression.Longest() // as POSIX has it
	groups := expression.FindStringSubmatch(text)
	if groups == nil {
		return "", false
	}
	return fill(parts[1], groups)
}

// split takes a substitution apart at its delimiter, which is its first character: expression, replacement, flags. A
// delimiter behind a backslash is a plain character.
func split(substitution string) ([3]string, bool) {
	var parts [3]string
	if substitution == "" || strings.ContainsAny(substitution[:1], `0123456789i\`) {
		return parts, false
	}
	delimiter, part := substitution[0], 0
	for i := 1; i < len(substitution); i++ {
		switch c := substitution[i]; {
		case c == '\\' && i+1 < len(substitution):
			i++
			if substitution[i] != delimiter {
				parts[part] += `\`
			}
			parts[part] += substitution[i : i+1]
		case c == delimiter && part == 2:
			return parts, false
		case c == delimiter:
			part++
		default:
			parts[part] += substitution[i : i+1]
		}
	}
	return parts, part == 2
}

// fill puts groups where a replacement names them, \1 to \9.
func fill(replacement string, groups []string) (string, bool) {
	var filled strings.Builder
	for i := 0; i < len(replacement); i++ {
		if replacement[i] != '\\' || i+1 == len(replacement) {
			filled.WriteByte(replacement[i])
			continue
		}
		i++
		group := int(replacement[i]) - '0'
		switch {
		case group < 1 || group > 9:
			filled.WriteByte(replacement[i])
		case group < len(groups):
			filled.WriteString(groups[group])
		default:
			return "", false
		}
	}
	return filled.String(), filled.Len() <= maxRewritten
}

// routeIn reads a tel or sip URI and its parameters; false if it is for another number, or a routing number or carrier in it
// holds only in some network.
func routeIn(uri string, n porting.Number) (Route, bool) {
	scheme, rest, _ := strings.Cut(uri, ":")
	switch strings.ToLower(scheme) {
	case "tel":
	case "sip", "sips":
		user, _, at := strings.Cut(rest, "@")
		if !at {
			return Route{}, false
		}
		rest = user
	default:
		return Route{}, false
	}
	fields := strings.Split(rest, ";")
	if number, ok := global(fields[0]); !ok || number != n.E164() {
		return Route{}, false
	}
	return parameters(fields[1:])
}

func parameters(fields []string) (Route, bool) {
	var route Route
	var seen []string
	for _, field := range fields {
		name, text, _ := strings.Cut(field, "=")
		name = strings.ToLower(name)
		if slices.Contains(seen, name) {
			return Route{}, false
		}
		seen = append(seen, name)
		ok := true
		switch name {
		case "npdi":
			route.Dipped = true
		case "rn":
			route.RoutingNumber, ok = global(text)
		case "cic":
			route.Carrier, ok = global(text)
		}
		if !ok {
			return Route{}, false
		}
	}
	return route, true
}

// separators may stand between the digits of a number for people (RFC 3966).
var separators = strings.NewReplacer("-", "", ".", "", "(", "", ")", "")

var globalNumber = regexp.MustCompile(`^\+[0-9]{1,20}$`)

// global is a number in global form without separators. One in local form means something only in its context.
func global(text string) (string, bool) {
	number := separators.Replace(text)
	return number, globalNumber.MatchString(number)
}
