package sources

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/portsaga/portsaga/internal/fraud"
)

// Service is a service of the deployment's own: it knows what only a portal, billing or a shop can know. It is asked by the port's
// ID alone, and answers with evidence as `portsaga fraud evaluate` reads it.
type Service struct {
	Root   string
	Secret Secret       // bearer token
	HTTP   *http.Client // nil is one that follows no redirect
}

// served are the sources of which such a service may know something.
var served = []string{"account", "place", "network", "recipient"}

// Sources are those that the service is asked about, each by a GET of its own.
func (c *Service) Sources() []Source {
	var all []Source
	for _, name := range served {
		all = append(all, Source{Name: name, Ask: func(ctx context.Context, s Subject) (fraud.Facts, error) { return c.ask(ctx, name, s) }})
	}
	return all
}

func (c *Service) ask(ctx context.Context, name string, s Subject) (fraud.Facts, error) {
	at := strings.TrimSuffix(c.Root, "/") + "/" + name + "?" + url.Values{"port": {s.Correlator}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, missing(fraud.NotConfigured, "the root of our service is no URL")
	}
	req.Header.Set("Authorization", "Bearer "+string(c.Secret))
	status, body, err := exchange(c.HTTP, req)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusNoContent:
		return nil, missing(fraud.NotTold, "our service knows nothing of it")
	case status != http.StatusOK:
		return nil, missing(whyRefused(status, ""), "our service answered %d", status)
	}
	told, err := fraud.ReadEvidence(body)
	if err != nil {
		return nil, &MissingError{fraud.Unreadable, err}
	}
	facts, why := told.Of(name)
	if facts == nil {
		return nil, missing(why, "our service does not tell")
	}
	return facts, nil
}
