package followup

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// What patients say of their visits: first to the clinic, and then, if they like, in public. Both are kept. The way to the public
// page is offered to everybody alike, whatever she said (promise R9 marks it as leading out of this house).

// Low is the most stars that count as a complaint.
const Low = 2

// MaxWords is how many letters a patient's words may have.
const MaxWords = 2000

const (
	feedbackColumns = `id, patient_id, appointment_id, stars, words, given_at, followed_at, settled_at`

	sqlFeedbackAdd = `INSERT INTO feedback (clinic_id, id, patient_id, appointment_id, stars, words, given_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (clinic_id, appointment_id) DO NOTHING`
	sqlFeedbackChange = `UPDATE feedback SET stars = $3, words = $4, given_at = $5, settled_at = 0, settled_by = NULL WHERE clinic_id = $1 AND id = $2`
	sqlFeedbackOf     = `SELECT ` + feedbackColumns + ` FROM feedback WHERE clinic_id = $1 AND appointment_id = $2`
	sqlFeedbackGet    = `SELECT ` + feedbackColumns + ` FROM feedback WHERE clinic_id = $1 AND id = $2`
	sqlFeedbackRecent = `SELECT ` + feedbackColumns + ` FROM feedback WHERE clinic_id = $1 AND given_at < $2 ORDER BY given_at DESC, id DESC LIMIT $3`
	sqlFeedbackOpen   = `SELECT ` + feedbackColumns + ` FROM feedback WHERE clinic_id = $1 AND stars <= 2 AND settled_at = 0 AND given_at < $2 ORDER BY given_at DESC, id DESC LIMIT $3`
	sqlFeedbackFollow = `UPDATE feedback SET followed_at = $3 WHERE clinic_id = $1 AND id = $2 AND followed_at = 0`
	sqlFeedbackSettle = `UPDATE feedback SET settled_at = $4, settled_by = $5 WHERE clinic_id = $1 AND id = $2 AND given_at = $3 AND settled_at = 0`
	sqlFeedbackLow    = `SELECT COUNT(*) FROM feedback WHERE clinic_id = $1 AND patient_id = $2 AND stars <= 2 AND settled_at = 0`
	sqlFeedbackHas    = `SELECT COUNT(*) FROM feedback WHERE clinic_id = $1 AND appointment_id = $2`
	sqlFeedbackCount  = `SELECT COUNT(*) FROM feedback WHERE clinic_id = $1 AND stars <= 2 AND settled_at = 0`

	sqlLinkGet    = `SELECT url, version FROM review_link WHERE clinic_id = $1`
	sqlLinkAdd    = `INSERT INTO review_link (clinic_id, url, changed_at) VALUES ($1, $2, $3) ON CONFLICT (clinic_id) DO NOTHING`
	sqlLinkChange = `UPDATE review_link SET url = $3, changed_at = $4, version = version + 1 WHERE clinic_id = $1 AND version = $2`
)

// Feedback is what a patient said of one visit.
type Feedback struct {
	ID, Patient, Appointment id.ID
	Name                     patients.Name // on lists of the clinic
	Stars                    int
	Words                    string
	Broken                   bool // the words cannot be opened
	GivenAt                  clock.Instant
	FollowedAt               clock.Instant // when she went on to the public page; zero: she has not
	SettledAt                clock.Instant
}

// Complaint says that somebody at the clinic has to look after it.
func (f Feedback) Complaint() bool { return f.Stars <= Low && f.SettledAt == 0 }

func scanFeedback(v *store.View, row interface{ Scan(...any) error }) (Feedback, error) {
	var f Feedback
	var words []byte
	err := row.Scan(&f.ID, &f.Patient, &f.Appointment, &f.Stars, &words, &f.GivenAt, &f.FollowedAt, &f.SettledAt)
	if errors.Is(err, store.ErrNoRows) {
		return f, fault.Missing()
	}
	if err != nil {
		return f, err
	}
	if f.Words, err = v.Unseal(f.Patient, "feedback", "words", f.ID, words); err != nil {
		f.Broken = true // a damaged row is shown as such; it never blanks the page
	}
	return f, nil
}

func answered(v *store.View, appointment id.ID) (bool, error) {
	var n int64
	err := v.Row(sqlFeedbackHas, appointment).Scan(&n)
	return n > 0, err
}

