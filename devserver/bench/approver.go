package bench

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

// approver is somebody who signs their decisions.
type approver struct{ key ssh.Signer }

// newApprover makes one and a registry with nobody else in it, which the worker of the settings then goes by.
func newApprover(dir string, now time.Time, settings *worker.Settings) (*approver, error) {
	root, _, err := newKey()
	if err != nil {
		return nil, err
	}
	person, _, err := newKey()
	if err != nil {
		return nil, err
	}
	worker, private, err := newKey()
	if err != nil {
		return nil, err
	}
	document := approval.NewDocument("bench", []string{lineOf(root)}, 1, now.Add(-time.Hour), now.AddDate(0, 1, 0))
	credentials := func(key ssh.Signer) []approval.Credential {
		return []approval.Credential{{Key: lineOf(key), NotBefore: document.Issued, NotAfter: document.Expires}}
	}
	document.Persons = []approval.Person{{ID: "ben", Names: []string{decisionOfAll.By}, Team: "approvals", Roles: []string{approval.RoleApprover}, Credentials: credentials(person)}}
	document.Services = []approval.Service{{ID: "worker", Roles: []string{approval.RoleVerdict}, Credentials: credentials(worker)}}
	file := approval.SignedFile{Document: document.Encode()}
	if err := file.Sign(root); err != nil {
		return nil, err
	}
	settings.Trusted = false
	settings.Registry, settings.RegistryRoots, settings.SigningKey =
		filepath.Join(dir, "registry.json"), filepath.Join(dir, "registry-roots.json"), filepath.Join(dir, "signing_key")
	return &approver{person}, errors.Join(
		os.WriteFile(settings.Registry, file.Marshal(), 0o600),
		os.WriteFile(settings.RegistryRoots, approval.Roots{Threshold: 1, Roots: []string{lineOf(root)}}.Encode(), 0o600),
		os.WriteFile(settings.SigningKey, private, 0o600),
	)
}

// newKey is a key in memory, and as its owner keeps it in a file.
func newKey() (ssh.Signer, []byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, "bench")
	return signer, pem.EncodeToMemory(block), err
}

func lineOf(key ssh.Signer) string { return string(ssh.MarshalAuthorizedKey(key.PublicKey())) }

// sign looks at a port as people do, and approves what it shows.
func (a *approver) sign(ctx context.Context, ports *starter.Client, id string) (porting.Decide, error) {
	status, err := ports.Status(ctx, id)
	if err != nil {
		return porting.Decide{}, err
	}
	if status.Challenge == nil {
		return porting.Decide{}, &porting.Error{Kind: porting.Failed, Code: "bench-no-challenge", Op: "run bench", Object: id, Detail: "the port shows nothing to sign"}
	}
	statement, err := approval.Encode(status.Challenge.Statement(porting.Approve, "", time.Now(), porting.StatementLife))
	if err != nil {
		return porting.Decide{}, err
	}
	signature, err := approval.SignWithSigner(a.key, statement)
	return porting.Decide{ID: decisionOfAll.ID, Statement: statement, Signature: signature}, err
}
