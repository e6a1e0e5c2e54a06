package requests

import (
	"context"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Whoever has lost her link asks for another one with a number or an address. What happens in the passage of the visitor is the same whoever
// exists: the question is written down, and a moment later looked into by the clinic's own work. A link goes only to what is on file.

// EventAsked says that somebody asked for a link. Its subject is the question.
const EventAsked = "request.link-asked"

const (
	mostReached = 6                // of a family that shares a number
	askedAgain  = 10 * time.Minute // within which one person gets one link, however often somebody asks
	askedKept   = 24 * time.Hour
)

// AskLink asks for a link to whoever is on file with the number or the address. The answer is the same whoever exists. fault.Invalid names
// "contact" when it is neither a number nor an address.
func (s *Service) AskLink(ctx context.Context, who access.Caller, typed string) error {
	return s.db.Change(ctx, who, access.RequestAsk, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		phone, email := parsed(typed, c)
		if phone == "" && email == "" {
			var f fault.Fields
			f.Add("contact", "field.request.contact")
			return f.Err()
		}
		one := tx.NewID()
		sealed, err := tx.Seal(vault.ClinicData, "link_asked", "contact", one, typed)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(sqlAskedAdd, one, sealed, tx.Now()); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "ask", Kind: "own-link", Subject: one})
		return tx.Announce(EventAsked, one, 0)
	})
}

// SendLink sends what was asked for: to each person on file with that number or address, at what is on file, at most one in ten minutes. What
// was typed is forgotten. Doing it again does nothing.
func SendLink(tx *store.Tx, asked id.ID) error {
	var sealed []byte
	err := tx.Row(sqlAskedGet, asked).Scan(&sealed)
	if errors.Is(err, store.ErrNoRows) {
		tx.Housekeeping("a question that was answered already")
		return nil
	}
	if err != nil {
		return err
	}
	typed, err := tx.Unseal(vault.ClinicData, "link_asked", "contact", asked, sealed)
	if err != nil {
		return err
	}
	tx.Record(audit.Note{Action: "send", Kind: "own-link", Subject: asked})
	if err := sendLinks(tx, typed); err != nil {
		return err
	}
	_, err = tx.Exec(sqlAskedDone, asked)
	return err
}

func sendLinks(tx *store.Tx, typed string) error {
	c, err := clinics.Get(&tx.View)
	if err != nil {
		return err
	}
	people, err := reached(&tx.View, typed, c)
	if err != nil {
		return err
	}
	for _, p := range people[:min(len(people), mostReached)] {
		if _, err := messaging.TellPrivately(tx, messaging.PrivacyLink, p, p, int64(tx.Now())/int64(askedAgain/time.Microsecond)); err != nil {
			return err
		}
	}
	return nil
}

// reached are those who are on file with what was typed.
func reached(v *store.View, typed string, c clinics.Clinic) ([]id.ID, error) {
	phone, email := parsed(typed, c)
	if phone == "" && email == "" {
		return nil, nil
	}
	return patients.Reached(v, phone, email)
}

// Forget deletes, every hour, questions that nobody looked into: they hold an address as it was typed.
func Forget(tx *store.Tx) error {
	tx.Housekeeping("questions for a link that nobody looked into")
	return forgetAsked(tx, tx.Now())
}

// forgetAsked deletes questions that nobody looked into.
func forgetAsked(tx *store.Tx, now clock.Instant) error {
	_, err := tx.Exec(sqlAskedAge, now.Add(-askedKept))
	return err
}
