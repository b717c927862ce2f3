package rules_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// BenchmarkDue computes one deadline for a number that it has not seen before, as planning an order does.
func BenchmarkDue(b *testing.B) {
	for _, ref := range []string{"us-wireline-simple", "us-wireline-nonsimple", "us-wireless"} {
		p := pack(b, ref)
		b.Run(ref, func(b *testing.B) {
			received := time.Date(2026, 11, 25, 20, 30, 0, 0, time.UTC)
			for i := 0; b.Loop(); i++ {
				_, err := p.Due("foc", received.Add(time.Duration(i)*time.Minute), rules.Place{Number: number(i)})
				require.NoError(b, err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deadlines/s")
		})
	}
}

// BenchmarkDeadlines computes every deadline that a receipt starts.
func BenchmarkDeadlines(b *testing.B) {
	for _, p := range book(b).List() {
		b.Run(p.Ref(), func(b *testing.B) {
			received := time.Date(2026, 11, 25, 20, 30, 0, 0, time.UTC)
			place := rules.Place{}
			computed := 0
			for i := 0; b.Loop(); i++ {
				if p.Rules.For.Country == "US" {
					place.Number = number(i)
				}
				d, err := p.Deadlines(received.Add(time.Duration(i)*time.Minute), place)
				require.NoError(b, err)
				computed += len(d.Clocks)
			}
			b.ReportMetric(float64(computed)/b.Elapsed().Seconds(), "deadlines/s")
		})
	}
}

// BenchmarkSelect chooses the pack of an order of 20,000 numbers.
func BenchmarkSelect(b *testing.B) {
	o := porting.Order{Kind: porting.KindWireline}
	for i := range 20_000 {
		o.Numbers = append(o.Numbers, number(i))
	}
	for b.Loop() {
		_, err := book(b).Select(o, time.Date(2026, 11, 25, 20, 30, 0, 0, time.UTC))
		require.NoError(b, err)
	}
}

// number is the i-th of many American numbers, over several area codes.
func number(i int) porting.Number {
	areas := []string{"212", "602", "915", "312", "808", "503"}
	return porting.Number(fmt.Sprintf("+1%s555%04d", areas[i%len(areas)], i%10_000))
}
