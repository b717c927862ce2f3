package porting

import "time"

// Line kinds an order can name. The pack is chosen from these and the numbers.
const (
	KindWireline = "wireline"  // fixed line: fixed, local
	KindWireless = "wireless"  // mobile line
	KindTollFree = "toll-free" // number without geography, RespOrg change
)

// Order is what the customer asks for: numbers, parties, authorization, wishes. Everything in it travels to the saga,
// so it holds the reference of a secret (CodeRef) and never the secret.
type Order struct {
	Reference     string        `json:"reference" yaml:"reference"`                 // the customer's own name for it; one port per tenant and reference
	Tenant        string        `json:"tenant,omitempty" yaml:"tenant"`             // whose order it is; "default" when empty
	Version       int           `json:"version" yaml:"-"`                           // 1, raised by every amendment
	Kind          string        `json:"kind" yaml:"kind"`                           // wireline, wireless or toll-free
	Country       string        `json:"country,omitempty" yaml:"country"`           // ISO 3166-1 alpha-2; from the numbers when empty
	Carrier       string        `json:"carrier,omitempty" yaml:"carrier"`           // gateway that carries it; the worker's default when empty
	Numbers       []Number      `json:"numbers" yaml:"-"`                           // E.164, ranges expanded, in the order of the file
	Donor         Party         `json:"donor" yaml:"donor"`                         // losing provider
	Recipient     Party         `json:"recipient" yaml:"recipient"`                 // gaining provider
	Subscriber    Subscriber    `json:"subscriber" yaml:"subscriber"`               // who holds the numbers
	Account       Account       `json:"account" yaml:"account"`                     // the subscriber's account at the donor
	Authorization Authorization `json:"authorization" yaml:"authorization"`         // the subscriber's permission
	Wishes        Wishes        `json:"wishes" yaml:"wishes"`                       // what the customer would like
	Documents     []Document    `json:"documents,omitempty" yaml:"documents"`       // that the carrier gets, beside the letter of the authorization
	CSR           *DonorRecord  `json:"csr,omitempty" yaml:"csr"`                   // the donor's record, to compare the order with; never sent
	Returns       *Return       `json:"returns,omitempty" yaml:"-"`                 // of numbers that left us without leave
	SubmittedBy   string        `json:"submitted_by,omitempty" yaml:"submitted_by"` // claimed, not proven; may not decide on the order

	// LineSeparation names who has seen to it that a survivor leaves a shared account (47 U.S.C. 345): then nobody who shares
	// it is told. Empty for every ordinary port.
	LineSeparation string `json:"line_separation,omitempty" yaml:"line_separation"`
}

// Document names a file by its content; the ledger keeps it, sealed.
type Document struct {
	Kind   string `json:"kind" yaml:"kind"`     // invoice, csr or other
	SHA256 string `json:"sha256" yaml:"sha256"` // in hexadecimal
}

// Papers lists every document of the order, the letter of authorization first.
func (o Order) Papers() []Document {
	var all []Document
	if o.Authorization.DocumentSHA256 != "" {
		all = append(all, Document{Kind: DocumentLOA, SHA256: o.Authorization.DocumentSHA256})
	}
	return append(all, o.Documents...)
}

// Kinds of documents.
const (
	DocumentLOA     = "loa"
	DocumentInvoice = "invoice"
	DocumentCSR     = "csr"
	DocumentOther   = "other"
)

// Return names the port-out that an order takes back.
type Return struct {
	Port   string `json:"port"`
	Reason Reason `json:"reason"`
}

// Party is a provider.
type Party struct {
	Name string `json:"name" yaml:"name"`
	SPID string `json:"spid,omitempty" yaml:"spid"` // service provider ID at the registry, four characters in the US
}

// Subscriber is the person or business that holds the numbers.
type Subscriber struct {
	Name     string  `json:"name" yaml:"name"`
	Business bool    `json:"business,omitempty" yaml:"business"`
	Address  Address `json:"address" yaml:"address"`
	Contact  Contact `json:"contact" yaml:"contact"`

	PreviousContact *Contact `json:"previous_contact,omitempty" yaml:"previous_contact"` // if it changed lately: a thief changes it first, so it is told too
}

// Address is a service address as the donor knows it.
type Address struct {
	Street     string `json:"street,omitempty" yaml:"street"`
	City       string `json:"city,omitempty" yaml:"city"`
	Region     string `json:"region,omitempty" yaml:"region"`
	PostalCode string `json:"postal_code,omitempty" yaml:"postal_code"`
	Country    string `json:"country,omitempty" yaml:"country"`
}

// Contact is where the subscriber is told of every step.
type Contact struct {
	Email string `json:"email,omitempty" yaml:"email"`
	Phone string `json:"phone,omitempty" yaml:"phone"`
}

// Account describes the line at the donor; its facts decide between a simple and a non-simple port.
type Account struct {
	Number   string   `json:"number,omitempty" yaml:"number"`     // account number (AN)
	BTN      Number   `json:"btn,omitempty" yaml:"btn"`           // billing telephone number
	Lines    int      `json:"lines,omitempty" yaml:"lines"`       // lines on the account; 0 means as many as numbers
	Features []string `json:"features,omitempty" yaml:"features"` // une, centrex, isdn, ain, remote-call-forwarding, multiple-services
	Reseller bool     `json:"reseller,omitempty" yaml:"reseller"` // the donor sells through a reseller
}

// Authorization is the subscriber's permission to move the numbers.
type Authorization struct {
	Kind           string    `json:"kind" yaml:"kind"`                                 // loa, transfer-pin, pac, rio, upc, nip, mnp-reservation, consent
	Code           Secret    `json:"-" yaml:"code"`                                    // the code itself; goes to the vault
	CodeRef        string    `json:"code_ref,omitempty" yaml:"-"`                      // where the vault keeps it
	IssuedAt       time.Time `json:"issued_at,omitzero" yaml:"issued_at"`              // when the code was issued
	SignedAt       time.Time `json:"signed_at,omitzero" yaml:"signed_at"`              // when the subscriber signed
	SignedBy       string    `json:"signed_by,omitempty" yaml:"signed_by"`             // name as signed
	DocumentSHA256 string    `json:"document_sha256,omitempty" yaml:"document_sha256"` // digest of the LOA
}

// Wishes are honoured where the pack and the donor allow.
type Wishes struct {
	DueDate      string `json:"due_date,omitempty" yaml:"due_date"`             // desired due date (DDD), 2006-01-02, in the pack's zone
	AllOrNothing bool   `json:"all_or_nothing,omitempty" yaml:"all_or_nothing"` // one number that cannot move stops all
}

// DonorRecord is what the donor has on file: its customer service record (CSR), or a recent bill.
type DonorRecord struct {
	Name          string  `json:"name,omitempty" yaml:"name"`
	Address       Address `json:"address,omitzero" yaml:"address"` // service address
	AccountNumber string  `json:"account_number,omitempty" yaml:"account_number"`
	BTN           Number  `json:"btn,omitempty" yaml:"btn"`     // billing telephone number
	Lines         int     `json:"lines,omitempty" yaml:"lines"` // lines on the account; 0 when the record does not tell
}

// TenantOrDefault is the order's tenant.
func (o Order) TenantOrDefault() string {
	if o.Tenant == "" {
		return "default"
	}
	return o.Tenant
}
