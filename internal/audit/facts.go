package audit

import (
	"time"

	"github.com/portsaga/portsaga/porting"
)

// What leaves of a kind say.

// ClaimFact is the Data of Claimed.
type ClaimFact struct {
	Direction porting.Direction `json:"direction"`
	Tenant    string            `json:"tenant"`
	Carrier   string            `json:"carrier"`
	Pack      string            `json:"pack"`
	Submitter string            `json:"submitter"`
	Run       string            `json:"run,omitempty"`
	Numbers   []string          `json:"numbers"` // masked, the first of them
	Count     int               `json:"count"`
}

// ScreenFact is the Data of Screened. The signed verdict, where there is one, is its evidence.
type ScreenFact struct {
	Version int             `json:"version"` // of the order
	Order   string          `json:"order_digest,omitempty"`
	Risk    porting.Risk    `json:"risk"`
	Score   int             `json:"score,omitempty"`
	Fraud   string          `json:"fraud_policy,omitempty"`
	Nonce   string          `json:"nonce,omitempty"`
	Blocked porting.Reason  `json:"blocked,omitempty"`
	Policy  *porting.Policy `json:"policy,omitempty"` // who must approve
}

// DecisionFact is the Data of Decided. Of a signed decision the statement, the signature and the verdict of the worker that
// verified it are its evidence.
type DecisionFact struct {
	Decision   string         `json:"decision"`
	By         string         `json:"by"`
	Team       string         `json:"team,omitempty"`
	Credential string         `json:"credential,omitempty"`
	Hardware   bool           `json:"hardware,omitempty"`
	Version    int            `json:"version"` // of the order
	Reason     porting.Reason `json:"reason,omitempty"`
	Run        string         `json:"run,omitempty"`
	Signed     bool           `json:"signed"`
	Registry   string         `json:"registry,omitempty"` // digest of the registry's document
	Statement  string         `json:"statement,omitempty"`
	Signature  string         `json:"signature,omitempty"`
	Verdict    string         `json:"verdict,omitempty"` // digests of the evidence
}

// CountFact is the Data of Counted: what the gate weighed, so that anybody can weigh it again.
type CountFact struct {
	Run       string         `json:"run"`
	Submitter string         `json:"submitter"`
	Policy    porting.Policy `json:"policy"`
	PolicyRef string         `json:"policy_ref"`
	Version   int            `json:"version"`
	Order     string         `json:"order_digest"`
	Shown     string         `json:"shown_digest"`
	Nonce     string         `json:"nonce"`
	Registry  string         `json:"registry"`  // digest of the document
	Decisions []string       `json:"decisions"` // digests of the signatures: two persons may sign the same statement
}

// SubmissionFact is the Data of Submission.
type SubmissionFact struct {
	Version int    `json:"version"`
	Carrier string `json:"carrier"`
	Order   string `json:"order_digest"`
	Shown   string `json:"shown_digest"`
	Nonce   string `json:"nonce"`
	Policy  string `json:"policy"`
}

// CallFact is the Data of Intent and of Done.
type CallFact struct {
	Call    string               `json:"call"` // submit, activate, cancel, reverse, answer, release
	Carrier string               `json:"carrier"`
	Version int                  `json:"version,omitempty"`
	Reason  porting.Reason       `json:"reason,omitempty"`
	Answer  porting.AnswerKind   `json:"answer,omitempty"` // to a counterparty
	State   porting.CarrierState `json:"state,omitempty"`  // of Done: what the carrier has now
	FOC     time.Time            `json:"foc,omitzero"`
	Failure string               `json:"failure,omitempty"` // of Done: code; the outcome may be unknown
}

// Calls that cannot be taken back by not having made them.
const (
	CallSubmit   = "submit"
	CallActivate = "activate"
	CallCancel   = "cancel"
	CallReverse  = "reverse"
	CallAnswer   = "answer"
	CallRelease  = "release"
)

