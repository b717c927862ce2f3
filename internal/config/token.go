package config

import (
	"context"
	"os"
	"strings"
	"sync"
	"time"
)

// TokenFile is a client.HeadersProvider that sends the token in a file with every call. It reads the file again every
// few seconds, so that a token can be renewed under a process that runs.
type TokenFile struct {
	Path string

	mu     sync.Mutex
	token  string
	readAt time.Time
}

// tokenRest is how long a token that was read is sent before the file is looked at again.
const tokenRest = 10 * time.Second

// GetHeaders returns the authorization header of a call. A file that cannot be read leaves the last token in use.
func (f *TokenFile) GetHeaders(context.Context) (map[string]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := time.Now(); now.Sub(f.readAt) >= tokenRest {
		text, err := os.ReadFile(f.Path)
		if err != nil && f.token == "" {
			return nil, invalid("TOKEN_FILE", "it cannot be read: "+reason(err), "make it readable for this user")
		}
		if err == nil {
			f.token, f.readAt = strings.TrimSpace(string(text)), now
		}
	}
	return map[string]string{"authorization": "Bearer " + f.token}, nil
}
