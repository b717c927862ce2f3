package fraud

import (
	"bytes"
	"sync"
)

// Holder keeps the policy of a file, and looks at the file whenever it is used: a fraud desk changes the policy of running
// workers by writing the file. Safe for concurrent use.
type Holder struct {
	name string

	mu     sync.Mutex
	seen   []byte // the text that was last looked at
	policy *Policy
	fault  error // of the text that was last looked at
}

// Hold loads the policy of a file, "" being the default one, which never changes. Errors: those of LoadFile.
func Hold(name string) (*Holder, error) {
	h := &Holder{name: name}
	if name == "" {
		h.policy = Default()
		return h, nil
	}
	text, err := ReadText(name)
	if err != nil {
		return nil, err
	}
	h.policy, err = Load(name, text)
	if err != nil {
		return nil, err
	}
	h.seen = text
	return h, nil
}

// Policy is the newest policy that is sound. The error says why the file's present text is not: the policy is then the last
// good one, so that a slip of the pen never leaves ports unjudged.
func (h *Holder) Policy() (*Policy, error) {
	if h.name == "" {
		return h.policy, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	text, err := ReadText(h.name)
	if err != nil {
		return h.policy, err
	}
	if bytes.Equal(text, h.seen) {
		return h.policy, h.fault
	}
	newer, err := Load(h.name, text)
	h.seen, h.fault = text, err
	if err == nil {
		h.policy = newer
	}
	return h.policy, h.fault
}
