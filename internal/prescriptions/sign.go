package prescriptions

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/visits"
)

// signedAs is what the verification page says of a sheet: nothing of the patient.
type signedAs struct {
	Clinic       string `json:"clinic"`
	Signer       string `json:"signer"`
	Registration string `json:"registration"`
}

// Sign saves a draft and signs it; signer is the practitioner that the caller is (accounts.SignedIn.Provider). After that nobody changes
// it. Whoever is no practitioner, or has no registration number on record, is refused with a sentence that says where to enter it
// (fault.Forbidden). What is missing, and warnings without a reason ("reason-1" for the first of them), come back as a fault over all
// fields; the draft is then saved all the same, except where a field itself is wrong. seen says that whoever signs has read that the
// sheet could not be checked.
func (s *Service) Sign(ctx context.Context, who access.Caller, d Draft, signer id.ID, seen bool) (Page, error) {
	var out Page
	var refused error
	err := s.db.Change(ctx, who, access.RxSign, func(_ context.Context, tx *store.Tx) error {
		out, refused = Page{}, nil
		c, err := clinics.Must(&tx.View, clinics.ModulePrescriptions)
		if err != nil {
			return err
		}
		by, err := practitioner(&tx.View, signer)
		if err != nil {
			return err
		}
		d := d
		filled, err := s.keep(tx, c, &d, signer)
		if err != nil {
			return err
		}
		if refused, err = s.sign(tx, c, by, &d, filled, seen); err != nil {
			return err
		}
		p, err := get(&tx.View, d.ID)
		if err != nil {
			return err
		}
		out, err = s.page(&tx.View, c, p)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	return out, refused
}

// practitioner is who signs, with the number that the law asks for (A4).
func practitioner(v *store.View, signer id.ID) (scheduling.Provider, error) {
	if signer.IsZero() {
		return scheduling.Provider{}, fault.New(fault.Forbidden, "fault.rx.no_practitioner")
	}
	p, err := scheduling.Practitioner(v, signer)
	switch {
	case fault.Is(err, fault.NotFound) || err == nil && p.RetiredAt > 0:
		return p, fault.New(fault.Forbidden, "fault.rx.no_practitioner")
	case err != nil:
		return p, err
	case p.Broken || p.Name == "":
		return p, fault.New(fault.Forbidden, "fault.rx.unreadable")
	case strings.TrimSpace(p.Registration) == "":
		return p, fault.New(fault.Forbidden, "fault.rx.no_registration")
	}
	return p, nil
}

// sign signs the draft that was just kept; refused says why it is not signed, as a fault.
func (s *Service) sign(tx *store.Tx, c clinics.Clinic, by scheduling.Provider, d *Draft, filled []int, seen bool) (refused, err error) {
	l, err := s.lists(&tx.View)
	if err != nil {
		return nil, err
	}
	k, err := known(&tx.View, *d)
	if err != nil {
		return nil, err
	}
	check := l.check(*d, k)
	check.Seen = seen && check.State == NotChecked
	var f fault.Fields
	d.whole(&f)
	for _, i := range filled {
		r := d.Rows[i]
		f.AddWith(rowField("drug", i), "field.rx.filled", map[string]any{"Name": oneLine(strings.Join([]string{r.Generic, r.Strength, r.Form}, " "))})
	}
	overridden := 0
	for i, w := range check.Warnings {
		if w.NeedsReason() && utf8.RuneCountInString(w.Reason) < minReason {
			f.Add(rowField("reason", i), "field.rx.reason")
		}
		if w.Reason != "" {
			overridden++
		}
	}
	if check.State == NotChecked && !seen {
		f.Add("unchecked", "field.rx.unchecked")
	}
	if d.Remote && c.Jurisdiction == "IN" && l.drugs != nil {
		for i, r := range d.Rows {
			if _, ok := l.drugs.Controlled(r); ok {
				f.Add(rowField("drug", i), "field.rx.remote")
			}
		}
	}
	if refused = f.Err(); refused != nil {
		return refused, nil
	}
	p, err := patients.Find(&tx.View, d.Patient)
	if err != nil {
		return nil, err
	}
	if p.Name == "" {
		return fault.New(fault.Conflict, "fault.rx.nameless"), nil
	}
	code, hash := newCode(tx.Clinic())
	t := s.book.Tongue(d.Language)
	sheet := Sheet{Clinic: letterhead(c), Signer: by.Name, Qualified: by.Qualification, Registration: strings.TrimSpace(by.Registration), Speciality: by.Speciality, Patient: p.Name, Born: string(p.BirthDate),
		Sex: p.Sex, Day: string(clock.DateOf(tx.Now().In(c.Location()))), Checking: check, Code: code}
	for _, r := range d.Rows {
		sheet.Instructions, sheet.Quantities = append(sheet.Instructions, Instruction(t, r)), append(sheet.Quantities, QuantityWords(t, r))
	}
	sealed, err := seal(&tx.View, d.Patient, "prescription", "sheet", d.ID, sheet)
	if err != nil {
		return nil, err
	}
	public, err := json.Marshal(signedAs{Clinic: c.Name, Signer: by.Name, Registration: sheet.Registration})
	if err != nil {
		return nil, err
	}
	as, err := tx.Seal(vault.ClinicData, "prescription", "signed_as", d.ID, string(public))
	if err != nil {
		return nil, err
	}
	n, err := tx.Exec(sqlPrescriptionSign, d.ID, d.Version, by.ID, sealed, as, hash, check.State, tx.Now(), tx.Caller().Actor())
	if err == nil && n == 0 {
		err = stale()
	}
	if err != nil {
		return nil, err
	}
	d.Version++
	tx.Record(audit.Note{Action: "sign", Kind: "prescription", Subject: d.ID, Patient: d.Patient, New: map[string]any{"sheet": d.event(), "checked": check.State, "why": check.Why, "list": check.List, "warnings": check.Warnings, "overridden": overridden}})
	if !d.Replaces.IsZero() {
		was, err := get(&tx.View, d.Replaces)
		if err == nil && (was.State != Cancelled || !was.Next.IsZero()) { // one that somebody cancelled meanwhile holds no more already
			err = end(tx, d.Replaces, d.Patient, "", d.ID)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, takes(tx, *d, c)
}

// takes tells the patient's record what she takes from now on.
func takes(tx *store.Tx, d Draft, c clinics.Clinic) error {
	today := clock.DateOf(tx.Now().In(c.Location()))
	for _, r := range d.Rows {
		m := visits.Medicine{Name: oneLine(strings.Join([]string{r.Generic, r.Strength, r.Form}, " ")), Key: matchKey(r.Generic), Dose: r.Dose, Source: d.ID}
		if r.Days > 0 {
			m.Until = today.AddDays(r.Days - 1)
		}
		if rs := []rune(m.Name); len(rs) > 150 {
			m.Name = string(rs[:150])
		}
		if err := visits.AddMedicine(tx, d.Patient, m); err != nil {
			return err
		}
	}
	return nil
}

// letterhead is the clinic as the head of the paper shows it.
func letterhead(c clinics.Clinic) []string {
	out := []string{c.Name}
	for _, l := range strings.Split(c.Address, "\n") {
		if l = oneLine(l); l != "" {
			out = append(out, l)
		}
	}
	if c.Phone != "" {
		out = append(out, c.Phone)
	}
	if c.Email != "" {
		out = append(out, c.Email)
	}
	return out
}

// newCode makes the code of a verification page: the clinic's id, so that no table across clinics is needed to find it, and 128 random
// bits, so that nobody guesses it.
func newCode(clinic id.ID) (code string, hash []byte) {
	var b [32]byte
	copy(b[:16], clinic[:])
	_, _ = rand.Read(b[16:]) // crypto/rand never returns an error
	h := sha256.Sum256(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:]), h[:]
}

// Cancel says of a signed sheet that it holds no more, with a reason, which is kept. Its links end, what the patient takes by it too, and
// its verification page says so. Wrong fields are "reason"; a draft, and what was cancelled already, are fault.Conflict.
func (s *Service) Cancel(ctx context.Context, who access.Caller, one id.ID, reason string) error {
	var f fault.Fields
	if reason = oneLine(reason); utf8.RuneCountInString(reason) < minReason {
		f.Add("reason", "field.rx.cancel")
	} else if utf8.RuneCountInString(reason) > MaxReason || strings.ContainsFunc(reason, unsafe) {
		f.AddWith("reason", "field.text.too_long", map[string]any{"Max": MaxReason})
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.RxSign, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModulePrescriptions); err != nil {
			return err
		}
		p, err := get(&tx.View, one)
		if err == nil && p.State != Signed {
			err = fault.New(fault.Conflict, "fault.rx.not_signed")
		}
		if err != nil {
			return err
		}
		return end(tx, one, p.Draft.Patient, reason, id.Zero)
	})
}

// end ends a signed sheet: cancelled with a reason, or replaced by the next one.
func end(tx *store.Tx, one, patient id.ID, reason string, next id.ID) error {
	sealed, err := tx.Seal(patient, "prescription_end", "reason", one, reasonText(reason))
	if err != nil {
		return err
	}
	n, err := tx.Exec(sqlEndAdd, one, patient, sealed, id.Null(next), tx.Now(), tx.Caller().Actor())
	if err == nil && n == 0 {
		err = stale()
	}
	if err != nil {
		return err
	}
	action := "cancel"
	if !next.IsZero() {
		action = "replace"
	}
	tx.Record(audit.Note{Action: action, Kind: "prescription", Subject: one, Patient: patient, New: map[string]any{"reason": reason, "next": next}})
	shares, err := sharesOf(&tx.View, one)
	if err != nil {
		return err
	}
	for _, x := range shares {
		if x.RevokedAt == 0 {
			if _, err := tx.Exec(sqlShareRevoke, x.ID, tx.Now()); err != nil {
				return err
			}
		}
	}
	return visits.EndMedicines(tx, patient, one)
}

// reasonText is a reason as it is sealed: a JSON text, as everything of this room is.
func reasonText(reason string) string {
	if reason == "" {
		return ""
	}
	b, err := json.Marshal(reason)
	if err != nil {
		return "" // a text always encodes
	}
	return string(b)
}
