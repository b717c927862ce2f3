package fraud_test

import (
	"slices"
	"testing"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
)

// BenchmarkEvaluate judges the sample cases one by one, and reports the rate.
func BenchmarkEvaluate(b *testing.B) {
	cases, p := samples(b), fraud.Default()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		fraud.Evaluate(p, cases[i%len(cases)].Evidence)
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "evaluations/s")
}

// BenchmarkEvaluateOnAllCores does the same on every core.
func BenchmarkEvaluateOnAllCores(b *testing.B) {
	cases, p := samples(b), fraud.Default()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			fraud.Evaluate(p, cases[i%len(cases)].Evidence)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "evaluations/s")
}

// BenchmarkEvaluateLatency reports the time in which 99 of 100 evaluations are done; the budget is 10 ms.
func BenchmarkEvaluateLatency(b *testing.B) {
	cases, p := samples(b), fraud.Default()
	times := make([]time.Duration, 0, b.N)
	i := 0
	for b.Loop() {
		begin := time.Now()
		fraud.Evaluate(p, cases[i%len(cases)].Evidence)
		times = append(times, time.Since(begin))
		i++
	}
	b.ReportMetric(float64(percentile(times, 99).Nanoseconds())/1e6, "p99-ms")
}

func percentile(times []time.Duration, percent int) time.Duration {
	sorted := slices.Clone(times)
	slices.Sort(sorted)
	return sorted[len(sorted)*percent/100]
}

// BenchmarkLoad compiles the default policy.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := fraud.Load(fraud.DefaultName, fraud.DefaultText()); err != nil {
			b.Fatal(err)
		}
	}
}
