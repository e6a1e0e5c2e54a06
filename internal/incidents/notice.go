package incidents

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vault"
)

func seal(tx *store.Tx, column string, one id.ID, words string) ([]byte, error) {
	return tx.Seal(vault.ClinicData, "incident", column, one, words)
}

// SetTexts writes what the affected people are told, by language. An empty text is left out. fault.Invalid names "subject_en", "body_en" and so on.
func (s *Service) SetTexts(ctx context.Context, who access.Caller, one id.ID, texts []messaging.SecurityNotice) error {
	return s.act(ctx, who, one, func(tx *store.Tx, _ Incident) error {
		said := map[string]string{}
		for _, n := range texts {
			if n.Subject == "" && n.Body == "" {
				continue
			}
			if err := messaging.SetSecurityText(tx, one, n); err != nil {
				return err
			}
			said[n.Language] = n.Subject
		}
		if len(said) == 0 {
			return fault.New(fault.Conflict, "fault.incident_no_text")
		}
		tx.Record(audit.Note{Action: "write-notice", Kind: "incident", Subject: one, New: said})
		return nil
	})
}

// Notify plans the notice for everybody affected who was not told and has an address, and answers how many. Each gets it once, however often
// this is done: her line remembers it, and so does the message's own key. fault.Conflict "fault.incident_not_yet" when nobody decided that the law
// asks for it, "fault.incident_no_text" when there is no text.
func (s *Service) Notify(ctx context.Context, who access.Caller, one id.ID) (n int, err error) {
	err = s.act(ctx, who, one, func(tx *store.Tx, i Incident) error {
		n = 0
		if i.State != Confirmed || i.Notifiable != "yes" {
			return fault.New(fault.Conflict, "fault.incident_not_yet")
		}
		texts, err := messaging.SecurityTexts(&tx.View, one)
		if err != nil {
			return err
		}
		if len(texts) == 0 {
			return fault.New(fault.Conflict, "fault.incident_no_text")
		}
		if err := compute(tx, i, s.o.Carries(i.Processor)); err != nil {
			return err
		}
		people, err := affected(&tx.View, one, mostToTell)
		if err != nil {
			return err
		}
		for _, p := range people {
			if p.ToldAt > 0 || !p.Reach {
				continue
			}
			message, err := messaging.TellSecurity(tx, one, p.ID, p.Patient)
			if err != nil {
				return err
			}
			if message.IsZero() { // erased meanwhile
				continue
			}
			if _, err := tx.Exec(sqlPersonTold, one, p.ID, tx.Now(), "message"); err != nil {
				return err
			}
			n++
		}
		tx.Record(audit.Note{Action: "notify", Kind: "incident", Subject: one, New: map[string]any{"count": n}})
		if n == 0 {
			return nil
		}
		return addStep(tx, one, Step{Kind: StepTold})
	})
	return n, err
}

// mostToTell is how many are told by one press; the next press goes on.
const mostToTell = 5000

// ToldByHand says that one affected patient was told by telephone, by letter or at the desk. line is her line. fault.NotFound when there is none
// who was not told.
func (s *Service) ToldByHand(ctx context.Context, who access.Caller, one, line id.ID) error {
	return s.act(ctx, who, one, func(tx *store.Tx, _ Incident) error {
		tx.Record(audit.Note{Action: "told-by-hand", Kind: "incident", Subject: one, New: line})
		return tx.Must(sqlPersonTold, one, line, tx.Now(), "hand")
	})
}
