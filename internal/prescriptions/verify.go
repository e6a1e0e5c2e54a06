package prescriptions

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Genuine is all that anybody learns who has the code of a paper.
type Genuine struct {
	Day                          clock.Date
	Clinic, Signer, Registration string
	Cancelled                    bool // or replaced by a newer one
}

// Verify looks a code up. Whatever is wrong with it, the answer is the same fault.NotFound after the same work: a code that could
// never be one is looked up, too, in a clinic that is none.
func (s *Service) Verify(ctx context.Context, code string) (Genuine, error) {
	clinic, hash, ok := read(code)
	if !ok {
		_, _ = rand.Read(clinic[:]) // crypto/rand never returns an error
		h := sha256.Sum256(clinic[:])
		hash = h[:]
	}
	var out Genuine
	err := s.db.View(ctx, accounts.Public(clinic), access.PublicRead, func(_ context.Context, v *store.View) error {
		var one id.ID
		var signed, ended clock.Instant
		var sealed []byte
		err := v.Row(sqlGenuine, hash).Scan(&one, &signed, &sealed, &ended)
		if errors.Is(err, store.ErrNoRows) {
			return fault.Missing()
		}
		if err != nil {
			return err
		}
		c, err := clinics.Get(v) // turning the module off does not make a paper less genuine
		if err != nil {
			return err
		}
		text, err := v.Unseal(vault.ClinicData, "prescription", "signed_as", one, sealed)
		if err != nil {
			return err
		}
		var as signedAs
		if err := json.Unmarshal([]byte(text), &as); err != nil {
			return err
		}
		out = Genuine{Day: clock.DateOf(signed.In(c.Location())), Clinic: as.Clinic, Signer: as.Signer, Registration: as.Registration, Cancelled: ended > 0}
		return nil
	})
	return out, err
}
