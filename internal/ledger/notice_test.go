package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

// TestNoticesSQLite and TestNoticesPostgres run the same tests, as the suite of the ports does.
func TestNoticesSQLite(t *testing.T) {
	t.Parallel()
	noticeSuite(t, sqliteFile)
}

func TestNoticesPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	noticeSuite(t, server.New)
}

func noticeSuite(t *testing.T, dsn newDSN) {
	for name, test := range map[string]func(*testing.T, newDSN){
		"recorded once":                       testRecordNotice,
		"claimed by one at a time":            testClaimNotices,
		"given up":                            testNoticeGivenUp,
		"sent again":                          testResendNotice,
		"suppressed":                          testSuppressedNotice,
		"shredded":                            testShredNotices,
		"race: claimers":                      testRaceClaimNotices,
		"a link stops its port once":          testLink,
		"links that do nothing":               testLinkUnknown,
		"a link of a port that has ended":     testLinkAfterTheEnd,
		"a link that comes too late":          testLinkTooLate,
		"a link of a port that is not ours":   testLinkReferred,
		"the port is told":                    testUntoldLinks,
		"race: one link used at once":         testRaceLink,
		"race: a link against an activation":  testRaceLinkActivate,
		"a link of a port that never claimed": testLinkFirst,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dsn)
		})
	}
}

func noticeOf(id string, due time.Time) ledger.Notice {
	return ledger.Notice{
		ID: id, PortID: "pi-1", Kind: "received", Event: "v1", Recipient: "subscriber", Channel: "email", Lang: "de",
		Demand: "47 CFR 52.37(c)", Sealed: []byte("sealed " + id), RecordedAt: noon, DueAt: due,
	}
}

func record(t *testing.T, l *ledger.Ledger, notices ...ledger.Notice) {
	t.Helper()
	for _, n := range notices {
		fresh, err := l.RecordNotice(t.Context(), n)
		require.NoError(t, err)
		require.True(t, fresh)
	}
}

func claimDue(t *testing.T, l *ledger.Ledger, at time.Time, limit int) []ledger.Notice {
	t.Helper()
	due, err := l.ClaimDueNotices(t.Context(), []string{"sms", "email"}, at, time.Minute, limit)
	require.NoError(t, err)
	return due
}

