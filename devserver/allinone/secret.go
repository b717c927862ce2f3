package allinone

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/portsaga/portsaga/porting"
)

// webhookSecret is what the simulated carrier signs its news with; it is made on the first start.
func webhookSecret(dir string) (porting.Secret, error) {
	file := filepath.Join(dir, "webhook-secret")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(rand.Text())
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return "", &porting.Error{
			Kind: porting.Failed, Code: "webhook-secret-unusable", Op: "open data directory", Object: dir,
			Detail: err.Error(), Next: "choose a directory that you may write to", Err: err,
		}
	}
	return porting.Secret(text), nil
}
