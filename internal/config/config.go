// Package config reads what the environment says: PORTSAGA_* for what is ours, and for the connection to Temporal the same
// TEMPORAL_* variables and temporal.toml that the temporal CLI reads.
package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kelseyhightower/envconfig"

	"github.com/portsaga/portsaga/porting"
)

const prefix = "PORTSAGA"

// Config is what PORTSAGA_* variables say. A path or URL that is empty was not given, except where a default is named.
type Config struct {
	Dir               string `split_words:"true" desc:"directory of the local state (~/.portsaga)"`
	TaskQueue         string `split_words:"true" default:"portsaga" desc:"task queue that workers poll"`
	Ledger            string `split_words:"true" desc:"ledger database: a SQLite file or a postgres:// DSN (ledger.db in PORTSAGA_DIR)"`
	KeyFile           string `split_words:"true" desc:"key of the vault (the file key in PORTSAGA_DIR)"`
	Encryption        string `split_words:"true" default:"on" desc:"on seals every payload that Temporal is given; off is for tests that look for what leaks"`
	Keys              string `split_words:"true" desc:"database with the data keys of orders (the one that PORTSAGA_LEDGER names, or keys.db in PORTSAGA_DIR)"`
	TenantKeys        string `split_words:"true" desc:"what wraps data keys: a file, or the key URI of a KMS with {tenant} in it (tenant-keys in PORTSAGA_DIR)"`
	RulesDir          string `split_words:"true" desc:"directory of rule packs that replace or extend the embedded ones"`
	PortoutPolicy     string `split_words:"true" desc:"answers to port-outs at the last moment, by tenant and risk (approve; at high risk refuse where the rules allow it)"`
	Carriers          string `split_words:"true" desc:"file with the carriers; the two below name a single one when empty"`
	Carrier           string `split_words:"true" default:"simulator" desc:"gateway of orders that name none"`
	CarrierURL        string `split_words:"true" desc:"where that carrier's API is"`
	WebhookSecretFile string `split_words:"true" desc:"file with the secret by which serve believes the news of a simulated carrier; it takes none of them when empty"`
	Approvals         string `split_words:"true" desc:"signed, or trusted, which believes unsigned decisions (signed; in dev, trusted until there is a registry)"`
	Registry          string `split_words:"true" desc:"registry of approvers, signed by its roots (registry.json in PORTSAGA_DIR)"`
	RegistryRoots     string `split_words:"true" desc:"root keys that the registry is believed by (registry-roots.json in PORTSAGA_DIR)"`
	SigningKey        string `split_words:"true" desc:"OpenSSH key with which a worker signs what it found (signing_key in PORTSAGA_DIR)"`
	Protection        string `split_words:"true" desc:"policies of number protection (protection.yaml in PORTSAGA_DIR)"`
	SSHKey            string `split_words:"true" desc:"your public or private SSH key, to sign decisions with (the only key of your ssh-agent)"`
	By                string `split_words:"true" desc:"your name in timelines, claimed and not proven (the login name)"`
	MetricsAddr       string `split_words:"true" desc:"host:port of /metrics for Prometheus; not served when empty. Traces go where OTEL_EXPORTER_OTLP_ENDPOINT says"`
	TokenFile         string `split_words:"true" desc:"file with the token that proves our role to the cluster; read again when it is renewed"`
	TenantRate        string `split_words:"true" desc:"steps a second that bootstrap gives each tenant at the gates, 1 or more; 0 takes the limit away; the limit stays as it is when empty"`
	KeptSagas         string `split_words:"true" default:"1500" desc:"sagas that a worker keeps in memory between their tasks, 2 or more; others are played back from their histories when they go on. With 1500 it needs up to 300 MB for them"`
	LogLevel          string `split_words:"true" default:"info" desc:"debug, info, warn or error"`
	LogFormat         string `split_words:"true" default:"text" desc:"text or json"`

	Simulator Simulator
}

// Values of Approvals.
const (
	ApprovalsSigned  = "signed"
	ApprovalsTrusted = "trusted"
)

// Values of Encryption.
const (
	EncryptionOn  = "on"
	EncryptionOff = "off"
)

