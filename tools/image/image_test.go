package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// small is an image of the smallest binary that we have.
var small = image{name: "probe", module: ".", packages: []string{"./deploy/probe"}, entrypoint: "/probe"}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// built makes an image, and tells where it is and its digest.
func built(t *testing.T, i image) (out, digest string) {
	t.Helper()
	out = t.TempDir()
	trusted := filepath.Join(out, "ca.crt")
	must(t, os.WriteFile(trusted, []byte("no certificates\n"), 0o600))
	var told bytes.Buffer
	o := options{root: "../..", out: out, architecture: runtime.GOARCH, certificates: trusted}
	must(t, o.build(t.Context(), i, &told))
	return out, strings.Split(told.String(), "\t")[1]
}

func TestImageIsReproducible(t *testing.T) {
	t.Parallel()
	_, first := built(t, small)
	_, second := built(t, small)
	if first != second {
		t.Fatalf("two builds of one source differ: %q and %q", first, second)
	}
}

func TestImageHoldsWhatItNeedsAndNoMore(t *testing.T) {
	t.Parallel()
	out, _ := built(t, small)
	made, err := tarball.ImageFromPath(filepath.Join(out, "probe.tar"), nil)
	must(t, err)
	config, err := made.ConfigFile()
	must(t, err)
	if config.Config.User != "65532:65532" || config.OS != "linux" || !slices.Equal(config.Config.Entrypoint, []string{"/probe"}) {
		t.Fatalf("it runs as %q on %q: %v", config.Config.User, config.OS, config.Config.Entrypoint)
	}
	files := map[string]int64{}
	unpack(t, mutate.Extract(made), func(h *tar.Header, _ io.Reader) { files[h.Name] = h.Mode })
	want := map[string]int64{"etc/ssl/certs/ca-certificates.crt": 0o444, "usr/share/zoneinfo.zip": 0o444, "var/lib/portsaga": 0o700, "probe": 0o555}
	if len(files) != len(want) {
		t.Fatalf("it holds %v", files)
	}
	for name, mode := range want {
		if files[name] != mode {
			t.Errorf("%s has mode %o, not %o", name, files[name], mode)
		}
	}
}

func unpack(t *testing.T, from io.ReadCloser, each func(*tar.Header, io.Reader)) {
	t.Helper()
	defer func() { must(t, from.Close()) }()
	r := tar.NewReader(from)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		must(t, err)
		h.Name = filepath.Clean(h.Name)
		each(h, r)
	}
}

func TestPartsAreWrittenDown(t *testing.T) {
	t.Parallel()
	out, _ := built(t, small)
	text, err := os.ReadFile(filepath.Join(out, "probe.cdx.json"))
	must(t, err)
	var b bill
	must(t, json.Unmarshal(text, &b))
	if b.Format != "CycloneDX" || len(b.Components) == 0 || b.Components[0].PURL != "pkg:golang/std@"+runtime.Version()[2:] {
		t.Fatalf("%s", text)
	}
}

// The image's binary runs as compose runs it: its root read-only, as nobody, without a capability, and with no other file than
// the image's own.
func TestImageRunsConfined(t *testing.T) {
	t.Parallel()
	bwrap, err := exec.LookPath("bwrap")
	if err != nil {
		t.Skip("bubblewrap is not on this machine; CI installs it")
	}
	if said, err := exec.CommandContext(t.Context(), bwrap, "--ro-bind", "/", "/", "--unshare-all", "true").CombinedOutput(); err != nil {
		t.Skipf("this machine lets no sandbox be made: %s", said)
	}
	out, _ := built(t, images[0])
	made, err := tarball.ImageFromPath(filepath.Join(out, "portsaga.tar"), nil)
	must(t, err)
	root := t.TempDir()
	unpack(t, mutate.Extract(made), func(h *tar.Header, content io.Reader) {
		to := filepath.Join(root, h.Name)
		if h.Typeflag == tar.TypeDir {
			must(t, os.MkdirAll(to, 0o755))
			return
		}
		must(t, os.MkdirAll(filepath.Dir(to), 0o755))
		file, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
		must(t, err)
		_, err = io.Copy(file, content)
		must(t, errors.Join(err, file.Close()))
	})
	confined := func(args ...string) ([]byte, error) {
		profile := []string{
			"--ro-bind", root, "/", "--tmpfs", "/var/lib/portsaga", "--unshare-all", "--uid", "65532", "--gid", "65532", "--cap-drop", "ALL",
			"--clearenv", "--setenv", "ZONEINFO", "/usr/share/zoneinfo.zip", "--setenv", "PORTSAGA_DIR", "/var/lib/portsaga", "--new-session", "--die-with-parent",
		}
		return exec.CommandContext(t.Context(), bwrap, append(append(profile, "--"), args...)...).CombinedOutput()
	}
	if said, err := confined("/portsaga", "version"); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if said, err := confined("/portsaga", "rules", "deadlines", "--pack", "us-wireline-simple", "--received", "2026-11-23T15:00:00Z", "--number", "+12125550123"); err != nil {
		t.Errorf("time zones and packs are in it: %v: %s", err, said)
	}
	if said, err := confined("/bin/sh", "-c", "true"); err == nil {
		t.Errorf("there is a shell: %s", said)
	}
}
