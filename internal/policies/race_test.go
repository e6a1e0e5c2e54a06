package policies

import (
	"fmt"
	"sync"
	"testing"

	"almirah/internal/law"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestTwoWhoChangeTheTermsAtOnce: of those who change different terms in one moment, on two pages or by the clinic's own work, each is done; no change is lost, and the versions follow each other.
func TestTwoWhoChangeTheTermsAtOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		d := open(t, b)
		d.patient("Asha Verma")
		for round := range 5 {
			var wait sync.WaitGroup
			for _, k := range []law.Class{law.Passing, law.Letters, law.Opinions} {
				wait.Go(func() {
					if err := d.try(func(tx *store.Tx) error {
						_, err := Move(tx, func(t *Terms) { t.Keep[k] = fmt.Sprintf("P%dD", 29-round) })
						return err
					}); err != nil {
						t.Errorf("%s: %v", k, err)
					}
				})
			}
			wait.Wait()
			d.view(func(v *store.View) error {
				x, err := Stand(v)
				if err != nil {
					return err
				}
				now, _ := x.Holds()
				for _, k := range []law.Class{law.Passing, law.Letters, law.Opinions} {
					if got, want := now.Terms.Keep[k], fmt.Sprintf("P%dD", 29-round); got != want {
						t.Errorf("%s lives %s, not %s", k, got, want)
					}
				}
				n, wrong, err := Genuine(v)
				if err == nil && wrong != 0 {
					t.Errorf("version %d of %d is not what its hash says", wrong, n)
				}
				return err
			})
		}
	})
}
