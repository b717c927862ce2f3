package notify_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// The vector of the Standard Webhooks libraries.
func TestSignWebhookVector(t *testing.T) {
	t.Parallel()
	const secret, id, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", `{"test": 2432232314}`
	signature, err := notify.SignWebhook(secret, id, time.Unix(1614265330, 0), []byte(body))
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature)

	for name, other := range map[string]func() (string, error){
		"another ID": func() (string, error) {
			return notify.SignWebhook(secret, "msg_other", time.Unix(1614265330, 0), []byte(body))
		},
		"another time": func() (string, error) { return notify.SignWebhook(secret, id, time.Unix(1614265331, 0), []byte(body)) },
		"another body": func() (string, error) {
			return notify.SignWebhook(secret, id, time.Unix(1614265330, 0), []byte(body+" "))
		},
		"another secret": func() (string, error) {
			return notify.SignWebhook("whsec_AAAA", id, time.Unix(1614265330, 0), []byte(body))
		},
	} {
		changed, err := other()
		require.NoError(t, err)
		require.NotEqual(t, signature, changed, name)
	}
	_, err = notify.SignWebhook("whsec_", id, time.Now(), nil)
	require.Equal(t, "webhook-secret-invalid", porting.CodeOf(err))
}

// service is a stranger's webhook endpoint.
type service struct {
	mu     sync.Mutex
	status int
	got    []http.Header
	bodies []string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.bodies = append(s.got, r.Header), append(s.bodies, string(body))
	w.WriteHeader(s.status)
}

var (
	secretA = porting.Secret("whsec_" + base64.StdEncoding.EncodeToString([]byte("the first key of this service...")))
	secretB = porting.Secret("whsec_" + base64.StdEncoding.EncodeToString([]byte("the second key of this service..")))
)

// withService is a world in which one service hears of ports, at an address that tests may reach.
func withService(t *testing.T) (*world, *service) {
	t.Helper()
	s := &service{status: http.StatusNoContent}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	webhooks := &notify.Webhooks{
		Endpoints: []notify.Endpoint{{Name: "crm", URL: server.URL, Secrets: []porting.Secret{secretA, secretB}}}, HTTP: notify.PublicClient(true),
	}
	require.NoError(t, webhooks.Check(true))
	w := newWorld(t, func(o *notify.Options) {
		webhooks.Now = o.Now
		o.Senders[notify.Webhook] = webhooks
	})
	return w, s
}

func serviceFacts(t *testing.T) notify.Facts {
	t.Helper()
	facts := factsOf("pi-1")
	facts.People, facts.Services = nil, []string{"crm"}
	return facts
}

func TestWebhooksAreSignedAndRepeated(t *testing.T) {
	t.Parallel()
	w, s := withService(t)
	s.status = http.StatusBadGateway
	id := w.tell(t, notify.FOC, serviceFacts(t))[0].ID
	require.Zero(t, w.deliver(t))
	s.status = http.StatusOK
	w.clock.advance(5 * time.Second)
	require.Equal(t, 1, w.deliver(t))
	_, err := w.books.ResendNotice(t.Context(), id, w.clock.Now())
	require.NoError(t, err)
	require.Equal(t, 1, w.deliver(t))

	require.Len(t, s.got, 3)
	for i, header := range s.got {
		require.Equal(t, id, header.Get(notify.HeaderWebhookID), "a replay has the ID of the first")
		at := noon
		if i > 0 {
			at = noon.Add(5 * time.Second)
		}
		first, err := notify.SignWebhook(secretA, id, at, []byte(s.bodies[i]))
		require.NoError(t, err)
		second, err := notify.SignWebhook(secretB, id, at, []byte(s.bodies[i]))
		require.NoError(t, err)
		require.Equal(t, first+" "+second, header.Get(notify.HeaderWebhookSignature), "both keys sign while they are rotated")
	}
	require.Equal(t, s.bodies[0], s.bodies[2])
	var event struct {
		Type      string
		Timestamp time.Time
		Data      notify.Words
	}
	require.NoError(t, json.Unmarshal([]byte(s.bodies[0]), &event))
	require.Equal(t, "port.foc", event.Type)
	require.Equal(t, noon, event.Timestamp)
	require.Equal(t, []string{"+4…3456"}, event.Data.Numbers)
	require.NotContains(t, s.bodies[0], "stop/", "a service revokes with its own token")
}

