package audit

import (
	"strconv"
	"time"
)

// KeepEvidence is how long documents of ports are kept after they ended, where nobody says otherwise: rules ask for one to
// three years (47 CFR 64.2009, FCC 23-95).
const KeepEvidence = 3 * 365 * 24 * time.Hour

// Kept is one thing that is kept, and how long.
type Kept struct {
	What  string `json:"what"`
	Where string `json:"where"`
	For   string `json:"for"`
	Then  string `json:"then"` // what becomes of it
}

// Retention lists what is kept, where, how long and what becomes of it, from the shortest to the longest.
func Retention(evidence time.Duration) []Kept {
	const ledger = "ledger"
	return []Kept{
		{"authorization codes and PINs of a port", ledger + ", sealed", "until the port ends, at most 60 days", "destroyed"},
		{"port-out PINs that a counterparty sent", ledger + ", sealed", "minutes: until they are compared", "destroyed"},
		{"whom a port's notices go to", ledger + ", sealed", "until the port ends", "destroyed"},
		{"words and addresses of notices", ledger + ", sealed", "30 days", "destroyed; that they were sent is a leaf"},
		{"letters and bills that go with orders", ledger + ", sealed", days(evidence), "destroyed"},
		{"what was said with carriers", ledger + ", without what is personal", days(evidence), "deleted"},
		{"what port requests have in common", ledger + ", as keyed tokens", days(evidence), "deleted"},
		{"what the fraud desk judged a port by", ledger + ", sealed", days(evidence) + " from the port's end, or until the port is erased", "destroyed, unless under legal hold"},
		{"histories of sagas", "Temporal, sealed", "the retention of the namespace, from the port's end", "deleted by the server"},
		{"statements, signatures, verdicts", ledger, days(evidence) + " from the port's end", "destroyed, unless under legal hold; their digests are leaves"},
		{"leaves and checkpoints", ledger + ", and where checkpoints go", "for good", "they hold no personal data"},
	}
}

func days(d time.Duration) string {
	const day = 24 * time.Hour
	if year := 365 * day; d%year == 0 {
		return plural(int64(d/year), "year")
	}
	return plural(int64(d/day), "day")
}

func plural(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.FormatInt(n, 10) + " " + unit + "s"
}
