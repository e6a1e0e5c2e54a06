package retention

import (
	"context"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/domains"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/law"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/subscription"
	"almirah/internal/support"
	"almirah/internal/vault"
)

// Alone is how long an owner who wants her clinic destroyed at once waits when no second owner agrees: any owner can stop it until then. Ours.
const Alone = 72 * time.Hour

// Closing is how a clinic that leaves stands.
type Closing struct {
	By        id.ID // the owner who closed it
	At        clock.Instant
	GoesAt    clock.Instant // when it is destroyed, unless an owner comes back before
	Remainder bool          // whether counts of ten and more may stay, of nobody
	NoticedAt clock.Instant // when the owners were told that it goes in two days; zero: not yet
	NowBy     id.ID         // the owner who wants it destroyed at once; zero: nobody
	NowAt     clock.Instant
	Custodian string // who answers for what a law wants kept, and how to reach her; empty: the clinic as it was
	SecondBy  id.ID  // the second owner who agreed; zero: none
	SecondAt  clock.Instant
	Version   int64
}

const (
	sqlClosingGet   = `SELECT asked_by, asked_at, goes_at, remainder, noticed_at, now_by, now_at, second_by, second_at, custodian, version FROM closing WHERE clinic_id = $1`
	sqlClosingWho   = `UPDATE closing SET custodian = $3, version = version + 1 WHERE clinic_id = $1 AND version = $2`
	sqlClosingAdd   = `INSERT INTO closing (clinic_id, asked_by, asked_at, goes_at, remainder) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (clinic_id) DO NOTHING`
	sqlClosingNow   = `UPDATE closing SET now_by = $3, now_at = $4, goes_at = $5, second_by = NULL, second_at = 0, noticed_at = 0, version = version + 1 WHERE clinic_id = $1 AND version = $2 AND now_at = 0`
	sqlClosingTwo   = `UPDATE closing SET second_by = $3, second_at = $4, goes_at = $4, version = version + 1 WHERE clinic_id = $1 AND version = $2 AND now_at > 0 AND second_at = 0`
	sqlClosingLater = `UPDATE closing SET now_by = NULL, now_at = 0, second_by = NULL, second_at = 0, goes_at = $3, noticed_at = 0, version = version + 1 WHERE clinic_id = $1 AND version = $2 AND now_at > 0`
	sqlClosingTold  = `UPDATE closing SET noticed_at = $2, goes_at = $3 WHERE clinic_id = $1 AND noticed_at = 0`
	sqlClosingAnew  = `UPDATE closing SET noticed_at = 0 WHERE clinic_id = $1 AND second_at = 0`
	sqlClosingDrop  = `DELETE FROM closing WHERE clinic_id = $1`

	sqlGoneAdd  = `INSERT INTO clinic_gone (clinic_id, begun_at) VALUES ($1, $2) ON CONFLICT (clinic_id) DO NOTHING`
	sqlGoneDone = `UPDATE clinic_gone SET gone_at = $2, records = records + $3 WHERE clinic_id = $1`
	sqlGoneAll  = `SELECT clinic_id, gone_at FROM clinic_gone`
	sqlRestAdd  = `INSERT INTO remainder (place, month, action, times) VALUES ($1, $2, $3, $4) ON CONFLICT (place, month, action) DO UPDATE SET times = remainder.times + excluded.times`
)

// closingOf is how the clinic stands; there is false when no owner closed it.
func closingOf(v *store.View) (out Closing, there bool, err error) {
	var custodian []byte
	err = v.Row(sqlClosingGet).Scan(&out.By, &out.At, &out.GoesAt, &out.Remainder, &out.NoticedAt, &out.NowBy, &out.NowAt, &out.SecondBy, &out.SecondAt, &custodian, &out.Version)
	if err == store.ErrNoRows {
		return out, false, nil
	}
	if err == nil {
		out.Custodian, err = v.Unseal(vault.ClinicData, "closing", "custodian", v.Clinic(), custodian)
	}
	return out, err == nil, err
}

