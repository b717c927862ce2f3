package approval

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"io"
	"strings"
	"testing"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/porting"
)

func TestEveryKindOfKeySigns(t *testing.T) {
	t.Parallel()
	statement := encoded(t, testStatement())
	for name, c := range map[string]struct {
		signer   ssh.Signer
		hardware bool
	}{
		"ed25519":    {signerNamed("ana"), false},
		"ecdsa":      {signerOf(ecdsaKey()), false},
		"rsa":        {signerOf(rsaKey()), false},
		"sk-ed25519": {skNamed("ben", userPresent), true},
		"sk-ecdsa":   {skSigner{ecdsaKey(), userPresent}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			others := NewKeySet(keyOf(signerNamed("somebody")), keyOf(c.signer))
			key, err := Verify(statement, "\n"+sshSigned(t, c.signer, statement)+"\n", others)
			require.NoError(t, err)
			require.Equal(t, fingerprint(c.signer), key.Fingerprint())
			require.Equal(t, c.hardware, key.Hardware())
		})
	}
}

func TestSHA256IsAsGood(t *testing.T) {
	t.Parallel()
	statement := encoded(t, testStatement())
	key, err := Verify(statement, armored(t, signerNamed("ana"), statement, sshsig.HashSHA256, SSHNamespace), NewKeySet(keyOf(signerNamed("ana"))))
	require.NoError(t, err)
	require.Equal(t, fingerprint(signerNamed("ana")), key.Fingerprint())
}

// CVE-2026-39831: libraries took signatures of FIDO keys that nobody had touched.
func TestHardwareMustHaveBeenTouched(t *testing.T) {
	t.Parallel()
	statement := encoded(t, testStatement())
	const userVerified = 0x04
	for name, c := range map[string]struct {
		flags byte
		good  bool
	}{
		"touched":              {userPresent, true},
		"touched and verified": {userPresent | userVerified, true},
		"not touched":          {0, false},
		"verified, untouched":  {userVerified, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, signer := range []ssh.Signer{skNamed("ben", c.flags), skSigner{ecdsaKey(), c.flags}} {
				_, err := Verify(statement, armored(t, signer, statement, sshsig.HashSHA512, SSHNamespace), NewKeySet(keyOf(signer)))
				if c.good {
					require.NoError(t, err)
					continue
				}
				require.Equal(t, "signature-invalid", porting.CodeOf(err))
			}
		})
	}
}

// The flag is signed: who sets it afterwards breaks the signature.
func TestTouchCannotBeClaimedAfterwards(t *testing.T) {
	t.Parallel()
	statement := encoded(t, testStatement())
	signer := skNamed("ben", 0)
	signature, err := sshsig.Sign(bytes.NewReader(statement), signer, sshsig.HashSHA512, SSHNamespace)
	require.NoError(t, err)
	signature.Signature.Rest[0] = userPresent
	_, err = Verify(statement, string(sshsig.Armor(signature)), NewKeySet(keyOf(signer)))
	require.Equal(t, "signature-invalid", porting.CodeOf(err))
}

func TestBadSSHSignaturesAreRefusedAlike(t *testing.T) {
	t.Parallel()
	ana := signerNamed("ana")
	statement := encoded(t, testStatement())
	good := sshSigned(t, ana, statement)
	other := encoded(t, testChallenge().Statement(porting.Reject, "", now, porting.StatementLife))

	long := make([]byte, porting.MaxStatement+1)
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)

	var all []error
	for name, c := range map[string]struct {
		statement []byte
		signature string
	}{
		"nothing signed":         {nil, good},
		"another statement":      {other, good},
		"one byte more":          {append(bytes.Clone(statement), ' '), good},
		"a statement too long":   {long, sshSigned(t, ana, long)},
		"no signature":           {statement, ""},
		"only the armour":        {statement, armorStart + "\n-----END SSH SIGNATURE-----\n"},
		"a signature too long":   {statement, good + strings.Repeat(" ", porting.MaxSignature)},
		"two signatures":         {statement, good + good},
		"something before":       {statement, "Hello\n" + good},
		"something behind":       {statement, good + "Hello\n"},
		"headers in the armour":  {statement, strings.Replace(good, armorStart+"\n", armorStart+"\nX: y\n\n", 1)},
		"another armour":         {statement, strings.ReplaceAll(good, "SSH SIGNATURE", "SIGNATURE")},
		"another namespace":      {statement, armored(t, ana, statement, sshsig.HashSHA512, "git")},
		"the registry's":         {statement, armored(t, ana, statement, sshsig.HashSHA512, RegistryNamespace)},
		"an RSA key too short":   {statement, armored(t, signerOf(weak), statement, sshsig.HashSHA512, SSHNamespace)},
		"another key's name":     {statement, forged(t, ana, statement, func(s *sshsig.Signature) { s.PublicKey = signerNamed("ben").PublicKey() })},
		"another hash's name":    {statement, forged(t, ana, statement, func(s *sshsig.Signature) { s.HashAlgorithm = sshsig.HashSHA256 })},
		"an unknown hash":        {statement, forged(t, ana, statement, func(s *sshsig.Signature) { s.HashAlgorithm = "sha1" })},
		"another namespace's":    {statement, forgedNamespace(t, ana, statement)},
		"bytes behind the blob":  {statement, forged(t, ana, statement, func(s *sshsig.Signature) { s.Signature.Rest = []byte("more") })},
		"another version":        {statement, forgedVersion(t, good)},
		"a bit of the signature": {statement, forged(t, ana, statement, func(s *sshsig.Signature) { s.Signature.Blob[5] ^= 1 })},
		"no signature inside":    {statement, forged(t, ana, statement, func(s *sshsig.Signature) { s.Signature.Blob = nil })},
	} {
		_, err := Verify(c.statement, c.signature, NewKeySet(keyOf(ana)))
		require.Equal(t, "signature-invalid", porting.CodeOf(err), name)
		all = append(all, err)
	}
	for _, err := range all {
		require.Equal(t, all[0], err, "the refusal tells a forger what to change")
	}
}

