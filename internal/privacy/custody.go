package privacy

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/patients"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// A clinic that goes takes all its keys with it. What a law wants kept of its patients is sealed anew before, under keys of the platform, one for each kind and last day; each
// is destroyed after its day and not sooner (promise closing-holds). Who answers for it stays with it. It is put beside the keys first, as an erasure's holds are, so that a database from
// before the closing finds it again.

// custodyLife is how long the record of a clinic that left nothing to be held is there, so that its certificate can be fetched. Ours.
const custodyLife = 90

// patientsAtOnce is how many patients' records are read in one passage.
const patientsAtOnce = 50

// partsAtOnce is how many parts are put in their place in one passage.
const partsAtOnce = 100

const (
	tableCustody, columnAnswers  = "custody", "answers"
	columnRecord                 = "record"
	tableCustodyPart, columnPart = "custody_part", "body"

	sqlCustodyAdd      = `INSERT INTO custody (clinic_id, answers, zone, last_day, closed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (clinic_id) DO NOTHING`
	custodyColumns     = `clinic_id, answers, zone, last_day, closed_at, bridged, certificate FROM custody`
	sqlCustodyGet      = `SELECT ` + custodyColumns + ` WHERE clinic_id = $1`
	sqlCustodies       = `SELECT ` + custodyColumns + ` ORDER BY closed_at, clinic_id`
	sqlCustodySigned   = `UPDATE custody SET certificate = $2 WHERE clinic_id = $1 AND certificate = ''`
	sqlCustodyAlone    = `UPDATE custody SET bridged = 0 WHERE clinic_id = $1`
	sqlCustodyDrop     = `DELETE FROM custody WHERE clinic_id = $1`
	sqlCustodyHoldAdd  = `INSERT INTO custody_hold (clinic_id, id, class, last_day, source, number) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (clinic_id, id) DO NOTHING`
	sqlCustodyHolds    = `SELECT id, class, last_day, source, number, ended_at FROM custody_hold WHERE clinic_id = $1 ORDER BY last_day, class, id`
	sqlCustodyHoldEnd  = `UPDATE custody_hold SET ended_at = $3 WHERE clinic_id = $1 AND id = $2 AND ended_at = 0`
	sqlCustodyHoldDrop = `DELETE FROM custody_hold WHERE clinic_id = $1`
	sqlCustodyPartAdd  = `INSERT INTO custody_part (clinic_id, id, hold_id, part, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (clinic_id, id) DO NOTHING`
	sqlCustodyParts    = `SELECT id, body FROM custody_part WHERE clinic_id = $1 AND hold_id = $2 ORDER BY part`
	sqlCustodyPartDrop = `DELETE FROM custody_part WHERE clinic_id = $1 AND hold_id = $2`
)

// Custody is what stays of a clinic that has gone.
type Custody struct {
	Clinic      id.ID
	Answers     string // who answers for what is held, and how to reach her
	ClosedAt    clock.Instant
	Last        clock.Date // after it nothing is left, not even this
	Certificate string
	Holds       []Hold
	zone        *time.Location
	bridged     bool
}

// left is the record of a clinic that goes, as it lies beside the keys.
type left struct {
	Name    string        `json:"name"`
	Answers string        `json:"answers"`
	Zone    string        `json:"zone"`
	At      clock.Instant `json:"at"`
	Last    clock.Date    `json:"last"`
	Holds   []Hold        `json:"holds"`
}

// HeldPerson is one person's records in what is held of a clinic that has gone. Who was erased before has no name any more.
type HeldPerson struct {
	Name    string       `json:"name,omitempty"`
	Birth   clock.Date   `json:"birth,omitempty"`
	Phone   string       `json:"phone,omitempty"`
	Records []HeldRecord `json:"records"`
}

// keeping gathers what is held of a clinic that goes.
type keeping struct {
	s      *Service
	clinic id.ID
	ring   *vault.Ring
	now    clock.Instant
	holds  []Hold
	parts  map[id.ID]int64 // by hold
}