// Encrypts reports whether payloads are sealed.
func (c *Config) Encrypts() bool { return c.Encryption != EncryptionOff }

// Simulator is how `portsaga simulator` runs the carrier that is not there.
type Simulator struct {
	Addr              string `split_words:"true" default:"127.0.0.1:8490" desc:"host:port on which the simulated carrier listens"`
	State             string `split_words:"true" desc:"file in which it keeps its orders; memory only when empty"`
	WebhookURL        string `split_words:"true" desc:"where it sends its news; nowhere when empty"`
	WebhookSecretFile string `split_words:"true" desc:"file with the secret that signs its news"`
}

// Load reads the environment. Its error joins everything that is wrong, each a *porting.Error of kind Invalid with code
// "config-invalid" that names the variable and never its value.
func Load() (Config, error) {
	var c Config
	if err := envconfig.Process(prefix, &c); err != nil {
		return Config{}, fmt.Errorf("read environment: %w", err)
	}
	if err := c.locate(); err != nil {
		return Config{}, err
	}
	return c, c.validate()
}

// locate fills in the paths that were not given.
func (c *Config) locate() error {
	if c.Dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return invalid("DIR", "it is not set and there is no home directory", "set it")
		}
		c.Dir = filepath.Join(home, ".portsaga")
	}
	c.Ledger = cmp.Or(c.Ledger, c.localLedger())
	c.KeyFile = cmp.Or(c.KeyFile, filepath.Join(c.Dir, "key"))
	c.Keys = cmp.Or(c.Keys, c.usualKeys())
	c.TenantKeys = cmp.Or(c.TenantKeys, filepath.Join(c.Dir, "tenant-keys"))
	c.Registry = cmp.Or(c.Registry, filepath.Join(c.Dir, "registry.json"))
	c.RegistryRoots = cmp.Or(c.RegistryRoots, filepath.Join(c.Dir, "registry-roots.json"))
	c.SigningKey = cmp.Or(c.SigningKey, filepath.Join(c.Dir, "signing_key"))
	c.Protection = cmp.Or(c.Protection, filepath.Join(c.Dir, "protection.yaml"))
	return nil
}

func (c *Config) localLedger() string { return filepath.Join(c.Dir, "ledger.db") }

// usualKeys is a database of its own beside the local ledger, so that ports can be started while that is away. A ledger that
// was named holds its keys, too.
func (c *Config) usualKeys() string {
	if c.NamesLedger() {
		return c.Ledger
	}
	return filepath.Join(c.Dir, "keys.db")
}

// NamesLedger reports whether a ledger was named, rather than the one that a local dev would have.
func (c *Config) NamesLedger() bool { return c.Ledger != c.localLedger() }

func (c *Config) validate() error {
	return errors.Join(
		notEmpty("TASK_QUEUE", c.TaskQueue),
		notEmpty("CARRIER", c.Carrier),
		isURL("CARRIER_URL", c.CarrierURL),
		isAddress("METRICS_ADDR", c.MetricsAddr),
		oneOf("APPROVALS", c.Approvals, "", ApprovalsSigned, ApprovalsTrusted),
		oneOf("ENCRYPTION", c.Encryption, EncryptionOn, EncryptionOff),
		isRate("TENANT_RATE", c.TenantRate),
		isNumber("KEPT_SAGAS", c.KeptSagas, 2),
		oneOf("LOG_LEVEL", c.LogLevel, "debug", "info", "warn", "error"),
		oneOf("LOG_FORMAT", c.LogFormat, "text", "json"),
		isAddress("SIMULATOR_ADDR", c.Simulator.Addr),
		isURL("SIMULATOR_WEBHOOK_URL", c.Simulator.WebhookURL),
		together("SIMULATOR_WEBHOOK_URL", c.Simulator.WebhookURL, "SIMULATOR_WEBHOOK_SECRET_FILE", c.Simulator.WebhookSecretFile),
	)
}

// Trusts reports whether dev believes unsigned decisions: it does when it is told to, and as long as nobody has made a
// registry of approvers.
func (c *Config) Trusts() bool {
	if c.Approvals != "" {
		return c.Approvals == ApprovalsTrusted
	}
	_, err := os.Stat(c.Registry)
	return errors.Is(err, fs.ErrNotExist)
}