// complained says whether the patient has a complaint that nobody has settled.
func complained(v *store.View, patient id.ID) (bool, error) {
	var n int64
	err := v.Row(sqlFeedbackLow, patient).Scan(&n)
	return n > 0, err
}

// Own is the page on which a patient says how it was.
type Own struct {
	Given  bool
	Said   Feedback
	Can    bool   // she has been there
	Public string // the clinic's public review page; empty for none. Shown once she has said how it was, whatever it was
}

// own reads the caller's own visit; fault.NotFound when it is not hers.
func own(v *store.View, who access.Caller, appointment id.ID) (scheduling.Facts, Own, error) {
	var out Own
	f, err := scheduling.FactsOf(v, appointment)
	if err != nil {
		return f, out, err
	}
	if f.Patient != who.Patient() {
		return f, out, fault.Missing()
	}
	out.Can = f.Status.Came()
	out.Said, err = scanFeedback(v, v.Row(sqlFeedbackOf, appointment))
	switch {
	case err == nil:
		out.Given = true
	case !fault.Is(err, fault.NotFound):
		return f, out, err
	}
	out.Public, _, err = publicLink(v)
	return f, out, err
}

// Own reads what the patient of a link has said of her visit.
func (s *Service) Own(ctx context.Context, who access.Caller, appointment id.ID) (Own, error) {
	var out Own
	err := s.db.View(ctx, who, access.OwnRead, func(_ context.Context, v *store.View) error {
		f, o, err := own(v, who, appointment)
		if err != nil {
			return err
		}
		out = o
		v.Opened("feedback", appointment, f.Patient)
		return nil
	})
	return out, err
}

// Give keeps what the patient of a link says of her visit: stars from 1 to 5, and words if she likes. Saying it again replaces what
// she said, and whoever complains is a complaint anew. Nobody is asked again about what has been said: requests
// that have not left yet are taken back. Wrong fields come back as a fault over all of them.
func (s *Service) Give(ctx context.Context, who access.Caller, appointment id.ID, stars int, words string) error {
	words = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(words))
	var wrong fault.Fields
	if stars < 1 || stars > 5 {
		wrong.Add("stars", "field.review.stars")
	}
	if utf8.RuneCountInString(words) > MaxWords {
		wrong.AddWith("words", "field.review.long", map[string]any{"Most": MaxWords})
	} else if strings.ContainsFunc(words, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) || !utf8.ValidString(words) {
		wrong.Add("words", "field.review.characters")
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.OwnChange, func(_ context.Context, tx *store.Tx) error {
		f, o, err := own(&tx.View, who, appointment)
		if err != nil {
			return err
		}
		if !o.Can {
			return fault.New(fault.Conflict, "fault.review_early")
		}
		one := o.Said.ID
		if !o.Given {
			one = tx.NewID()
		}
		sealed, err := tx.Seal(f.Patient, "feedback", "words", one, words)
		if err != nil {
			return err
		}
		if o.Given {
			_, err = tx.Exec(sqlFeedbackChange, one, stars, sealed, tx.Now())
		} else {
			var n int64
			n, err = tx.Exec(sqlFeedbackAdd, one, f.Patient, appointment, stars, sealed, tx.Now())
			if err == nil && n == 0 { // two presses at the same moment: the first counts, and she may say it anew
				err = fault.New(fault.Conflict, "fault.changed_meanwhile")
			}
		}
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "say", Kind: "feedback", Subject: one, Patient: f.Patient, New: map[string]any{"stars": stars}})
		return messaging.CancelTo(tx, f.Patient, messaging.ReasonFeedback, messaging.Review)
	})
}

// Follow keeps that the patient of a link goes on to the clinic's public review page, and answers its address. She has said how it was
// before; otherwise, and where the clinic has no such page, it is fault.NotFound.
func (s *Service) Follow(ctx context.Context, who access.Caller, appointment id.ID) (string, error) {
	var to string
	err := s.db.Change(ctx, who, access.OwnChange, func(_ context.Context, tx *store.Tx) error {
		f, o, err := own(&tx.View, who, appointment)
		if err != nil {
			return err
		}
		if !o.Given || o.Public == "" {
			return fault.Missing()
		}
		to = o.Public
		n, err := tx.Exec(sqlFeedbackFollow, o.Said.ID, tx.Now())
		if n > 0 {
			tx.Record(audit.Note{Action: "follow", Kind: "feedback", Subject: o.Said.ID, Patient: f.Patient})
		}
		return err
	})
	return to, err
}

