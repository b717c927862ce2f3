package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/ledger"
)

// exchange is one request to a carrier and its answer, as it was written down.
type exchange struct {
	ledger.Exchange
	Request json.RawMessage `json:"request,omitempty"`
	Answer  json.RawMessage `json:"answer,omitempty"`
}

func newPortExchanges(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "exchanges PORT",
		Short: "List what was said with the carrier about a port",
		Long: "List every request to the carrier and its answer, the oldest first, with the step that made it. Of bodies, which -o json shows,\n" +
			"only the shape and the carrier's own vocabulary were kept: states, codes, dates, IDs. It asks the ledger and nobody else.",
		Example: "  portsaga port exchanges PORT\n  portsaga port exchanges PORT -o json | jq '.[-1].answer'",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.withLedger(cmd.Context(), func(books *ledger.Ledger) error { return f.showExchanges(cmd.Context(), books, args[0]) })
		},
	}
}

func (f *Factory) showExchanges(ctx context.Context, books *ledger.Ledger, port string) error {
	kept, err := books.Exchanges(ctx, port)
	if err != nil {
		return err
	}
	all := make([]exchange, 0, len(kept))
	for _, e := range kept {
		all = append(all, exchange{e, e.Request, e.Answer})
	}
	return f.Print(all, func(w io.Writer) { f.writeExchanges(w, all) })
}

func (f *Factory) writeExchanges(w io.Writer, all []exchange) {
	if len(all) == 0 {
		fmt.Fprintln(w, "Nothing was said with a carrier about this port.")
		return
	}
	var rows [][]string
	for _, e := range all {
		rows = append(rows, []string{
			e.At.UTC().Format("2006-01-02 15:04:05Z"), e.Carrier, orDash(e.Step), e.Method, oneLine(e.Path), e.outcome(), e.Took.Round(time.Millisecond).String(),
		})
	}
	f.Table(w, []string{"AT", "CARRIER", "STEP", "METHOD", "PATH", "ANSWER", "TOOK"}, rows)
}

// outcome is the status of the answer, or why there was none.
func (e exchange) outcome() string {
	if e.Status == 0 {
		return oneLine(cmp.Or(e.Failure, "no answer"))
	}
	return strconv.Itoa(e.Status)
}
