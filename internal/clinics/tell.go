package clinics

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/store"
)

// TellOwners has a clinic's owners told, once, of what waits for it. untold counts what waits; told notes the moment in it, and why says where
// the thing itself is recorded. tell is outside of the Change, so that owners who could not be told are told the next time; told twice is
// better than not at all. who is the clinic's own work.
func TellOwners(ctx context.Context, db *store.DB, who access.Caller, untold, told, why string, tell func(clinic string) error) error {
	var name string
	var n int64
	err := db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		if err := v.Row(untold).Scan(&n); err != nil || n == 0 {
			return err
		}
		c, err := Get(v)
		name = c.Name
		return err
	})
	if err != nil || n == 0 {
		return err
	}
	if err := tell(name); err != nil {
		return err
	}
	return db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping(why)
		_, err := tx.Exec(told, tx.Now())
		return err
	})
}
