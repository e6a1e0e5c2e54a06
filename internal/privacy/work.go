package privacy

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/store"
	"almirah/internal/vault"
)

const (
	noticeDays = 1                   // before the last day: forty-eight hours before the end
	noticeFor  = 47 * time.Hour      // how long a notice stands at least; the day on which clocks are set forward is an hour short
	bridge     = 31 * 24 * time.Hour // how long what is held lies beside the keys at least: copies that an operator made by himself are put back too
	mostEnding = 200                 // holds that are looked at in one page
	mostIssued = 50                  // erasures that are looked at in one page
)

// Work is what this room does for a clinic every hour: it tells what ends within two days, destroys the keys of what has ended, issues certificates that are due, and takes away
// what was put beside the keys once no backup is left that lacks it. It may be repeated.
func (s *Service) Work(ctx context.Context, who access.Caller) error {
	ended := s.endHolds(ctx, who)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(ended, s.certifyAll(ctx, who))
}

// certifyAll issues what is due of every erasure that misses something, a page after the other: one that cannot be certified hides none behind it.
func (s *Service) certifyAll(ctx context.Context, who access.Caller) error {
	var failed []error
	var last Erasure // of the page before
	for {
		var open []Erasure
		err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) (err error) {
			open, err = erasures(v, sqlUncertified, last.At, last.ID, mostIssued)
			return err
		})
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, e := range open {
			if err := s.certify(ctx, who, access.Work, e.ID, true); err != nil {
				failed = append(failed, fmt.Errorf("privacy: the erasure %s: %w", e.ID, err))
			}
		}
		if ctx.Err() != nil || len(open) < mostIssued {
			return errors.Join(failed...)
		}
		last = open[len(open)-1]
	}
}

// endHolds tells what ends, and ends it two days later. Each hold has a Change of its own: one that cannot be ended keeps none of the others beyond its day.
func (s *Service) endHolds(ctx context.Context, who access.Caller) error {
	var failed []error
	var last Notice // of the page before
	for {
		var list []Notice
		err := s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) (err error) {
			list, err = ending(v, last)
			return err
		})
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, h := range list {
			if err := s.endHold(ctx, who, h); err != nil {
				failed = append(failed, fmt.Errorf("privacy: the hold %s: %w", h.ID, err))
			}
		}
		if ctx.Err() != nil || len(list) < mostEnding {
			break
		}
		last = list[len(list)-1]
	}
	failed = append(failed, s.db.Change(ctx, who, access.Work, func(ctx context.Context, tx *store.Tx) error {
		tx.Housekeeping("what a law held of erased people came back with a backup, and its key is destroyed")
		return s.strays(ctx, tx, tx.Clinic())
	}), s.db.Change(ctx, who, access.Work, func(ctx context.Context, tx *store.Tx) error {
		tx.Housekeeping("what was to prove erasures")
		return s.expire(ctx, tx)
	}))
	return errors.Join(failed...)
}

// endHold tells that the hold ends, or ends it when that was told long enough ago and its day is over.
func (s *Service) endHold(ctx context.Context, who access.Caller, h Notice) error {
	return s.db.Change(ctx, who, access.Work, func(ctx context.Context, tx *store.Tx) error {
		tx.Housekeeping("what a law held of erased people and holds no longer")
		_, zone, err := clinicOf(&tx.View)
		if err != nil {
			return err
		}
		today := dayOf(tx.Now(), zone)
		if h.Noticed == 0 {
			if _, err := tx.Exec(sqlNotice, h.ID, tx.Now()); err != nil {
				return err
			}
			tx.Record(audit.Note{Action: "notice", Kind: "held-record", Subject: h.ID, New: map[string]string{"until": string(h.Last)}})
			return nil
		}
		if h.Last >= today || tx.Now().Sub(h.Noticed) < noticeFor {
			return nil
		}
		of, err := erasures(&tx.View, sqlGet, h.Erasure)
		if err != nil {
			return err
		}
		if len(of) == 1 {
			if kept, err := s.ordered(&tx.View, of[0].Patient); err != nil || kept {
				return err
			}
		}
		return s.end(ctx, tx, h, today)
	})
}

