package sources_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
)

func TestAServiceOfOurOwn(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, map[string]reply{
		"/v1/network":   ok(`{"at": "2026-11-22T12:00:00Z", "network": {"known": {"proxy": true, "reputation": 12}}, "place": {"known": {"distance_km": 3}}}`),
		"/v1/account":   ok(`{"at": "2026-11-22T12:00:00Z", "account": {"known": {"new_payer": "3d", "user_added": "none", "trusted_device": false}}}`),
		"/v1/recipient": ok(`{"at": "2026-11-22T12:00:00Z", "recipient": {"known": {"anonymous": true, "account_opened": "20h"}}}`),
		"/v1/place":     ok(`{"at": "2026-11-22T12:00:00Z", "place": {"missing": "no-consent"}}`),
	})
	s := subject()
	s.Correlator = "pi-1"
	e, _ := sources.Gather(t.Context(), (&sources.Service{Root: n.URL + "/v1/", Secret: "hush"}).Sources(), s)
	require.Equal(t, &fraud.Network{Proxy: new(true), Reputation: new(12)}, e.Network.Known)
	require.Equal(t, &fraud.Account{NewPayer: new(age(t, "3d")), UserAdded: new(fraud.None()), TrustedDevice: new(false)}, e.Account.Known)
	require.Equal(t, &fraud.Recipient{Anonymous: new(true), AccountOpened: new(age(t, "20h"))}, e.Recipient.Known)
	require.Nil(t, e.Place.Known, "it is believed of what it was asked, and of nothing else")
	require.Equal(t, fraud.NoConsent, e.Place.Missing)
	for _, q := range n.questions() {
		require.Equal(t, "Bearer hush", q.header.Get("Authorization"))
		require.Empty(t, q.rawBody, "it is asked by the port's ID")
	}
}

func TestAServiceThatDoesNotTell(t *testing.T) {
	t.Parallel()
	for want, answer := range map[fraud.Why]reply{
		fraud.NotTold:       {http.StatusNoContent, ""},
		fraud.NotFound:      {http.StatusNotFound, ""},
		fraud.NotAuthorised: {http.StatusForbidden, ""},
		fraud.Unavailable:   {http.StatusBadGateway, "<html>"},
		fraud.Unreadable:    ok(`{"at": "2026-11-22T12:00:00Z", "network": {"known": {"reputation": 700}}}`),
		fraud.BadRequest:    {http.StatusBadRequest, ""},
	} {
		n := newNetwork(t, map[string]reply{"/network": answer})
		all := (&sources.Service{Root: n.URL}).Sources()
		require.Equal(t, want, ask(t, all, "network", subject()).Network.Missing)
	}
	n := newNetwork(t, map[string]reply{"/network": ok(`{"at": "2026-11-22T12:00:00Z"}`)})
	require.Equal(t, fraud.NotTold, ask(t, (&sources.Service{Root: n.URL}).Sources(), "network", subject()).Network.Missing)
}

func age(t *testing.T, text string) (a fraud.Age) {
	t.Helper()
	require.NoError(t, a.UnmarshalText([]byte(text)))
	return a
}