// KeepAtClosing seals what a law wants kept of the clinic's patients under keys of the platform, before the clinic's own are destroyed; answers is who answers for it. Begun again, it
// replaces what it did before. The clinic's invoices are not held: their law binds the clinic, which takes them along.
func (s *Service) KeepAtClosing(ctx context.Context, who access.Caller, c clinics.Clinic, answers string) error {
	gone, err := s.o.Vault.ClinicGone(ctx, c.ID)
	if err != nil || gone {
		return err
	}
	if err := s.o.Vault.SetAside(ctx, id.Zero, c.ID, nil); err != nil {
		return err
	}
	ring, err := s.o.Vault.Ring(ctx, id.Zero)
	if err != nil {
		return err
	}
	defer ring.Close()
	k := &keeping{s: s, clinic: c.ID, ring: ring, now: clock.At(s.db.Clock().Now()), parts: map[id.ID]int64{}}
	if err := k.living(ctx, who, c); err != nil {
		return err
	}
	if err := k.erased(ctx, who); err != nil {
		return err
	}
	r := left{Name: c.Name, Answers: answers, Zone: c.Zone, At: k.now, Last: clock.DateOf(k.now.In(c.Location())).AddDays(custodyLife), Holds: k.holds}
	for _, h := range k.holds {
		r.Last = max(r.Last, h.Last)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	sealed, err := ring.Seal(recordCell(c.ID), text)
	if err != nil {
		return err
	}
	if err := s.o.Vault.AddAside(ctx, id.Zero, c.ID, vault.Aside{ID: c.ID, Owner: c.ID, Body: sealed}); err != nil {
		return err
	}
	if s.o.Spread != nil { // the keys must be off this machine before those that they replace are destroyed
		s.o.Spread(ctx, true)
	}
	return nil
}

func recordCell(clinic id.ID) vault.Cell {
	return vault.Cell{Subject: vault.ClinicData, Table: tableCustody, Column: columnRecord, Row: clinic}
}

// grouped are one person's records by kind and last day.
type grouped struct {
	class  law.Class
	last   clock.Date
	source string
	who    HeldPerson
}

// living gathers what is held of patients whom nobody erased.
func (k *keeping) living(ctx context.Context, who access.Caller, c clinics.Clinic) error {
	for behind := id.Zero; ; {
		var list []id.ID
		var found []grouped
		err := k.s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) (err error) {
			found = found[:0]
			if list, err = patients.Behind(v, behind, patientsAtOnce); err != nil {
				return err
			}
			for _, one := range list {
				of, err := k.s.heldOf(v, c, one)
				if err != nil {
					return err
				}
				found = append(found, of...)
			}
			return nil
		})
		if err != nil || len(list) == 0 {
			return err
		}
		behind = list[len(list)-1]
		for _, g := range found {
			if err := k.keep(ctx, g); err != nil {
				return err
			}
		}
	}
}

// heldOf are the patient's records that a law wants kept beyond today, or an order of two people.
func (s *Service) heldOf(v *store.View, c clinics.Clinic, patient id.ID) (out []grouped, err error) {
	p, err := patients.Find(v, patient)
	if err != nil {
		return nil, err
	}
	var order clock.Date
	if s.o.Order != nil {
		if order, _, err = s.o.Order(v, patient); err != nil {
			return nil, err
		}
	}
	today := dayOf(v.Now(), c.Location())
	for _, room := range s.o.Rooms {
		h, ok := room.(Holder)
		if !ok {
			continue
		}
		list, err := h.Held(v, patient)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			last, source := law.KeptUntil(c.Jurisdiction, r.Class, r.Day, p.BirthDate)
			if r.Until != "" {
				last = r.Until
			}
			if last = max(last, order); r.Class == law.Invoices || r.Body == nil || last < today {
				continue
			}
			at := slices.IndexFunc(out, func(g grouped) bool { return g.class == r.Class && g.last == last })
			if at < 0 {
				at = len(out)
				out = append(out, grouped{r.Class, last, source, HeldPerson{Name: p.Name, Birth: p.BirthDate, Phone: string(p.Phone)}})
			}
			out[at].who.Records = append(out[at].who.Records, heldRecord(r))
		}
	}
	return out, nil
}

// erased gathers what is held of people who were erased before.
func (k *keeping) erased(ctx context.Context, who access.Caller) error {
	var found []grouped
	err := k.s.db.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		found = found[:0]
		list, err := notices(v, sqlHoldsOpen)
		if err != nil {
			return err
		}
		for _, h := range list {
			records, err := unpack(v, h.ID, true)
			if fault.Is(err, fault.NotFound) {
				continue // its key was destroyed meanwhile
			}
			if err != nil {
				return err
			}
			found = append(found, grouped{h.Class, h.Last, h.Source, HeldPerson{Records: records}})
		}
		return nil
	})
	for _, g := range found {
		if err == nil && g.class != law.Invoices {
			err = k.keep(ctx, g)
		}
	}
	return err
}

// keep seals one person's records of one kind and day under the key of that kind and day, and puts them beside the keys.
func (k *keeping) keep(ctx context.Context, g grouped) error {
	at := slices.IndexFunc(k.holds, func(h Hold) bool { return h.Class == g.class && h.Last == g.last })
	if at < 0 {
		h := Hold{ID: id.New(k.now.Time()), Class: g.class, Last: g.last, Source: g.source, Sealed: true}
		if err := k.s.o.Vault.AddHeld(ctx, id.Zero, h.ID, h.Last); err != nil {
			return err
		}
		k.ring.Custody(false, h.ID)
		at, k.holds = len(k.holds), append(k.holds, h)
	}
	h := &k.holds[at]
	h.Number += len(g.who.Records)
	text, err := json.Marshal(g.who)
	if err != nil {
		return err
	}
	p := vault.Aside{ID: id.New(k.now.Time()), Owner: h.ID, Part: k.parts[h.ID]}
	k.parts[h.ID]++
	if p.Body, err = k.ring.Seal(partCell(h.ID, p.ID), text); err != nil {
		return err
	}
	return k.s.o.Vault.AddAside(ctx, id.Zero, k.clinic, p)
}