// An RSA key that signs with SHA-1 is not heard.
func TestRSAWithSHA1IsRefused(t *testing.T) {
	t.Parallel()
	statement := encoded(t, testStatement())
	signature, err := sshsig.Sign(bytes.NewReader(statement), sha1Signer{signerOf(rsaKey()).(ssh.AlgorithmSigner)}, sshsig.HashSHA512, SSHNamespace)
	require.NoError(t, err)
	_, err = Verify(statement, string(sshsig.Armor(signature)), NewKeySet(keyOf(signerOf(rsaKey()))))
	require.Equal(t, "signature-invalid", porting.CodeOf(err))
}

func TestUnknownSignerIsToldSoOnlyByAGoodSignature(t *testing.T) {
	t.Parallel()
	statement := encoded(t, testStatement())
	stranger := sshSigned(t, signerNamed("stranger"), statement)
	_, err := Verify(statement, stranger, NewKeySet(keyOf(signerNamed("ana"))))
	require.Equal(t, "signer-unknown", porting.CodeOf(err))

	// Naming a key that one does not hold shows nothing about whether it is known.
	for _, named := range []string{"ana", "nobody"} {
		lie := forged(t, signerNamed("stranger"), statement, func(s *sshsig.Signature) { s.PublicKey = signerNamed(named).PublicKey() })
		_, err := Verify(statement, lie, NewKeySet(keyOf(signerNamed("ana"))))
		require.Equal(t, badSignature(), err)
	}
}

func armored(t testing.TB, s ssh.Signer, message []byte, h sshsig.HashAlgorithm, namespace string) string {
	t.Helper()
	signature, err := sshsig.Sign(bytes.NewReader(message), s, h, namespace)
	require.NoError(t, err)
	return string(sshsig.Armor(signature))
}

// forged is a good signature in which something was changed afterwards.
func forged(t testing.TB, s ssh.Signer, message []byte, change func(*sshsig.Signature)) string {
	t.Helper()
	signature, err := sshsig.Sign(bytes.NewReader(message), s, sshsig.HashSHA512, SSHNamespace)
	require.NoError(t, err)
	change(signature)
	return string(sshsig.Armor(signature))
}

// forgedNamespace was signed in one namespace and says that it was in ours.
func forgedNamespace(t testing.TB, s ssh.Signer, message []byte) string {
	t.Helper()
	signature, err := sshsig.Sign(bytes.NewReader(message), s, sshsig.HashSHA512, "git")
	require.NoError(t, err)
	signature.Namespace = SSHNamespace
	return string(sshsig.Armor(signature))
}

func forgedVersion(t testing.TB, good string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(good))
	require.NotNil(t, block)
	block.Bytes[len("SSHSIG")+3]++
	return string(pem.EncodeToMemory(block))
}

// sha1Signer signs as RSA keys did in 2014, and says so.
type sha1Signer struct{ ssh.AlgorithmSigner }

func (s sha1Signer) SignWithAlgorithm(r io.Reader, data []byte, _ string) (*ssh.Signature, error) {
	return s.AlgorithmSigner.SignWithAlgorithm(r, data, ssh.KeyAlgoRSA)
}