// ClosingOf is how the clinic stands, for its owners.
func (s *Service) ClosingOf(ctx context.Context, who access.Caller) (out Closing, there bool, err error) {
	err = s.db.View(ctx, who, access.ClinicAccount, func(_ context.Context, v *store.View) error {
		out, there, err = closingOf(v)
		return err
	})
	return out, there, err
}

// grace is how long the clinic can come back: the life of the class Account, from the day on which it was closed.
func grace(c clinics.Clinic, from clock.Instant) clock.Instant {
	return law.LifeOf(c.Jurisdiction, law.Account).Usual.End(from, c.Location()) + 1
}

// Close closes the clinic, by an owner: nobody books online from now on; its people read, work and export for ninety days, and any owner can come back
// (promise account-closing). remainder allows that counts of ten and more, of which nobody can be worked out, stay when it goes. fault.Conflict when it is
// closed already.
func (s *Service) Close(ctx context.Context, who access.Caller, remainder bool) error {
	name := ""
	err := s.db.Change(ctx, who, access.ClinicAccount, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		name = c.Name
		if err := clinics.SetClosing(tx, true); err != nil {
			return err
		}
		goes := grace(c, tx.Now())
		tx.Record(audit.Note{Action: "change-status", Kind: "clinic", Subject: tx.Clinic(), Old: clinics.Open, New: map[string]any{"status": clinics.Closing, "goes": goes, "counts stay": remainder}})
		return changed(tx.Exec(sqlClosingAdd, who.Actor(), tx.Now(), goes, remainder))
	})
	if err != nil {
		return err
	}
	return s.mail(ctx, who.Clinic(), name, accounts.NoticeClosing, "/app/account/closing")
}

// Reopen takes the closing back, by any owner, until the clinic is destroyed: everything is as it was. fault.Conflict when it is not closing, or begun to go.
func (s *Service) Reopen(ctx context.Context, who access.Caller) error {
	name := ""
	err := s.db.Change(ctx, who, access.ClinicAccount, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		name = c.Name
		x, there, err := closingOf(&tx.View)
		if err != nil {
			return err
		}
		if there && x.due(tx.Now()) {
			return fault.New(fault.Conflict, "fault.clinic_goes")
		}
		if err := clinics.SetClosing(tx, false); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "change-status", Kind: "clinic", Subject: tx.Clinic(), Old: clinics.Closing, New: clinics.Open})
		_, err = tx.Exec(sqlClosingDrop)
		return err
	})
	if err != nil {
		return err
	}
	return s.mail(ctx, who.Clinic(), name, accounts.NoticeClosingStopped, "/app/account")
}

// Arrived lets a clinic that was closing where it comes from be open in the house to which it moved (promise export-arrives): it leaves that house, not this one, and nobody here asked that it
// be destroyed. A clinic that was not closing stays as it is.
func Arrived(tx *store.Tx) error {
	if _, err := tx.Exec(sqlClosingDrop); err != nil {
		return err
	}
	err := clinics.SetClosing(tx, false)
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	tx.Record(audit.Note{Action: "change-status", Kind: "clinic", Subject: tx.Clinic(), Old: clinics.Closing, New: clinics.Open})
	return err
}

// AfterRestore has the owners of a clinic that closes told anew that it goes, and leaves them their two days: since the backup one of them may have come back, and the letter that
// told them may never have left (promise account-closing). What two owners said stands: it cannot be stopped any more.
func AfterRestore(tx *store.Tx) error {
	_, err := tx.Exec(sqlClosingAnew)
	return err
}

// mostCustodian is how many letters say who answers.
const mostCustodian = 200

