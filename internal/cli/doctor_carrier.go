package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/doctor"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

func newDoctorCarrier(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "carrier NAME",
		Short:   "Look at one carrier: is it there, does it take our credentials, does its clock agree with ours",
		Long:    "Ask a carrier of PORTSAGA_CARRIERS one question that changes nothing.",
		Example: "  portsaga doctor carrier telnyx",
		Args:    exactly(1, "which carrier? name one of the carriers file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := f.Config()
			if err != nil {
				return err
			}
			gateways, err := worker.Gateways(carrierSettings(cfg))
			if err != nil {
				return err
			}
			g, there := gateways[args[0]]
			if !there {
				return &porting.Error{
					Kind: porting.NotFound, Code: "carrier-unknown", Op: "look at carrier", Object: args[0],
					Detail: "it is not configured", Next: "name it in the file of PORTSAGA_CARRIERS",
				}
			}
			return f.diagnose(cmd.Context(), []doctor.Check{lookAtCarrier(args[0], g)})
		},
	}
}

func carrierSettings(cfg config.Config) worker.Settings {
	return worker.Settings{CarriersFile: cfg.Carriers, Carrier: cfg.Carrier, CarrierURL: cfg.CarrierURL}
}

// carrierChecks look at every carrier that is configured.
func (f *Factory) carrierChecks(cfg config.Config) []doctor.Check {
	gateways, err := worker.Gateways(carrierSettings(cfg))
	if err != nil {
		return []doctor.Check{{Name: "carriers", Look: func(context.Context) doctor.Finding { return doctor.Wrong(err, "correct PORTSAGA_CARRIERS") }}}
	}
	var checks []doctor.Check
	for _, name := range slices.Sorted(maps.Keys(gateways)) {
		checks = append(checks, lookAtCarrier(name, gateways[name]))
	}
	return checks
}

// skewWarning is how far a carrier's clock may be from ours; signed news are refused at five minutes.
const skewWarning = time.Minute

func lookAtCarrier(name string, g carrier.Gateway) doctor.Check {
	return doctor.Check{Name: "carrier " + name, Look: func(ctx context.Context) doctor.Finding {
		checker, is := g.(carrier.Checker)
		if !is {
			return doctor.Skip("it has nothing that can be asked")
		}
		seen, err := checker.Check(ctx)
		switch {
		case err != nil:
			return doctor.Wrong(err, "look again")
		case !seen.Reachable:
			return doctor.Wrong(fmt.Errorf("it does not answer: %s", seen.Detail), "see whether its address is right and the network lets us through")
		case !seen.Authorised:
			return doctor.Wrong(fmt.Errorf("it does not take our credentials: %s", seen.Detail), "replace the key in the file that the carriers file names")
		case seen.Skew.Abs() > skewWarning:
			return doctor.Warn(fmt.Sprintf("its clock and ours are %s apart: its news may be refused as stale", seen.Skew.Abs()), "set this machine's clock")
		}
		return doctor.Good("it answers and takes our credentials")
	}}
}
