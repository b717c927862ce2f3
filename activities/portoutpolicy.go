package activities

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// AnswerPolicies are the answers of tenants to port-outs at the last moment, and how long before the end of the time that is.
// The zero value is the usual: approve, at high risk refuse where the rules give a ground.
type AnswerPolicies struct {
	ref     string
	all     answerRule
	tenants map[string]answerRule
}

// answerRule is what one tenant says, or everybody. What is empty is left to what is more general.
type answerRule struct {
	Lead    time.Duration                     `yaml:"lead"`
	Answers porting.AnswerDefaults            `yaml:"answers"`
	Packs   map[string]porting.AnswerDefaults `yaml:"packs"`
}

// answerFile is the file as it is written.
type answerFile struct {
	answerRule `yaml:",inline"`
	Tenants    map[string]answerRule `yaml:"tenants"`
}

// LoadAnswerPolicies reads a file of answer policies, strictly, and holds it against the packs: an answer that would be
// unlawful is refused here and not at the last moment. An empty name is the usual policy. Codes: "answer-policy-unreadable"
// (Failed) and "answer-policy-invalid" (Invalid), joined, one for each fault.
func LoadAnswerPolicies(file string, book *rules.Book) (AnswerPolicies, error) {
	if file == "" {
		return AnswerPolicies{}, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		detail := err.Error()
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			detail = path.Err.Error()
		}
		return AnswerPolicies{}, &porting.Error{
			Kind: porting.Failed, Code: "answer-policy-unreadable", Op: "read answer policy", Object: file, Detail: detail,
			Next: "set PORTSAGA_PORTOUT_POLICY to a file that you may read", Err: err,
		}
	}
	var f answerFile
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return AnswerPolicies{}, badAnswers(file, err.Error())
	}
	sum := sha256.Sum256(text)
	return AnswerPolicies{"sha256:" + hex.EncodeToString(sum[:8]), f.answerRule, f.Tenants}, f.check(file, book)
}

// Of is the policy of a tenant under a pack: what is said of this pack comes before what is said of all, and what the tenant
// says before what everybody does.
func (p AnswerPolicies) Of(tenant, pack string) porting.AnswerPolicy {
	own := p.tenants[tenant]
	policy := porting.AnswerPolicy{Ref: p.ref, Lead: cmp.Or(own.Lead, p.all.Lead)}
	for _, d := range []porting.AnswerDefaults{own.Packs[pack], own.Answers, p.all.Packs[pack], p.all.Answers} {
		policy.Defaults = porting.AnswerDefaults{
			Low:    cmp.Or(policy.Defaults.Low, d.Low),
			Medium: cmp.Or(policy.Defaults.Medium, d.Medium),
			High:   cmp.Or(policy.Defaults.High, d.High),
		}
	}
	return policy
}

// longestLead bounds the lead: what is longer is a slip of the pen.
const longestLead = 24 * time.Hour

func (f answerFile) check(file string, book *rules.Book) error {
	all := AnswerPolicies{all: f.answerRule, tenants: f.Tenants}
	faults := f.faults("", book)
	for _, tenant := range slices.Sorted(maps.Keys(f.Tenants)) {
		faults = append(faults, f.Tenants[tenant].faults("tenants."+tenant+".", book)...)
	}
	for _, tenant := range append(slices.Sorted(maps.Keys(f.Tenants)), "") {
		for _, pack := range book.List() {
			if d := all.Of(tenant, pack.ID).Defaults; d.At(porting.RiskMedium) == porting.AnswerRefuse && d.At(porting.RiskHigh) != porting.AnswerRefuse {
				faults = append(faults, "under "+pack.ID+" medium risk is refused and high risk approved")
			}
		}
	}
	slices.Sort(faults)
	var errs []error
	for _, fault := range slices.Compact(faults) {
		errs = append(errs, badAnswers(file, fault))
	}
	return errors.Join(errs...)
}

// faults lists what is wrong with one rule. A refusal that names a pack must have a ground there; one for all packs holds
// where it has, and must have one somewhere.
func (r answerRule) faults(path string, book *rules.Book) (faults []string) {
	if r.Lead < 0 || r.Lead > longestLead {
		faults = append(faults, path+"lead is up to a day")
	}
	faults = append(faults, kindFaults(path+"answers", r.Answers)...)
	anywhere := slices.ContainsFunc(book.List(), mayRefuseRisk)
	if refuses(r.Answers) && !anywhere {
		faults = append(faults, path+"answers: no pack lets a donor refuse for a risk")
	}
	for _, id := range slices.Sorted(maps.Keys(r.Packs)) {
		at := path + "packs." + id
		faults = append(faults, kindFaults(at, r.Packs[id])...)
		versions := slices.DeleteFunc(book.List(), func(p *rules.Pack) bool { return p.ID != id })
		switch {
		case len(versions) == 0:
			faults = append(faults, at+": there is no such pack")
		case refuses(r.Packs[id]) && !slices.ContainsFunc(versions, mayRefuseRisk):
			faults = append(faults, at+": this pack gives a donor no ground to refuse for a risk; it can only be approved, and a person is called")
		}
	}
	return faults
}

func kindFaults(at string, d porting.AnswerDefaults) (faults []string) {
	for risk, kind := range map[porting.Risk]porting.AnswerKind{porting.RiskLow: d.Low, porting.RiskMedium: d.Medium, porting.RiskHigh: d.High} {
		if kind != "" && kind != porting.AnswerApprove && kind != porting.AnswerRefuse {
			faults = append(faults, fmt.Sprintf("%s.%s is approve or refuse", at, risk))
		}
	}
	if d.Low == porting.AnswerRefuse {
		faults = append(faults, at+".low: where nothing is found there is no ground to refuse")
	}
	return faults
}

func refuses(d porting.AnswerDefaults) bool {
	return d.Medium == porting.AnswerRefuse || d.High == porting.AnswerRefuse
}

func mayRefuseRisk(p *rules.Pack) bool {
	return porting.AnswerPlan{Grounds: donorGrounds(p)}.RiskGround() != ""
}

func badAnswers(file, detail string) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "answer-policy-invalid", Op: "read answer policy", Object: file, Detail: detail,
		Next: "docs/port-out.md says how to write it",
	}
}
