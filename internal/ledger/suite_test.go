package ledger_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

// newDSN names an empty ledger of its own for each test.
type newDSN func(testing.TB) string

// TestSQLite and TestPostgres run the same tests: the ledger's promises do not depend on its database.
func TestSQLite(t *testing.T) {
	t.Parallel()
	suite(t, sqliteFile)
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	suite(t, server.New)
}

func suite(t *testing.T, dsn newDSN) {
	for name, test := range map[string]func(*testing.T, newDSN){
		"claim opens the fence":                   testClaim,
		"claim again":                             testClaimAgain,
		"claim refused":                           testClaimRefused,
		"held number is named":                    testHeldNumber,
		"claim of many numbers":                   testLargeClaim,
		"release frees the numbers":               testRelease,
		"release while activating":                testReleaseWhileActivating,
		"end of a port":                           testEnd,
		"revocation closes the fence":             testCloseFence,
		"revocation before the claim":             testCloseFenceFirst,
		"revocation too late":                     testCloseFenceTooLate,
		"activation refused":                      testActivationRefused,
		"activation ends":                         testEndActivation,
		"steps leave leaves":                      testFenceLeaves,
		"secrets":                                 testSecrets,
		"claim keeps a secret":                    testClaimKeeping,
		"history of a number":                     testHistory,
		"exchanges with carriers":                 testExchanges,
		"exchanges of one step":                   testGatheredExchanges,
		"names of orders at carriers":             testCarrierOrders,
		"news of carriers":                        testCarrierNews,
		"documents":                               testDocuments,
		"race: intend order":                      testRaceIntendOrder,
		"stats":                                   testStats,
		"times are UTC microseconds":              testTimes,
		"a missing time is refused":               testMissingTime,
		"reopen keeps everything":                 testReopen,
		"newer schema":                            testNewerSchema,
		"ledger of the first version":             testMigrateFirst,
		"incarnation":                             testIncarnation,
		"changes are counted":                     testChanges,
		"quarantine":                              testQuarantine,
		"watermark":                               testWatermark,
		"watermark of another ledger":             testWatermarkOfAnother,
		"registry of approvers":                   testRegistry,
		"submissions":                             testSubmissions,
		"open ports":                              testOpenPorts,
		"port-outs":                               testPortOuts,
		"what ports wait for":                     testAwaited,
		"race: revoke against activate":           testRaceRevokeActivate,
		"race: revoke against end of activation":  testRaceRevokeEnd,
		"race: claims of one number":              testRaceClaims,
		"race: claim against release":             testRaceClaimRelease,
		"race: quarantine against activate":       testRaceQuarantineActivate,
		"race: submissions of one version":        testRaceSubmissions,
		"race: watermark against claims":          testRaceWatermark,
		"data keys":                               testDataKeys,
		"data keys wrapped anew":                  testRewrap,
		"data keys erased":                        testErase,
		"data keys under legal hold":              testLegalHold,
		"data keys opened alone":                  testOpenKeys,
		"race: data keys of one owner":            testRaceDataKeys,
		"race: migrations":                        testRaceMigrate,
		"race: processes that open and claim":     testRaceProcesses,
		"any order of operations, like the model": testModel,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dsn)
		})
	}
}

func sqliteFile(t testing.TB) string { return filepath.Join(t.TempDir(), "ledger.db") }

func open(t testing.TB, dsn string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// noon is the time of every step whose time does not matter.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// portIn is a claim of numbers that are named by their tokens.
func portIn(portID string, tokens ...string) ledger.Claim {
	claim := ledger.Claim{
		PortID: portID, Direction: porting.PortIn, Tenant: "default", Reference: "ref-" + portID,
		Carrier: "telnyx", Pack: "us@1", Submitter: "orders@care", Run: "run-of-" + portID, At: noon,
	}
	for _, token := range tokens {
		claim.Numbers = append(claim.Numbers, ledger.NumberClaim{Token: token, Masked: "+1…" + token})
	}
	return claim
}

// fenceOf is the fence that portIn opens.
func fenceOf(portID string) ledger.Fence {
	return ledger.Fence{
		PortID: portID, State: ledger.FenceOpen, Epoch: 1, Direction: porting.PortIn, Tenant: "default", Reference: "ref-" + portID,
		Carrier: "telnyx", Pack: "us@1", Submitter: "orders@care", Run: "run-of-" + portID, ClaimedAt: noon,
	}
}

func claim(t testing.TB, l *ledger.Ledger, portID string, tokens ...string) ledger.Fence {
	t.Helper()
	fence, err := l.Claim(t.Context(), portIn(portID, tokens...))
	require.NoError(t, err)
	return fence
}

func begin(t testing.TB, l *ledger.Ledger, portID, key string) {
	t.Helper()
	_, err := l.BeginActivation(t.Context(), portID, 1, key, noon)
	require.NoError(t, err)
}

func revoke(t testing.TB, l *ledger.Ledger, portID string) ledger.Fence {
	t.Helper()
	fence, err := l.CloseFence(t.Context(), portID, "ben@care", porting.AuthorizationRevoked, noon)
	require.NoError(t, err)
	return fence
}

func fence(t testing.TB, l *ledger.Ledger, portID string) ledger.Fence {
	t.Helper()
	f, err := l.Fence(t.Context(), portID)
	require.NoError(t, err)
	return f
}

// requireCode checks what kind of no an error is.
func requireCode(t testing.TB, err error, kind porting.Kind, code string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, porting.CodeOf(err), err.Error())
	require.Equal(t, kind, porting.KindOf(err))
}
