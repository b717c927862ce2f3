package approval

import (
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/portsaga/portsaga/porting"
)

// Types of verdicts, inside the signed bytes.
const (
	ScreeningType = "portsaga/screening/v1"
	DecisionType  = "portsaga/decided/v1"
)

// ScreeningVerdict is what a worker found when it screened an order.
type ScreeningVerdict struct {
	Type         string       `json:"type"`
	Port         string       `json:"port"`
	OrderVersion int          `json:"order_version"`
	OrderDigest  string       `json:"order_digest"`
	Risk         porting.Risk `json:"risk"`
	Notes        []string     `json:"notes"`
	Nonce        string       `json:"nonce"`
	At           time.Time    `json:"at"`              // real time
	Fraud        *Judgement   `json:"fraud,omitempty"` // nil where no fraud desk judged
}

// Judgement is what a fraud policy said of the evidence of a moment. Whoever has both can have it said again.
type Judgement struct {
	Evidence string   `json:"evidence"` // digest of the evidence
	Policy   string   `json:"policy"`   // id@version of the policy
	Digest   string   `json:"digest"`   // of the policy
	Outcome  string   `json:"outcome"`  // clear, review or block
	Ground   string   `json:"ground,omitempty"`
	Score    int      `json:"score"`
	Fired    []string `json:"fired"` // rules
}

// DecisionVerdict is what a worker found when it verified a decision.
type DecisionVerdict struct {
	Type            string    `json:"type"`
	Port            string    `json:"port"`
	Run             string    `json:"run"`
	StatementDigest string    `json:"statement_digest"`
	Person          string    `json:"person"`
	Team            string    `json:"team"`
	Credential      string    `json:"credential"`
	Hardware        bool      `json:"hardware"`
	Registry        int       `json:"registry"`
	At              time.Time `json:"at"` // real time
}

// verdict is what a service key signs: itself, with its type.
type verdict interface{ typed() any }

func (v ScreeningVerdict) typed() any {
	v.Type, v.Notes, v.At = ScreeningType, cloned(v.Notes), v.At.UTC()
	if v.Fraud != nil {
		judged := *v.Fraud
		judged.Fired = cloned(judged.Fired)
		v.Fraud = &judged
	}
	return v
}

func (v DecisionVerdict) typed() any {
	v.Type, v.At = DecisionType, v.At.UTC()
	return v
}

// OpenVerdict reads a verdict into a *ScreeningVerdict or a *DecisionVerdict, if a service with the role "verdict" signed it
// with a key that is good now. It never reads one as the other. Codes: "verdict-invalid", "registry-expired",
// "credential-revoked", "credential-expired", "credential-not-yet-valid".
func (r *Registry) OpenVerdict(jws string, into any, now time.Time) error {
	payload, err := r.testified(jws, now)
	if err != nil {
		return err
	}
	switch into := into.(type) {
	case *ScreeningVerdict:
		var v ScreeningVerdict
		if strictly(payload, &v) != nil || v.Type != ScreeningType {
			return badVerdict()
		}
		*into = v
	case *DecisionVerdict:
		var v DecisionVerdict
		if strictly(payload, &v) != nil || v.Type != DecisionType {
			return badVerdict()
		}
		*into = v
	default:
		return fmt.Errorf("open verdict: %T is none", into)
	}
	return nil
}

// maxVerdict bounds a verdict, in bytes.
const maxVerdict = 16 << 10

// testified is the payload of a verdict that a service signed.
func (r *Registry) testified(jws string, now time.Time) ([]byte, error) {
	if err := r.validAt(now); err != nil {
		return nil, err
	}
	if len(jws) > maxVerdict {
		return nil, badVerdict()
	}
	head, ok := readHeader(jws, VerdictJWS)
	if !ok {
		return nil, badVerdict()
	}
	who := r.people.owners[head.KeyID]
	if !who.service || !who.has(RoleVerdict) {
		return nil, badVerdict()
	}
	signed, err := jose.ParseSignedCompact(jws, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return nil, badVerdict()
	}
	payload, err := signed.Verify(r.people.keys[head.KeyID].bare())
	if err != nil {
		return nil, badVerdict()
	}
	return payload, who.validAt(now)
}

func badVerdict() error {
	return &porting.Error{
		Kind: porting.Refused, Code: "verdict-invalid", Op: "open verdict",
		Detail: "no service that may testify said this", Next: "have the work done again by a worker whose key is in the registry",
	}
}

// UnverifiedPayload is what a verdict says, whoever signed it: enough to know when it was given, and never to believe it.
func UnverifiedPayload(jws string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(jws, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return nil, badVerdict()
	}
	return signed.UnsafePayloadWithoutVerification(), nil
}
