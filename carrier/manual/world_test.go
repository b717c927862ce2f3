package manual_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

var monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// world is a carrier's desk with its mailbox, and ours with ana at it.
type world struct {
	*manual.Gateway
	file    string // of the ledger
	books   *ledger.Ledger
	keys    *vault.Vault
	people  *approvaltest.Desk
	mailbox *mailbox
	now     time.Time // business time, where the test moves it
}

func profile() manual.Profile {
	return manual.Profile{
		Name: "old-bell", Email: "ports@old-bell.example", Portal: "https://old-bell.example/ports", Needs: []string{"loa", "invoice"}, Language: "en",
		OnDemand: true, AnswerWithin: 8 * time.Hour,
	}
}

func newWorld(t testing.TB, change ...func(*manual.Profile)) *world {
	t.Helper()
	w := &world{file: filepath.Join(t.TempDir(), "ledger.db"), people: approvaltest.NewDesk(t), mailbox: newMailbox(t), now: monday}
	w.people.Grant("ana", approval.RoleDesk)
	var err error
	w.keys, err = vault.Create(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	w.books, err = ledger.Open(t.Context(), w.file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.books.Close()) })
	p := profile()
	for _, c := range change {
		c(&p)
	}
	w.Gateway = &manual.Gateway{
		Profile: p, Book: &manual.Book{Books: w.books, Vault: w.keys, Registry: w.people.Keeper()},
		Mail: &notify.SMTP{Addr: w.mailbox.Addr(), TLS: notify.TLSNone, From: "New Bell <ports@new-bell.example>", Now: time.Now},
		Now:  func() time.Time { return w.now },
	}
	return w
}

// lsr is an order with names of three alphabets.
func lsr(port string, version int) carrier.LSR {
	return carrier.LSR{
		Ref: carrier.Ref{Port: port, Version: version}, Code: "481516", DDD: monday.AddDate(0, 0, 3),
		Order: porting.Order{
			Reference: "order-" + port, Version: version, Kind: porting.KindWireline, Country: "US",
			Numbers:    []porting.Number{"+12125550123", "+12125550124"},
			Donor:      porting.Party{Name: "Old Bell", SPID: "1234"},
			Recipient:  porting.Party{Name: "New Bell", SPID: "5678"},
			Subscriber: porting.Subscriber{Name: "Żaneta Łukaszewicz, Ирина Перова & Ελένη Παππά", Address: porting.Address{Street: "7 Fable Row", PostalCode: "10001", City: "New York"}},
			Account:    porting.Account{Number: "4412-77-09", BTN: "+12125550123"},
			Authorization: porting.Authorization{
				Kind: "loa", CodeRef: "sec-1", SignedAt: monday.AddDate(0, 0, -1), SignedBy: "Ирина Перова", DocumentSHA256: "ab12",
			},
		},
	}
}

func (w *world) submit(t testing.TB, order carrier.LSR) carrier.Status {
	t.Helper()
	st, err := w.Submit(t.Context(), order)
	require.NoError(t, err)
	return st
}

func (w *world) status(t testing.TB, port string) carrier.Status {
	t.Helper()
	st, err := w.Status(t.Context(), carrier.Ref{Port: port})
	require.NoError(t, err)
	return st
}

// sign is what a person says about a task, signed.
func (w *world) sign(ctx context.Context, signer ssh.Signer, task string, says manual.Says) (statement []byte, signature string, err error) {
	statement, err = w.Book.Draft(ctx, task, says, porting.StatementLife)
	if err != nil {
		return nil, "", err
	}
	signature, err = approval.SignDeskAnswer(signer, statement)
	return statement, signature, err
}

// answer is ana's word.
func (w *world) answer(ctx context.Context, task string, says manual.Says) error {
	statement, signature, err := w.sign(ctx, w.people.Key("ana"), task, says)
	if err != nil {
		return err
	}
	_, err = w.Book.Take(ctx, statement, signature, "ana")
	return err
}

func (w *world) says(t testing.TB, task string, says manual.Says) carrier.Status {
	t.Helper()
	require.NoError(t, w.answer(t.Context(), task, says))
	return w.status(t, portOf(task))
}

func (w *world) confirm(t testing.TB, port string) carrier.Status {
	t.Helper()
	return w.says(t, port+"/1/submit", manual.Says{State: carrier.StateConfirmed, FOC: monday.AddDate(0, 0, 3)})
}
