package sources

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/porting"
)

// TwilioLookup asks Twilio Lookup v2.
type TwilioLookup struct {
	Root   string // "" is Twilio's own
	Key    string // SID of an API key, or of the account
	Secret Secret
	HTTP   *http.Client // nil is one that follows no redirect
}

const twilioRoot = "https://lookups.twilio.com"

// Sources are the line of the contact number, and the SIM swap where Twilio has it for the number's carrier.
func (l *TwilioLookup) Sources() []Source {
	return []Source{{Name: "contact", Ask: l.contact}, {Name: "sim_swap", Ask: l.simSwap}}
}

// lookup asks for one package of data about a number.
func (l *TwilioLookup) lookup(ctx context.Context, number porting.Number, fields string, into any) error {
	root := l.Root
	if root == "" {
		root = twilioRoot
	}
	at := strings.TrimSuffix(root, "/") + "/v2/PhoneNumbers/" + url.PathEscape(number.E164()) + "?Fields=" + fields
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return missing(fraud.NotConfigured, "the root of Twilio Lookup is no URL")
	}
	req.SetBasicAuth(l.Key, string(l.Secret))
	status, body, err := exchange(l.HTTP, req)
	switch {
	case err != nil:
		return err
	case status != http.StatusOK:
		return missing(whyRefused(status, ""), "Twilio answered %d", status)
	case json.Unmarshal(body, into) != nil:
		return missing(fraud.Unreadable, "the answer is not what Twilio describes")
	default:
		return nil
	}
}

// lines are Twilio's types of line.
var lines = map[string]fraud.Line{
	"mobile": fraud.LineMobile, "landline": fraud.LineLandline, "fixedVoip": fraud.LineFixedVoIP, "nonFixedVoip": fraud.LineVirtual,
	"tollFree": fraud.LineTollFree, "unknown": fraud.LineUnknown, "": fraud.LineUnknown,
}

func (l *TwilioLookup) contact(ctx context.Context, s Subject) (fraud.Facts, error) {
	if s.Contact == "" {
		return nil, missing(fraud.NotAsked, "there is no contact number")
	}
	var told struct {
		Line *struct {
			Type  string `json:"type"`
			Error *int   `json:"error_code"`
		} `json:"line_type_intelligence"`
	}
	if err := l.lookup(ctx, s.Contact, "line_type_intelligence", &told); err != nil {
		return nil, err
	}
	if told.Line == nil || told.Line.Error != nil {
		return nil, missing(fraud.NotApplicable, "Twilio has no line type for the number")
	}
	line, ok := lines[told.Line.Type]
	if !ok {
		line = fraud.LineOther
	}
	return fraud.Contact{Line: &line, IsTheNumber: new(s.Contact == s.Number)}, nil
}

// twilioSwap is what Twilio says of the SIM.
type twilioSwap struct {
	Date     json.RawMessage `json:"last_sim_swap_date"`
	Period   string          `json:"swapped_period"` // ISO 8601, "PT48H"
	InPeriod *bool           `json:"swapped_in_period"`
}

func (l *TwilioLookup) simSwap(ctx context.Context, s Subject) (fraud.Facts, error) {
	if !s.Mobile {
		return nil, missing(fraud.NotApplicable, "the number is no mobile one")
	}
	var told struct {
		Swap *struct {
			Last  *twilioSwap `json:"last_sim_swap"`
			Error *int        `json:"error_code"`
		} `json:"sim_swap"`
	}
	if err := l.lookup(ctx, s.Number, "sim_swap", &told); err != nil {
		return nil, err
	}
	if told.Swap == nil || told.Swap.Last == nil || told.Swap.Error != nil {
		return nil, missing(fraud.NotApplicable, "Twilio has no SIM data for the number") // nulls for carriers that it does not cover
	}
	change, err := told.Swap.Last.change(s)
	return factsOr(fraud.SIMSwap{Change: &change}, err)
}

// change is the age of the last change: by its date, or by whether it lies within the period that was watched.
func (t twilioSwap) change(s Subject) (fraud.Age, error) {
	if len(t.Date) > 0 && string(t.Date) != "null" {
		return s.changeOn(t.Date)
	}
	hours, ok := periodHours(t.Period)
	switch {
	case !ok || t.InPeriod == nil:
		return fraud.Age{}, missing(fraud.NotTold, "Twilio gives neither date nor period")
	case !*t.InPeriod:
		return fraud.AtLeast(hours), nil
	case !s.began().IsZero() && s.At.Sub(s.began()).Hours() <= float64(hours)+margin.Hours():
		return fraud.Age{}, missing(fraud.TooCoarse, "the line began within the period, so that a change cannot be told from it")
	default:
		return fraud.AtMost(hours), nil
	}
}

var period = regexp.MustCompile(`^P(?:([0-9]{1,5})D)?(?:T([0-9]{1,6})H(?:[0-9.]+[MS])*)?$`)

// periodHours reads the whole hours of a period.
func periodHours(s string) (hours int, ok bool) {
	part := period.FindStringSubmatch(s)
	if part == nil {
		return 0, false
	}
	days, _ := strconv.Atoi(part[1])
	hours, _ = strconv.Atoi(part[2])
	hours += days * 24
	return hours, hours > 0
}