// end destroys a hold's key and takes its rows away. The key goes first: what is left by a crash opens to nobody, and the next run takes it away. A hold that moved in from another
// house without its text has no key here: it ends on its day all the same.
func (s *Service) end(ctx context.Context, tx *store.Tx, h Notice, today clock.Date) error {
	if h.Sealed {
		if err := s.o.Vault.EndHeld(ctx, tx.Clinic(), h.ID, today); err != nil && !errors.Is(err, vault.ErrNeverHeld) {
			return err
		}
	}
	if _, err := tx.Exec(sqlPartDrop, h.ID); err != nil {
		return err
	}
	_, err := tx.Exec(sqlEnd, h.ID, tx.Now())
	tx.Record(audit.Note{Action: "expire", Kind: "held-record", Subject: h.ID, New: map[string]any{"class": string(h.Class), "until": string(h.Last), "key": hex.EncodeToString(s.o.Vault.KeyID(tx.Clinic(), h.ID))}})
	return err
}

// strays takes away rows whose key was destroyed already: they came back with a backup.
func (s *Service) strays(ctx context.Context, tx *store.Tx, clinic id.ID) error {
	list, err := store.IDs(&tx.View, sqlSealed)
	if err != nil {
		return err
	}
	for _, one := range list {
		gone, err := s.o.Vault.Gone(ctx, clinic, one)
		if err != nil {
			return err
		}
		if !gone {
			continue
		}
		if _, err := tx.Exec(sqlPartDrop, one); err != nil {
			return err
		}
		if _, err := tx.Exec(sqlEnd, one, tx.Now()); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "expire", Kind: "held-record", Subject: one})
	}
	return nil
}

// clean says whether nothing of the erased person is left in any room, but what a law keeps in its place.
func (s *Service) clean(ctx context.Context, v *store.View, patient id.ID) (bool, error) {
	if gone, err := s.o.Vault.Gone(ctx, v.Clinic(), patient); err != nil || !gone {
		return false, err
	}
	for _, k := range s.o.Rooms {
		all, err := k.Collect(v, patient)
		if err != nil {
			return false, err
		}
		if len(all) == 0 {
			continue
		}
		stays := false
		if h, ok := k.(Holder); ok {
			list, err := h.Held(v, patient)
			if err != nil {
				return false, err
			}
			for _, r := range list {
				stays = stays || r.Stays
			}
		}
		if !stays {
			return false, nil
		}
	}
	return true, nil
}

// certify issues what is due of an erasure. Of one that moved in with its clinic the other house destroyed the key, and only that house can say what became of the keys above it and of
// its backups: certificate two is not ours to give. later says whether the backups are looked at as well, which may take a while.
func (s *Service) certify(ctx context.Context, who access.Caller, right access.Right, one id.ID, later bool) error {
	head := ""
	if s.o.Head != nil {
		var err error
		if head, err = s.o.Head(ctx); err != nil {
			return err
		}
	}
	var e Erasure
	var clean, ours bool
	var due int // things that a carrier is being asked to erase
	var now clock.Instant
	err := s.db.View(ctx, who, right, func(ctx context.Context, v *store.View) error {
		now = v.Now()
		list, err := erasures(v, sqlGet, one)
		if err != nil || len(list) == 0 {
			return err
		}
		e, clean = list[0], false
		if _, due, err = openAsks(v, e.ID); err == nil && e.FirstAt == 0 {
			clean, err = s.clean(ctx, v, e.Patient)
		}
		if err == nil {
			ours, err = s.o.Vault.Gone(ctx, v.Clinic(), e.Patient)
		}
		return err
	})
	if err != nil || e.ID.IsZero() {
		return err
	}
	var old past
	if later {
		if old, err = s.older(ctx, who.Clinic(), e.At); err != nil {
			return err
		}
	}
	first, second, drop := e.FirstAt == 0 && clean, ours && e.FirstAt > 0 && e.SecondAt == 0 && old.over() && due == 0, e.bridged && old.none && later && now.Sub(e.At) >= bridge
	if !first && !second && !drop {
		return nil
	}
	return s.db.Change(ctx, who, right, func(ctx context.Context, tx *store.Tx) error {
		tx.Housekeeping("certificates of erasure")
		if e.Asked, err = askedOf(&tx.View, e.ID); err != nil {
			return err
		}
		if err := fill(&tx.View, &e); err != nil {
			return err
		}
		switch {
		case first:
			if err := s.issue(ctx, tx, e, partFirst, head, old); err != nil {
				return err
			}
		case second:
			if err := s.issue(ctx, tx, e, partSecond, head, old); err != nil {
				return err
			}
		}
		if !drop {
			return nil
		}
		for _, h := range e.Holds {
			if err := s.o.Vault.DropAside(ctx, tx.Clinic(), e.Patient, h.ID); err != nil {
				return err
			}
		}
		_, err := tx.Exec(sqlUnbridged, e.ID)
		return err
	})
}

