package integration

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"path/filepath"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// settlePeople gives the town its people and processes, and holds the ceremony that says whose key is whose.
func (w *town) settlePeople() {
	w.t.Helper()
	w.workflow, w.trust, w.gate, w.front = w.settle("workflow"), w.settle("trust"), w.settle("gate"), w.settle("front")
	w.ana, w.ben, w.fay, w.carla = w.settle("ana"), w.settle("ben"), w.settle("fay"), w.settle("carla")
	w.clerk = w.settle("clerk")
	w.dora = w.settle("dora").calls()
	for _, c := range []*citizen{w.ana, w.ben, w.fay, w.carla, w.clerk} {
		c.calls().seals()
	}
	w.carla.is("PORTSAGA_LEDGER=" + w.carla.ledger("portsaga")) // a revocation closes the fence before it is told
	w.holdCeremony()
	for _, c := range []*citizen{w.ben, w.fay} {
		c.is("PORTSAGA_REGISTRY="+w.public("registry.json"), "PORTSAGA_REGISTRY_ROOTS="+w.public("registry-roots.json"), "PORTSAGA_SSH_KEY="+c.path("id_ed25519"))
	}
}

// holdCeremony makes the registry of approvers, as people do: two roots sign who may decide and which workers testify.
func (w *town) holdCeremony() {
	w.t.Helper()
	c := w.settle("registrar")
	c.is("PORTSAGA_REGISTRY="+c.path("registry.json"), "PORTSAGA_REGISTRY_ROOTS="+c.path("registry-roots.json"))
	holds := func(of *citizen, name string) string {
		return c.keeps(of.name+".pub", of.hasKey(name))
	}
	init := []string{"approver", "init", "--threshold", "2", "--audience", audience}
	for _, root := range []string{"root_1", "root_2"} {
		init = append(init, "--root", c.keeps(root+".pub", c.hasKey(root)))
	}
	c.do(w.t, init...)
	for _, person := range []struct {
		who  *citizen
		team string
	}{{w.ben, "desk"}, {w.fay, "fraud"}} {
		c.do(w.t, "approver", "add", "--person", person.who.name, "--team", person.team, "--name", person.who.name+"@"+person.team, "--key", holds(person.who, "id_ed25519"))
	}
	for _, worker := range []*citizen{w.trust, w.gate} {
		c.do(w.t, "approver", "add", "--service", worker.name, "--key", holds(worker, "signing_key"))
	}
	for _, root := range []string{"root_1", "root_2"} {
		c.do(w.t, "approver", "sign", "--key", c.path(root), "--yes")
	}
	for _, file := range []string{"registry.json", "registry-roots.json"} {
		w.announce(file, c.reads(file))
	}
}

// hasKey makes an SSH key and returns its public half.
func (c *citizen) hasKey(name string) []byte {
	t := c.town.t
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, name)
	require.NoError(t, err)
	c.keeps(name, pem.EncodeToMemory(block))
	key, err := ssh.NewPublicKey(public)
	require.NoError(t, err)
	return ssh.MarshalAuthorizedKey(key)
}

// writesOrder puts an order into the citizen's home and returns the file's name.
func (c *citizen) writesOrder(tenant, reference string, number int) string {
	return c.keeps(filepath.Base(reference)+".yaml", []byte(order(tenant, reference, number)))
}
