package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Registry is asked, after an activation, who serves the numbers now: neither of the two carriers says so for itself.
type Registry struct {
	Home carrier.Home
	ENUM carrier.Registry // the carrier's own lookup when nil, if it offers one
}

// registryPause is until a registry that does not have the numbers here is asked again. Registries lag by minutes to hours.
const registryPause = 10 * time.Minute

// servedHere asks the registry whether the numbers that the carrier moved are served here. It fails as long as they are not:
// the step is tried again for a day, and then a person is called. It never takes numbers back.
func (a *Activities) servedHere(ctx context.Context, port string, g carrier.Gateway, status porting.CarrierStatus, numbers []porting.Number) error {
	if a.Registry == nil {
		return nil
	}
	registry := a.Registry.ENUM
	if registry == nil {
		var offers bool
		if registry, offers = carrier.RegistryOf(g); !offers {
			return nil
		}
	}
	moved := moved(status, numbers)
	away, err := a.Registry.Home.Elsewhere(ctx, registry, moved)
	if err != nil {
		return err
	}
	if len(away) == 0 {
		return nil
	}
	return carrier.WithRetryAfter(&porting.Error{
		Kind: porting.Failed, Code: "registry-disagrees", Op: "verify port", Object: port,
		Detail: fmt.Sprintf("the registry does not have %d of %d numbers here, %s among them", len(away), len(moved), away[0]),
		Next:   "it is asked again by itself; if it stays so, ask the carrier to update the registry",
	}, registryPause)
}

// moved are the numbers that the carrier does not say stay behind.
func moved(status porting.CarrierStatus, numbers []porting.Number) []porting.Number {
	stays := map[porting.Number]bool{}
	for _, n := range status.Numbers {
		stays[n.Number] = n.State != porting.CarrierActive
	}
	var all []porting.Number
	for _, n := range numbers {
		if !stays[n] {
			all = append(all, n)
		}
	}
	return all
}
