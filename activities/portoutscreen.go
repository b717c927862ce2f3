package activities

import (
	"context"
	"fmt"
	"strings"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/fraud/replay"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// ScreenLeaving makes the checks that a donor may make: number and account, the fields that the pack lets it ask for and no
// others, the PIN, locks, and the risk. Blocked is always a lawful ground of the donor.
func (a *Activities) ScreenLeaving(ctx context.Context, in porting.LeavingInput) (porting.Findings, error) {
	if a.Leaving == nil {
		return porting.Findings{}, never(&porting.Error{
			Kind: porting.Refused, Code: "switch-not-configured", Op: "screen port-out", Object: in.Port, Detail: "this worker does not reach our own network",
		})
	}
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return porting.Findings{}, lasting(err)
	}
	s := donorCheck{Activities: a, pack: pack, in: in, found: &porting.Findings{Risk: porting.RiskLow}}
	judged, err := s.run(ctx)
	if err != nil {
		return porting.Findings{}, err
	}
	if s.found.Blocked != nil {
		err = a.keepLook(ctx, s.screenInput(), *s.found, judged)
	} else {
		err = a.signLeaving(ctx, pack, in, s.found, judged)
	}
	if err != nil {
		return *s.found, err
	}
	return *s.found, a.recordScreening(ctx, s.screenInput(), *s.found)
}

// donorCheck is one look at a request.
type donorCheck struct {
	*Activities
	pack  *rules.Pack
	in    porting.LeavingInput
	found *porting.Findings
}

func (s donorCheck) run(ctx context.Context) (*replay.Judged, error) {
	for _, number := range s.in.Request.Numbers {
		line, err := s.Leaving.Switch.Line(ctx, number)
		if porting.CodeOf(err) == "line-unknown" {
			s.refuse("no such number is ours", porting.NumberNotFound, porting.WrongLosingCarrier, porting.NumberInactive)
		} else if err != nil {
			return nil, err
		}
		if s.found.Blocked != nil {
			return nil, nil
		}
		if err := s.look(ctx, number, line); err != nil || s.found.Blocked != nil {
			return nil, err
		}
	}
	if err := checkHistoryOf(ctx, s); err != nil {
		return nil, err
	}
	return s.judge(ctx)
}

// look checks one number against our record of it.
func (s donorCheck) look(ctx context.Context, number porting.Number, line carrier.Line) error {
	if !line.Active {
		s.refuse("the number is not in service", porting.NumberInactive)
	}
	for _, f := range fieldsOf(s.in.Request.Given, line) {
		s.compare(f)
	}
	if s.found.Blocked != nil || s.Leaving.Guard == nil {
		return nil
	}
	if err := s.checkPIN(ctx, number); err != nil || s.found.Blocked != nil {
		return err
	}
	locked, err := s.Leaving.Guard.Locked(ctx, s.in.Request.TenantOrDefault(), number, line.Account)
	if locked && !s.in.Request.LineSeparation {
		s.refuse("the subscriber has locked the number", porting.PortProtected)
	}
	return err
}

// field is something that a recipient may give along, and our record of it.
type field struct {
	name              string
	given, ours       string
	differs, required porting.Reason
}

func fieldsOf(g porting.Given, line carrier.Line) []field {
	postal := g.PostalCode
	if postal == "" {
		postal = g.Address.PostalCode
	}
	return []field{
		{"account number", g.Account, line.Account, porting.AccountNumberMismatch, porting.AccountNumberRequired},
		{"billing number", g.BTN.E164(), line.BTN.E164(), porting.BTNMismatch, ""},
		{"postal code", postal, line.Address.PostalCode, porting.ZIPMismatch, ""},
		{"name", g.Name, line.Name, porting.NameMismatch, ""},
		{"address", g.Address.Street, line.Address.Street, porting.AddressMismatch, ""},
	}
}

// compare holds a field against our record, if the pack lets a donor refuse for it. One that it does not name is not looked at.
func (s donorCheck) compare(f field) {
	switch {
	case s.found.Blocked != nil || f.ours == "":
	case !s.lawful(f.differs):
		if f.given != "" {
			s.note("%s: given, and not ours to ask for", f.name)
		}
	case f.given == "":
		if f.required != "" {
			s.refuse("the "+f.name+" is missing", f.required)
		}
	case !sameField(f.given, f.ours):
		s.refuse("the "+f.name+" differs from our record", f.differs)
	default:
		s.note("%s fits", f.name)
	}
}

