package prescriptions

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// EventShared is announced when a sheet is to be sent to its patient; the subject is the share.
const EventShared = "prescription.shared"

// channels are the ways by which a link can be sent.
var channels = []string{"email", "sms", "whatsapp"}

// Send has a link to a signed sheet sent to the patient by the channel. She must have agreed to be sent links to her papers; agreed says that
// she says so now, at the desk, which is written down as her consent. The message itself holds the link and no word about health. Wrong
// fields are "channel" (also where there is no address for it) and "agreed"; a sheet that is not signed, or holds no more, is fault.Conflict.
func (s *Service) Send(ctx context.Context, who access.Caller, sheet id.ID, channel string, agreed bool) (Share, error) {
	var out Share
	err := s.db.Change(ctx, who, access.RxShare, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModulePrescriptions); err != nil {
			return err
		}
		p, err := get(&tx.View, sheet)
		if err == nil && p.State != Signed {
			err = fault.New(fault.Conflict, "fault.rx.not_signed")
		}
		if err != nil {
			return err
		}
		var f fault.Fields
		phone, email, language, err := patients.Contact(&tx.View, p.Draft.Patient)
		switch {
		case err != nil:
			return err
		case !slices.Contains(channels, channel):
			f.Add("channel", "field.required")
		case channel == "email" && email == "" || channel != "email" && phone == "":
			f.Add("channel", "field.rx.no_address")
		}
		if err := f.Err(); err != nil {
			return err
		}
		if agreed {
			if err := consent.Record(tx, p.Draft.Patient, []consent.Choice{{Purpose: consent.Papers, Given: true}}, consent.DoorDesk, language, id.Zero); err != nil {
				return err
			}
		}
		ok, _, err := consent.May(&tx.View, p.Draft.Patient, consent.Papers, channel)
		if err != nil {
			return err
		}
		if !ok {
			f.Add("agreed", "field.rx.agreed")
			return f.Err()
		}
		set, err := setting(&tx.View)
		if err != nil {
			return err
		}
		out = Share{ID: tx.NewID(), Prescription: sheet, Patient: p.Draft.Patient, Channel: channel, CreatedAt: tx.Now(), CreatedBy: tx.Caller().Actor(), ExpiresAt: tx.Now().Add(time.Duration(set.Days) * 24 * time.Hour)}
		if _, err := tx.Exec(sqlShareAdd, out.ID, sheet, out.Patient, channel, out.CreatedAt, out.CreatedBy, out.ExpiresAt); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "share", Kind: "prescription", Subject: sheet, Patient: out.Patient, New: map[string]any{"channel": channel, "until": out.ExpiresAt}})
		return tx.Announce(EventShared, out.ID, 0)
	})
	return out, err
}

// Revoke takes a link back: it opens nothing any more. Doing it twice changes nothing.
func (s *Service) Revoke(ctx context.Context, who access.Caller, sheet, share id.ID) error {
	return s.db.Change(ctx, who, access.RxShare, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModulePrescriptions); err != nil {
			return err
		}
		x, err := scanShare(tx.Row(sqlShareGet, share))
		if err == nil && x.Prescription != sheet {
			err = fault.Missing()
		}
		if err != nil || x.RevokedAt > 0 {
			return err
		}
		tx.Record(audit.Note{Action: "revoke", Kind: "prescription-share", Subject: share, Patient: x.Patient})
		_, err = tx.Exec(sqlShareRevoke, share, tx.Now())
		return err
	})
}

// EndShares takes back, in the Change that takes an address of the patient off file, every link to a sheet that was sent (scheduling.Desk.EndSent; promise
// own-link). What was not sent yet goes to the address that is on file now.
func EndShares(tx *store.Tx, patient id.ID) error {
	n, err := tx.Exec(sqlSharesEnd, patient, tx.Now())
	if err == nil && n > 0 {
		tx.Record(audit.Note{Action: "end", Kind: "prescription-share", Subject: patient, Patient: patient, New: map[string]any{"links": n}})
	}
	return err
}

