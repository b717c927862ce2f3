package manual

import (
	"encoding/json"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// sheet is all that a task says. It holds personal data and is sealed wherever it is kept; the code is kept apart from it.
// The mail is made from it anew for each attempt, the same to the byte.
type sheet struct {
	Ref     carrier.Ref    `json:"ref"`
	Step    string         `json:"step"`
	To      string         `json:"to,omitempty"` // the carrier's desk; empty where a person does without mail
	Lang    string         `json:"lang"`
	Subject string         `json:"subject"`
	Body    string         `json:"body"` // of the mail, or to be pasted
	Do      []string       `json:"do"`   // what the person does, in order
	Letter  bool           `json:"letter,omitempty"`
	Alone   bool           `json:"alone,omitempty"`  // the carrier moves the numbers by itself at the FOC
	Mailed  bool           `json:"mailed,omitempty"` // the code goes by mail
	Order   porting.Order  `json:"order"`
	DDD     time.Time      `json:"ddd,omitzero"`
	FOC     time.Time      `json:"foc,omitzero"`
	Why     porting.Reason `json:"why,omitempty"`
	At      time.Time      `json:"at"` // business time, and the date of the documents
}

// seal keeps a sheet for its task.
func (b *Book) seal(id string, s sheet) ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return b.Vault.Seal(id, porting.Secret(text)), nil
}

// open reads a sheet, which only the holder of the key can have written.
func (b *Book) open(t ledger.DeskTask) (sheet, error) {
	text, err := b.Vault.Open(t.ID, t.Sealed)
	if err != nil {
		return sheet{}, err
	}
	var s sheet
	err = json.Unmarshal([]byte(text.Reveal()), &s)
	return s, err
}

// digest names a sheet as it was shown.
func (s sheet) digest() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic("manual: a sheet cannot be written as JSON: " + err.Error()) // plain data always can
	}
	return approval.Digest(text)
}

// codePlace is where a task's code is sealed, apart from its sheet.
func codePlace(id string) string { return id + "/code" }