func theNotice(t *testing.T, l *ledger.Ledger) ledger.Notice {
	t.Helper()
	all, err := l.Notices(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

func testRecordNotice(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	first := noticeOf("n-1", noon)
	record(t, l, first)
	again := first
	again.Sealed, again.Lang = []byte("others"), "en"
	fresh, err := l.RecordNotice(t.Context(), again, linkOf("hash", "pi-1"))
	require.NoError(t, err)
	require.False(t, fresh)

	first.State, first.Sending = ledger.NoticePending, 1
	require.Equal(t, first, theNotice(t, l))
	_, err = l.StopByLink(t.Context(), "hash", "customer", porting.UnauthorisedPort, noon, anyPort)
	requireCode(t, err, porting.NotFound, "link-unknown")
}

func testClaimNotices(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	record(t, l, noticeOf("n-2", noon), noticeOf("n-1", noon), noticeOf("n-3", noon.Add(time.Hour)), noticeOf("n-4", noon.Add(-time.Second)))

	first := claimDue(t, l, noon, 2)
	require.ElementsMatch(t, []string{"n-4", "n-1"}, ids(first), "the most overdue come first")
	require.Equal(t, 1, first[0].Attempts)
	require.Equal(t, []string{"n-2"}, ids(claimDue(t, l, noon, 9)))
	require.Empty(t, claimDue(t, l, noon.Add(59*time.Second), 9), "they are leased")
	require.Len(t, claimDue(t, l, noon.Add(time.Minute), 9), 3, "whoever held them died")

	none, err := l.ClaimDueNotices(t.Context(), []string{"sms", "webhook"}, noon.Add(time.Hour), time.Minute, 9)
	require.NoError(t, err)
	require.Empty(t, none, "they are mails")
	require.NoError(t, l.NoticeAccepted(t.Context(), "n-1", "ref", noon.Add(time.Minute)))
	require.NoError(t, l.NoticeRefused(t.Context(), first[0], "late", noon), "that attempt's lease has ended")
	require.ElementsMatch(t, []string{"n-2", "n-4"}, ids(claimDue(t, l, noon.Add(3*time.Minute), 9)))
	require.NoError(t, l.NoticeAccepted(t.Context(), "n-1", "another", noon.Add(time.Hour)))
	all, err := l.Notices(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Equal(t, "ref", all[0].ProviderRef, "the first acceptance stays")
}

func ids(notices []ledger.Notice) []string {
	var ids []string
	for _, n := range notices {
		ids = append(ids, n.ID)
	}
	return ids
}

func testNoticeGivenUp(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	record(t, l, noticeOf("n-1", noon))
	claimed := claimDue(t, l, noon, 1)[0]
	require.NoError(t, l.NoticeRefused(t.Context(), claimed, "smtp-unavailable", noon.Add(5*time.Second)))
	require.Equal(t, "smtp-unavailable", theNotice(t, l).Failure)
	claimed = claimDue(t, l, noon.Add(5*time.Second), 1)[0]
	require.NoError(t, l.NoticeRefused(t.Context(), claimed, "smtp-refused", time.Time{}))

	require.Equal(t, ledger.NoticeFailed, theNotice(t, l).State)
	require.Empty(t, claimDue(t, l, noon.Add(time.Hour), 1))
}

func testResendNotice(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	record(t, l, noticeOf("n-1", noon))
	n, err := l.ResendNotice(t.Context(), "n-1", noon)
	require.NoError(t, err)
	require.Equal(t, 1, n.Sending, "it was not sent yet")
	claimDue(t, l, noon, 1)
	require.NoError(t, l.NoticeAccepted(t.Context(), "n-1", "ref", noon))

	n, err = l.ResendNotice(t.Context(), "n-1", noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, n.Sending)
	require.Zero(t, n.SentAt)
	require.Equal(t, []string{"n-1"}, ids(claimDue(t, l, noon.Add(time.Hour), 1)))

	_, err = l.ResendNotice(t.Context(), "n-9", noon)
	requireCode(t, err, porting.NotFound, "notice-unknown")
}

func testSuppressedNotice(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	quiet := noticeOf("n-1", noon)
	quiet.Suppressed = "line separation, by ben@care"
	record(t, l, quiet)

	require.Empty(t, claimDue(t, l, noon.Add(time.Hour), 9))
	kept := theNotice(t, l)
	require.Equal(t, ledger.NoticeSuppressed, kept.State)
	require.Empty(t, kept.Sealed, "what is never sent needs no address")
	_, err := l.ResendNotice(t.Context(), "n-1", noon)
	requireCode(t, err, porting.Refused, "notice-suppressed")
}

func testShredNotices(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	record(t, l, noticeOf("n-1", noon), noticeOf("n-2", noon.Add(time.Hour)))
	claimDue(t, l, noon, 1)
	require.NoError(t, l.NoticeAccepted(t.Context(), "n-1", "ref", noon))

	shredded, err := l.ShredNotices(t.Context(), noon)
	require.NoError(t, err)
	require.Zero(t, shredded)
	shredded, err = l.ShredNotices(t.Context(), noon.Add(time.Second))
	require.NoError(t, err)
	require.EqualValues(t, 1, shredded, "a pending one is still needed")
	_, err = l.ResendNotice(t.Context(), "n-1", noon)
	requireCode(t, err, porting.Refused, "notice-shredded")
}

// Each notice goes to one claimer, however many claim at once.
func testRaceClaimNotices(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	const each = 20
	for i := range 2 * each {
		record(t, handles[0], noticeOf("n-"+string(rune('A'+i)), noon))
	}
	claimed := make(chan string, 8*each)
	var runners []func()
	for i := range 4 {
		runners = append(runners, func() {
			for {
				due, err := handles[i%2].ClaimDueNotices(t.Context(), []string{"email"}, noon, time.Minute, 3)
				if err != nil || len(due) == 0 {
					return
				}
				for _, n := range due {
					claimed <- n.ID
				}
			}
		})
	}
	race(runners...)
	for _, n := range claimDue(t, handles[0], noon, 2*each) {
		claimed <- n.ID
	}
	close(claimed)
	seen := map[string]bool{}
	for id := range claimed {
		require.False(t, seen[id], id)
		seen[id] = true
	}
	require.Len(t, seen, 2*each)
}