func partCell(hold, part id.ID) vault.Cell {
	return vault.Cell{Subject: hold, Table: tableCustodyPart, Column: columnPart, Row: part}
}

// KeptAtClosing writes the rows of what is held of a clinic whose keys were destroyed, and its certificate. It may be repeated: after a restore of a database from before it finds
// everything beside the keys. A clinic of which nothing lies there, because it went before there was such a record, has none.
func (s *Service) KeptAtClosing(ctx context.Context, clinic id.ID) error {
	r, there, err := s.leftOf(ctx, clinic)
	if err != nil || !there {
		return err
	}
	head := ""
	if s.o.Head != nil {
		if head, err = s.o.Head(ctx); err != nil {
			return err
		}
	}
	err = s.across(ctx, func(p *store.Platform) error {
		p.Record(audit.Note{Action: "hold", Kind: "custody", Subject: clinic, New: map[string]any{"until": string(r.Last), "kinds": len(r.Holds)}})
		answers, err := p.Seal(vault.ClinicData, tableCustody, columnAnswers, clinic, r.Answers)
		if err != nil {
			return err
		}
		if _, err := p.Exec(sqlCustodyAdd, clinic, answers, r.Zone, string(r.Last), r.At); err != nil {
			return err
		}
		for _, h := range r.Holds {
			if _, err := p.Exec(sqlCustodyHoldAdd, clinic, h.ID, string(h.Class), string(h.Last), h.Source, h.Number); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var batch []vault.Aside
	put := func() error {
		err := s.across(ctx, func(p *store.Platform) error {
			p.Housekeeping("what is held of a clinic that goes is put in its place; that it is held was recorded")
			for _, a := range batch {
				if _, err := p.Exec(sqlCustodyPartAdd, clinic, a.ID, a.Owner, a.Part, a.Body); err != nil {
					return err
				}
			}
			return nil
		})
		batch = batch[:0]
		return err
	}
	err = s.o.Vault.EachAside(ctx, id.Zero, clinic, func(a vault.Aside) error {
		if a.ID == clinic {
			return nil
		}
		if batch = append(batch, a); len(batch) == partsAtOnce {
			return put()
		}
		return nil
	})
	if err == nil {
		err = put()
	}
	if err != nil {
		return err
	}
	return s.across(ctx, func(p *store.Platform) error {
		text, err := s.closingCertificate(clinic, r, head, p.Now())
		if err != nil {
			return err
		}
		p.Record(audit.Note{Action: "issue", Kind: "certificate", Subject: clinic, New: ofClosing})
		_, err = p.Exec(sqlCustodySigned, clinic, text)
		return err
	})
}

// leftOf reads the record of a clinic that goes from beside the keys; there is false when it was not put there, or not to its end.
func (s *Service) leftOf(ctx context.Context, clinic id.ID) (r left, there bool, err error) {
	ring, err := s.o.Vault.Ring(ctx, id.Zero)
	if err != nil {
		return r, false, err
	}
	defer ring.Close()
	err = s.o.Vault.EachAside(ctx, id.Zero, clinic, func(a vault.Aside) error {
		if a.ID != clinic {
			return nil
		}
		text, err := ring.Open(recordCell(clinic), a.Body)
		if err != nil {
			return err
		}
		there = true
		return json.Unmarshal(text, &r)
	})
	return r, there, err
}

// across is the platform's own work.
func (s *Service) across(ctx context.Context, fn func(p *store.Platform) error) error {
	return s.db.Across(ctx, s.o.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error { return fn(p) })
}

// closingCertificate says of a clinic that has gone what was destroyed, and what is held until when.
func (s *Service) closingCertificate(clinic id.ID, r left, head string, now clock.Instant) (string, error) {
	key, err := s.o.Vault.CertificateKey()
	if err != nil {
		return "", err
	}
	c := Certificate{ID: clinic.String(), Number: ofClosing, Clinic: r.Name, Subject: hex.EncodeToString(s.o.Vault.KeyID(clinic, id.Zero)), ErasedAt: r.At.Time().UTC(), IssuedAt: now.Time().UTC(), Held: []CertifiedHold{}, AuditHead: head, Says: []string{
		"Every key of this clinic was destroyed, with which everything of it was sealed, and its rows are deleted after that.",
		"What a backup from before still holds was sealed by the destroyed keys, which no backup of the data contains.",
	}}
	if len(r.Holds) > 0 {
		c.Says = append(c.Says, "What is listed as held was sealed anew before, under keys of its own with a last day each; everything else opens to nobody.", "For what is held answers: "+strings.ReplaceAll(r.Answers, "\n", ", "))
	}
	for _, h := range r.Holds {
		c.Held = append(c.Held, CertifiedHold{What: inEnglish[h.Class], Number: h.Number, Until: string(h.Last), Law: h.Source, How: "Its key is destroyed after that day. Until then it opens to whoever answers for it, through the operator, who has to say why; each opening is recorded."})
	}
	c, err = c.sealedBy(key, s.o.Vault.Certify)
	return string(c.JSON()), err
}
