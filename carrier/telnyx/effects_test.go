package telnyx_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/telnyx"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// insist asks until Telnyx answers, and counts the answers that got lost: more than a few would mean that it never will.
func insist(t *testing.T, ask func() error) (lost int) {
	t.Helper()
	for range 30 {
		err := ask()
		if err == nil {
			return lost
		}
		require.Equal(t, "carrier-unavailable", porting.CodeOf(err), err)
		lost++
	}
	require.FailNow(t, "Telnyx never answered")
	return lost
}

// Every request that changes something takes effect and loses its answer, once. Asked again until it is answered, all is done
// exactly once.
func TestEveryLostAnswerHasOneEffect(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c, NeedsDocuments: true})
	client := f.Client()
	client.Documents = documents("loa", "invoice", "csr", "other")
	f.LoseAnswers()

	t.Log("an order, rejected and corrected, activated")
	require.NoError(t, f.Choose("moved", gatewaytest.RejectsThenFix))
	lsr := order(f, c, "moved")
	submit := func() error { _, err := client.Submit(t.Context(), lsr); return err }
	require.Equal(t, 8, insist(t, submit), "the draft, four documents, their attachment, the details and the confirmation")
	require.Equal(t, []string{
		"POST /porting_orders", "POST /documents", "POST /documents", "POST /documents", "POST /documents",
		"POST /porting_orders/{id}/additional_documents", "PATCH /porting_orders/{id}", "POST /porting_orders/{id}/actions/confirm",
	}, once(f.Done(), "PATCH /porting_orders/{id}"))
	require.Equal(t, []string{gatewaytest.Submitted}, f.Effects("moved"))

	comes(t, client, lsr.Ref, carrier.StateRejected)
	lsr.Ref.Version = 2
	require.Positive(t, insist(t, submit))
	require.Equal(t, []string{gatewaytest.Submitted, gatewaytest.Supplemented}, f.Effects("moved"))
	require.Equal(t, 2, count(f.Done(), "POST /porting_orders/{id}/actions/confirm"))

	confirmed := comes(t, client, lsr.Ref, carrier.StateConfirmed)
	require.Equal(t, lsr.Ref, confirmed.Ref, "a correction whose answers were lost is known by its version")
	reach(t, c, confirmed.FOC)
	require.Equal(t, 1, insist(t, func() error { _, err := client.Activate(t.Context(), lsr.Ref); return err }))
	comes(t, client, lsr.Ref, carrier.StateActive)
	require.Equal(t, []string{gatewaytest.Submitted, gatewaytest.Supplemented, gatewaytest.ActivationAsked}, f.Effects("moved"))

	t.Log("an order that is cancelled")
	require.NoError(t, f.Choose("stopped", gatewaytest.Silent))
	lsr = order(f, c, "stopped")
	insist(t, submit)
	require.Equal(t, 1, insist(t, func() error { return client.Comment(t.Context(), lsr.Ref, "Hello.") }))
	require.Equal(t, 1, insist(t, func() error { _, err := client.Cancel(t.Context(), lsr.Ref, porting.AuthorizationRevoked); return err }))
	require.Equal(t, []string{gatewaytest.Submitted, gatewaytest.CancelAsked}, f.Effects("stopped"))
	require.Equal(t, 1, count(f.Done(), "POST comment"))

	t.Log("a port-out that is refused, and one whose approval we want back")
	require.NoError(t, f.SendPortOut("no", gatewaytest.NeverActivate, first))
	require.Equal(t, 1, insist(t, answering(t, client, "no", carrier.Refuse(ground(t, porting.PINMismatch)))))
	require.Equal(t, []string{gatewaytest.Refused}, f.Effects(telnyxtest.PortOutID("no")))
	require.NoError(t, f.SendPortOut("yes", gatewaytest.NeverActivate, first))
	require.Equal(t, 1, insist(t, answering(t, client, "yes", carrier.Approve())))
	require.Equal(t, []string{gatewaytest.Approved}, f.Effects(telnyxtest.PortOutID("yes")))
}

// once leaves one of the requests that may come again with the same words.
func once(done []string, again string) []string {
	var kept []string
	for _, d := range done {
		if d != again || count(kept, again) == 0 {
			kept = append(kept, d)
		}
	}
	return kept
}

func count(all []string, what string) int {
	n := 0
	for _, one := range all {
		if one == what {
			n++
		}
	}
	return n
}

func answering(t *testing.T, c *telnyx.Client, name string, a carrier.PortOutAnswer) func() error {
	t.Helper()
	return func() error {
		_, err := c.AnswerPortOut(t.Context(), telnyxtest.PortOutID(name), a)
		return err
	}
}

// ground is a lawful ground to refuse.
func ground(t *testing.T, why porting.Reason) rules.Ground {
	t.Helper()
	book, err := rules.Embedded()
	require.NoError(t, err)
	pack, err := book.Pack("us-wireless")
	require.NoError(t, err)
	g, err := pack.Ground(why, rules.Donor)
	require.NoError(t, err)
	return g
}

