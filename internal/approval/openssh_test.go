package approval

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/porting"
)

// openSSH is ssh-keygen, against which ours is held.
type openSSH struct {
	program, dir string
}

func findOpenSSH(t *testing.T) openSSH {
	t.Helper()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed: nothing to compare with")
	}
	return openSSH{program, t.TempDir()}
}

func (o openSSH) run(t *testing.T, stdin []byte, args ...string) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), o.program, args...)
	cmd.Dir, cmd.Stdin = o.dir, bytes.NewReader(stdin)
	return cmd.Run()
}

func (o openSSH) write(t *testing.T, name string, text []byte) string {
	t.Helper()
	file := filepath.Join(o.dir, name)
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return file
}

// key makes a key with ssh-keygen.
func (o openSSH) key(t *testing.T, args ...string) (file string, signer ssh.Signer) {
	t.Helper()
	file = filepath.Join(o.dir, "key")
	require.NoError(t, o.run(t, nil, append([]string{"-q", "-N", "", "-C", "ana", "-f", file}, args...)...))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	signer, err = ssh.ParsePrivateKey(text)
	require.NoError(t, err)
	return file, signer
}

func (o openSSH) sign(t *testing.T, key, namespace string, statement []byte, options ...string) string {
	t.Helper()
	file := o.write(t, "statement", statement)
	_ = os.Remove(file + ".sig")
	require.NoError(t, o.run(t, nil, append(append([]string{"-Y", "sign", "-f", key, "-n", namespace}, options...), file)...))
	signature, err := os.ReadFile(file + ".sig")
	require.NoError(t, err)
	return string(signature)
}

func (o openSSH) verifies(t *testing.T, by ssh.PublicKey, namespace string, statement []byte, signature string) bool {
	t.Helper()
	allowed := o.write(t, "allowed", append([]byte("ana "), ssh.MarshalAuthorizedKey(by)...))
	file := o.write(t, "signature", []byte(signature))
	return o.run(t, statement, "-Y", "verify", "-f", allowed, "-I", "ana", "-n", namespace, "-s", file) == nil
}

func TestAgreesWithOpenSSH(t *testing.T) {
	t.Parallel()
	statement := encoded(t, testStatement())
	for name, args := range map[string][]string{
		"ed25519": {"-t", "ed25519"},
		"ecdsa":   {"-t", "ecdsa", "-b", "256"},
		"rsa":     {"-t", "rsa", "-b", "3072"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := findOpenSSH(t)
			file, signer := o.key(t, args...)
			keys := NewKeySet(keyOf(signer))

			for _, hash := range []string{"sha256", "sha512"} {
				theirs := o.sign(t, file, SSHNamespace, statement, "-O", "hashalg="+hash)
				key, err := Verify(statement, theirs, keys)
				require.NoError(t, err, "theirs verifies here")
				require.Equal(t, fingerprint(signer), key.Fingerprint())
			}

			ours := sshSigned(t, signer, statement)
			require.True(t, o.verifies(t, signer.PublicKey(), SSHNamespace, statement, ours), "ours verifies there")

			tampered := bytes.Replace(statement, []byte("approve"), []byte("reject"), 1)
			require.False(t, o.verifies(t, signer.PublicKey(), SSHNamespace, tampered, ours))
			_, err := Verify(tampered, o.sign(t, file, SSHNamespace, statement), keys)
			require.Equal(t, badSignature(), err)

			require.False(t, o.verifies(t, signer.PublicKey(), RegistryNamespace, statement, ours))
			_, err = Verify(statement, o.sign(t, file, RegistryNamespace, statement), keys)
			require.Equal(t, badSignature(), err)
		})
	}
}

// Whatever OpenSSH refuses of a signature with one byte changed, is refused here too.
func TestTakesNothingThatOpenSSHRefuses(t *testing.T) {
	t.Parallel()
	o := findOpenSSH(t)
	statement := encoded(t, testStatement())
	file, signer := o.key(t, "-t", "ed25519")
	block, _ := pem.Decode([]byte(o.sign(t, file, SSHNamespace, statement)))
	require.NotNil(t, block)
	refused := 0
	for i := 0; i < len(block.Bytes); i += 3 {
		changed := *block
		changed.Bytes = bytes.Clone(block.Bytes)
		changed.Bytes[i] ^= 1
		signature := string(pem.EncodeToMemory(&changed))
		if o.verifies(t, signer.PublicKey(), SSHNamespace, statement, signature) {
			continue
		}
		refused++
		_, err := Verify(statement, signature, NewKeySet(keyOf(signer)))
		require.Error(t, err, "byte %d", i)
	}
	require.Positive(t, refused)
}

// The hardware that these tests play signs what OpenSSH expects of hardware.
func TestPlayedHardwareIsLikeHardware(t *testing.T) {
	t.Parallel()
	o := findOpenSSH(t)
	statement := encoded(t, testStatement())
	for _, played := range []ssh.Signer{skNamed("ben", userPresent), skSigner{ecdsaKey(), userPresent}} {
		signature := sshSigned(t, played, statement)
		require.True(t, o.verifies(t, played.PublicKey(), SSHNamespace, statement, signature))
		require.False(t, o.verifies(t, played.PublicKey(), SSHNamespace, append(statement, ' '), signature))
	}
}

// Roots without portsaga at hand sign with ssh-keygen -Y sign -n portsaga.registry.v1.
func TestRootsSignWithOpenSSH(t *testing.T) {
	t.Parallel()
	o := findOpenSSH(t)
	file, root := o.key(t, "-t", "ed25519")
	d := testDocument()
	d.Roots, d.Threshold = []string{line(root) + " root@safe"}, 1
	f := SignedFile{Document: d.Encode()}
	require.NoError(t, f.Add(o.sign(t, file, RegistryNamespace, f.Document)))
	r, err := OpenRegistry(f.Marshal(), Roots{1, d.Roots}.Encode(), now)
	require.NoError(t, err)
	require.Equal(t, d, r.Document())
	require.Equal(t, "signature-invalid", porting.CodeOf(f.Add(o.sign(t, file, SSHNamespace, f.Document))))
}

// A worker's key is made with ssh-keygen too.
func TestServiceKeyOfOpenSSH(t *testing.T) {
	t.Parallel()
	o := findOpenSSH(t)
	file, signer := o.key(t, "-t", "ed25519")
	key, err := LoadServiceKey(file)
	require.NoError(t, err)
	require.Equal(t, line(signer), key.Key().String())
}