// ShareOf reads a share, for whoever sends its link. fault.NotFound when it is not there (its patient was erased).
func ShareOf(v *store.View, share id.ID) (Share, error) { return scanShare(v.Row(sqlShareGet, share)) }

// Sent says whether the link of a share may still be sent: it is live, and so is its sheet.
func Sent(v *store.View, x Share) (bool, error) {
	c, err := clinics.Get(v)
	if err != nil || !c.Has(clinics.ModulePrescriptions) || !x.Live(v.Now()) {
		return false, err
	}
	p, err := get(v, x.Prescription)
	return err == nil && p.State == Signed, err
}

// NewLink makes a link of a share, inside the caller's Change: each try to send it has its own. The token is shown once; only its hash is kept.
func NewLink(tx *store.Tx, share id.ID) (token string, err error) {
	var b [32]byte
	clinic := tx.Clinic()
	copy(b[:16], clinic[:])
	_, _ = rand.Read(b[16:]) // crypto/rand never returns an error
	h := sha256.Sum256(b[:])
	_, err = tx.Exec(sqlLinkAdd, h[:], share, tx.Now())
	return base64.RawURLEncoding.EncodeToString(b[:]), err
}

// read reads the clinic and the hash out of a token or a code; false for what can be none.
func read(token string) (clinic id.ID, hash []byte, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 32 {
		return id.Zero, nil, false
	}
	copy(clinic[:], b[:16])
	h := sha256.Sum256(b)
	return clinic, h[:], !clinic.IsZero()
}

// Enter turns the token of a link into a caller who may read that one sheet. An unknown link, and one of a clinic that is not here, is
// fault.NotFound; one that has ended or was taken back is fault.NotFound with the sentence that says so.
func (s *Service) Enter(ctx context.Context, token string) (access.Caller, id.ID, error) {
	var none access.Caller
	clinic, hash, ok := read(token)
	if !ok {
		return none, id.Zero, fault.Missing()
	}
	var share, patient id.ID
	err := s.db.View(ctx, accounts.Public(clinic), access.PublicRead, func(_ context.Context, v *store.View) error {
		var expires, revoked clock.Instant
		err := v.Row(sqlLinkGet, hash).Scan(&share, &patient, &expires, &revoked)
		switch {
		case errors.Is(err, store.ErrNoRows):
			return fault.Missing()
		case err != nil:
			return err
		case revoked > 0 || expires <= v.Now():
			return fault.New(fault.NotFound, "fault.rx.link_ended")
		}
		_, err = clinics.Must(v, clinics.ModulePrescriptions)
		return err
	})
	if err != nil {
		return none, id.Zero, err
	}
	var link id.ID
	copy(link[:], hash)
	return accounts.ForPatient(clinic, patient, link), share, nil
}

// Shared reads the sheet of a link for the patient; count counts the opening of her page.
func (s *Service) Shared(ctx context.Context, who access.Caller, share id.ID, count bool) (Page, Share, error) {
	var out Page
	var x Share
	err := s.db.Change(ctx, who, access.OwnChange, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Must(&tx.View, clinics.ModulePrescriptions)
		if err != nil {
			return err
		}
		if x, err = scanShare(tx.Row(sqlShareGet, share)); err == nil && (x.Patient != who.Patient() || !x.Live(tx.Now())) {
			err = fault.New(fault.NotFound, "fault.rx.link_ended")
		}
		if err != nil {
			return err
		}
		p, err := get(&tx.View, x.Prescription)
		if err != nil {
			return err
		}
		if out, err = s.page(&tx.View, c, p); err != nil {
			return err
		}
		tx.Opened("prescription", p.ID, p.Draft.Patient)
		if !count {
			return nil
		}
		tx.Housekeeping("the opening is counted; that the sheet was opened is recorded as opening it")
		_, err = tx.Exec(sqlShareOpened, share, tx.Now())
		return err
	})
	return out, x, err
}
