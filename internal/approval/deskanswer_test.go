package approval

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func testDeskAnswer() DeskAnswer {
	return DeskAnswer{
		Type: DeskType, Audience: audience, Carrier: "old-bell", Port: "pi-1", Task: "pi-1/1/submit", Sheet: Digest([]byte("sheet")), Seq: 2,
		State: porting.CarrierConfirmed, FOC: now.AddDate(0, 0, 3), Left: []DeskLeft{{2, porting.NumberInactive}},
		IssuedAt: now, ExpiresAt: now.Add(porting.StatementLife),
	}
}

// deskDocument is testDocument with Ana at the desk, and a service that claims to be.
func deskDocument() Document {
	d := testDocument()
	d.Persons[0].Roles = append(d.Persons[0].Roles, RoleDesk)
	d.Services[1].Roles = append(d.Services[1].Roles, RoleDesk)
	return d
}

func encodedAnswer(t testing.TB, a DeskAnswer) []byte {
	t.Helper()
	text, err := EncodeDeskAnswer(a)
	require.NoError(t, err)
	return text
}

func deskSignature(t testing.TB, name string, text []byte) string {
	t.Helper()
	signature, err := SignDeskAnswer(signerNamed(name), text)
	require.NoError(t, err)
	return signature
}

func TestRegistrySaysWhoAnsweredForACarrier(t *testing.T) {
	t.Parallel()
	r := registryOf(t, deskDocument())
	text := encodedAnswer(t, testDeskAnswer())
	jws := detached(t, jwsSigned(t, jose.EdDSA, testKey("ana-2"), "", text, (&jose.SignerOptions{}).WithType(DeskJWS)))
	for key, signature := range map[string]string{"ana": deskSignature(t, "ana", text), "ana-2": jws} {
		signed, err := r.VerifyDesk(text, signature, now, now)
		require.NoError(t, err)
		require.Equal(t, DeskSigned{testDeskAnswer(), "ana", fingerprint(signerNamed(key))}, signed)
	}
	_, err := r.VerifyDesk(text, deskSignature(t, "ana", text), now, now.AddDate(0, 1, 0))
	require.NoError(t, err, "what arrived in time holds later")
}

func TestRegistryRefusesDeskAnswers(t *testing.T) {
	t.Parallel()
	text := encodedAnswer(t, testDeskAnswer())
	decision, err := SignWithSigner(signerNamed("ana"), text)
	require.NoError(t, err)
	revoked := deskDocument()
	past := now.Add(-time.Minute)
	revoked.Persons[0].Credentials[0].RevokedAt = &past
	abroad := testDeskAnswer()
	abroad.Audience = "elsewhere"
	for name, c := range map[string]struct {
		document  Document
		text      []byte
		signature string
		seenAt    time.Time
		code      string
	}{
		"not at the desk":              {deskDocument(), text, deskSignature(t, "cleo", text), now, "not-of-the-desk"},
		"an approver only":             {testDocument(), text, deskSignature(t, "ana", text), now, "not-of-the-desk"},
		"a service":                    {deskDocument(), text, deskSignature(t, "portal", text), now, "not-of-the-desk"},
		"a stranger":                   {deskDocument(), text, deskSignature(t, "mallory", text), now, "signer-unknown"},
		"a signature for a decision":   {deskDocument(), text, decision, now, "signature-invalid"},
		"another answer's signature":   {deskDocument(), encodedAnswer(t, abroad), deskSignature(t, "ana", text), now, "signature-invalid"},
		"no signature":                 {deskDocument(), text, "", now, "signature-invalid"},
		"a JWS for a decision":         {deskDocument(), text, detached(t, jwsSigned(t, jose.EdDSA, testKey("ana"), "", text, decisionType())), now, "signature-invalid"},
		"a revoked key":                {revoked, text, deskSignature(t, "ana", text), now, "credential-revoked"},
		"another deployment":           {deskDocument(), encodedAnswer(t, abroad), deskSignature(t, "ana", encodedAnswer(t, abroad)), now, "statement-audience"},
		"too late":                     {deskDocument(), text, deskSignature(t, "ana", text), now.Add(porting.StatementLife), "statement-expired"},
		"before it was signed":         {deskDocument(), text, deskSignature(t, "ana", text), now.Add(-time.Hour), "statement-not-yet-valid"},
		"a decision in desk's clothes": {deskDocument(), encoded(t, testStatement()), deskSignature(t, "ana", encoded(t, testStatement())), now, "statement-malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := registryOf(t, c.document).VerifyDesk(c.text, c.signature, c.seenAt, now)
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)
		})
	}
	_, err = registryOf(t, deskDocument()).Verify(text, deskSignature(t, "ana", text), now)
	require.Equal(t, "signature-invalid", porting.CodeOf(err), "a desk answer never approves a port")
}

func TestDeskAnswersThatNobodyMaySign(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*DeskAnswer){
		"nothing answered":          func(a *DeskAnswer) { a.Task = "" },
		"no port":                   func(a *DeskAnswer) { a.Port = "" },
		"no place":                  func(a *DeskAnswer) { a.Seq = 0 },
		"a state of ours":           func(a *DeskAnswer) { a.State = porting.CarrierNotAsked },
		"unknown, said on purpose":  func(a *DeskAnswer) { a.State = porting.CarrierUnknown },
		"confirmed for no date":     func(a *DeskAnswer) { a.FOC = time.Time{} },
		"rejected without a code":   func(a *DeskAnswer) { a.State = porting.CarrierRejected },
		"refused without a code":    func(a *DeskAnswer) { a.State = porting.CarrierRefused },
		"a reason of nobody":        func(a *DeskAnswer) { a.Reason = "BECAUSE" },
		"a number left twice":       func(a *DeskAnswer) { a.Left = append(a.Left, a.Left...) },
		"a number left for nothing": func(a *DeskAnswer) { a.Left[0].Reason = "" },
		"position zero":             func(a *DeskAnswer) { a.Left[0].Position = 0 },
		"no life":                   func(a *DeskAnswer) { a.ExpiresAt = a.IssuedAt },
		"a long life":               func(a *DeskAnswer) { a.ExpiresAt = a.IssuedAt.Add(25 * time.Hour) },
		"a long story":              func(a *DeskAnswer) { a.Text = string(make([]byte, porting.MaxStatement)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := testDeskAnswer()
			change(&a)
			_, err := EncodeDeskAnswer(a)
			require.Equal(t, "statement-malformed", porting.CodeOf(err))
		})
	}
}

func FuzzParseDeskAnswer(f *testing.F) {
	text, err := EncodeDeskAnswer(testDeskAnswer())
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"typ":"portsaga/desk-answer/v1"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := ParseDeskAnswer(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(a)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again), "nothing is lost")
	})
}
