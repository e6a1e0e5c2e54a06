package privacy_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/privacy"
	"almirah/internal/promise"
	"almirah/internal/retention"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// leaving is a practice whose clinic goes.
type leaving struct {
	*house
	lives    *retention.Service
	tables   []string
	operator access.Caller
	spread   int
}

func leaves(t *testing.T, b *rig.Base) *leaving {
	t.Helper()
	h := open(t, b, clinics.ModuleClinical)
	l := &leaving{house: h, operator: accounts.Operator()}
	platform := func() access.Caller { return rig.SignedIn(id.Zero, id.Zero, id.Zero, access.System) }
	h.o.Platform, h.o.Anyone = platform, accounts.Public(id.Zero)
	h.o.Spread = func(ctx context.Context, held bool) {
		if !held {
			return
		}
		aside, err := b.Vault.Asides(ctx, id.Zero, b.Clinic)
		gone, err2 := b.Vault.ClinicGone(ctx, b.Clinic)
		h.must(errors.Join(err, err2))
		if len(aside) > 1 && !gone {
			l.spread++ // the new keys leave the machine while the old ones are there still
		}
	}
	h.s = privacy.New(b.DB, b.Log, h.o)
	real, err := b.DB.Schema(background)
	h.must(err)
	for name, columns := range real {
		if slices.Contains(columns, "clinic_id") && !slices.Contains(store.PlatformTables, name) && name != "audit_leaf" {
			l.tables = append(l.tables, name)
		}
	}
	slices.Sort(l.tables)
	l.lives = retention.New(b.DB, b.Log, retention.Options{Tables: l.tables, ForClinic: func(c id.ID) access.Caller { return b.In(c, access.System) }, Platform: platform, Keep: h.s.KeepAtClosing, Kept: h.s.KeptAtClosing, End: h.s.EndCustodies})
	return l
}

// goes closes the clinic, and two owners want it destroyed at once.
func (l *leaving) goes(custodian string) {
	l.t.Helper()
	second := rig.SignedIn(l.Clinic, id.New(l.Clock.Now()), id.New(l.Clock.Now()), access.Owner)
	l.must(l.lives.Close(background, l.owner, false))
	l.must(l.lives.NameCustodian(background, l.owner, custodian, 1))
	l.must(l.lives.Now(background, l.owner, 2))
	l.must(l.lives.Now(background, second, 3))
	l.must(l.lives.Beat(background, l.work))
	l.must(l.lives.WatchClosing(background, l.work))
}

func (l *leaving) across(texts ...string) {
	l.t.Helper()
	l.must(l.DB.Across(background, l.operator, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a test's older database")
		for _, text := range texts {
			if _, err := p.Exec(text); err != nil {
				return err
			}
		}
		return nil
	}))
}

// said is everything that a hold says, of everybody.
func (l *leaving) said(hold id.ID) string {
	l.t.Helper()
	list, err := l.s.OpenCustody(background, l.operator, l.Clinic, hold, "asked by the custodian")
	if fault.Is(err, fault.NotFound) {
		return "nothing"
	}
	l.must(err)
	var out []string
	for _, p := range list {
		for _, r := range p.Records {
			for _, x := range r.Body {
				out = append(out, p.Name+": "+x)
			}
		}
	}
	return strings.Join(out, "\n")
}

func (l *leaving) day(d clock.Date) {
	l.t.Helper()
	l.Clock.Set(clock.StartOfDay(d, l.Zone).Add(2 * time.Hour))
	l.must(l.s.EndCustodies(background))
}

