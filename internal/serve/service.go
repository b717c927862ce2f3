package serve

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
)

// Service may revoke ports. Only the hash of its token is kept.
type Service struct {
	Name   string `yaml:"name" json:"name"`
	Tenant string `yaml:"tenant,omitempty" json:"tenant,omitempty"` // the only one whose ports it may revoke; all when empty
	SHA256 string `yaml:"sha256" json:"sha256"`                     // of the token, in hex

	sum []byte
}

// NewService makes a service with a new token, which is shown once.
func NewService(name, tenant string) (s Service, token string) {
	token = "pst_" + rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(token))
	return Service{Name: name, Tenant: tenant, SHA256: hex.EncodeToString(sum[:]), sum: sum[:]}, token
}

// ReadServices reads the file of services: a list, to which entries can be appended. Codes: "tokens-unreadable" (Failed), "tokens-invalid" (Invalid).
func ReadServices(file string) ([]Service, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &porting.Error{Kind: porting.Failed, Code: "tokens-unreadable", Op: "read services", Object: file, Detail: reason(err), Err: err}
	}
	var services []Service
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err = d.Decode(&services)
	if errors.Is(err, io.EOF) {
		err = errors.New("it is empty")
	}
	if err == nil {
		err = prepare(services)
	}
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "tokens-invalid", Op: "read services", Object: file, Detail: err.Error(),
			Next: "make an entry with `portsaga serve token NAME`", Err: err,
		}
	}
	return services, nil
}

// prepare checks the services. Two with one token could not be told apart.
func prepare(services []Service) error {
	seen := map[string]bool{}
	for i := range services {
		s := &services[i]
		sum, err := hex.DecodeString(s.SHA256)
		switch {
		case s.Name == "":
			return fmt.Errorf("service %d has no name", i+1)
		case err != nil || len(sum) != sha256.Size:
			return fmt.Errorf("the sha256 of %s is not that of a token", s.Name)
		case seen[string(sum)] || seen[s.Name]:
			return fmt.Errorf("%s has the name or the token of another one", s.Name)
		}
		s.sum = sum
		seen[string(sum)], seen[s.Name] = true, true
	}
	return nil
}

func reason(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}
