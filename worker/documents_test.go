package worker_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

const letterText = "I, %s, holder of account %s, authorise Acme Voice to act for me with my present carrier, to ask it for my customer service " +
	"record, and to move my telephone number to its network. I know that my present service ends with the move, and that I may take this back."

// Letters of two accounts that one hand wrote are seen by their text, which no ledger has in the clear; a scan says nothing.
func TestLettersAreComparedByTheirText(t *testing.T) {
	t.Parallel()
	server, err := simulator.Start(t.Context(), simulator.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	dir := t.TempDir()
	n, err := worker.Open(t.Context(), worker.Settings{
		Ledger: filepath.Join(dir, "ledger.db"), KeyFile: filepath.Join(dir, "key"), CreateKey: true, Carrier: "simulator", CarrierURL: server.URL(), Trusted: true,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	documents := worker.NewDocuments(n.Ledger, n.Vault)

	screened := func(nth int, account string, content []byte) fraud.LOA {
		at := time.Date(2026, 11, 24, 15, nth, 0, 0, time.UTC)
		digest, err := documents.Add(t.Context(), porting.DocumentLOA, content, at)
		require.NoError(t, err)
		port := fmt.Sprintf("pi-%d", nth)
		_, err = n.ScreenOrder(t.Context(), porting.ScreenInput{Port: port, Pack: "us-wireline-simple@2026-11", Carrier: "simulator", At: at, Order: porting.Order{
			Reference: port, Version: 1, Kind: porting.KindWireline, Numbers: []porting.Number{porting.Number(fmt.Sprintf("+1212555010%d", nth))},
			Account:       porting.Account{Number: account},
			Authorization: porting.Authorization{Kind: "loa", SignedBy: account, SignedAt: at.Add(-time.Hour), DocumentSHA256: digest},
		}})
		require.NoError(t, err)
		kept, err := n.Ledger.Judgements(t.Context(), port)
		require.NoError(t, err)
		require.Len(t, kept, 1)
		text, err := n.Vault.Open(ledger.EvidencePlace(port, kept[0].Nonce), kept[0].Evidence)
		require.NoError(t, err)
		var e fraud.Evidence
		require.NoError(t, json.Unmarshal([]byte(text.Reveal()), &e))
		require.NotNil(t, e.LOA.Known)
		return *e.LOA.Known
	}
	first := screened(1, "4412-77", []byte(fmt.Sprintf(letterText, "Iris Quill", "4412-77")))
	require.Zero(t, *first.Similarity, "there is no other letter")
	forged := screened(2, "9001-12", []byte(fmt.Sprintf(letterText, "Otto Vale", "9001-12")))
	require.Greater(t, *forged.Similarity, 0.8)
	require.Zero(t, *forged.OtherAccounts, "it is another file")
	again := screened(3, "4412-77", []byte(fmt.Sprintf(letterText, "Iris Quill the elder", "4412-77")))
	require.Less(t, *again.Similarity, 1.0, "the likeness is to the letter of the other account")
	scan := screened(4, "5555-55", []byte{0x89, 'P', 'N', 'G', 0, 1, 2})
	require.Nil(t, scan.Similarity)
}