func TestAServiceThatIsGone(t *testing.T) {
	t.Parallel()
	w, s := withService(t)
	s.status = http.StatusGone
	w.tell(t, notify.FOC, serviceFacts(t))
	w.deliver(t)
	require.Equal(t, ledger.NoticeFailed, w.noticesOf(t, "pi-1")[0].State)
	require.Equal(t, "webhook-gone", w.noticesOf(t, "pi-1")[0].Failure)

	w.clock.advance(time.Second)
	facts := serviceFacts(t)
	facts.Services = []string{"erp"}
	w.tell(t, notify.Completed, facts)
	w.deliver(t)
	require.Equal(t, "webhook-unknown", w.noticesOf(t, "pi-1")[1].Failure)
}

// Whoever may name an endpoint may not reach this machine or this network through us.
func TestPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	s := &service{status: http.StatusOK}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for _, host := range []string{"127.0.0.1", "localhost"} {
		webhooks := &notify.Webhooks{
			Endpoints: []notify.Endpoint{{Name: "crm", URL: strings.Replace(server.URL, "127.0.0.1", host, 1), Secrets: []porting.Secret{secretA}}},
			HTTP:      notify.PublicClient(false), Now: time.Now,
		}
		_, err := webhooks.Send(t.Context(), notify.Message{ID: "nt-1", To: "crm", Event: []byte("{}")})
		require.Equal(t, "webhook-unavailable", porting.CodeOf(err))
	}
	require.Empty(t, s.got)
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	s := &service{status: http.StatusOK}
	inner := httptest.NewServer(s)
	t.Cleanup(inner.Close)
	outer := httptest.NewServer(http.RedirectHandler(inner.URL, http.StatusTemporaryRedirect))
	t.Cleanup(outer.Close)
	webhooks := &notify.Webhooks{
		Endpoints: []notify.Endpoint{{Name: "crm", URL: outer.URL, Secrets: []porting.Secret{secretA}}}, HTTP: notify.PublicClient(true), Now: time.Now,
	}
	_, err := webhooks.Send(t.Context(), notify.Message{ID: "nt-1", To: "crm", Event: []byte("{}")})
	require.Equal(t, "webhook-unavailable", porting.CodeOf(err))
	require.Empty(t, s.got)
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255",
		"198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
		"2002:a00:1::", "192.0.0.1",
	} {
		require.False(t, notify.Public(netip.MustParseAddr(address)), address)
	}
	for _, address := range []string{"1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"} {
		require.True(t, notify.Public(netip.MustParseAddr(address)), address)
	}
}

func TestEndpointsThatAreWrong(t *testing.T) {
	t.Parallel()
	good := notify.Endpoint{Name: "crm", URL: "https://crm.example/hook", Secrets: []porting.Secret{secretA}}
	require.NoError(t, (&notify.Webhooks{Endpoints: []notify.Endpoint{good}}).Check(false))
	for name, change := range map[string]func(*notify.Endpoint){
		"no name":          func(e *notify.Endpoint) { e.Name = "" },
		"no https":         func(e *notify.Endpoint) { e.URL = "http://crm.example/hook" },
		"no host":          func(e *notify.Endpoint) { e.URL = "https:///hook" },
		"a password":       func(e *notify.Endpoint) { e.URL = "https://a:b@crm.example/" },
		"no secret":        func(e *notify.Endpoint) { e.Secrets = nil },
		"not a secret":     func(e *notify.Endpoint) { e.Secrets = []porting.Secret{"whsec_%"} },
		"another protocol": func(e *notify.Endpoint) { e.URL = "ftp://crm.example/" },
	} {
		bad := good
		change(&bad)
		err := (&notify.Webhooks{Endpoints: []notify.Endpoint{bad}}).Check(false)
		require.Equal(t, "webhooks-invalid", porting.CodeOf(err), name)
	}
	require.Error(t, (&notify.Webhooks{Endpoints: []notify.Endpoint{good, good}}).Check(false), "one name twice")
}

func TestTenantsHearOfTheirOwnPorts(t *testing.T) {
	t.Parallel()
	w := &notify.Webhooks{Endpoints: []notify.Endpoint{{Name: "all"}, {Name: "acme-crm", Tenant: "acme"}, {Name: "other-crm", Tenant: "other"}}}
	require.Equal(t, []string{"all", "acme-crm"}, w.Names("acme"))
}
