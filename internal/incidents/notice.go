package incidents

import (
	"context"
	"time"

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
// this is done: her line remembers it, and so does the message's own key. It goes in pieces, so that the clinic works on meanwhile; what a call that was broken
// off, or took longer than one press may, has left is done by the next. fault.Conflict "fault.incident_not_yet" when nobody decided that the law
// asks for it, "fault.incident_no_text" when there is no text.
func (s *Service) Notify(ctx context.Context, who access.Caller, one id.ID) (n int, err error) {
	err = s.act(ctx, who, one, func(tx *store.Tx, i Incident) error {
		if err := mayTell(&tx.View, i); err != nil {
			return err
		}
		tx.Housekeeping("whom it touched is worked out anew; telling them is recorded piece by piece")
		return compute(tx, i, s.o.Carries(i.Processor))
	})
	long := time.NewTimer(onePress)
	defer long.Stop()
	for behind := id.Zero; err == nil; {
		told, last := 0, behind
		err = s.db.Gently(ctx, func() error {
			return s.act(ctx, who, one, func(tx *store.Tx, i Incident) (err error) {
				if err := mayTell(&tx.View, i); err != nil {
					return err
				}
				told, last, err = tellSome(tx, one, behind, n == 0)
				return err
			})
		})
		if err != nil || last == behind {
			break
		}
		n, behind = n+told, last
		select {
		case <-long.C:
			return n, nil
		default:
		}
	}
	return n, err
}

const (
	// toldAtOnce is how many are told in one Change.
	toldAtOnce = 250
	// onePress is how long somebody who pressed the button waits at most; the next press goes on.
	onePress = 20 * time.Second
)

// mayTell says whether the notice may go out.
func mayTell(v *store.View, i Incident) error {
	if i.State != Confirmed || i.Notifiable != "yes" {
		return fault.New(fault.Conflict, "fault.incident_not_yet")
	}
	texts, err := messaging.SecurityTexts(v, i.ID)
	if err == nil && len(texts) == 0 {
		err = fault.New(fault.Conflict, "fault.incident_no_text")
	}
	return err
}

// tellSome tells the next of those who were not told, and answers how many and who was looked at last; behind when nobody is left.
func tellSome(tx *store.Tx, one, behind id.ID, first bool) (n int, last id.ID, err error) {
	people, err := untold(&tx.View, one, behind, toldAtOnce)
	if err != nil || len(people) == 0 {
		tx.Housekeeping("nobody is left who was not told")
		return 0, behind, err
	}
	for _, p := range people {
		last = p.ID
		if !p.Reach {
			continue
		}
		message, err := messaging.TellSecurity(tx, one, p.ID, p.Patient)
		if err != nil {
			return 0, behind, err
		}
		if message.IsZero() { // erased meanwhile
			continue
		}
		if _, err := tx.Exec(sqlPersonTold, one, p.ID, tx.Now(), "message"); err != nil {
			return 0, behind, err
		}
		n++
	}
	tx.Record(audit.Note{Action: "notify", Kind: "incident", Subject: one, New: map[string]any{"count": n}})
	if n == 0 || !first {
		return n, last, nil
	}
	return n, last, addStep(tx, one, Step{Kind: StepTold})
}

// ToldByHand says that one affected patient was told by telephone, by letter or at the desk. line is her line. fault.NotFound when there is none
// who was not told.
func (s *Service) ToldByHand(ctx context.Context, who access.Caller, one, line id.ID) error {
	return s.act(ctx, who, one, func(tx *store.Tx, _ Incident) error {
		tx.Record(audit.Note{Action: "told-by-hand", Kind: "incident", Subject: one, New: line})
		return tx.Must(sqlPersonTold, one, line, tx.Now(), "hand")
	})
}