// NameCustodian says who answers for what a law wants kept when the clinic has gone, and how to reach her (promise closing-holds). fault.Conflict when the clinic is not closing, or the
// page is older; fault.Invalid names "custodian".
func (s *Service) NameCustodian(ctx context.Context, who access.Caller, text string, version int64) error {
	var f fault.Fields
	if text = strings.TrimSpace(text); len([]rune(text)) > mostCustodian {
		f.AddWith("custodian", "field.text.too_long", map[string]any{"Max": mostCustodian})
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' }) {
		f.Add("custodian", "field.text.control")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.ClinicAccount, func(_ context.Context, tx *store.Tx) error {
		sealed, err := tx.Seal(vault.ClinicData, "closing", "custodian", tx.Clinic(), text)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "change", Kind: "closing", Subject: tx.Clinic(), New: map[string]string{"custodian": text}})
		return changed(tx.Exec(sqlClosingWho, version, sealed))
	})
}

// answers is who answers for what is held: whom an owner named, or the clinic as its profile has it.
func (c Closing) answers(of clinics.Clinic) string {
	if c.Custodian != "" {
		return c.Custodian
	}
	var out []string
	for _, part := range []string{of.Name, of.Contact, of.Email, of.Phone} {
		if part != "" {
			out = append(out, part)
		}
	}
	return strings.Join(out, ", ")
}

// due says whether the clinic is to be destroyed now.
func (c Closing) due(now clock.Instant) bool {
	return now >= c.GoesAt && (c.SecondAt > 0 || c.NoticedAt > 0 && now.Sub(c.NoticedAt) >= Warned)
}

// Now asks for the clinic to be destroyed without the rest of its ninety days (promise closing-sooner). One owner's word waits for 72 hours; the word of a
// second one, by the same verb, makes it at once. fault.Conflict when the clinic is not closing, the page is older, or she asked already;
// fault.Forbidden for a second word of somebody who joined after the first.
func (s *Service) Now(ctx context.Context, who access.Caller, version int64) error {
	here, err := s.here(ctx, who)
	if err != nil {
		return err
	}
	name, alone := "", false
	err = s.db.Change(ctx, who, access.ClinicAccount, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		x, there, err := closingOf(&tx.View)
		if err != nil {
			return err
		}
		if !there || x.NowBy == who.Actor() {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if name, alone = c.Name, x.NowAt == 0; !alone {
			if here > x.NowAt {
				return accounts.TooNew()
			}
			tx.Record(audit.Note{Action: "agree-destroy", Kind: "clinic", Subject: tx.Clinic()})
			return changed(tx.Exec(sqlClosingTwo, version, who.Actor(), tx.Now()))
		}
		tx.Record(audit.Note{Action: "ask-destroy", Kind: "clinic", Subject: tx.Clinic(), New: tx.Now().Add(Alone)})
		return changed(tx.Exec(sqlClosingNow, version, who.Actor(), tx.Now(), tx.Now().Add(Alone)))
	})
	if err != nil {
		return err
	}
	if !alone {
		return s.mail(ctx, who.Clinic(), name, accounts.NoticeClosingSoon, "/app/account/closing")
	}
	return s.announceEnd(ctx, who, access.ClinicAccount, name)
}

// announceEnd tells the owners that the clinic goes soon, and notes then that they were told: what breaks off before that is told again within the hour, and nothing is
// destroyed until two days after.
func (s *Service) announceEnd(ctx context.Context, who access.Caller, right access.Right, name string) error {
	if err := s.mail(ctx, who.Clinic(), name, accounts.NoticeClosingSoon, "/app/account/closing"); err != nil {
		return err
	}
	return s.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		x, _, err := closingOf(&tx.View)
		if err != nil {
			return err
		}
		goes := max(x.GoesAt, tx.Now().Add(Warned))
		tx.Record(audit.Note{Action: "announce-destroy", Kind: "clinic", Subject: tx.Clinic(), New: goes})
		_, err = tx.Exec(sqlClosingTold, tx.Now(), goes)
		return err
	})
}

