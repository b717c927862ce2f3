package simulator_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
)

// BenchmarkSubmit is one order through client, HTTP and server; with a file each is on disk before it is answered.
func BenchmarkSubmit(b *testing.B) {
	for name, state := range map[string]string{"memory": "", "file": filepath.Join(b.TempDir(), "carrier.jsonl")} {
		b.Run(name, func(b *testing.B) {
			s, err := simulator.Start(b.Context(), simulator.Options{Scenario: "carrier-silent", StateFile: state})
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			c := &simulator.Client{URL: s.URL()}
			sent := len(s.Effects())
			for b.Loop() {
				sent++
				_, err := c.Submit(b.Context(), lsr(fmt.Sprintf("p-%d", sent)))
				require.NoError(b, err)
			}
		})
	}
}
