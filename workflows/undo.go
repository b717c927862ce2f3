package workflows

import "go.temporal.io/sdk/workflow"

// undo is the compensation of one step. It is idempotent and does nothing if the step never happened.
type undo struct {
	name string
	do   func(workflow.Context) error
}

// undoStack holds the compensations of a saga. A step pushes its undo before it starts: a step that fails may still
// have happened.
type undoStack struct{ steps []undo }

// push registers an undo; a step that is repeated keeps its first place.
func (u *undoStack) push(name string, do func(workflow.Context) error) {
	for _, known := range u.steps {
		if known.name == name {
			return
		}
	}
	u.steps = append(u.steps, undo{name, do})
}

// pop takes the latest undo off the stack.
func (u *undoStack) pop() (undo, bool) {
	if len(u.steps) == 0 {
		return undo{}, false
	}
	last := u.steps[len(u.steps)-1]
	u.steps = u.steps[:len(u.steps)-1]
	return last, true
}
