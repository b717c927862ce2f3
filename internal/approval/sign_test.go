package approval

import (
	"crypto/ed25519"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/portsaga/portsaga/porting"
)

// agentWith is an agent behind a socket that holds these keys.
func agentWith(t *testing.T, private ...any) agent.ExtendedAgent {
	t.Helper()
	ring := agent.NewKeyring()
	for _, p := range private {
		require.NoError(t, ring.Add(agent.AddedKey{PrivateKey: p, Comment: "of these tests"}))
	}
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_ = agent.ServeAgent(ring, conn)
	}()
	client, closer, err := DialAgent(t.Context(), socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = closer.Close() })
	return client
}

func TestAgentSigns(t *testing.T) {
	t.Parallel()
	ana := testKey("ana")
	held := agentWith(t, &ana, ecdsaKey(), rsaKey())
	keys, err := AgentKeys(held)
	require.NoError(t, err)
	require.Len(t, keys, 3)
	statement := encoded(t, testStatement())
	for _, key := range keys {
		require.Equal(t, "of these tests", key.Comment)
		require.False(t, key.Hardware())
		signature, err := SignWithAgent(held, key.Public(), statement)
		require.NoError(t, err)
		by, err := Verify(statement, signature, NewKeySet(key.Key))
		require.NoError(t, err)
		require.Equal(t, key.Fingerprint(), by.Fingerprint())
	}

	_, err = SignWithAgent(held, signerNamed("ben").PublicKey(), statement)
	require.Equal(t, "key-not-in-agent", porting.CodeOf(err))
	require.Equal(t, porting.NotFound, porting.KindOf(err))
}

func TestAgentSignsTheRegistry(t *testing.T) {
	t.Parallel()
	root := testKey("root-1")
	held := agentWith(t, &root)
	signer, err := AgentSigner(held, signerNamed("root-1").PublicKey())
	require.NoError(t, err)
	f := SignedFile{Document: testDocument().Encode()}
	require.NoError(t, f.Sign(signer))
	missing, err := f.Missing(testPins.Roots[:1])
	require.NoError(t, err)
	require.Empty(t, missing)
}

// An agent may hold more than may sign here.
func TestAgentKeysAreThoseThatMaySign(t *testing.T) {
	t.Parallel()
	ana := testKey("ana")
	cert := &ssh.Certificate{Key: signerNamed("ana").PublicKey(), CertType: ssh.UserCert, ValidBefore: ssh.CertTimeInfinity}
	require.NoError(t, cert.SignCert(zeros{}, signerNamed("authority")))
	ring := agent.NewKeyring().(agent.ExtendedAgent)
	require.NoError(t, ring.Add(agent.AddedKey{PrivateKey: &ana}))
	require.NoError(t, ring.Add(agent.AddedKey{PrivateKey: &ana, Certificate: cert}))
	keys, err := AgentKeys(ring)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.Equal(t, fingerprint(signerNamed("ana")), keys[0].Fingerprint())
}

func TestNoAgent(t *testing.T) {
	t.Parallel()
	_, _, err := DialAgent(t.Context(), filepath.Join(t.TempDir(), "none"))
	require.Equal(t, "agent-unreachable", porting.CodeOf(err))

	locked := agentWith(t)
	require.NoError(t, locked.Lock([]byte("words")))
	_, err = AgentSigner(locked, signerNamed("ana").PublicKey())
	require.Equal(t, "key-not-in-agent", porting.CodeOf(err))
}

// Nothing leaves that would be refused where it arrives.
func TestSigningChecksItsOwnWork(t *testing.T) {
	t.Parallel()
	statement := encoded(t, testStatement())
	for name, c := range map[string]struct {
		signer ssh.Signer
		code   string
	}{
		"a key that breaks":     {breaks{signerNamed("ana")}, "signing-failed"},
		"another key's work":    {swapped{signerNamed("ana"), signerNamed("ben")}, "signing-failed"},
		"hardware not touched":  {skNamed("ben", 0), "signing-failed"},
		"a key of small order":  {swapped{weakSigner(t), signerNamed("ben")}, "key-weak"},
		"a key of unknown kind": {swapped{certSigner(t), signerNamed("ben")}, "key-type-unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := SignWithSigner(c.signer, statement)
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)
			_, err = SignRegistry(c.signer, statement)
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)
		})
	}
}

type breaks struct{ ssh.Signer }

func (breaks) Sign(io.Reader, []byte) (*ssh.Signature, error) {
	return nil, errors.New("the card was pulled")
}

// swapped names one key and signs with another.
type swapped struct{ named, signs ssh.Signer }

func (s swapped) PublicKey() ssh.PublicKey { return s.named.PublicKey() }

func (s swapped) Sign(r io.Reader, data []byte) (*ssh.Signature, error) { return s.signs.Sign(r, data) }

type named struct {
	ssh.Signer
	public ssh.PublicKey
}

func (n named) PublicKey() ssh.PublicKey { return n.public }

func weakSigner(t testing.TB) ssh.Signer {
	t.Helper()
	public, err := ssh.NewPublicKey(ed25519.PublicKey(smallOrderPoints[2]))
	require.NoError(t, err)
	return named{signerNamed("ana"), public}
}

func certSigner(t testing.TB) ssh.Signer {
	t.Helper()
	cert := &ssh.Certificate{Key: signerNamed("ana").PublicKey(), CertType: ssh.UserCert, ValidBefore: ssh.CertTimeInfinity}
	require.NoError(t, cert.SignCert(zeros{}, signerNamed("authority")))
	return named{signerNamed("ana"), cert}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
