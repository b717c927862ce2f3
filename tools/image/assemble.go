package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// user is who runs the binaries: nobody that any system knows.
const user = 65532

// epoch is the time of every file: an image has no history.
var epoch = time.Unix(0, 0).UTC()

// compile builds the binaries of an image, without a path or a machine's name in them.
func (o options) compile(ctx context.Context, i image, into string) ([]string, error) {
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", into + "/"}, i.packages...)
	build := exec.CommandContext(ctx, "go", args...)
	build.Dir = filepath.Join(o.root, i.module)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+o.architecture, "GOFLAGS=", "GOWORK=off")
	if said, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, said)
	}
	var binaries []string
	for _, p := range i.packages {
		binaries = append(binaries, filepath.Join(into, path.Base(p)))
	}
	return binaries, nil
}

// assemble puts an image together: a layer that seldom changes under one that always does.
func (o options) assemble(ctx context.Context, i image, binaries []string) (v1.Image, error) {
	zones, err := zoneinfo(ctx)
	if err != nil {
		return nil, err
	}
	ground, err := layer(
		entry{to: "etc/ssl/certs/ca-certificates.crt", from: o.certificates, mode: 0o444},
		entry{to: "usr/share/zoneinfo.zip", from: zones, mode: 0o444},
		entry{to: "var/lib/portsaga/", mode: 0o700, owner: user},
	)
	if err != nil {
		return nil, err
	}
	var programs []entry
	for _, b := range binaries {
		programs = append(programs, entry{to: filepath.Base(b), from: b, mode: 0o555})
	}
	top, err := layer(programs...)
	if err != nil {
		return nil, err
	}
	made, err := mutate.AppendLayers(empty.Image, ground, top)
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(made, o.config(i, made))
}

func (o options) config(i image, made v1.Image) *v1.ConfigFile {
	file, err := made.ConfigFile()
	if err != nil {
		file = &v1.ConfigFile{}
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created = "linux", o.architecture, v1.Time{Time: epoch}
	file.Config = v1.Config{
		User: fmt.Sprintf("%d:%d", user, user), Entrypoint: []string{i.entrypoint}, Env: []string{"ZONEINFO=/usr/share/zoneinfo.zip", "USER=portsaga", "HOME=/var/lib/portsaga"},
		Labels: map[string]string{"org.opencontainers.image.title": i.name, "org.opencontainers.image.licenses": "Apache-2.0"},
	}
	return file
}

// zoneinfo is the file of time zones of the Go that builds.
func zoneinfo(ctx context.Context) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"), nil
}

// entry is a file of a layer, or a directory where to ends in a slash.
type entry struct {
	to, from string
	mode     int64
	owner    int
}

// layer packs entries in their order, with nothing that tells when or by whom.
func layer(entries ...entry) (v1.Layer, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, e := range entries {
		if err := e.pack(w); err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.to, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil })
}

func (e entry) pack(w *tar.Writer) error {
	head := &tar.Header{Name: e.to, Mode: e.mode, Uid: e.owner, Gid: e.owner, ModTime: epoch, Format: tar.FormatPAX}
	if strings.HasSuffix(e.to, "/") {
		head.Typeflag = tar.TypeDir
		return w.WriteHeader(head)
	}
	content, err := os.ReadFile(e.from)
	if err != nil {
		return err
	}
	head.Typeflag, head.Size = tar.TypeReg, int64(len(content))
	if err := w.WriteHeader(head); err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

// save writes an image as `docker load` reads it, and returns its digest.
func save(made v1.Image, as, file string) (string, error) {
	tag, err := name.NewTag(as)
	if err != nil {
		return "", err
	}
	if err := tarball.WriteToFile(file, tag, made); err != nil {
		return "", err
	}
	digest, err := made.Digest()
	return digest.String(), err
}
