package engine

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/authorization"
	"google.golang.org/grpc"

	"github.com/portsaga/portsaga/porting"
)

// Synchronous says what a committed write survives.
type Synchronous string

// Durability of a commit. Both survive the death of the process; only Full survives a loss of power.
const (
	Full   Synchronous = "full"
	Normal Synchronous = "normal"
)

// Headers are what a caller adds to every call, e.g. a token that is still valid.
type Headers func(context.Context) (map[string]string, error)

// Defaults of Options.
const (
	DefaultNamespace = "portsaga"
	DefaultRetention = 30 * 24 * time.Hour
)

// Options says where an engine keeps its files and how it is reached. Only Dir is required.
type Options struct {
	Dir         string        // data directory, made if missing; one engine at a time
	Synchronous Synchronous   // Full if empty
	Namespace   string        // created if missing
	Retention   time.Duration // how long closed workflows are kept; takes effect when the namespace is created
	Postgres    string        // URL of a database that holds what the files in Dir hold otherwise; made if missing

	FrontendPort int // gRPC on 127.0.0.1; 0 picks a free port
	UIPort       int // Web UI on 127.0.0.1; 0 picks a free port

	SearchAttributes map[string]enumspb.IndexedValueType // registered at every start if missing
	CodecEndpoint    string                              // URL of a codec server that the Web UI decodes payloads with

	Logger  *slog.Logger // errors of the server; slog.Default() if nil
	Verbose bool         // log what else the server has to say, warnings included

	// ClaimMapper says who calls the frontend and Authorizer what they may do; without both every call is allowed. The
	// engine's own calls reach Authorizer with the claims of a system administrator and must be allowed.
	Authorizer   authorization.Authorizer
	ClaimMapper  authorization.ClaimMapper
	Interceptors []grpc.UnaryServerInterceptor // of the frontend, behind the authorization
	UIHeaders    Headers                       // what the Web UI proves itself with; nil where every call is allowed
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, invalidOption("the data directory is empty", "name a directory")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, directoryError(o.Dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return o, directoryError(o.Dir, err)
	}
	o.Dir = dir

	if o.Synchronous == "" {
		o.Synchronous = Full
	}
	if o.Synchronous != Full && o.Synchronous != Normal {
		return o, invalidOption("unknown durability "+string(o.Synchronous), "use full or normal")
	}
	if o.Postgres != "" {
		if err := checkPostgres(o.Postgres); err != nil {
			return o, err
		}
	}
	if (o.Authorizer == nil) != (o.ClaimMapper == nil) {
		return o, invalidOption("an Authorizer and a ClaimMapper only work together", "set both or neither")
	}
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Authorizer == nil {
		o.Authorizer = authorization.NewNoopAuthorizer()
		o.ClaimMapper = authorization.NewNoopClaimMapper()
	}
	return o, nil
}

func invalidOption(detail, next string) error {
	return &porting.Error{Kind: porting.Invalid, Code: "engine-option-invalid", Op: "start engine", Detail: detail, Next: next}
}

func directoryError(dir string, err error) error {
	return &porting.Error{
		Kind: porting.Failed, Code: "engine-directory-unusable", Op: "start engine", Object: dir,
		Detail: err.Error(), Next: "name a directory that this user may write to", Err: err,
	}
}
