package starter

import (
	"crypto/sha256"
	"encoding/hex"

	"go.temporal.io/sdk/temporal"
)

// longestShare is the longest name of a share that Temporal takes, in bytes.
const longestShare = 64

// shareOf has a port's tasks wait in its tenant's own line: the server serves the lines in turn, so a tenant with thousands of
// ports does not keep another waiting. Steps and children of a port wait in the same line.
func shareOf(tenant string) temporal.Priority {
	if len(tenant) > longestShare {
		sum := sha256.Sum256([]byte(tenant))
		tenant = hex.EncodeToString(sum[:])
	}
	return temporal.Priority{FairnessKey: tenant}
}