// ExchangeFact is the Data of Exchange. The digests are of what was said without what is secret or personal.
type ExchangeFact struct {
	Carrier string `json:"carrier"`
	Step    string `json:"step,omitempty"`
	Method  string `json:"method"`
	Path    string `json:"path"`
	Status  int    `json:"status,omitempty"`
	Failure string `json:"failure,omitempty"`
	Request string `json:"request"`
	Answer  string `json:"answer"`
}

// RevocationFact is the Data of Revocation.
type RevocationFact struct {
	By     string         `json:"by"`
	Reason porting.Reason `json:"reason"`
	Fence  string         `json:"fence"` // closed, or the state that was faster
	Epoch  int64          `json:"epoch"`
}

// ActivationFact is the Data of ActivationBegun and ActivationEnded.
type ActivationFact struct {
	Key   string `json:"key"`
	Epoch int64  `json:"epoch,omitempty"`
	Moved bool   `json:"moved,omitempty"`
}

// NoticeFact is the Data of the kinds of notices.
type NoticeFact struct {
	Event      string `json:"event"`
	Recipient  string `json:"recipient,omitempty"` // a role
	Channel    string `json:"channel,omitempty"`
	Lang       string `json:"lang,omitempty"`
	Demand     string `json:"demand,omitempty"`
	Suppressed string `json:"suppressed,omitempty"`
	Failure    string `json:"failure,omitempty"`
	Sending    int    `json:"sending,omitempty"`
	Provider   string `json:"provider_ref,omitempty"`
}

// TransitionFact is the Data of Transition: a line of a timeline.
type TransitionFact struct {
	Stage porting.Stage `json:"stage"`
	Event porting.Event `json:"event"`
	Actor string        `json:"actor,omitempty"`
}

// CloseFact is the Data of Closed.
type CloseFact struct {
	Outcome porting.Outcome `json:"outcome"`
}

// ProtectionFact is the Data of Protection.
type ProtectionFact struct {
	Event  string    `json:"event"`
	Number string    `json:"number"` // masked
	Actor  string    `json:"actor,omitempty"`
	Detail string    `json:"detail,omitempty"`
	Due    time.Time `json:"due_at,omitzero"`
}

// RegistryFact is the Data of Registry. The signed file is the evidence of the leaf of whoever first used it.
type RegistryFact struct {
	Version  int    `json:"version"`
	Document string `json:"document"` // digest
}

// PolicyFact is the Data of Policy.
type PolicyFact struct {
	Of     string `json:"of"` // "approvals" or "fraud"
	Policy string `json:"policy"`
}

// DeskFact is the Data of DeskAnswer. The statement and its signature are its evidence.
type DeskFact struct {
	Task   string `json:"task"`
	By     string `json:"by"`
	Signed bool   `json:"signed"`
}

// QuarantineFact is the Data of Quarantined and Lifted.
type QuarantineFact struct {
	Why string `json:"why,omitempty"`
	By  string `json:"by,omitempty"`
}

// ErasedFact is the Data of Erased, where what was kept of many ports was destroyed.
type ErasedFact struct {
	Documents  int64     `json:"documents,omitempty"`
	Exchanges  int64     `json:"exchanges,omitempty"`  // with carriers
	Files      int64     `json:"files,omitempty"`      // that went with orders
	Judgements int64     `json:"judgements,omitempty"` // of the fraud desk
	Requests   int64     `json:"requests,omitempty"`   // what they had in common
	Before     time.Time `json:"before"`
}

// RotationFact is the Data of KeyRotated.
type RotationFact struct {
	By      string `json:"by"`
	Wrapped int    `json:"wrapped"`
	Erased  int    `json:"erased,omitempty"` // that had been erased before
	Failure string `json:"failure,omitempty"`
}

// ExportFact is the Data of Exported. The leaf is none of the port's own, whose evidence stays as it is.
type ExportFact struct {
	Port  string `json:"port"`
	By    string `json:"by"`
	Clear bool   `json:"clear"` // with the subscriber's data
}

// CheckpointFact is the Data of Checkpointed.
type CheckpointFact struct {
	Number int64  `json:"number"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	Note   string `json:"note"` // digest
}
