package twilio

import (
	"regexp"
	"strconv"
	"strings"

	numbers "github.com/twilio/twilio-go/rest/numbers/v1"

	"github.com/portsaga/portsaga/carrier"
)

var requestSID = regexp.MustCompile(`^KW[0-9a-fA-F]{32}$`)

// mark is our mailbox with an order's reference in it: loa+<port>.<version>@domain.
func (c *Client) mark(ref carrier.Ref) string {
	user, domain, _ := strings.Cut(c.Mailbox, "@")
	return user + "+" + ref.Port + "." + strconv.Itoa(ref.Version) + "@" + domain
}

// ours reads the reference in the addresses that a request shows; false for a request that we did not send.
func (c *Client) ours(r *numbers.NumbersV1PortingPortIn) (carrier.Ref, bool) {
	for _, address := range value(r.NotificationEmails) {
		if ref, ok := c.readMark(address); ok {
			return ref, true
		}
	}
	return carrier.Ref{}, false
}

func (c *Client) readMark(address string) (carrier.Ref, bool) {
	user, domain, _ := strings.Cut(c.Mailbox, "@")
	local, at, _ := strings.Cut(address, "@")
	name, detail, marked := strings.Cut(local, "+")
	dot := strings.LastIndex(detail, ".")
	if !marked || dot < 1 || !strings.EqualFold(name, user) || !strings.EqualFold(at, domain) {
		return carrier.Ref{}, false
	}
	version, err := strconv.Atoi(detail[dot+1:])
	return carrier.Ref{Port: detail[:dot], Version: version}, err == nil && version > 0
}