// past is what is left from before an erasure.
type past struct {
	forgotten bool      // the keys above hers were replaced and destroyed
	copies    bool      // a copy of the key store from before is there
	none      bool      // no backup of the data from before is there
	expires   time.Time // when the last of these goes; zero when there is none
}

// over says whether nothing that exists can open what old copies hold.
func (p past) over() bool { return p.forgotten && (p.none || !p.copies) }

func (s *Service) older(ctx context.Context, clinic id.ID, at clock.Instant) (p past, err error) {
	if p.forgotten, err = s.o.Vault.Forgotten(ctx, clinic, at); err != nil {
		return p, err
	}
	if s.o.Older != nil {
		if p.expires, p.copies, err = s.o.Older(ctx, at); err != nil {
			return p, err
		}
	}
	p.none = p.expires.IsZero()
	return p, nil
}

// Goes is when the last backup of the data from before the erasure is deleted; zero when none is left.
func (s *Service) Goes(ctx context.Context, e Erasure) (time.Time, error) {
	if s.o.Older == nil {
		return time.Time{}, nil
	}
	expires, _, err := s.o.Older(ctx, e.At)
	return expires, err
}

func (s *Service) issue(ctx context.Context, tx *store.Tx, e Erasure, number int, head string, old past) error {
	c, _, err := clinicOf(&tx.View)
	if err != nil {
		return err
	}
	key, err := s.o.Vault.CertificateKey()
	if err != nil {
		return err
	}
	text := Certificate{ID: e.ID.String(), Number: number, Clinic: c.Name, Subject: hex.EncodeToString(s.o.Vault.KeyID(tx.Clinic(), e.Patient)), ErasedAt: e.At.Time().UTC(), IssuedAt: tx.Now().Time().UTC(),
		Says: says(e, number, old), Held: []CertifiedHold{}, AuditHead: head}
	for _, h := range e.Holds {
		if h.Ended == 0 {
			text.Held = append(text.Held, CertifiedHold{What: inEnglish[h.Class], Number: h.Number, Until: string(h.Last), Law: h.Source, How: how(h)})
		}
	}
	if text, err = text.sealedBy(key, s.o.Vault.Certify); err != nil {
		return err
	}
	said := string(text.JSON())
	sealed, err := tx.Seal(vault.ClinicData, tableErasure, columnAside, asideID(e.ID, number), said)
	if err != nil {
		return err
	}
	if err := s.o.Vault.AddAside(ctx, tx.Clinic(), e.Patient, vault.Aside{ID: asideID(e.ID, number), Owner: e.ID, Part: int64(number), Body: sealed}); err != nil {
		return err
	}
	set := sqlFirst
	if number == partSecond {
		set = sqlSecond
	}
	_, err = tx.Exec(set, e.ID, tx.Now(), said)
	tx.Record(audit.Note{Action: "issue", Kind: "certificate", Subject: e.ID, New: number})
	return err
}

