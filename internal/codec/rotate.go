package codec

import (
	"context"

	"github.com/portsaga/portsaga/internal/ledger"
)

// Rotation is what a rotation of tenants' keys did.
type Rotation struct {
	Wrapped int `json:"wrapped"` // data keys that are wrapped with the newest keys now
	Erased  int `json:"erased"`  // that are no more
}

// rotatePage is how many data keys are read at once.
const rotatePage = 200

// Rotate gives keys in a file a new root, and wraps every data key anew. Keys of a KMS are rotated there.
func (r *Ring) Rotate(ctx context.Context, keys TenantKeys) (Rotation, error) {
	if keys.local() {
		if err := keys.addRoot(); err != nil {
			return Rotation{}, err
		}
	}
	return r.Rewrap(ctx)
}

// Rewrap wraps every data key anew with the newest key of its tenant. No payload and no history changes. It may be repeated
// after a fault, and run while ports start.
func (r *Ring) Rewrap(ctx context.Context) (Rotation, error) {
	var done Rotation
	for after := ""; ; {
		page, err := r.store.DataKeys(ctx, after, rotatePage)
		if err != nil {
			return done, err
		}
		for _, row := range page {
			if err := r.rewrap(ctx, row, &done); err != nil {
				return done, err
			}
			after = row.Owner
		}
		if len(page) < rotatePage {
			return done, nil
		}
	}
}

func (r *Ring) rewrap(ctx context.Context, row ledger.DataKey, done *Rotation) error {
	if row.Erased() {
		done.Erased++
		return nil
	}
	handle, err := r.open(row)
	if err != nil {
		return err
	}
	renewed := row
	renewed.KEK = r.wrapper.Place(row.Tenant)
	if renewed.Wrapped, err = r.wrap(handle, renewed); err != nil {
		return err
	}
	changed, err := r.store.Rewrap(ctx, row, renewed.KEK, renewed.Wrapped, r.now().UTC())
	if changed {
		done.Wrapped++
	}
	return err
}