// documents are files of some kinds, each of its own content.
func documents(kinds ...string) func(context.Context, carrier.LSR) ([]telnyx.Document, error) {
	return func(context.Context, carrier.LSR) ([]telnyx.Document, error) {
		var all []telnyx.Document
		for _, kind := range kinds {
			all = append(all, telnyx.Document{Kind: kind, Name: kind + ".pdf", Content: []byte("the " + kind)})
		}
		return all, nil
	}
}

// A draft whose request was still on its way when it was looked for is drafted twice. The second is deleted.
func TestTwinDraftsAreDeleted(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c})
	require.NoError(t, f.Draft("twins", first, second))
	require.NoError(t, f.Draft("twins", first, second))
	lsr := order(f, c, "twins")
	s, err := f.Client().Submit(t.Context(), lsr)
	require.NoError(t, err)
	require.Equal(t, lsr.Ref, s.Ref)
	require.Equal(t, "1", s.Extra["orders"])
	require.Equal(t, 1, count(f.Done(), "DELETE /porting_orders/{id}"))
	require.Equal(t, []string{gatewaytest.Submitted}, f.Effects("twins"))
}

// A draft is nothing that was sent: its version is 0, and a cancel deletes it.
func TestDraftsAreNotSent(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c})
	require.NoError(t, f.Draft("draft", first, second))
	client, ref := f.Client(), carrier.Ref{Port: "draft", Version: 1}
	s, err := client.Status(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, carrier.Ref{Port: "draft"}, s.Ref)
	require.Equal(t, carrier.StatePending, s.State)

	s, err = client.Cancel(t.Context(), ref, porting.AuthorizationRevoked)
	require.NoError(t, err)
	require.Equal(t, carrier.StateCancelled, s.State)
	_, err = client.Status(t.Context(), ref)
	refused(t, err, porting.NotFound, "carrier-order-unknown")
}

func TestOrdersThatNeedDocuments(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c, NeedsDocuments: true})
	client := f.Client()
	lsr := order(f, c, "papers")
	for range 2 {
		s, err := client.Submit(t.Context(), lsr)
		require.NoError(t, err)
		require.Equal(t, carrier.StateRejected, s.State)
		require.Equal(t, lsr.Ref, s.Ref, "it waits for a correction, not for its confirmation")
		require.Equal(t, []porting.Reason{porting.LOAMissing, porting.BillCopyRequired}, []porting.Reason{s.Reasons[0].Reason, s.Reasons[1].Reason})
	}
	require.Empty(t, f.Effects("papers"), "nothing was sent to the losing carrier")

	client.Documents = documents("loa", "invoice")
	lsr.Ref.Version = 2
	signed := lsr.Order.Authorization
	lsr.Order.Authorization.DocumentSHA256 = "ab"
	_, err := client.Submit(t.Context(), lsr)
	refused(t, err, porting.Refused, "carrier-refused")
	require.Zero(t, count(f.Done(), "POST /documents"), "a letter that the order does not name is not sent")

	sum := sha256.Sum256([]byte("the loa"))
	lsr.Order.Authorization = signed
	lsr.Order.Authorization.DocumentSHA256 = hex.EncodeToString(sum[:])
	s, err := client.Submit(t.Context(), lsr)
	require.NoError(t, err)
	require.Equal(t, lsr.Ref, s.Ref)
	require.Equal(t, carrier.StatePending, s.State)
	require.Equal(t, []string{gatewaytest.Submitted}, f.Effects("papers"))
	require.Equal(t, 2, count(f.Done(), "POST /documents"))
}

// Numbers of an order never change at Telnyx.
func TestOtherNumbersAreRefused(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c})
	require.NoError(t, f.Choose("numbers", gatewaytest.RejectsThenFix))
	lsr := order(f, c, "numbers")
	_, err := f.Client().Submit(t.Context(), lsr)
	require.NoError(t, err)
	comes(t, f.Client(), lsr.Ref, carrier.StateRejected)
	lsr.Ref.Version, lsr.Order.Numbers = 2, lsr.Order.Numbers[:1]
	_, err = f.Client().Submit(t.Context(), lsr)
	refused(t, err, porting.Refused, "carrier-refused")
	require.Equal(t, []string{gatewaytest.Submitted}, f.Effects("numbers"))
}

func TestOrdersOfManyNumbers(t *testing.T) {
	t.Parallel()
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c})
	lsr := order(f, c, "many")
	lsr.Order.Numbers = nil
	for last := 100; last < 400; last++ {
		n, err := porting.ParseNumber(fmt.Sprintf("+12125550%d", last))
		require.NoError(t, err)
		lsr.Order.Numbers = append(lsr.Order.Numbers, n)
	}
	s, err := f.Client().Submit(t.Context(), lsr)
	require.NoError(t, err)
	require.Len(t, s.Numbers, 300, "Telnyx shows fifty with an order, and gives 250 a page")
}
