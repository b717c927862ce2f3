package orders

import (
	"regexp"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// proof says what a kind of authorization must come with.
type proof struct {
	code   bool // a code from the donor
	signed bool // a signature with its date
}

var proofs = map[string]proof{
	"loa":             {signed: true},
	"consent":         {},
	"transfer-pin":    {code: true},
	"pac":             {code: true},
	"rio":             {code: true},
	"upc":             {code: true},
	"nip":             {code: true},
	"mnp-reservation": {code: true},
}

var sha256Hex = regexp.MustCompile(`^[0-9A-Fa-f]{64}$`)

// lastZone is the zone in which a day ends last on earth.
var lastZone = time.FixedZone("UTC-12", -12*60*60)

func (x *examination) examineAuthorization() {
	authorization := x.order.Authorization
	x.examineProof(authorization)
	x.examineInstant("authorization.issued_at", authorization.IssuedAt)
	x.examineInstant("authorization.signed_at", authorization.SignedAt)
	if digest := authorization.DocumentSHA256; digest != "" && !sha256Hex.MatchString(digest) {
		x.fail("authorization.document_sha256", flaw{
			"digest-malformed", "not a SHA-256 digest",
			"write the 64 hexadecimal digits that sha256sum prints",
		})
	}
}

func (x *examination) examineProof(authorization porting.Authorization) {
	const choose = "write loa, consent, transfer-pin, pac, rio, upc, nip or mnp-reservation"
	if authorization.Kind == "" {
		x.fail("authorization.kind", missing("authorization", choose))
		return
	}
	needs, ok := proofs[authorization.Kind]
	if !ok {
		x.fail("authorization.kind", flaw{"authorization-unknown", "unknown kind of authorization", choose})
	}
	if needs.code && authorization.Code == "" && authorization.CodeRef == "" {
		x.fail("authorization.code", missing("code", "ask the subscriber for the code that the donor gave them"))
	}
	if needs.signed && authorization.SignedBy == "" {
		x.fail("authorization.signed_by", missing("signed-by", "write the name that is on the letter"))
	}
	if needs.signed && authorization.SignedAt.IsZero() {
		x.fail("authorization.signed_at", missing("signed-at", "write when the letter was signed, like 2026-01-17T14:30:00-05:00"))
	}
}

func (x *examination) examineInstant(path string, at time.Time) {
	if at.After(x.options.Now) {
		x.fail(path, flaw{"time-future", "lies in the future", "check the date and its offset from UTC"})
	}
}

// examineWishes refuses a due date only once it is over everywhere on earth: which zone counts is for the rule pack.
func (x *examination) examineWishes() {
	due := x.order.Wishes.DueDate
	if due == "" {
		return
	}
	if _, err := time.Parse(time.DateOnly, due); err != nil {
		x.fail("wishes.due_date", flaw{"due-date-malformed", "not a date", "write year-month-day, like 2031-03-14"})
		return
	}
	if due < x.options.Now.In(lastZone).Format(time.DateOnly) {
		x.fail("wishes.due_date", flaw{"due-date-past", "the date has passed", "choose a later date, or delete the line for the earliest"})
	}
}
