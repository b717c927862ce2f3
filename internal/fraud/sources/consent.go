package sources

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/porting"
)

// Consents gives three-legged tokens: those of subscribers who consented at their network, by an authorization code or by CIBA.
// Whatever asks for consent puts the token that it got into a file for the number, and takes the file away when the consent ends.
// Nothing is kept in memory, so that a consent that is withdrawn is withdrawn at once. Without one the evidence is missing: our own
// token is no substitute.
type Consents struct {
	Dir string           // holds a file like +12025550123.json for each number; for its owner alone
	Now func() time.Time // nil is time.Now
}

// consent is a file of Consents: what the token endpoint granted, and until when.
type consent struct {
	Bearer  Secret    `json:"access_token"`
	Type    string    `json:"token_type"`
	Scope   string    `json:"scope"` // separated by spaces
	Expires time.Time `json:"expires_at"`
}

// private is what the mode of a directory or file with tokens must not have: a bit for anybody but its owner.
const private fs.FileMode = 0o077

// Check finds what is wrong with the directory before anybody is asked. Code of Invalid: "consents-unusable".
func (c *Consents) Check() error {
	info, err := os.Stat(c.Dir)
	switch {
	case err != nil || !info.IsDir():
		return consentsUnusable("it is no directory that can be read")
	case info.Mode()&private != 0:
		return consentsUnusable("others than its owner may look into it")
	default:
		return nil
	}
}

func consentsUnusable(detail string) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "consents-unusable", Op: "open consents", Detail: detail,
		Next: "name a directory with mode 0700 in PORTSAGA_FRAUD_CAMARA_CONSENTS",
	}
}

// Token is the subscriber's token, if they consented to this scope and still do.
func (c *Consents) Token(_ context.Context, scope string, s Subject) (Token, error) {
	given, err := c.read(s.Number)
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	switch {
	case err != nil:
		return Token{}, err
	case given.Bearer == "" || !strings.EqualFold(given.Type, "bearer") || given.Expires.IsZero():
		return Token{}, missing(fraud.Unreadable, "the consent holds no bearer token with its end")
	case !slices.Contains(strings.Fields(given.Scope), scope):
		return Token{}, missing(fraud.NoConsent, "the subscriber did not consent to %s", scope)
	case !now().Before(given.Expires):
		return Token{}, missing(fraud.NoConsent, "the consent has run out")
	default:
		return Token{Bearer: given.Bearer, ThreeLegged: true}, nil
	}
}

// read opens the file of a number, inside the directory and nowhere else. Errors name no file: its name is the number.
func (c *Consents) read(number porting.Number) (consent, error) {
	dir, err := os.OpenRoot(c.Dir)
	if err != nil {
		return consent{}, missing(fraud.NotConfigured, "the directory of consents cannot be read")
	}
	defer dir.Close()
	file, err := dir.Open(number.E164() + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return consent{}, missing(fraud.NoConsent, "the subscriber has given no consent")
	}
	if err != nil {
		return consent{}, missing(fraud.NotConfigured, "the consent cannot be read")
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.Mode()&private != 0 {
		return consent{}, missing(fraud.NotConfigured, "others than its owner may read the consent")
	}
	text, err := io.ReadAll(io.LimitReader(file, maxAnswer))
	if err != nil {
		return consent{}, missing(fraud.NotConfigured, "the consent cannot be read")
	}
	var given consent
	if json.Unmarshal(text, &given) != nil {
		return consent{}, missing(fraud.Unreadable, "the consent is no JSON object")
	}
	return given, nil
}
