package approval

import "fmt"

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
		return Roots{}, unfit("roots-malformed", "", "the file of roots cannot be read: "+err.Error(), "")
	}
	if _, err := r.keys(); err != nil {
		return Roots{}, err
	}
	return r, nil
}

// keys are the distinct roots. The threshold is one that they can meet and that asks for somebody.
func (r Roots) keys() ([]Key, error) {
	var keys []Key
	seen := map[string]bool{}
	for _, line := range r.Roots {
		key, err := ParseKey(line)
		if err != nil {
			return nil, err
		}
		if seen[key.point] {
			return nil, unfit("registry-root-twice", key.Fingerprint(), "the key is listed as a root twice", "list each root once")
		}
		seen[key.point] = true
		keys = append(keys, key)
	}
	if r.Threshold < 1 || r.Threshold > len(keys) {
		return nil, unfit("registry-threshold-invalid", "", fmt.Sprintf("%d of %d roots cannot be asked to sign", r.Threshold, len(keys)),
			"choose a threshold between 1 and the number of roots")
	}
	return keys, nil
}

// signedBy refuses unless enough of the roots are among the signers. It counts keys, never signatures.
func (r Roots) signedBy(signers map[string]bool, which string) error {
	keys, err := r.keys()
	if err != nil {
		return err
	}
	have := 0
	for _, key := range keys {
		if signers[key.point] {
			have++
		}
	}
	if have < r.Threshold {
		return unfit("registry-threshold", "", fmt.Sprintf("%d of the %s signed it, and %d must", have, which, r.Threshold),
			"have more roots sign it")
	}
	return nil
}
