package manual

import (
	"bytes"
	"errors"
	"io"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Profile is how one carrier is worked with by hand.
type Profile struct {
	Name         string        `yaml:"name"`          // by which orders name the carrier, like "old-bell"
	Countries    []string      `yaml:"countries"`     // ISO 3166-1 alpha-2, whose numbers it ports; empty means all
	Kinds        []string      `yaml:"kinds"`         // wireline, wireless, toll-free; empty means all
	Email        string        `yaml:"email"`         // of its porting desk; empty where it takes none
	Portal       string        `yaml:"portal"`        // https address where orders are entered
	Telephone    string        `yaml:"telephone"`     // of its people
	Hours        string        `yaml:"hours"`         // when they work, for people to read
	Needs        []string      `yaml:"needs"`         // documents that go with an order: loa, invoice, csr, other
	Language     string        `yaml:"language"`      // of forms and mails; en when empty
	MaxNumbers   int           `yaml:"max_numbers"`   // of one order; 0 means no bound
	CancelLock   time.Duration `yaml:"cancel_lock"`   // before the FOC, in which only its people on the telephone can cancel
	NoCancel     bool          `yaml:"no_cancel"`     // it takes no cancel in writing at all
	OnDemand     bool          `yaml:"on_demand"`     // it activates when we say so; otherwise by itself at the FOC
	CodesByMail  bool          `yaml:"codes_by_mail"` // authorization codes may go to it by mail
	AnswerWithin time.Duration `yaml:"answer_within"` // until a person asks after an answer; a day when zero
}

const (
	usualPatience = 24 * time.Hour
	longestSpan   = 30 * 24 * time.Hour
	longestText   = 200 // characters
)

var (
	nameOfCarrier = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	countryCode   = regexp.MustCompile(`^[A-Z]{2}$`)

	kinds     = []string{porting.KindWireline, porting.KindWireless, porting.KindTollFree}
	documents = []string{"loa", "invoice", "csr", "other"}
)

// ParseProfile reads one profile, strictly: an unknown field is an error. Code of Invalid: "profile-invalid".
func ParseProfile(text []byte) (Profile, error) {
	var p Profile
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&p); err != nil {
		return Profile{}, badProfile(p.Name, "it cannot be read: "+strings.Join(strings.Fields(err.Error()), " "))
	}
	if err := decoder.Decode(new(Profile)); !errors.Is(err, io.EOF) {
		return Profile{}, badProfile(p.Name, "it holds more than one carrier")
	}
	if p.Language == "" {
		p.Language = "en"
	}
	if p.AnswerWithin == 0 {
		p.AnswerWithin = usualPatience
	}
	if flaw := p.flaw(); flaw != "" {
		return Profile{}, badProfile(p.Name, flaw)
	}
	return p, nil
}

// flaw says what is wrong with a profile, "" if nothing is.
func (p Profile) flaw() string {
	switch {
	case !nameOfCarrier.MatchString(p.Name):
		return "name: small letters, digits and hyphens"
	case !all(p.Countries, countryCode.MatchString):
		return "countries: two capital letters each"
	case !all(p.Kinds, func(kind string) bool { return slices.Contains(kinds, kind) }):
		return "kinds: " + strings.Join(kinds, ", ")
	case !all(p.Needs, func(need string) bool { return slices.Contains(documents, need) }):
		return "needs: " + strings.Join(documents, ", ")
	case p.Email == "" && p.Portal == "" && p.Telephone == "":
		return "it has neither email nor portal nor telephone"
	case p.Email != "" && !isAddress(p.Email):
		return "email: a bare address like ports@carrier.example"
	case p.Portal != "" && !isSecureURL(p.Portal):
		return "portal: an https address"
	case p.CodesByMail && p.Email == "":
		return "codes_by_mail: there is no email"
	case !all([]string{p.Telephone, p.Hours}, isLine):
		return "telephone, hours: one short line each"
	case !slices.Contains(Languages(), p.Language):
		return "language: " + strings.Join(Languages(), ", ")
	case p.MaxNumbers < 0:
		return "max_numbers: 0 or more"
	case p.CancelLock < 0 || p.CancelLock > longestSpan || p.AnswerWithin < time.Minute || p.AnswerWithin > longestSpan:
		return "cancel_lock, answer_within: at most thirty days"
	}
	return ""
}

func all(list []string, good func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !good(s) })
}

func isAddress(s string) bool {
	address, err := mail.ParseAddress(s)
	return err == nil && address.Address == s && isLine(s)
}

func isSecureURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && isLine(s)
}

func isLine(s string) bool {
	return len([]rune(s)) <= longestText && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Capabilities are what the profile says. Whatever people can be asked, they can be asked at every carrier: a correction and
// a reverse port.
func (p Profile) Capabilities() carrier.Capabilities {
	return carrier.Capabilities{
		Name: p.Name, Countries: p.Countries, Kinds: p.Kinds, MaxNumbers: p.MaxNumbers, Documents: p.Needs,
		Supplement: true, Reverse: true, OnDemand: p.OnDemand, PerNumber: true, CancelLock: p.CancelLock,
	}
}

func badProfile(name, detail string) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "profile-invalid", Op: "read carrier profile", Object: name, Detail: detail, Next: "compare it with docs/manual-desk.md",
	}
}
