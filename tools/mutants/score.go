package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
)

// score is what became of the mutants of one room. Those that do not compile are not counted.
type score struct {
	Name       string  `json:"name"`
	Mutants    int     `json:"mutants"`
	Killed     int     `json:"killed"`
	Lived      int     `json:"lived"`
	NotCovered int     `json:"not_covered"` // no test of the room reaches them
	TimedOut   int     `json:"timed_out"`
	Score      float64 `json:"score"` // percent of those killed or alive that were killed
	Least      float64 `json:"least"`
}

// report is the scores of all rooms that were tried.
type report struct {
	Rooms []score `json:"rooms"`
	Score float64 `json:"score"`
}

// readScore counts what gremlins wrote down.
func readScore(r room, result string) (score, error) {
	text, err := os.ReadFile(result)
	if err != nil {
		return score{}, err
	}
	var told struct {
		Files []struct {
			Mutations []struct {
				Status string `json:"status"`
			} `json:"mutations"`
		} `json:"files"`
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return score{}, err
	}
	s := score{Name: r.name, Least: r.least}
	for _, file := range told.Files {
		for _, m := range file.Mutations {
			if err := s.count(m.Status); err != nil {
				return score{}, err
			}
		}
	}
	s.Mutants = s.Killed + s.Lived + s.NotCovered + s.TimedOut
	s.Score = percent(s.Killed, s.Lived)
	return s, nil
}

func (s *score) count(status string) error {
	switch status {
	case "KILLED":
		s.Killed++
	case "LIVED":
		s.Lived++
	case "NOT COVERED":
		s.NotCovered++
	case "TIMED OUT":
		s.TimedOut++
	case "NOT VIABLE":
	default:
		return fmt.Errorf("gremlins says %q of a mutant, which nobody here knows", status)
	}
	return nil
}

// percent is the score; a room without mutants has none to lose.
func percent(killed, lived int) float64 {
	if killed+lived == 0 {
		return 100
	}
	return 100 * float64(killed) / float64(killed+lived)
}

func (r *report) add(s score) {
	r.Rooms = append(r.Rooms, s)
	total := r.total()
	r.Score = total.Score
}

func (r *report) total() score {
	sum := score{Name: "all"}
	for _, s := range r.Rooms {
		sum.Mutants += s.Mutants
		sum.Killed += s.Killed
		sum.Lived += s.Lived
		sum.NotCovered += s.NotCovered
		sum.TimedOut += s.TimedOut
	}
	sum.Score = percent(sum.Killed, sum.Lived)
	return sum
}

// below names the rooms whose score is less than what is asked of them.
func (r *report) below() []string {
	var names []string
	for _, s := range r.Rooms {
		if s.Score < s.Least {
			names = append(names, fmt.Sprintf("%s (%.1f%% of %.0f%%)", s.Name, s.Score, s.Least))
		}
	}
	return names
}

func printTable(out io.Writer, r report) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "room\tmutants\tkilled\tlived\tnot covered\ttimed out\tscore\tat least\t")
	for _, s := range r.Rooms {
		fmt.Fprintf(table, "%s%.0f%%\t\n", s.row(), s.Least)
	}
	fmt.Fprintln(table, r.total().row())
	return table.Flush()
}

func (s score) row() string {
	return fmt.Sprintf("%s\t%d\t%d\t%d\t%d\t%d\t%.1f%%\t", s.Name, s.Mutants, s.Killed, s.Lived, s.NotCovered, s.TimedOut, s.Score)
}