// TestWhatIsHeldOutlivesItsClinic: a clinic goes, and everything of it opens to nobody, but what a law holds, with its own key, until its day and not the day after; also when the database of the
// day before comes back.
func TestWhatIsHeldOutlivesItsClinic(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "closing-holds")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		l := leaves(t, b)
		l.visited("", "Cough that stays")
		l.visited("2020-05-06", "Fever that stays")
		gone := l.visited("", "Rash that stays")
		l.Booked(t, l.As(access.FrontDesk), l.Booking(l.Providers[0], l.At(2, "12:00"), 9)) // of whom no law wants anything
		_, err := l.s.Erase(background, l.owner, gone, "deleted_by_clinic")
		l.must(err)
		last, child := l.Day(1).AddYears(3), clock.Date("2041-05-06")
		l.goes("Dr. Leela Menon, leela@example.org")
		if l.spread == 0 {
			t.Error("the keys of what is held did not leave the machine before the others were destroyed")
		}
		if _, err := b.Vault.Ring(background, b.Clinic); !errors.Is(err, vault.ErrUnknownClinic) {
			t.Errorf("the clinic's keys open: %v", err)
		}
		if err := b.Vault.OpenClinic(background, b.Clinic); !errors.Is(err, vault.ErrShredded) {
			t.Errorf("it gets new keys: %v", err)
		}
		for _, name := range l.tables {
			if n := l.Count(t, `SELECT COUNT(*) FROM `+name+` WHERE clinic_id = $1`); n != "0" {
				t.Errorf("%s rows are left in %s", n, name)
			}
		}
		look := func(what string) (grown, young id.ID) {
			t.Helper()
			list, err := l.s.Custodies(background, l.operator)
			l.must(err)
			if len(list) != 1 || list[0].Answers != "Dr. Leela Menon, leela@example.org" || list[0].Last != child || len(list[0].Holds) != 2 || list[0].Holds[0].Last != last || list[0].Holds[0].Number != 2 || list[0].Holds[1].Last != child {
				t.Fatalf("%s: %+v", what, list)
			}
			return list[0].Holds[0].ID, list[0].Holds[1].ID
		}
		grown, young := look("after it went")
		both := func(what string) {
			t.Helper()
			if text := "\n" + l.said(grown); !strings.Contains(text, `Asha Rao b: {"complaint":"Cough that stays"}`) || !strings.Contains(text, "\n: {\"complaint\":\"Rash that stays\"}") || strings.Contains(text, "Fever") {
				t.Errorf("%s: %s", what, text)
			}
			if text := l.said(young); !strings.Contains(text, "Fever that stays") || strings.Contains(text, "Cough") {
				t.Errorf("%s: the child's: %s", what, text)
			}
		}
		both("after it went")
		_, err = l.s.OpenCustody(background, l.operator, b.Clinic, grown, "")
		practice.Refused(t, "without a reason", err, fault.Invalid, "")
		for _, who := range []access.Caller{l.owner, l.doctor, accounts.Public(b.Clinic)} {
			if _, err := l.s.OpenCustody(background, who, b.Clinic, grown, "because"); !fault.Is(err, fault.Forbidden) {
				t.Errorf("somebody else opens it: %v", err)
			}
		}
		c, err := l.s.Closed(background, b.Clinic)
		l.must(err)
		if _, err := privacy.Read(c.Text()); err != nil || len(c.Held) != 2 || c.Held[0].Until != string(last) || c.Held[1].Until != string(child) || !strings.Contains(string(c.Text()), "Leela Menon") || strings.Contains(string(c.Text()), "Asha") {
			t.Errorf("the certificate: %v\n%s", err, c.Text())
		}
		// The database of the day before comes back: the clinic goes again, and what is held is found again.
		l.across(`DELETE FROM custody_part`, `DELETE FROM custody_hold`, `DELETE FROM custody`, `DELETE FROM clinic_gone`)
		l.must(l.lives.FinishAll(background))
		look("after a restore")
		both("after a restore")
		// On its last day it opens; the day after, it does not, whatever comes back.
		l.backups = b.Clock.Now().Add(time.Hour) // a backup from before is there still
		l.day(last)
		both("on the last day")
		if aside, err := b.Vault.Asides(background, id.Zero, b.Clinic); err != nil || len(aside) < 3 {
			t.Errorf("beside the keys lie %d parts while an older backup is there: %v", len(aside), err)
		}
		l.backups = time.Time{}
		l.day(last.AddDays(1))
		for _, when := range []string{"the day after", "when its rows come back"} {
			if text := l.said(grown); text != "nothing" {
				t.Errorf("%s: %s", when, text)
			}
			if yes, err := b.Vault.Gone(background, id.Zero, grown); err != nil || !yes {
				t.Errorf("%s its key is there: %v", when, err)
			}
			if text := l.said(young); !strings.Contains(text, "Fever that stays") {
				t.Errorf("%s: the child's: %s", when, text)
			}
			l.across(`UPDATE custody_hold SET ended_at = 0`)
			l.must(l.s.EndCustodies(background))
		}
		l.day(child)
		if text := l.said(young); !strings.Contains(text, "Fever that stays") {
			t.Errorf("the child's on its last day: %s", text)
		}
		l.day(child.AddDays(1))
		list, err := l.s.Custodies(background, l.operator)
		if l.must(err); len(list) != 0 {
			t.Errorf("left: %+v", list)
		}
		if _, err := l.s.Closed(background, b.Clinic); !fault.Is(err, fault.NotFound) {
			t.Errorf("the certificate is left: %v", err)
		}
		if aside, err := b.Vault.Asides(background, id.Zero, b.Clinic); err != nil || len(aside) != 0 {
			t.Errorf("beside the keys lie %d parts: %v", len(aside), err)
		}
	})
}