// Later takes back that the clinic is destroyed sooner, by any owner: the ninety days stand again. fault.Conflict when nobody asked, or it is begun.
func (s *Service) Later(ctx context.Context, who access.Caller, version int64) error {
	return s.db.Change(ctx, who, access.ClinicAccount, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		x, there, err := closingOf(&tx.View)
		if err != nil {
			return err
		}
		if !there || x.due(tx.Now()) {
			return fault.New(fault.Conflict, "fault.clinic_goes")
		}
		tx.Record(audit.Note{Action: "stop-destroy", Kind: "clinic", Subject: tx.Clinic()})
		return changed(tx.Exec(sqlClosingLater, version, max(grace(c, x.At), tx.Now().Add(Warned))))
	})
}

// mail tells the owners of a clinic, whoever asked.
func (s *Service) mail(ctx context.Context, clinic id.ID, name, notice, path string) error {
	if s.o.Accounts == nil || s.o.ForClinic == nil {
		return nil
	}
	return s.o.Accounts.TellOwners(ctx, s.o.ForClinic(clinic), name, notice, path)
}

// WatchClosing looks, for one clinic, whether its owners are to be told that it goes in two days, and whether it is to be destroyed. It is run every hour.
func (s *Service) WatchClosing(ctx context.Context, who access.Caller) error {
	var x Closing
	var c clinics.Clinic
	err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) (err error) {
		if c, err = clinics.Get(v); err != nil {
			return err
		}
		x, _, err = closingOf(v)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil // it has gone
	}
	if err != nil || c.Status != clinics.Closing {
		return err
	}
	now := clock.At(s.db.Clock().Now())
	if x.At == 0 { // closed by an earlier release, which wrote no more than the day
		return s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Record(audit.Note{Action: "change-status", Kind: "clinic", Subject: tx.Clinic(), New: clinics.Closing})
			_, err := tx.Exec(sqlClosingAdd, id.Zero, c.ClosingSince, max(grace(c, c.ClosingSince), now.Add(Warned)), false)
			return err
		})
	}
	if x.NoticedAt == 0 && x.SecondAt == 0 && (x.NowAt > 0 || now >= x.GoesAt.Add(-Warned)) {
		return s.announceEnd(ctx, who, access.Work, c.Name)
	}
	if !x.due(now) {
		return nil
	}
	if err := s.believed(ctx, s.o.Platform()); err != nil {
		return err
	}
	_, err = s.Destroy(ctx, who, c, x, func(string, int64) {})
	return err
}

// Destroy takes a clinic away for good: what may stay as counts is counted, it is put on record, its keys are destroyed, and then its rows go. Whatever
// breaks it off, Finish goes on where it was.
func (s *Service) Destroy(ctx context.Context, who access.Caller, c clinics.Clinic, x Closing, say func(table string, rows int64)) (int64, error) {
	rest, err := s.rest(ctx, who, c, x)
	if err != nil {
		return 0, err
	}
	if s.o.Keep != nil {
		if err := s.o.Keep(ctx, who, c, x.answers(c)); err != nil {
			return 0, err
		}
	}
	err = s.db.Across(ctx, s.o.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		n, err := p.Exec(sqlGoneAdd, c.ID, p.Now())
		if err != nil {
			return err
		}
		p.Record(audit.Note{Action: "destroy", Kind: "clinic", Subject: c.ID})
		if n == 0 {
			return nil // counted before
		}
		for _, m := range rest {
			if _, err := p.Exec(sqlRestAdd, c.Jurisdiction, m.Month, m.Action, m.Times); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := s.db.Vault().ShredClinic(ctx, c.ID, "clinic_closed"); err != nil {
		return 0, err
	}
	return s.Finish(ctx, c.ID, say)
}

// rest are the counts that may stay of a clinic that allowed it: by month and act, none below ten, and nothing by which a clinic or a person is told again.
func (s *Service) rest(ctx context.Context, who access.Caller, c clinics.Clinic, x Closing) (out []scheduling.MonthCount, err error) {
	if !x.Remainder {
		return nil, nil
	}
	err = s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		old, err := scheduling.MonthCounts(v)
		if err != nil {
			return err
		}
		now, err := scheduling.LogCounts(v, c.Location())
		out = append(old, now...)
		return err
	})
	return out, err
}