// Said lists what patients said of their visits, the newest first: of those before a moment (zero for all), and only complaints that nobody has
// settled where open is set. It is a list of patients: one audit entry.
func (s *Service) Said(ctx context.Context, who access.Caller, open bool, before clock.Instant, limit int) ([]Feedback, error) {
	var out []Feedback
	err := s.db.View(ctx, who, access.ReviewSettle, func(_ context.Context, v *store.View) error {
		text, key := sqlFeedbackRecent, "all"
		if open {
			text, key = sqlFeedbackOpen, "open"
		}
		if before == 0 {
			before = v.Now() + 1
		} else {
			key += " " + before.Time().Format("2006-01-02T15:04:05.000000")
		}
		rows, err := v.Query(text, before, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		var ids []id.ID
		for rows.Next() {
			f, err := scanFeedback(v, rows)
			if err != nil {
				return err
			}
			out = append(out, f)
			ids = append(ids, f.Patient)
		}
		if err := rows.Err(); err != nil || len(ids) == 0 {
			return err
		}
		names, err := patients.Names(v, ids)
		if err != nil {
			return err
		}
		for i := range out {
			out[i].Name = names[out[i].Patient]
		}
		v.Listed("feedback", key, ids)
		return nil
	})
	return out, err
}

// Complaints counts the complaints that nobody has settled.
func (s *Service) Complaints(ctx context.Context, who access.Caller) (int, error) {
	var n int
	err := s.db.View(ctx, who, access.ReviewSettle, func(_ context.Context, v *store.View) error {
		return v.Row(sqlFeedbackCount).Scan(&n)
	})
	return n, err
}

// Settle says that somebody looked after a complaint. seen is when it was given, as the page showed it: when she said
// something else meanwhile it is fault.Conflict.
func (s *Service) Settle(ctx context.Context, who access.Caller, one id.ID, seen clock.Instant) error {
	return s.db.Change(ctx, who, access.ReviewSettle, func(_ context.Context, tx *store.Tx) error {
		f, err := scanFeedback(&tx.View, tx.Row(sqlFeedbackGet, one))
		if err != nil {
			return err
		}
		if f.GivenAt != seen {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if !f.Complaint() {
			return nil
		}
		if _, err := tx.Exec(sqlFeedbackSettle, one, seen, tx.Now(), id.Null(who.Actor())); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "settle", Kind: "feedback", Subject: one, Patient: f.Patient})
		return nil
	})
}

func publicLink(v *store.View) (address string, version int64, err error) {
	err = v.Row(sqlLinkGet).Scan(&address, &version)
	if errors.Is(err, store.ErrNoRows) {
		return "", 0, nil
	}
	return address, version, err
}

// PublicLink is the clinic's public review page and the version of this setting; empty for none.
func (s *Service) PublicLink(ctx context.Context, who access.Caller) (address string, version int64, err error) {
	err = s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		address, version, err = publicLink(v)
		return err
	})
	return address, version, err
}

// SetPublicLink says which page outside is the clinic's public review page; empty for none. It leads out of this house, so only https is
// taken (field "url"). seen is the version that the writer saw; when it was changed meanwhile it is fault.Conflict.
func (s *Service) SetPublicLink(ctx context.Context, who access.Caller, address string, seen int64) error {
	address = strings.TrimSpace(address)
	if address != "" && !outbound(address) {
		var f fault.Fields
		f.Add("url", "field.review.url")
		return f.Err()
	}
	return s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		old, version, err := publicLink(&tx.View)
		if err != nil {
			return err
		}
		var n int64
		switch {
		case version != seen:
		case version == 0:
			n, err = tx.Exec(sqlLinkAdd, address, tx.Now())
		default:
			n, err = tx.Exec(sqlLinkChange, version, address, tx.Now())
		}
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "change", Kind: "review-link", Subject: tx.Clinic(), Old: old, New: address})
		return err
	})
}

// outbound says whether an address is one that patients may be sent to: https, a host with a name, no sign-in in it.
func outbound(address string) bool {
	u, err := url.Parse(address)
	return err == nil && len(address) <= 500 && u.Scheme == "https" && u.User == nil && strings.Contains(strings.Trim(u.Hostname(), "."), ".") &&
		!strings.ContainsFunc(address, func(r rune) bool {
			return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`"<>\`, r)
		})
}
