package serve

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/time/rate"

	"github.com/portsaga/portsaga/porting"
)

// Wholesaler is a counterparty that asks synchronously before a number leaves. It shows who it is by a token, of which only
// the hash is kept, or by signing the body of its request.
type Wholesaler struct {
	Name          string        `yaml:"name" json:"name"`
	Tenant        string        `yaml:"tenant,omitempty" json:"tenant,omitempty"`                 // whose subscribers it asks for; the default one when empty
	Carrier       string        `yaml:"carrier,omitempty" json:"carrier,omitempty"`               // gateway by which the port answers later; its name when empty
	SHA256        string        `yaml:"sha256,omitempty" json:"sha256,omitempty"`                 // of its token, in hex
	SecretFile    string        `yaml:"secret_file,omitempty" json:"secret_file,omitempty"`       // with the secret with which it signs
	Within        time.Duration `yaml:"within,omitempty" json:"within,omitempty"`                 // how long it waits for our answer; 5 s when zero
	Silence       time.Duration `yaml:"silence,omitempty" json:"silence,omitempty"`               // after so long without an answer it lets the numbers go; never when zero
	ValidReleases bool          `yaml:"valid_releases,omitempty" json:"valid_releases,omitempty"` // it takes "valid" as the release: it is answered "hold"
	PerSecond     int           `yaml:"per_second,omitempty" json:"per_second,omitempty"`         // so many requests are looked at; 500 when zero

	sum    []byte
	secret porting.Secret
	rate   *rate.Limiter
}

const (
	usualWithin    = 5 * time.Second
	usualPerSecond = 500
)

// NewWholesaler makes a wholesaler with a new token, which is shown once.
func NewWholesaler(name, tenant string) (w Wholesaler, token string) {
	token = "psw_" + rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(token))
	return Wholesaler{Name: name, Tenant: tenant, SHA256: hex.EncodeToString(sum[:])}, token
}

// ReadWholesalers reads the file of wholesalers: a list, to which entries can be appended. Codes: "wholesalers-unreadable"
// (Failed), "wholesalers-invalid" (Invalid), and those of secret, which reads a file.
func ReadWholesalers(file string, secret func(file string) (porting.Secret, error)) ([]*Wholesaler, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &porting.Error{Kind: porting.Failed, Code: "wholesalers-unreadable", Op: "read wholesalers", Object: file, Detail: reason(err), Err: err}
	}
	var all []*Wholesaler
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err = d.Decode(&all); errors.Is(err, io.EOF) {
		err = errors.New("it is empty")
	}
	taken := map[string]bool{}
	for _, w := range all {
		if err == nil {
			err = w.prepare(taken)
		}
		if err == nil && w.SecretFile != "" {
			w.secret, err = secret(w.SecretFile)
		}
	}
	if _, ours := errors.AsType[*porting.Error](err); err != nil && !ours {
		err = &porting.Error{
			Kind: porting.Invalid, Code: "wholesalers-invalid", Op: "read wholesalers", Object: file, Detail: err.Error(),
			Next: "make an entry with `portsaga serve wholesaler NAME`", Err: err,
		}
	}
	return all, err
}

// prepare checks a wholesaler and fills in what is usual. Two that ask through one gateway for one tenant would share the
// names of their requests.
func (w *Wholesaler) prepare(taken map[string]bool) error {
	sum, err := hex.DecodeString(w.SHA256)
	w.Carrier, w.Within, w.PerSecond = cmp.Or(w.Carrier, w.Name), cmp.Or(w.Within, usualWithin), cmp.Or(w.PerSecond, usualPerSecond)
	place := "gateway:" + w.Tenant + ":" + w.Carrier
	switch {
	case w.Name == "":
		return errors.New("a wholesaler has no name")
	case (w.SHA256 == "") == (w.SecretFile == ""):
		return fmt.Errorf("%s needs either sha256 or secret_file", w.Name)
	case w.SHA256 != "" && (err != nil || len(sum) != sha256.Size):
		return fmt.Errorf("the sha256 of %s is not that of a token", w.Name)
	case w.Within < 20*time.Millisecond || w.Within > time.Minute:
		return fmt.Errorf("within of %s is 20ms to 1m", w.Name)
	case w.Silence < 0 || w.PerSecond < 0:
		return fmt.Errorf("silence and per_second of %s are not negative", w.Name)
	case taken[w.Name] || taken[place] || (w.SHA256 != "" && taken[string(sum)]):
		return fmt.Errorf("%s has the name, the token or the gateway of another one", w.Name)
	}
	taken[w.Name], taken[place], taken[string(sum)] = true, true, w.SHA256 != ""
	w.sum, w.rate = sum, rate.NewLimiter(rate.Limit(w.PerSecond), w.PerSecond)
	return nil
}

// SignatureHeader holds a wholesaler's signature: t=UNIX SECONDS,v1=HEX of the HMAC-SHA256 over "t.body".
const SignatureHeader = "Portsaga-Signature"

// signatureWindow is how far a signature's time may be from ours: older ones are replays, or a clock is wrong.
const signatureWindow = 5 * time.Minute

// SignRequest is a signature of a body, for those who ask.
func SignRequest(secret porting.Secret, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(macOf(secret, t, body))
}

func macOf(secret porting.Secret, t string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret.Reveal())) //nolint:forbidigo // it signs
	fmt.Fprintf(h, "%s.%s", t, body)
	return h.Sum(nil)
}

// callerOf is the wholesaler that a request comes from. It tries every one of them, whichever fits.
func callerOf(all []*Wholesaler, header http.Header, body []byte, now time.Time) *Wholesaler {
	token, bears := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	sum := sha256.Sum256([]byte(token))
	signature := header.Get(SignatureHeader)
	var caller *Wholesaler
	for _, w := range all {
		if bears && subtle.ConstantTimeCompare(w.sum, sum[:]) == 1 || w.signed(signature, body, now) {
			caller = w
		}
	}
	return caller
}

func (w *Wholesaler) signed(signature string, body []byte, now time.Time) bool {
	t, v1, found := strings.Cut(strings.TrimPrefix(signature, "t="), ",v1=")
	seconds, err := strconv.ParseInt(t, 10, 64)
	if w.secret == "" || !found || err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > signatureWindow {
		return false
	}
	sum, err := hex.DecodeString(v1)
	return err == nil && hmac.Equal(sum, macOf(w.secret, t, body))
}