// Finish takes away the rows of a clinic whose keys were destroyed, and frees its name, host, sign-ins and seats: also when the database came back from a
// backup of before. It may be broken off and begun again. It answers how many rows went.
func (s *Service) Finish(ctx context.Context, clinic id.ID, say func(table string, rows int64)) (int64, error) {
	err := s.db.Across(ctx, s.o.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a clinic that goes is on record")
		_, err := p.Exec(sqlGoneAdd, clinic, p.Now())
		return err
	})
	if err != nil {
		return 0, err
	}
	if s.o.Kept != nil {
		if err := s.o.Kept(ctx, clinic); err != nil {
			return 0, err
		}
	}
	if err := s.forgetOrders(ctx, clinic); err != nil {
		return 0, err
	}
	n, err := s.db.EmptyClinic(ctx, s.o.ForClinic(clinic), s.o.Tables, say)
	if err != nil {
		return n, err
	}
	return n, s.db.Across(ctx, s.o.Platform(), access.PlatformOperate, func(ctx context.Context, p *store.Platform) error {
		// Whose account has nothing else to be for is known by what goes here: they go in the same passage, or whatever breaks it off would leave them for ever. Their keys go as the last thing
		// before it is committed; one that was destroyed is destroyed again without harm.
		alone, err := accounts.ForgetClinic(p, clinic)
		if err != nil {
			return err
		}
		for _, forget := range []func(*store.Platform, id.ID) error{support.ForgetClinic, subscription.ForgetClinic, incidents.ForgetClinic, domains.ForgetClinic, clinics.Free} {
			if err := forget(p, clinic); err != nil {
				return err
			}
		}
		for _, person := range alone {
			if err := accounts.ForgetPerson(p, person); err != nil {
				return err
			}
		}
		p.Record(audit.Note{Action: "free", Kind: "clinic", Subject: clinic})
		p.Record(audit.Note{Action: "gone", Kind: "clinic", Subject: clinic, New: n})
		if _, err := p.Exec(sqlGoneDone, clinic, p.Now(), n); err != nil {
			return err
		}
		if err := p.Forget(clinic); err != nil {
			return err
		}
		for _, person := range alone {
			if err := s.db.Vault().Shred(ctx, id.Zero, person, "clinic_closed"); err != nil {
				return err
			}
		}
		return nil
	})
}

// EndHeld has what is held of clinics that have gone destroyed on its day, while the clock can be believed. It is run every hour.
func (s *Service) EndHeld(ctx context.Context) error {
	if s.o.End == nil {
		return nil
	}
	if yes, err := s.Believed(ctx); err != nil || !yes {
		return err
	}
	return s.o.End(ctx)
}

// FinishAll goes on with every clinic whose keys were destroyed and of which rows are left: one that a crash broke off, or that came back from a backup.
// It is run at the start after a restore, before anything is served, and every hour.
func (s *Service) FinishAll(ctx context.Context) error {
	list, err := s.db.Vault().GoneClinics(ctx)
	if err != nil || len(list) == 0 {
		return err
	}
	done := map[id.ID]bool{}
	err = s.db.Across(ctx, s.o.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("which clinics have gone")
		rows, err := p.Query(sqlGoneAll)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var one id.ID
			var at clock.Instant
			if err := rows.Scan(&one, &at); err != nil {
				return err
			}
			done[one] = at > 0
		}
		return rows.Err()
	})
	for _, one := range list {
		if err == nil && !done[one] {
			_, err = s.Finish(ctx, one, func(string, int64) {})
		}
	}
	return err
}
