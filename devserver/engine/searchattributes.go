package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/porting"
)

// registerSearchAttributes adds the attributes that the namespace lacks and returns when a query may name each of them.
// Creating a namespace does not touch one that exists, so that this is the only way for an existing file.
func (e *Engine) registerSearchAttributes(ctx context.Context) error {
	o := clientOptions(loopback(e.ports.internalFrontend), e.options.Namespace)
	o.ConnectionOptions.GetSystemInfoTimeout = patience
	c, err := client.DialContext(ctx, o)
	if err != nil {
		return fmt.Errorf("engine: connect to the server: %w", err)
	}
	defer c.Close()

	registered, err := listSearchAttributes(ctx, c, e.options.Namespace)
	if err != nil {
		return fmt.Errorf("engine: list search attributes: %w", err)
	}
	missing, err := missingSearchAttributes(e.options.SearchAttributes, registered)
	if err != nil || len(missing) == 0 {
		return err
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: e.options.Namespace, SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("engine: add search attributes: %w", err)
	}
	return awaitUsable(ctx, c, e.options.Namespace, missing)
}

// listSearchAttributes is the first call to a new server: it waits until the namespace is known.
func listSearchAttributes(ctx context.Context, c client.Client, namespace string) (map[string]enumspb.IndexedValueType, error) {
	var registered map[string]enumspb.IndexedValueType
	err := await(ctx, func() error {
		list, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
		registered = list.GetCustomAttributes()
		return err
	})
	return registered, err
}

func missingSearchAttributes(wanted, registered map[string]enumspb.IndexedValueType) (map[string]enumspb.IndexedValueType, error) {
	missing := make(map[string]enumspb.IndexedValueType)
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		found, ok := registered[name]
		if !ok {
			missing[name] = wanted[name]
			continue
		}
		if found != wanted[name] {
			return nil, &porting.Error{
				Kind: porting.Refused, Code: "engine-search-attribute-type", Op: "register search attribute", Object: name,
				Detail: fmt.Sprintf("it exists as %s and is wanted as %s", found, wanted[name]),
				Next:   "a type cannot be changed: use a new name, or start in an empty directory",
			}
		}
	}
	return missing, nil
}

func awaitUsable(ctx context.Context, c client.Client, namespace string, names map[string]enumspb.IndexedValueType) error {
	for name := range names {
		err := await(ctx, func() error {
			_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
				Namespace: namespace, Query: name + " IS NOT NULL",
			})
			return err
		})
		if err != nil {
			return fmt.Errorf("engine: search attribute %s: %w", name, err)
		}
	}
	return nil
}

// patience is how long a part of the server may take to answer: on a machine that has much else to do it is many seconds.
const patience = 30 * time.Second

// await calls try until it succeeds, or patience is over. Its error is that of the last try.
func await(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}
