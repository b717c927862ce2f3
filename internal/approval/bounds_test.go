package approval

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// What is as large as it may be is read; one byte more is not.
func TestLargestThatIsRead(t *testing.T) {
	t.Parallel()
	ana := signerNamed("ana")
	statement := testStatement()
	statement.Nonce = strings.Repeat("x", porting.MaxStatement-len(encoded(t, statement))+len(statement.Nonce))
	largest := encoded(t, statement)
	require.Len(t, largest, porting.MaxStatement)
	_, err := Verify(largest, sshSigned(t, ana, largest), NewKeySet(keyOf(ana)))
	require.NoError(t, err)
	statement.Nonce += "x"
	_, err = Encode(statement)
	require.Equal(t, "statement-malformed", porting.CodeOf(err))
	larger := append(largest, ' ')
	_, err = Verify(larger, sshSigned(t, ana, larger), NewKeySet(keyOf(ana)))
	require.Equal(t, badSignature(), err)

	good := encoded(t, testStatement())
	signature := sshSigned(t, ana, good)
	signature += strings.Repeat(" ", porting.MaxSignature-len(signature))
	_, err = Verify(good, signature, NewKeySet(keyOf(ana)))
	require.NoError(t, err)
	_, err = Verify(good, signature+" ", NewKeySet(keyOf(ana)))
	require.Equal(t, badSignature(), err)
	_, err = Verify(nil, sshSigned(t, ana, nil), NewKeySet(keyOf(ana)))
	require.Equal(t, badSignature(), err, "nothing says nothing")

	answer := testDeskAnswer()
	answer.Text = strings.Repeat("x", porting.MaxStatement-len(encodedAnswer(t, answer)))
	require.Len(t, encodedAnswer(t, answer), porting.MaxStatement)
	answer.Text += "x"
	_, err = EncodeDeskAnswer(answer)
	require.Equal(t, "statement-malformed", porting.CodeOf(err))
}

func TestLargestRegistryThatIsRead(t *testing.T) {
	t.Parallel()
	text := string(SignedFile{Signatures: make([]string, maxSignatures)}.Marshal())
	text += strings.Repeat(" ", maxRegistry-len(text))
	_, err := ParseSignedFile([]byte(text))
	require.NoError(t, err)
	_, err = ParseSignedFile([]byte(text + " "))
	require.Equal(t, "registry-malformed", porting.CodeOf(err))
	_, err = ParseSignedFile(SignedFile{Signatures: make([]string, maxSignatures+1)}.Marshal())
	require.Equal(t, "registry-malformed", porting.CodeOf(err))
}

func TestLargestVerdictThatIsRead(t *testing.T) {
	t.Parallel()
	r, key := registryOf(t, testDocument()), serviceKey(t, "trust")
	sign := func(length int) string {
		v := testScreening()
		v.Nonce = strings.Repeat("x", length)
		jws, err := key.Sign(v)
		require.NoError(t, err)
		return jws
	}
	length := maxVerdict * 11 / 16
	for len(sign(length)) < maxVerdict {
		length++
	}
	require.Len(t, sign(length), maxVerdict)
	require.NoError(t, r.OpenVerdict(sign(length), &ScreeningVerdict{}, now))
	require.Equal(t, badVerdict(), r.OpenVerdict(sign(length+1), &ScreeningVerdict{}, now))
}

// The smallest registry: a first version that one root signs.
func TestSmallestRegistry(t *testing.T) {
	t.Parallel()
	d := testDocument()
	d.Version, d.Threshold = 1, 1
	pins := Roots{1, testPins.Roots[:1]}
	_, err := OpenRegistry(signed(t, d.Encode(), signerNamed("root-1")), pins.Encode(), now)
	require.NoError(t, err)
	_, err = OpenRegistry(signed(t, d.Encode(), signerNamed("root-2")), pins.Encode(), now)
	require.Equal(t, "registry-threshold", porting.CodeOf(err))
}

func TestDeskAnswersThatMayBeSigned(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*DeskAnswer){
		"the first of a port":   func(a *DeskAnswer) { a.Seq = 1 },
		"rejected with a code":  func(a *DeskAnswer) { a.State, a.Code = porting.CarrierRejected, "7A" },
		"refused with a code":   func(a *DeskAnswer) { a.State, a.Code = porting.CarrierRefused, "7A" },
		"active, without a day": func(a *DeskAnswer) { a.State, a.FOC = porting.CarrierActive, time.Time{} },
		"a reason":              func(a *DeskAnswer) { a.Reason = porting.NumberInactive },
		"the first number left": func(a *DeskAnswer) { a.Left[0].Position = 1 },
		"the longest life":      func(a *DeskAnswer) { a.ExpiresAt = a.IssuedAt.Add(porting.MaxStatementLife) },
	} {
		a := testDeskAnswer()
		change(&a)
		read, err := ParseDeskAnswer(encodedAnswer(t, a))
		require.NoError(t, err, name)
		require.Equal(t, a, read, name)
	}
}
