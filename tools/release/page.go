package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

const notMeasured = "not measured"

// page is a report as it is written: tables, in which what is asked stands beside what was found. It counts the verdicts.
type page struct {
	strings.Builder

	met, missed, unknown int
}

// table writes a section. One that nothing is known of says so.
func (p *page) table(title, note string, head []string, rows [][]string) {
	fmt.Fprintf(p, "\n## %s\n\n", title)
	if note != "" {
		fmt.Fprintf(p, "%s\n\n", note)
	}
	if len(rows) == 0 {
		p.unknown++
		rows = [][]string{{notMeasured}}
	}
	for _, row := range slices.Concat([][]string{head, slices.Repeat([]string{"---"}, len(head))}, rows) {
		fmt.Fprintf(p, "| %s |\n", strings.Join(row, " | "))
	}
}

// verdict says of a figure whether it is what was asked.
func (p *page) verdict(figure string, met bool) string {
	if met {
		p.met++
		return figure + " met"
	}
	p.missed++
	return figure + " **missed**"
}

func (p *page) none() string { p.unknown++; return notMeasured }

// hair is how far a hundred times a number may be from what people would write.
const hair = 1e-9

// atLeast and atMost judge the figure itself, and round it to the side on which it is worse: 0.899 is no 0.9.
func (p *page) atLeast(figure *float64, asked float64) string {
	if figure == nil {
		return p.none()
	}
	return p.verdict(decimal(math.Floor(*figure*100+hair)/100), *figure >= asked)
}

func (p *page) atMost(figure *float64, asked float64) string {
	if figure == nil {
		return p.none()
	}
	return p.verdict(decimal(math.Ceil(*figure*100-hair)/100), *figure <= asked)
}

func (p *page) zero(count *float64) string {
	if count == nil {
		return p.none()
	}
	return p.verdict(whole(count), *count == 0)
}

func (p *page) all(part, of *float64) string {
	if part == nil || of == nil {
		return p.none()
	}
	return p.verdict(whole(part)+"/"+whole(of), *part == *of && *of > 0)
}

// decimal writes two decimals of what has any.
func decimal(figure float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(figure, 'f', 2, 64), ".00")
}

func written(format string, figure *float64) string { return scaled(format, figure, 1) }

func whole(figure *float64) string { return written("%.0f", figure) }

func milliseconds(seconds *float64) string { return scaled("%.0f ms", seconds, 1e-3) }

func kilo(bytes *float64) string { return scaled("%.1f KB", bytes, 1<<10) }

func mega(bytes *float64) string { return scaled("%.0f MB", bytes, 1<<20) }

func scaled(format string, figure *float64, unit float64) string {
	if figure == nil {
		return notMeasured
	}
	return fmt.Sprintf(format, *figure/unit)
}

// beside is a figure of ours, and in brackets the bare workflow's.
func (f figures) beside(write func(*float64) string, name string) string {
	ours, bare := f.number("ours", name), f.number("bare", name)
	if ours == nil || bare == nil {
		return write(ours)
	}
	return write(ours) + " (" + write(bare) + ")"
}

func (f figures) latency() string {
	p50, p99 := f.number("p50_ms"), f.number("p99_ms")
	if p50 == nil || p99 == nil {
		return notMeasured
	}
	return whole(p50) + " / " + whole(p99)
}
