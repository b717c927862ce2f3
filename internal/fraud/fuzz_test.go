package fraud_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/portsaga/portsaga/internal/fraud"
)

// FuzzPolicy reads policies that nobody would write. What passes every check must also judge.
func FuzzPolicy(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("rules: [{when: '[1,2,3].all(x, x > velocity.number_24h)'}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, found := range fraud.Lint("mine.yaml", text) {
			if found.Line < 1 || found.Message == "" {
				t.Fatalf("%+v says nothing", found)
			}
		}
		p, err := fraud.Load("mine.yaml", text)
		if err != nil {
			return
		}
		if v := fraud.Evaluate(p, evidence()); v.Verdict == fraud.Block && v.Ground == "" {
			t.Fatal("a block without a ground")
		}
	})
}

// FuzzEvidence reads evidence that no source would send. What is read must be written and read again as the same, and judged.
func FuzzEvidence(f *testing.F) {
	sample, err := os.ReadFile("../../examples/fraud/evidence.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	f.Add([]byte(`{"at":"2026-11-22T12:00:00Z","sim_swap":{"missing":"timed-out"}}`))
	f.Add([]byte(`{"at":"2026-11-22T12:00:00Z","sim_swap":{"known":{"change":">=99999d"}},"SIM_SWAP":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := fraud.ReadEvidence(text)
		if err != nil {
			return
		}
		first, err := json.Marshal(e)
		if err != nil {
			t.Skip("a year that JSON cannot write")
		}
		again, err := fraud.ReadEvidence(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%s became %s", first, second)
		}
		fraud.Evaluate(fraud.Default(), e)
	})
}

// FuzzCases reads files of past cases.
func FuzzCases(f *testing.F) {
	f.Add([]byte(table))
	f.Add([]byte("id,label,note\n\""))
	f.Add([]byte(`{"id":"a","label":"fraud","evidence":{"at":"2026-11-22T12:00:00Z"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		cases, err := fraud.ReadCases(bytes.NewReader(text))
		if err != nil {
			return
		}
		if b := fraud.Try(fraud.Default(), cases); b.Cases != b.Matrix.Fraud.Clear+b.Matrix.Fraud.Review+b.Matrix.Fraud.Block+
			b.Matrix.Honest.Clear+b.Matrix.Honest.Review+b.Matrix.Honest.Block {
			t.Fatal("a case was lost")
		}
	})
}
