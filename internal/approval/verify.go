package approval

import (
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Approved is a decision whose signature, signer and statement were found good. It is an approval or a reject; whether it
// answers the port's challenge is for porting.Statement.Answers to say.
type Approved struct {
	Statement  porting.Statement
	Person     string // ID
	Team       string
	Credential string // fingerprint
	Hardware   bool
	Registry   int // version that was asked
}

// Verify reads a decision that arrives at an instant of real time. Codes: "signature-invalid", "signer-unknown",
// "credential-revoked", "credential-expired", "credential-not-yet-valid", "not-an-approver", "statement-malformed",
// "statement-audience", "statement-expired", "statement-not-yet-valid", "registry-expired".
func (r *Registry) Verify(statement []byte, signature string, at time.Time) (Approved, error) {
	return r.Recheck(statement, signature, at, at)
}

// Recheck reads a decision again that was verified at seenAt: it must have arrived in time then, and its key must be good
// now. A key that was revoked since voids the decision. The codes are those of Verify.
func (r *Registry) Recheck(statement []byte, signature string, seenAt, now time.Time) (Approved, error) {
	if err := r.validAt(now); err != nil {
		return Approved{}, err
	}
	key, err := Verify(statement, signature, r.people.keys)
	if err != nil {
		return Approved{}, err
	}
	who := r.people.owners[key.Fingerprint()]
	if err := who.validAt(now); err != nil {
		return Approved{}, err
	}
	if who.service || !who.has(RoleApprover) {
		return Approved{}, refused("not-an-approver", "the signer may not decide", "ask an approver")
	}
	s, err := ParseStatement(statement)
	if err != nil {
		return Approved{}, err
	}
	if err := r.timely(s.Audience, s.IssuedAt, s.ExpiresAt, seenAt); err != nil {
		return Approved{}, err
	}
	return Approved{s, who.id, who.team, key.Fingerprint(), key.Hardware(), r.Version()}, nil
}

// timely refuses a statement for another deployment or another time.
func (r *Registry) timely(audience string, issued, expires, seenAt time.Time) error {
	switch {
	case audience != r.Audience():
		return refused("statement-audience", "the statement is for another deployment", "decide on this deployment's port")
	case issued.After(seenAt.Add(Skew)):
		return refused("statement-not-yet-valid", "the statement is issued later than now", "look at the clocks")
	case !seenAt.Before(expires):
		return refused("statement-expired", "the statement has expired", "decide anew")
	}
	return nil
}
