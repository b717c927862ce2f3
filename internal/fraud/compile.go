package fraud

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Limits of a rule, in characters and in CEL's units of cost. The dearest rule of the default policy costs about 20.
const (
	maxExpression = 1000
	maxNesting    = 20
	maxCost       = 1000
	maxText       = 64 // characters in a fact that is text
)

// ageType is the type of Age in rules. Its only methods are within_hours and within_days.
var ageType = cel.OpaqueType("age")

// environment is the language of rules: CEL, the facts by their names, and the methods of ages.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.StdLib(), cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(maxNesting),
		within("within_hours", 1), within("within_days", hoursPerDay),
	}
	for _, f := range catalog {
		options = append(options, cel.Variable(f.Name, f.kind))
	}
	return cel.NewCustomEnv(options...)
})

// within is a method of ages: did it happen within the last count of units? Where the age is too coarse, that is unknown.
func within(name string, unit int) cel.EnvOption {
	return cel.Function(name, cel.MemberOverload("age_"+name, []*cel.Type{ageType, cel.IntType}, cel.BoolType,
		cel.BinaryBinding(func(age, count ref.Val) ref.Val {
			n := count.(types.Int)
			if n < 0 || n > maxAgeHours {
				return types.NewErr("%s of %d makes no sense", name, n)
			}
			yes, known := age.(ageValue).Within(int(n) * unit)
			if !known {
				return unknown
			}
			return types.Bool(yes)
		})))
}

// compile makes a program of the rule's expression, type-checked and bounded.
func (r *Rule) compile() error {
	env, err := environment()
	if err != nil {
		return err
	}
	ast, issues := env.Compile(r.When)
	if issues.Err() != nil {
		return errors.New(firstIssue(issues))
	}
	if ast.OutputType() != cel.BoolType {
		return fmt.Errorf("it is %s and not true or false", ast.OutputType())
	}
	if comparesAges(ast.NativeRep()) {
		return errors.New("an age is asked by within_hours or within_days, and nothing else")
	}
	estimate, err := env.EstimateCost(ast, sizes{})
	if err != nil {
		return err
	}
	if estimate.Max > maxCost {
		return fmt.Errorf("it may cost too much: up to %d, and a rule may cost %d", estimate.Max, maxCost)
	}
	if r.facts = factsIn(ast); len(r.facts) == 0 {
		return errors.New("it asks about no fact")
	}
	r.program, err = env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	return err
}

// firstIssue is what is wrong, and where in the expression.
func firstIssue(issues *cel.Issues) string {
	all := issues.Errors()
	if len(all) == 0 {
		return issues.Err().Error()
	}
	message, _, _ := strings.Cut(all[0].Message, "\n")
	return fmt.Sprintf("column %d: %s", all[0].Location.Column()+1, message)
}

// factsIn are the facts that an expression asks about.
func factsIn(ast *cel.Ast) []*Fact {
	asked := map[string]bool{}
	for _, reference := range ast.NativeRep().ReferenceMap() {
		asked[reference.Name] = true
	}
	var facts []*Fact
	for i := range catalog {
		if asked[catalog[i].Name] {
			facts = append(facts, &catalog[i])
		}
	}
	return facts
}

// comparesAges says whether an expression does anything with an age but ask it. Two ages are never the same for sure, so that a
// comparison would read as certain what is not.
func comparesAges(checked *celast.AST) bool {
	asked, compared := map[int64]bool{}, false
	celast.PreOrderVisit(checked.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() == celast.CallKind && e.AsCall().IsMemberFunction() {
			asked[e.AsCall().Target().ID()] = true
		}
		if checked.GetType(e.ID()).IsExactType(ageType) && !asked[e.ID()] {
			compared = true
		}
	}))
	return compared
}

// sizes bounds the facts that are text, so that the cost of every rule has a bound.
type sizes struct{}

func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	if path := node.Path(); len(path) == 1 && factByName[path[0]] != nil {
		return &cost.SizeEstimate{Min: 0, Max: maxText}
	}
	return nil
}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// ageValue is an Age in CEL. It can only be asked.
type ageValue struct{ Age }

func (v ageValue) ConvertToNative(reflect.Type) (any, error) { return v.Age, nil }
func (v ageValue) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("an age is no %s", t.TypeName())
}
func (v ageValue) Equal(other ref.Val) ref.Val { return types.Bool(other == ref.Val(v)) }
func (v ageValue) Type() ref.Type              { return ageType }
func (v ageValue) Value() any                  { return v.Age }
