package fraud

// Backtest is how a policy would have judged past cases. A case is flagged where it is not clear.
type Backtest struct {
	Policy PolicyRef `json:"policy"`
	Cases  int       `json:"cases"`
	Matrix Matrix    `json:"matrix"`

	Precision         float64 `json:"precision"`           // of the flagged cases, the share that is fraud
	Recall            float64 `json:"recall"`              // of the frauds, the share that is flagged
	FalsePositiveRate float64 `json:"false_positive_rate"` // of the honest cases, the share that is flagged
	MissingRate       float64 `json:"missing_rate"`        // of the honest cases, the share that is flagged only because evidence is missing

	Wrong []WrongCase `json:"wrong"` // frauds that are clear, and honest cases that are flagged
}

// Matrix counts cases by what they were and how they are judged.
type Matrix struct {
	Fraud  Row `json:"fraud"`
	Honest Row `json:"honest"`
}

// Row counts verdicts.
type Row struct {
	Clear  int `json:"clear"`
	Review int `json:"review"`
	Block  int `json:"block"`
}

func (r *Row) count(o Outcome) {
	switch o {
	case Clear:
		r.Clear++
	case Review:
		r.Review++
	case Block:
		r.Block++
	}
}

func (r *Row) flagged() int { return r.Review + r.Block }

func (r *Row) all() int { return r.Clear + r.flagged() }

// WrongCase is a case that a policy judges wrongly.
type WrongCase struct {
	ID      string   `json:"id"`
	Label   Label    `json:"label"`
	Note    string   `json:"note,omitempty"`
	Verdict Outcome  `json:"verdict"`
	Score   int      `json:"score"`
	Rules   []string `json:"rules"`   // that fired
	Missing []string `json:"missing"` // rules that sent it to review because evidence is missing
}

// Try judges past cases by a policy.
func Try(p *Policy, cases []Case) Backtest {
	b := Backtest{Policy: p.Ref(), Cases: len(cases), Wrong: []WrongCase{}}
	forMissing := 0
	for _, c := range cases {
		v := Evaluate(p, c.Evidence)
		row := &b.Matrix.Honest
		if c.Label == Fraud {
			row = &b.Matrix.Fraud
		}
		row.count(v.Verdict)
		if c.Label == Honest && v.Verdict != Clear && v.firedScore() < p.Thresholds.Review {
			forMissing++
		}
		if (c.Label == Fraud) != (v.Verdict != Clear) {
			b.Wrong = append(b.Wrong, wrong(c, v))
		}
	}
	fraud, honest := &b.Matrix.Fraud, &b.Matrix.Honest
	b.Precision = share(fraud.flagged(), fraud.flagged()+honest.flagged())
	b.Recall = share(fraud.flagged(), fraud.all())
	b.FalsePositiveRate = share(honest.flagged(), honest.all())
	b.MissingRate = share(forMissing, honest.all())
	return b
}

// firedScore is the score without what missing evidence added.
func (v Verdict) firedScore() int {
	score := 0
	for _, fired := range v.Reasons {
		score += fired.Weight
	}
	return score
}

// share is a part of a whole, 0 where there is none.
func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func wrong(c Case, v Verdict) WrongCase {
	w := WrongCase{ID: c.ID, Label: c.Label, Note: c.Note, Verdict: v.Verdict, Score: v.Score, Rules: []string{}, Missing: []string{}}
	for _, fired := range v.Reasons {
		w.Rules = append(w.Rules, fired.Rule)
	}
	for _, gap := range v.Missing {
		if gap.Effect == MissingReviews {
			w.Missing = append(w.Missing, gap.Rule)
		}
	}
	return w
}
