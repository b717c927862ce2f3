package porting

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// StatementType stands inside the signed bytes, so that no signature made for another purpose is ever a decision.
const StatementType = "portsaga/decision/v1"

// Bounds of a statement's life, in real time, and of its size.
const (
	StatementLife    = 15 * time.Minute // unless the approver asks for more
	MaxStatementLife = 24 * time.Hour
	MaxStatement     = 4 << 10 // bytes
	MaxSignature     = 8 << 10 // bytes
)

// Statement is what an approver signs, as exact bytes of JSON with every field present. It binds a decision to one port,
// one run of its saga, one version of its order, and to what the approver was shown.
type Statement struct {
	Type         string    `json:"typ"`
	Audience     string    `json:"aud"`           // the deployment
	Port         string    `json:"port"`          // its ID
	Run          string    `json:"run"`           // run ID of the saga; a Reset makes another one
	Epoch        int64     `json:"epoch"`         // of the fence
	Stage        Stage     `json:"stage"`         // decided on
	Decision     string    `json:"decision"`      // approve or reject
	Reason       Reason    `json:"reason"`        // a code; empty for an approval
	OrderVersion int       `json:"order_version"` // decided on
	OrderDigest  string    `json:"order_digest"`  // salted, of the order in clear
	ShownDigest  string    `json:"shown_digest"`  // of what the approver saw
	Policy       string    `json:"policy"`        // pack and approval policy
	Nonce        string    `json:"nonce"`         // of the screening that the approver saw
	IssuedAt     time.Time `json:"iat"`           // real time
	ExpiresAt    time.Time `json:"exp"`           // real time; a decision that arrives later does not count
}

// Challenge is all of a statement that is not the approver's to choose. A port that waits for signed decisions shows it.
type Challenge struct {
	Audience     string `json:"audience"`
	Port         string `json:"port"`
	Run          string `json:"run"`
	Epoch        int64  `json:"epoch"`
	Stage        Stage  `json:"stage"`
	OrderVersion int    `json:"order_version"`
	OrderDigest  string `json:"order_digest"`
	Shown        Shown  `json:"shown"`
	Policy       string `json:"policy"`
	Nonce        string `json:"nonce"`
}

// Statement is a decision on the challenge, to be signed. at is real time.
func (c Challenge) Statement(decision string, why Reason, at time.Time, life time.Duration) Statement {
	at = at.UTC().Truncate(time.Second)
	return Statement{
		Type: StatementType, Audience: c.Audience, Port: c.Port, Run: c.Run, Epoch: c.Epoch, Stage: c.Stage,
		Decision: decision, Reason: why, OrderVersion: c.OrderVersion, OrderDigest: c.OrderDigest,
		ShownDigest: c.Shown.Digest(), Policy: c.Policy, Nonce: c.Nonce, IssuedAt: at, ExpiresAt: at.Add(life),
	}
}

// Answers reports which field of the statement is not the challenge's: nil if it answers this challenge and no other one.
func (s Statement) Answers(c Challenge) error { return s.Binds(c.Statement("", "", time.Time{}, 0)) }

// Binds reports which field, of those that are not the approver's to choose, differs from another statement's.
func (s Statement) Binds(c Statement) error {
	for _, field := range []struct {
		name string
		same bool
	}{
		{"type", s.Type == c.Type},
		{"audience", s.Audience == c.Audience},
		{"port", s.Port == c.Port},
		{"run", s.Run == c.Run},
		{"epoch", s.Epoch == c.Epoch},
		{"stage", s.Stage == c.Stage},
		{"order version", s.OrderVersion == c.OrderVersion},
		{"order digest", s.OrderDigest == c.OrderDigest},
		{"digest of what was shown", s.ShownDigest == c.ShownDigest},
		{"policy", s.Policy == c.Policy},
		{"nonce", s.Nonce == c.Nonce},
	} {
		if !field.same {
			return &Error{
				Kind: Refused, Code: "statement-differs", Op: "read statement", Object: c.Port,
				Detail: "its " + field.name + " is not the port's", Next: "look at the port again and decide anew",
			}
		}
	}
	return nil
}

// Shown is what an approver sees before they sign: masked, and computed from the order itself, so that the gate can see
// whether an approver was shown another order than it sends.
type Shown struct {
	Numbers   []string `json:"numbers"` // masked, the first of them
	Count     int      `json:"count"`   // of all numbers
	Kind      string   `json:"kind"`
	Donor     string   `json:"donor"`
	Recipient string   `json:"recipient"`
	Carrier   string   `json:"carrier"`
	Risk      Risk     `json:"risk"`
	Findings  []string `json:"findings"` // of the screening, one sentence each
}

// maxShown is how many numbers an approver is shown one by one.
const maxShown = 10

// Show is what an approver sees of an order.
func Show(o Order, carrier string, found Findings) Shown {
	s := Shown{
		Numbers: []string{}, Count: len(o.Numbers), Kind: o.Kind, Donor: o.Donor.Name, Recipient: o.Recipient.Name,
		Carrier: carrier, Risk: found.Risk, Findings: append([]string{}, found.Notes...),
	}
	for _, n := range o.Numbers[:min(len(o.Numbers), maxShown)] {
		s.Numbers = append(s.Numbers, n.String())
	}
	return s
}

// Digest is the SHA-256 of what was shown.
func (s Shown) Digest() string { return digest("", s) }

// OrderDigest is the salted SHA-256 of an order: without the salt, a number could be found by trying them all. It leaves out
// the version and the wished date, so that an approval still fits after the one correction that a saga makes by itself,
// to let the carrier choose the date.
func OrderDigest(salt string, o Order) string {
	o.Version, o.Wishes.DueDate = 0, ""
	return digest(salt, o)
}

func digest(salt string, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("porting: %T cannot be written as JSON: %v", v, err)) // plain data always can
	}
	sum := sha256.Sum256(append([]byte(salt+"\n"), text...))
	return "sha256:" + hex.EncodeToString(sum[:])
}