// Kept is how many sagas a worker keeps in memory.
func (c *Config) Kept() int {
	n, err := strconv.Atoi(c.KeptSagas)
	if err != nil {
		return 0
	}
	return n
}

// Level is the log level.
func (c *Config) Level() slog.Level {
	var level slog.Level
	if level.UnmarshalText([]byte(c.LogLevel)) != nil {
		return slog.LevelInfo
	}
	return level
}

// MakeDir creates the directory of the local state, for its owner alone.
func (c *Config) MakeDir() error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return &porting.Error{
			Kind: porting.Failed, Code: "directory-unusable", Op: "create directory", Object: c.Dir,
			Detail: reason(err), Next: "set PORTSAGA_DIR to a directory that you may write", Err: err,
		}
	}
	return nil
}

// ReadSecret reads a secret from a file that holds nothing else; white space around it does not count.
func ReadSecret(file string) (porting.Secret, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", &porting.Error{Kind: porting.Failed, Code: "secret-unreadable", Op: "read secret", Object: file, Detail: reason(err), Err: err}
	}
	secret := bytes.TrimSpace(b)
	if len(secret) == 0 {
		return "", &porting.Error{Kind: porting.Invalid, Code: "secret-empty", Op: "read secret", Object: file, Detail: "the file is empty"}
	}
	return porting.Secret(secret), nil
}

// Variable is one that the program reads.
type Variable struct {
	Name        string `json:"name"`
	Default     string `json:"default,omitempty"`
	Description string `json:"description"`
}

// Variables lists the variables of Config in its order.
func Variables() []Variable { return VariablesOf(&Config{}) }

// VariablesOf lists the variables of settings that the environment fills, in their order.
func VariablesOf(settings any) []Variable {
	const format = "{{range .}}{{usage_key .}}\t{{usage_default .}}\t{{usage_description .}}\n{{end}}"
	var table bytes.Buffer
	if err := envconfig.Usagef(prefix, settings, &table, format); err != nil {
		panic("config: the table of variables cannot be written: " + err.Error())
	}
	var all []Variable
	for line := range strings.Lines(table.String()) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		all = append(all, Variable{Name: fields[0], Default: fields[1], Description: fields[2]})
	}
	return all
}

// Names lists the names of Variables.
func Names() []string {
	var names []string
	for _, v := range Variables() {
		names = append(names, v.Name)
	}
	return names
}

func notEmpty(name, value string) error {
	if value == "" {
		return invalid(name, "it is set and empty", "unset it, or give it a value")
	}
	return nil
}

func isRate(name, value string) error {
	if value == "" {
		return nil
	}
	if rate, err := strconv.ParseFloat(value, 32); err != nil || rate != 0 && !(rate >= 1) {
		return invalid(name, "it is no number of steps a second", "write it like 20, or 0 for no limit")
	}
	return nil
}

func isNumber(name, value string, least int) error {
	if n, err := strconv.Atoi(value); err != nil || n < least {
		return invalid(name, fmt.Sprintf("it is no number of %d or more", least), "write it like 1500, or unset it")
	}
	return nil
}

func isURL(name, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return invalid(name, "it is not an http or https URL", "write it like http://127.0.0.1:8490")
	}
	return nil
}

func isAddress(name, value string) error {
	if value == "" {
		return nil
	}
	if _, port, err := net.SplitHostPort(value); err != nil || port == "" {
		return invalid(name, "it is not host:port", "write it like 127.0.0.1:8470")
	}
	return nil
}

// together refuses a variable that means nothing without another one.
func together(name, value, needs, needed string) error {
	if value != "" && needed == "" {
		return invalid(name, "it needs "+prefix+"_"+needs, "set both or neither")
	}
	return nil
}

func oneOf(name, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return invalid(name, "it is not one of "+strings.Join(allowed, ", "), "choose one of them, or unset it")
}

func invalid(name, detail, next string) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "config-invalid", Op: "read environment", Object: prefix + "_" + name,
		Detail: detail, Next: next,
	}
}

// reason is an error of the file system without the path, which the caller names.
func reason(err error) string {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}