// asideID is the id of a certificate beside the keys: that of the erasure, with the number in it.
func asideID(erasure id.ID, number int) id.ID {
	erasure[len(erasure)-1] ^= byte(number)
	return erasure
}

// inEnglish are the classes as certificates name them: a signed text has one language.
var inEnglish = map[law.Class]string{law.Clinical: "clinical records", law.Scripts: "signed prescriptions", law.Invoices: "issued invoices and payments", law.Disclosures: "records of data given to an authority"}

func how(h Hold) string {
	if h.Sealed {
		return "Sealed under a key of its own that is destroyed after that day; it opens to the clinic's owner alone, who has to say why, and each opening is recorded."
	}
	if h.Class == law.Disclosures {
		return "To whom, when and by which ground something was given stays, without why and without a name."
	}
	return "Number, days, amounts and taxes stay, without what was done and without a name."
}

func says(e Erasure, number int, old past) []string {
	if number == partFirst {
		out := []string{
			"The key of this person's data was destroyed, and every room of the running system was looked through: nothing about this person is left but what is listed as held.",
			"What a backup from before still holds was sealed by the destroyed key, which no backup of the data contains.",
			"Audit entries keep a number in place of the person; their details went with the key.",
		}
		for _, c := range e.Carried {
			if len(e.Asked) > 0 {
				break
			}
			out = append(out, fmt.Sprintf("%d messages had been carried by others (%s). What these keep of them is theirs to erase; this program cannot.", c.Number, c.Carrier))
		}
		return append(out, askedSays(e.Asked)...)
	}
	out := append(askedSays(e.Asked), "The keys above the destroyed one were replaced and destroyed as well, so that no old page or log of the key store opens it.")
	if old.none {
		return append(out, "The last backup of the data from before the erasure has expired and was deleted at every place that this program keeps backups at.")
	}
	return append(out, "No copy of the key store from before the erasure is left at the places that this program keeps backups at. Backups of the data from before are left until "+
		old.expires.UTC().Format(time.DateOnly)+"; nothing that exists can open this person's data in them.")
}

// expire takes away what is over: an erasure whose last hold ended as long ago as answers to requests have to be kept.
func (s *Service) expire(ctx context.Context, tx *store.Tx) error {
	c, zone, err := clinicOf(&tx.View)
	if err != nil {
		return err
	}
	years := law.LifeOf(c.Jurisdiction, law.Answers).Usual
	today := dayOf(tx.Now(), zone)
	before := today
	for years.Day(before) >= today { // the last day whose span is over
		before = before.AddDays(-300)
	}
	for years.Day(before.AddDays(1)) < today {
		before = before.AddDays(1)
	}
	until := clock.At(clock.StartOfDay(before, zone))
	over, err := store.IDs(&tx.View, sqlOver, until)
	if err != nil {
		return err
	}
	moved, err := store.IDs(&tx.View, sqlOverMoved, until)
	if err != nil {
		return err
	}
	for _, one := range append(over, moved...) {
		list, err := erasures(&tx.View, sqlGet, one)
		if err != nil || len(list) == 0 {
			return err
		}
		if list[0].SecondAt == 0 { // of one that moved in with its clinic another house gives certificate two, or has given it
			ours, err := s.o.Vault.Gone(ctx, tx.Clinic(), list[0].Patient)
			if err != nil {
				return err
			}
			if ours {
				continue
			}
		}
		for _, text := range []string{sqlAskDrop, sqlOverCarriers, sqlOverHolds, sqlOverOne} {
			if _, err := tx.Exec(text, one); err != nil {
				return err
			}
		}
		for _, owner := range []id.ID{one, asideID(one, partAsks)} {
			if err := s.o.Vault.DropAside(ctx, tx.Clinic(), list[0].Patient, owner); err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "expire", Kind: "erasure", Subject: one})
	}
	return nil
}
