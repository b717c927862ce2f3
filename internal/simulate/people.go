package simulate

import (
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// Act is what somebody does after the port is in a stage, with a version of its order, for the first time.
type Act struct {
	On      porting.Stage
	Version int            // of the order
	Back    bool           // it is about the port-in that brings numbers of a port-out back
	After   simulator.Span // counted from the beginning of the stage, in business time
	Message string         // the name of the message that is sent
	Body    any            // the message
}

// act is an act as it is written. The other fields are those of the message.
type act struct {
	On      porting.Stage  `yaml:"on"`
	Version int            `yaml:"version"`
	After   simulator.Span `yaml:"after"`
	Do      string         `yaml:"do"`
	Port    string         `yaml:"port"`
	By      string         `yaml:"by"`
}

// deed is what can be done: the message, and how its body is read.
type deed struct {
	message string
	read    func(into func(any)) any
}

var deeds = map[string]deed{
	"approve":  decide(porting.Approve),
	"reject":   decide(porting.Reject),
	"revoke":   send[porting.Revoke](porting.MsgRevoke),
	"amend":    send[porting.Amend](porting.MsgAmend),
	"hold":     send[porting.Hold](porting.MsgHold),
	"resume":   send[porting.Resume](porting.MsgResume),
	"extend":   send[porting.Extend](porting.MsgExtend),
	"reassign": send[porting.Reassign](porting.MsgReassign),
	"note":     send[porting.Note](porting.MsgNote),
}

// outDeeds are what people can do to a port-out.
var outDeeds = map[string]deed{
	"approve": deeds["approve"], "reject": deeds["reject"], "hold": deeds["hold"], "resume": deeds["resume"], "reassign": deeds["reassign"], "note": deeds["note"],
	"reply":   send[porting.CustomerReply](porting.MsgCustomerReply),
	"revoke":  deeds["revoke"],
	"dispute": send[porting.Dispute](porting.MsgDispute),
}

// portBack is how an act says that it is about the port-in that brings numbers back.
const portBack = "back"

// send reads a message as it is.
func send[M any](message string) deed {
	return deed{message, func(into func(any)) any {
		var m M
		into(&m)
		return m
	}}
}

// decide reads a decision, which the deed's name has taken already.
func decide(decision string) deed {
	return deed{porting.MsgDecide, func(into func(any)) any {
		var m struct {
			ID     string         `yaml:"id"`
			By     string         `yaml:"by"`
			Reason porting.Reason `yaml:"reason"`
		}
		into(&m)
		return porting.Decide{ID: m.ID, By: m.By, Reason: m.Reason, Decision: decision}
	}}
}

// act reads one act: its own fields, and then those of its message.
func (r *reader) act(n *yaml.Node, path string, out bool) Act {
	r.lines[path] = n.Line
	own, rest := split(n, "on", "version", "after", "do", "port")
	var a act
	r.into(own, path, &a)
	can, direction := deeds, porting.PortIn
	if out && a.Port != portBack {
		can, direction = outDeeds, porting.PortOut
	}
	d, known := can[a.Do]
	stages := openStages(direction)
	switch {
	case !known:
		r.fail(child(path, "do"), "%q is nothing that people do; they %s", a.Do, list(sorted(can)))
		return Act{}
	case a.Port != "" && (!out || a.Port != portBack):
		r.fail(child(path, "port"), "of a port-out this is %q, or left out", portBack)
	case !slices.Contains(stages, a.On):
		r.fail(child(path, "on"), "%q is no stage of an open port; stages are %s", a.On, list(stages))
	case a.Version < 0:
		r.fail(child(path, "version"), "versions count from 1")
	}
	body := d.read(func(m any) { r.into(rest, path, m) })
	if field(rest, "by") == nil {
		r.fail(child(path, "by"), "missing; say who does it")
	}
	return Act{On: a.On, Version: max(a.Version, 1), After: a.After, Message: d.message, Body: body, Back: a.Port == portBack}
}

// split takes the named fields of a mapping apart from the others.
func split(n *yaml.Node, names ...string) (own, rest *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		return n, n
	}
	own, rest = &yaml.Node{Kind: n.Kind, Line: n.Line}, &yaml.Node{Kind: n.Kind, Line: n.Line}
	for i := 0; i+1 < len(n.Content); i += 2 {
		to := rest
		if slices.Contains(names, n.Content[i].Value) {
			to = own
		}
		to.Content = append(to.Content, n.Content[i], n.Content[i+1])
	}
	return own, rest
}

func field(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// openStages are the stages that a port of that direction can leave.
func openStages(d porting.Direction) []porting.Stage {
	var stages []porting.Stage
	for _, t := range porting.Transitions(d) {
		if t.From != "" && !slices.Contains(stages, t.From) {
			stages = append(stages, t.From)
		}
	}
	return stages
}

// list writes words as people do.
func list[W ~string](words []W) string {
	var all []string
	for _, w := range words {
		all = append(all, string(w))
	}
	return strings.Join(all, ", ")
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Moment is an act whose time is set.
type Moment struct {
	Act
	At time.Time // business time
}

// Script follows a port and says when people act.
type Script struct{ waiting []Act }

// NewScript is the script of a scenario that has not begun.
func NewScript(s Scenario) *Script { return s.script(false) }

// BackScript is what people do about the port-in that brings numbers of a port-out back.
func BackScript(s Scenario) *Script { return s.script(true) }

func (s Scenario) script(back bool) *Script {
	return &Script{slices.DeleteFunc(slices.Clone(s.People), func(a Act) bool { return a.Back != back })}
}

// Follow takes a port as it stands and hands out the acts whose time is now set, each act once, in the order of their
// times. It must see every stage that the script waits for.
func (s *Script) Follow(p porting.Status) []Moment {
	var set []Moment
	s.waiting = slices.DeleteFunc(s.waiting, func(a Act) bool {
		if a.On != p.Stage || a.Version != p.OrderVersion {
			return false
		}
		set = append(set, Moment{a, a.After.From(entered(p))})
		return true
	})
	slices.SortStableFunc(set, func(a, b Moment) int { return a.At.Compare(b.At) })
	return set
}

// entered is when the port came into its stage.
func entered(p porting.Status) time.Time {
	var at time.Time
	for _, e := range slices.Backward(p.Timeline) {
		if e.Stage != p.Stage {
			break
		}
		at = e.At
	}
	return at
}