func sameField(given, ours string) bool { return plainField(given) == plainField(ours) }

// plainField leaves out what people write in different ways.
func plainField(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -./", r) {
			return -1
		}
		return r
	}, strings.ToUpper(s))
}

// checkPIN asks the guard for the number's PIN. Whoever has set one must be asked for it.
func (s donorCheck) checkPIN(ctx context.Context, number porting.Number) error {
	ref := s.in.Request.Given.PINRef
	pin, err := s.secret(ctx, s.in.Port, ref, s.in.At)
	if porting.CodeOf(err) == "secret-gone" {
		s.refuse("the PIN is destroyed or has expired", porting.PINExpired, porting.PINRequired)
		return nil
	}
	if err != nil {
		return lasting(err)
	}
	verdict, err := s.Leaving.Guard.CheckPIN(ctx, PINAttempt{
		Tenant: s.in.Request.TenantOrDefault(), Number: number, PIN: pin, Ref: s.in.Port + "/" + ref, Source: s.in.Request.Recipient.Name,
		Quiet: s.in.Request.LineSeparation,
	})
	switch {
	case err != nil:
		return err
	case verdict == PINNone:
		s.note("the subscriber has set no PIN")
	case verdict == PINRight:
		s.note("PIN fits")
	case verdict == PINLocked:
		// Others may have tried them. That is no ground against the subscriber, whose PIN nobody looked at.
		s.found.Risk = porting.RiskHigh
		s.note("too many PINs were tried of late, so this one was not looked at: ask the subscriber")
	case ref == "":
		s.refuse("the subscriber has a PIN, and none was given", porting.PINRequired, porting.PINMismatch)
	default:
		s.refuse("the PIN is wrong", porting.PINMismatch)
	}
	return nil
}

// refuse blocks the port on the first ground that is lawful. What is wrong without being a ground is for people to see.
func (s donorCheck) refuse(why string, grounds ...porting.Reason) {
	if s.found.Blocked != nil {
		return
	}
	for _, reason := range grounds {
		if ground, err := s.pack.Ground(reason, rules.Donor); err == nil {
			s.found.Blocked = &porting.Refusal{Reason: reason, Note: why + " (" + ground.Refusal().Cite + ")"}
			return
		}
	}
	s.found.Risk = porting.RiskHigh
	s.note("%s; the rules make it no ground to refuse", why)
}

func (s donorCheck) lawful(reason porting.Reason) bool {
	_, err := s.pack.Ground(reason, rules.Donor)
	return err == nil
}

func (s donorCheck) note(format string, args ...any) {
	s.found.Notes = append(s.found.Notes, fmt.Sprintf(format, args...))
}

// judge asks the fraud desk. Suspicion alone is rarely a ground: then people look, in the time that the answer has.
func (s donorCheck) judge(ctx context.Context) (*replay.Judged, error) {
	judged, err := s.judgeFraud(ctx, s.screenInput(), s.found)
	if err != nil {
		return nil, err
	}
	if blocked := s.found.Blocked; blocked != nil {
		s.found.Blocked, s.found.Risk = nil, porting.RiskHigh
		s.refuse(blocked.Note, blocked.Reason, porting.SuspectedFraud)
	}
	return judged, nil
}

func checkHistoryOf(ctx context.Context, s donorCheck) error {
	return s.checkHistory(ctx, s.screenInput(), s.found)
}

func (s donorCheck) screenInput() porting.ScreenInput { return screenInputOf(s.in) }

func screenInputOf(in porting.LeavingInput) porting.ScreenInput {
	return porting.ScreenInput{
		Port: in.Port, Order: in.Request.Order(), Pack: in.Pack, Carrier: in.Carrier, Salt: in.Salt, At: in.At, Outgoing: true,
	}
}

// signLeaving says who must decide, and signs the findings.
func (a *Activities) signLeaving(ctx context.Context, pack *rules.Pack, in porting.LeavingInput, found *porting.Findings, judged *replay.Judged) error {
	if err := a.sign(ctx, screenInputOf(in), found, judged); err != nil {
		return err
	}
	policy := leavingPolicy(pack, found.Risk)
	found.Policy = &policy
	return nil
}

// leavingPolicy is who must decide on a port-out: nobody where everything is in order, because a donor may not delay.
func leavingPolicy(pack *rules.Pack, risk porting.Risk) porting.Policy {
	if risk == porting.RiskLow {
		return porting.Policy{}
	}
	return pack.Policy(risk)
}
