package telnyx_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/telnyx"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
)

const (
	// nowhere is an address at which nobody listens.
	nowhere = "http://127.0.0.1:1"

	patience = 20 * time.Second
	glance   = 5 * time.Millisecond

	first  = porting.Number("+12125550123")
	second = porting.Number("+12125550124")
)

// fast runs an hour in twenty milliseconds, from a Monday morning on.
func fast() porting.Clock { return clock(180_000) }

func clock(scale float64) porting.Clock {
	return porting.Clock{Scale: scale, RealStart: time.Now(), BusinessStart: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
}

// start runs a Telnyx whose every exchange is held to the published contract.
func start(t *testing.T, o telnyxtest.Options) *telnyxtest.Fake {
	t.Helper()
	if o.Clock == (porting.Clock{}) {
		o.Clock = fast()
	}
	o.Watch = watch(t)
	return telnyxtest.Start(t, o)
}

// order is an order for the test's two numbers, due in two days.
func order(f *telnyxtest.Fake, c porting.Clock, id string) carrier.LSR {
	return carrier.LSR{
		Ref: carrier.Ref{Port: id, Version: 1}, Code: "481516", DDD: c.Business(time.Now()).AddDate(0, 0, 2).Truncate(time.Second),
		Order: porting.Order{
			Reference: "order-" + id, Version: 1, Kind: porting.KindWireline, Country: "US", Numbers: []porting.Number{first, second},
			Subscriber: porting.Subscriber{Name: "Iris Quill", Address: porting.Address{Street: "7 Fable Row", PostalCode: "10001", Country: "US"}},
			Account:    porting.Account{Number: "4412-77-09", BTN: first}, Authorization: porting.Authorization{SignedBy: "Iris Quill"},
		},
	}
}

// comes reads an order until it has come to a state.
func comes(t *testing.T, c *telnyx.Client, ref carrier.Ref, to carrier.State) carrier.Status {
	t.Helper()
	var last carrier.Status
	require.Eventually(t, func() bool {
		var err error
		last, err = c.Status(t.Context(), ref)
		return err == nil && last.State == to
	}, patience, glance, "never %s", to)
	return last
}

func refused(t *testing.T, err error, kind porting.Kind, code string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, porting.CodeOf(err), err)
	require.Equal(t, kind, porting.KindOf(err))
	for _, private := range []string{"5550123", "5550124", "Quill", "Fable", "4412-77", "481516", telnyxtest.Key.Reveal()} {
		require.NotContains(t, err.Error(), private)
	}
}

// impatient waits half a second for an answer.
func impatient() *http.Client { return &http.Client{Timeout: 500 * time.Millisecond} }
