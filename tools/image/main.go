// Command image builds the container images of portsaga without a container engine: static binaries, the certificates that
// they trust and the time zones that they reckon in, and nothing else. The same source and certificates give the same
// bytes. Beside each image it writes what the binaries are made of, in CycloneDX.
//
//	go -C tools run ./image -out ../dist            every image, for this machine's architecture
//	docker load < dist/portsaga.tar                 portsaga:local
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
)

// image is one of portsaga's images.
type image struct {
	name       string
	module     string   // directory of its module, below the root
	packages   []string // main packages of its binaries
	entrypoint string
}

var images = []image{
	{name: "portsaga", module: ".", packages: []string{"./cmd/portsaga", "./deploy/probe"}, entrypoint: "/portsaga"},
	{name: "portsaga-temporal", module: "devserver", packages: []string{"./cmd/portsaga-temporal", "github.com/portsaga/portsaga/deploy/probe"}, entrypoint: "/portsaga-temporal"},
}

// options are what the command was asked for.
type options struct {
	root, out    string
	architecture string
	certificates string
	only         string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be undone
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var o options
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.StringVar(&o.root, "root", "..", "root of the repository")
	flags.StringVar(&o.out, "out", "../dist", "directory of the images")
	flags.StringVar(&o.architecture, "arch", runtime.GOARCH, "architecture: amd64 or arm64")
	flags.StringVar(&o.certificates, "certificates", "/etc/ssl/certs/ca-certificates.crt", "certificates that the images trust")
	flags.StringVar(&o.only, "only", "", "build this image only")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	built := 0
	for _, i := range images {
		if o.only != "" && o.only != i.name {
			continue
		}
		if err := o.build(ctx, i, out); err != nil {
			return fmt.Errorf("%s: %w", i.name, err)
		}
		built++
	}
	if built == 0 {
		return errors.New("there is no image " + o.only)
	}
	return nil
}

// build makes one image and tells its digest.
func (o options) build(ctx context.Context, i image, out io.Writer) error {
	work, err := os.MkdirTemp("", "portsaga-image-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	binaries, err := o.compile(ctx, i, work)
	if err != nil {
		return err
	}
	made, err := o.assemble(ctx, i, binaries)
	if err != nil {
		return err
	}
	file := filepath.Join(o.out, i.name+".tar")
	digest, err := save(made, i.name+":local", file)
	if err != nil {
		return err
	}
	parts := filepath.Join(o.out, i.name+".cdx.json")
	if err := writeParts(binaries, parts); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\t%s\t%s\n", file, digest, parts)
	return err
}
