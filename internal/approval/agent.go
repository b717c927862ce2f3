package approval

import (
	"context"
	"io"
	"net"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/portsaga/portsaga/porting"
)

// AgentKey is a key in an ssh-agent that may sign.
type AgentKey struct {
	Key
	Comment string
}

// DialAgent connects to the agent behind a socket, as SSH_AUTH_SOCK names it. Code: "agent-unreachable".
func DialAgent(ctx context.Context, socket string) (agent.ExtendedAgent, io.Closer, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, nil, noAgent(err)
	}
	return agent.NewClient(conn), conn, nil
}

// AgentKeys lists the agent's keys that may sign, in its order.
func AgentKeys(a agent.ExtendedAgent) ([]AgentKey, error) {
	held, err := a.List()
	if err != nil {
		return nil, noAgent(err)
	}
	keys := []AgentKey{}
	for _, h := range held {
		if key, err := newKey(h); err == nil {
			keys = append(keys, AgentKey{key, h.Comment})
		}
	}
	return keys, nil
}

// SignWithAgent signs a statement with the agent's key and returns the armored signature. Codes: "key-not-in-agent" and those
// of SignWithSigner.
func SignWithAgent(a agent.ExtendedAgent, public ssh.PublicKey, statement []byte) (string, error) {
	signer, err := AgentSigner(a, public)
	if err != nil {
		return "", err
	}
	return SignWithSigner(signer, statement)
}

// AgentSigner is the agent's signer for a key. Codes: "agent-unreachable", "key-not-in-agent".
func AgentSigner(a agent.ExtendedAgent, public ssh.PublicKey) (ssh.Signer, error) {
	signers, err := a.Signers()
	if err != nil {
		return nil, noAgent(err)
	}
	fingerprint := ssh.FingerprintSHA256(public)
	for _, signer := range signers {
		if ssh.FingerprintSHA256(signer.PublicKey()) == fingerprint {
			return signer, nil
		}
	}
	return nil, &porting.Error{
		Kind: porting.NotFound, Code: "key-not-in-agent", Op: "sign", Object: fingerprint, Detail: "the agent does not hold the key",
		Next: "add it with ssh-add",
	}
}

func noAgent(err error) error {
	return &porting.Error{
		Kind: porting.Failed, Code: "agent-unreachable", Op: "ask ssh-agent", Detail: err.Error(),
		Next: "start one, or sign with ssh-keygen -Y sign", Err: err,
	}
}
