package messaging

import (
	"context"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// Calendar is a patient's own appointment as a file for her calendar. It has the UID of the
// invitations that were mailed, so that taking it twice gives one entry.
func (s *Service) Calendar(ctx context.Context, who access.Caller, appointment id.ID) ([]byte, error) {
	var out []byte
	err := s.db.View(ctx, who, access.BookedRead, func(_ context.Context, v *store.View) error {
		f, err := scheduling.FactsOf(v, appointment)
		if err != nil {
			return err
		}
		if f.Patient != who.Patient() || !who.About().IsZero() && who.About() != appointment {
			return fault.Missing()
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		_, _, lang, err := patients.Contact(v, f.Patient)
		if err != nil {
			return err
		}
		status := "CONFIRMED"
		if f.Status == scheduling.Cancelled {
			status = "CANCELLED"
		}
		t := s.book.Tongue(firstOf(lang, f.Language, c.Languages...))
		organizer := c.Email
		if organizer == "" {
			organizer = s.sender
		}
		out, err = Invitation{UID: appointment.String() + "@" + s.host, Sequence: int(f.Sequence), Method: Publish, Status: status,
			Start: f.StartsAt.Time(), End: f.EndsAt.Time(), Zone: c.Location(), Summary: t.Say("message.calendar", "ClinicName", c.Name),
			Location: strings.ReplaceAll(c.Address, "\n", ", "), Description: f.ProviderName, OrganizerName: c.Name, OrganizerEmail: organizer, Stamp: v.Now().Time()}.ICS()
		v.Opened("appointment", appointment, f.Patient)
		return err
	})
	return out, err
}
