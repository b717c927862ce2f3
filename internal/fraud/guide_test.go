package fraud_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
)

var update = flag.Bool("update", false, "write the generated part of the guide anew")

const (
	guide     = "../../docs/fraud.md"
	generated = "<!-- generated: go test ./internal/fraud -run TestGuide -update -->\n"
)

// The guide shows every rule of the default policy and every fact, as they are.
func TestGuide(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(guide)
	require.NoError(t, err)
	written, _, found := strings.Cut(string(page), generated)
	require.True(t, found, "%s has lost its mark: %s", guide, generated)
	want := written + generated + ruleGuide(fraud.Default()) + factGuide()
	if *update {
		require.NoError(t, os.WriteFile(guide, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(page), "make it anew with: go test ./internal/fraud -run TestGuide -update")
}

func ruleGuide(p *fraud.Policy) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## The default policy, rule by rule\n\nVersion %s: review from %d, block from %d.\n", p.Version, p.Thresholds.Review, p.Thresholds.Block)
	for i, reason := range fraud.Reasons {
		fmt.Fprintf(&b, "\n### %d. `%s`\n", i+1, reason)
		for _, r := range p.Rules {
			if r.Reason == reason {
				b.WriteString(ruleEntry(r))
			}
		}
	}
	return b.String()
}

func ruleEntry(r fraud.Rule) string {
	missing := string(r.WhenMissing)
	if r.WhenMissing == fraud.MissingWeighs {
		missing = fmt.Sprintf("weight %d", r.MissingWeight)
	}
	ground := ""
	if r.Ground != "" {
		ground = fmt.Sprintf("; ground of a block: `%s`", r.Ground)
	}
	return fmt.Sprintf("\n**%s**: %s\n\n```\n%s\n```\n\n%s Weight %d; without evidence: %s%s.\n", r.ID, r.Message, r.When, r.Why, r.Weight, missing, ground)
}

func factGuide() string {
	var b strings.Builder
	b.WriteString("\n## Facts\n\n| Fact | Type | Means |\n|---|---|---|\n")
	for _, f := range fraud.Catalog() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.Type, f.Means)
	}
	return b.String()
}

// The guide numbers the 22 signals that fraud desks know, and every rule that it shows under one has evidence in
// TestEverySignalIsRaisedAndNot that raises it and evidence that does not.
func TestTheGuideNumbersEverySignal(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(guide)
	require.NoError(t, err)
	headings := regexp.MustCompile("(?m)^### ([0-9]+)\\. `([A-Z_]+)`$").FindAllStringSubmatch(string(page), -1)
	require.Len(t, headings, 22)
	for i, heading := range headings {
		require.Equal(t, []string{strconv.Itoa(i + 1), string(fraud.Reasons[i])}, heading[1:])
	}
	shown := regexp.MustCompile(`(?m)^\*\*([a-z0-9-]+)\*\*: `).FindAllStringSubmatch(string(page), -1)
	all := signals(t)
	require.Len(t, shown, len(all))
	for _, rule := range shown {
		require.NotEmpty(t, all[rule[1]].raised, rule[1])
		require.NotEmpty(t, all[rule[1]].quiet, rule[1])
	}
}

// What the guide shows of policies, evidence and cases is read.
func TestTheGuidesExamplesAreRead(t *testing.T) {
	t.Parallel()
	policies := fenced(t, "yaml")
	require.Len(t, policies, 1)
	require.Empty(t, fraud.Lint("guide.yaml", []byte(policies[0])))
	json := fenced(t, "json")
	require.Len(t, json, 3)
	for _, evidence := range json[:2] {
		_, err := fraud.ReadEvidence([]byte(evidence))
		require.NoError(t, err)
	}
	_, err := fraud.ReadCases(strings.NewReader(json[2]))
	require.NoError(t, err)
	for _, text := range fenced(t, "") {
		if strings.HasPrefix(text, "id,") {
			_, err = fraud.ReadCases(strings.NewReader(text))
			require.NoError(t, err)
		}
	}
}

// fenced are the texts in fences of a language.
func fenced(t *testing.T, language string) []string {
	t.Helper()
	page, err := os.ReadFile(guide)
	require.NoError(t, err)
	var texts []string
	for i, part := range strings.Split(string(page), "```") {
		if text, ok := strings.CutPrefix(part, language+"\n"); ok && i%2 == 1 {
			texts = append(texts, text)
		}
	}
	return texts
}
