package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/term"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

// theAgent names the only key of the ssh-agent.
const theAgent = "agent"

func keyFlag(cmd *cobra.Command, key *string) {
	cmd.Flags().StringVar(key, "key", "", "key to sign with: a private key, a .pub file whose key the ssh-agent holds, or \"agent\" (PORTSAGA_SSH_KEY, or the agent's only key)")
}

func yesFlag(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVar(yes, "yes", false, "do not ask before signing; needed where there is no terminal")
}

// confirm asks on a terminal before something is signed. Where nobody can be asked, only --yes says yes.
func (f *Factory) confirm(question string, yes bool) error {
	if yes {
		return nil
	}
	if !f.Streams.Terminal {
		return &porting.Error{
			Kind: porting.Invalid, Code: "confirmation-missing", Op: "sign", Detail: "this is no terminal, so nobody can be asked",
			Next: "look at what is signed, then say --yes",
		}
	}
	fmt.Fprintf(f.Streams.Err, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(f.Streams.In).ReadString('\n') // no answer is a no
	if said := strings.ToLower(strings.TrimSpace(answer)); said != "y" && said != "yes" {
		return &porting.Error{Kind: porting.Refused, Code: "not-confirmed", Op: "sign", Detail: "you did not say yes, and nothing was signed"}
	}
	return nil
}

// signer is the key that a flag or PORTSAGA_SSH_KEY names, or else the only one of the ssh-agent.
func (f *Factory) signer(ctx context.Context, flag string) (ssh.Signer, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, err
	}
	name := cmp.Or(flag, cfg.SSHKey, theAgent)
	if name == theAgent {
		return f.onlyAgentKey(ctx)
	}
	text, err := readFile(name)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(text, []byte("PRIVATE KEY-----")) {
		return f.privateKey(name, text)
	}
	key, err := approval.ParseKey(string(text))
	if err != nil {
		return nil, err
	}
	held, err := f.dialAgent(ctx)
	if err != nil {
		return nil, err
	}
	return approval.AgentSigner(held, key.Public())
}

// dialAgent keeps the connection to the ssh-agent until the program ends.
func (f *Factory) dialAgent(ctx context.Context) (agent.ExtendedAgent, error) {
	socket := f.AgentSocket()
	if socket == "" {
		return nil, &porting.Error{
			Kind: porting.Failed, Code: "agent-unreachable", Op: "ask ssh-agent", Detail: "SSH_AUTH_SOCK is not set",
			Next: "start an ssh-agent, or name a private key with --key",
		}
	}
	held, closer, err := approval.DialAgent(ctx, socket)
	if err != nil {
		return nil, err
	}
	f.onClose(func() { _ = closer.Close() })
	return held, nil
}

func agentSocket() string { return os.Getenv("SSH_AUTH_SOCK") }

func (f *Factory) onlyAgentKey(ctx context.Context) (ssh.Signer, error) {
	held, err := f.dialAgent(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := approval.AgentKeys(held)
	if err != nil {
		return nil, err
	}
	switch len(keys) {
	case 0:
		return nil, &porting.Error{
			Kind: porting.NotFound, Code: "key-not-in-agent", Op: "sign", Detail: "the ssh-agent holds no key that may sign", Next: "add it with ssh-add",
		}
	case 1:
		return approval.AgentSigner(held, keys[0].Public())
	default:
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "key-unclear", Op: "sign", Detail: fmt.Sprintf("the ssh-agent holds %d keys that may sign", len(keys)),
			Next: "name the .pub file of one with --key or PORTSAGA_SSH_KEY",
		}
	}
}

// privateKey reads a private key, and asks for its passphrase if it has one.
func (f *Factory) privateKey(file string, text []byte) (ssh.Signer, error) {
	if err := keptPrivate(file); err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(text)
	if _, encrypted := errors.AsType[*ssh.PassphraseMissingError](err); encrypted {
		return f.encryptedKey(file, text)
	}
	if err != nil {
		return nil, unusableKey(file, err)
	}
	return signer, nil
}

func (f *Factory) encryptedKey(file string, text []byte) (ssh.Signer, error) {
	passphrase, err := f.Passphrase("Passphrase of " + file + ": ")
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKeyWithPassphrase(text, passphrase)
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, &porting.Error{Kind: porting.Invalid, Code: "passphrase-wrong", Op: "read key", Object: file, Detail: "the passphrase is wrong", Next: "try again"}
	}
	if err != nil {
		return nil, unusableKey(file, err)
	}
	return signer, nil
}

// keptPrivate refuses a private key that others than its owner may read, as ssh does.
func keptPrivate(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return &porting.Error{Kind: porting.Invalid, Code: "file-unreadable", Op: "read key", Object: file, Detail: because(err), Err: err}
	}
	const othersBits = 0o077
	if info.Mode().Perm()&othersBits != 0 {
		return &porting.Error{
			Kind: porting.Refused, Code: "key-exposed", Op: "read key", Object: file, Detail: "others than its owner have access to it", Next: "chmod 600 it",
		}
	}
	return nil
}

func unusableKey(file string, err error) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "key-unusable", Op: "read key", Object: file, Detail: "it is no private key that signs by itself",
		Next: "a hardware key signs through ssh-agent: name its .pub file", Err: err,
	}
}

// passphrase asks for a passphrase on the terminal, without showing it.
func (f *Factory) passphrase(question string) ([]byte, error) {
	terminal, ok := f.Streams.In.(*os.File)
	if !ok || !isTerminal(terminal) {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "passphrase-missing", Op: "read key", Detail: "the key has a passphrase, and this is no terminal",
			Next: "add the key to an ssh-agent with ssh-add",
		}
	}
	fmt.Fprint(f.Streams.Err, question)
	passphrase, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(f.Streams.Err)
	return passphrase, err
}
