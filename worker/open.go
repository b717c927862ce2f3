package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/telemetry"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/rules"
)

// Settings say which neighbours a worker has.
type Settings struct {
	Ledger           string           // DSN or SQLite file
	KeyFile          string           // the deployment's key
	CreateKey        bool             // make a key where there is none; demo and dev only
	RulesDir         string           // packs that replace and extend the embedded ones; none when empty
	CarriersFile     string           // the carriers; the three settings below name a single one when empty
	Carrier          string           // its name, which is also its adapter's
	CarrierURL       string           // where it is
	CarrierTimeout   time.Duration    // how long one call may take; 30 s when zero
	NewsKeyFile      string           // with which its news are verified; nobody verifies them when empty
	Calls            *telemetry.Calls // measures what carriers answer; nobody does when nil
	AllowScaledClock bool             // demo and dev only

	Role          Role   // RoleAll when empty; a worker opens what its role needs
	Trusted       bool   // decisions count as they come, unsigned; demo and dev only
	Registry      string // file with the registry of approvers
	RegistryRoots string // file with the root keys that may sign it
	SigningKey    string // file with the key with which this worker signs what it has verified
	Fraud         FraudSettings
	Notify        notify.Settings
	Audit         AuditSettings
	Log           *slog.Logger // of notices that were not accepted; none when nil
	Protection    string       // file with the policies of number protection; the usual ones where it is not there
	PortoutPolicy string       // file with the answers to port-outs at the last moment; the usual ones when empty
	WatermarkFile string       // where a gate remembers how far the ledger had come; it does not look when empty
}

// Neighbours are everything around the sagas that a worker of its role needs, opened.
type Neighbours struct {
	*activities.Activities
	registry *approval.Keeper // for the front door of decisions; nil where they are trusted as they come
	settings Carriers         // of the carriers that a gate has

	checkpoints *audit.Checkpointer // of the audit log; nil where none are signed
	keep        time.Duration       // of documents
	protection  *guard.Guard        // of our numbers; nil where no port-outs are answered
	log         *slog.Logger
}

// Open opens the neighbours. Close them when the worker has stopped.
func Open(ctx context.Context, s Settings) (n Neighbours, err error) {
	n.Activities, n.log = &activities.Activities{AllowScaledClock: s.AllowScaledClock}, s.Log
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if s.Role.has(RoleWorkflow) || s.Role.has(RoleGate) {
		if n.Rules, err = openRules(s.RulesDir); err != nil {
			return n, err
		}
		if n.AnswerPolicies, err = activities.LoadAnswerPolicies(s.PortoutPolicy, n.Rules); err != nil {
			return n, err
		}
	}
	if s.Role.has(RoleGate) {
		if n.Vault, err = openVault(s); err != nil {
			return n, err
		}
	}
	if s.Role.has(RoleTrust) || s.Role.has(RoleGate) {
		if n.Ledger, err = openLedger(ctx, s); err != nil {
			return n, err
		}
	}
	if !s.Trusted {
		n.registry = openRegistry(s, n.Ledger)
	}
	if s.Role.has(RoleGate) {
		if err := n.openGate(s); err != nil {
			return n, err
		}
	}
	return n, errors.Join(n.openApprovals(ctx, s), n.openProtection(ctx, s), n.openAudit(ctx, s))
}

// openGate opens what only the gate has beside the vault: the desks, and the carriers.
func (n *Neighbours) openGate(s Settings) (err error) {
	if n.Fraud, err = openFraud(s.Fraud); err != nil {
		return err
	}
	senders, err := s.Notify.Senders(config.ReadSecret)
	if err != nil {
		return err
	}
	if err := n.openNotices(s, senders); err != nil {
		return err
	}
	if err := n.openCarriers(s, senders[notify.Email]); err != nil {
		return err
	}
	if s.WatermarkFile != "" {
		n.Watermark, err = ledger.OpenWatermark(s.WatermarkFile)
	}
	return err
}

// openNotices opens the desk that tells people, if it has anything to tell them by.
func (n *Neighbours) openNotices(s Settings, senders map[notify.Channel]notify.Sender) (err error) {
	if n.Webhooks, err = s.Notify.Webhooks(); err != nil {
		return err
	}
	if len(senders) == 0 && len(n.Webhooks.Endpoints) == 0 {
		return nil
	}
	if len(n.Webhooks.Endpoints) > 0 {
		senders[notify.Webhook] = n.Webhooks
	}
	templates, err := notify.LoadTemplates(s.Notify.TemplatesDir)
	n.Notices = notify.New(notify.Options{Outbox: n.Ledger, Vault: n.Vault, Templates: templates, Senders: senders, LinkBase: s.Notify.LinkURL, Log: s.Log})
	return err
}

// openCarriers opens the carriers, and the registry of numbers that is asked after an activation.
func (n *Neighbours) openCarriers(s Settings, mail notify.Sender) error {
	carriers, err := s.carriers()
	if err != nil {
		return err
	}
	n.Carriers, err = openCarriers(carriers, s.Calls, around{ledger: n.Ledger, vault: n.Vault, registry: n.registry, mail: mail})
	if err != nil {
		return err
	}
	n.settings, n.Prefer, n.Lines, n.Registry = carriers, carriers.Prefer, carriers.lines(), carriers.Registry.open()
	ours, err := carriers.Network.open()
	if err != nil {
		return err
	}
	for _, gateway := range n.Carriers {
		if network, plays := gateway.(carrier.Switch); plays && ours == nil {
			ours = network // the simulator plays our own network, too
		}
	}
	if ours != nil {
		n.Leaving = &activities.Leaving{Switch: ours}
	}
	return nil
}

// openRegistry opens the registry of approvers, and reads nothing yet.
func openRegistry(s Settings, books *ledger.Ledger) *approval.Keeper {
	var mark approval.Mark
	if books != nil {
		mark = books
	}
	return approval.NewKeeper(s.Registry, s.RegistryRoots, mark)
}

// openApprovals reads the registry of approvers, and the key of a worker that signs what it verified: a worker without them
// must not start.
func (n *Neighbours) openApprovals(ctx context.Context, s Settings) error {
	if s.Trusted {
		return nil
	}
	if _, err := n.registry.Current(ctx, time.Now()); err != nil {
		return err
	}
	if n.Ledger == nil {
		return nil
	}
	key, err := approval.LoadServiceKey(s.SigningKey)
	n.Approvals = &activities.Approvals{Registry: n.registry, Key: key}
	return err
}

// openLedger opens the ledger and destroys the codes that nobody needs any more: their ports never ended. Where business
// time is not real time, the wall's clock cannot tell which these are.
func openLedger(ctx context.Context, s Settings) (*ledger.Ledger, error) {
	books, err := ledger.Open(ctx, s.Ledger)
	if err != nil || s.AllowScaledClock {
		return books, err
	}
	if _, err := books.DestroyExpiredSecrets(ctx, time.Now()); err != nil {
		return nil, errors.Join(err, books.Close())
	}
	return books, nil
}

// Close closes the ledger.
func (n Neighbours) Close() error {
	if n.Activities == nil || n.Ledger == nil {
		return nil
	}
	return n.Ledger.Close()
}

func openRules(dir string) (*rules.Book, error) {
	if dir == "" {
		return rules.Embedded()
	}
	return rules.LoadDir(dir)
}

func openVault(s Settings) (*vault.Vault, error) {
	if s.CreateKey {
		return vault.LoadOrCreate(s.KeyFile)
	}
	return vault.Load(s.KeyFile)
}
