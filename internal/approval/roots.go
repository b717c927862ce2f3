package approval

import (
	"fmt"
	"slices"
)

// Roots are keys that sign registries, and how many of them must. A deployment pins its own in a file.
type Roots struct {
	Threshold int      `json:"threshold"`
	Roots     []string `json:"roots"` // as in authorized_keys
}

// Encode writes the file that pins them.
func (r Roots) Encode() []byte {
	r.Roots = cloned(r.Roots)
	return indented(r)
}

// ParseRoots reads pinned roots. Codes: "roots-malformed", "registry-root-twice", "registry-threshold-invalid", and those of
// ParseKey.
func ParseRoots(text []byte) (Roots, error) {
	var r Roots
	if err := strictly(text, &r); err != nil {
		return Roots{}, unfit("roots-malformed", "", "the file of roots cannot be read: "+err.Error(), "write it with portsaga approver")
	}
	if _, err := r.quorum(); err != nil {
		return Roots{}, err
	}
	return r, nil
}

// quorum is roots made ready for counting: distinct keys, and a threshold that they can meet and that asks for somebody.
type quorum struct {
	keys      []Key
	threshold int
}

func (r Roots) quorum() (quorum, error) {
	q := quorum{threshold: r.Threshold}
	for _, line := range r.Roots {
		key, err := ParseKey(line)
		if err != nil {
			return quorum{}, concerning("a root", err)
		}
		if q.has(key.point) {
			return quorum{}, unfit("registry-root-twice", key.Fingerprint(), "the key is listed as a root twice", "list each root once")
		}
		q.keys = append(q.keys, key)
	}
	if q.threshold < 1 || q.threshold > len(q.keys) {
		return quorum{}, unfit("registry-threshold-invalid", "", fmt.Sprintf("%d of %d roots cannot be asked to sign", q.threshold, len(q.keys)),
			"choose a threshold between 1 and the number of roots")
	}
	return q, nil
}

func (q quorum) has(point string) bool {
	return slices.ContainsFunc(q.keys, func(k Key) bool { return k.point == point })
}

// signed refuses unless enough of the roots are among the signers. It counts keys, never signatures.
func (q quorum) signed(signers map[string]bool, which string) error {
	have := 0
	for _, key := range q.keys {
		if signers[key.point] {
			have++
		}
	}
	if have < q.threshold {
		return unfit("registry-threshold", "", fmt.Sprintf("%d of the %s signed it, and %d must", have, which, q.threshold),
			"have more roots sign it")
	}
	return nil
}
