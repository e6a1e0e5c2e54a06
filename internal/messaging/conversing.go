package messaging

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/store"
)

const (
	sqlCannedList   = `SELECT id, title, body, version FROM canned WHERE clinic_id = $1 ORDER BY title, id`
	sqlCannedAdd    = `INSERT INTO canned (clinic_id, id, title, body, created_at) VALUES ($1, $2, $3, $4, $5)`
	sqlCannedSet    = `UPDATE canned SET title = $4, body = $5, version = version + 1 WHERE clinic_id = $1 AND id = $2 AND version = $3`
	sqlCannedRemove = `DELETE FROM canned WHERE clinic_id = $1 AND id = $2 AND version = $3`

	// What was kept for longer than the clinic now keeps it is deleted at once; what is kept is never made to
	// last longer than was said when it came. Where an order keeps it, its end is set all the same, and comes with that of the order.
	sqlPostForget  = `UPDATE post SET body = NULL, until = 0 WHERE clinic_id = $1 AND way <> 'note' AND body IS NOT NULL AND thread_id NOT IN ` + heldTalks
	sqlPostShorten = `UPDATE post SET until = CASE WHEN until = 0 OR until > at + $2 THEN at + $2 ELSE until END WHERE clinic_id = $1 AND way <> 'note' AND body IS NOT NULL`
)

// CannedReplies lists the replies that the clinic has ready.
func (s *Service) CannedReplies(ctx context.Context, who access.Caller) ([]Canned, error) {
	var out []Canned
	err := s.db.View(ctx, who, access.InboxRead, func(_ context.Context, v *store.View) (err error) {
		out, err = canned(v)
		return err
	})
	return out, err
}

func canned(v *store.View) ([]Canned, error) {
	rows, err := v.Query(sqlCannedList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Canned
	for rows.Next() {
		var c Canned
		if err := rows.Scan(&c.ID, &c.Title, &c.Body, &c.Version); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// reply is nil when the clinic has the reply, fault.NotFound otherwise.
func reply(v *store.View, one id.ID) error {
	all, err := canned(v)
	if err == nil && !slices.ContainsFunc(all, func(c Canned) bool { return c.ID == one }) {
		err = fault.Missing()
	}
	return err
}

// SaveCanned adds a reply (zero ID) or changes one. Wrong fields "title", "body".
func (s *Service) SaveCanned(ctx context.Context, who access.Caller, c Canned) (id.ID, error) {
	c.Title, c.Body = strings.TrimSpace(c.Title), strings.TrimSpace(strings.ReplaceAll(c.Body, "\r\n", "\n"))
	var f fault.Fields
	for _, x := range []struct {
		name, text string
		most       int
	}{{"title", c.Title, 60}, {"body", c.Body, MaxAnswer}} {
		switch {
		case x.text == "":
			f.Add(x.name, "field.required")
		case utf8.RuneCountInString(x.text) > x.most:
			f.AddWith(x.name, "field.template.long", map[string]any{"Most": x.most})
		case !utf8.ValidString(x.text):
			f.Add(x.name, "field.template.characters")
		}
	}
	if err := f.Err(); err != nil {
		return id.Zero, err
	}
	err := s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		if c.ID.IsZero() {
			all, err := canned(&tx.View)
			if err != nil {
				return err
			}
			if len(all) >= MaxCanned {
				return fault.New(fault.Conflict, "fault.canned.many").With("Most", MaxCanned)
			}
			c.ID = tx.NewID()
			tx.Record(audit.Note{Action: "add", Kind: "canned-reply", Subject: c.ID, New: map[string]any{"title": c.Title, "body": c.Body}})
			_, err = tx.Exec(sqlCannedAdd, c.ID, c.Title, c.Body, tx.Now())
			return err
		}
		if err := reply(&tx.View, c.ID); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "change", Kind: "canned-reply", Subject: c.ID, New: map[string]any{"title": c.Title, "body": c.Body}})
		n, err := tx.Exec(sqlCannedSet, c.ID, c.Version, c.Title, c.Body)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return err
	})
	return c.ID, err
}

// RemoveCanned takes a reply away.
func (s *Service) RemoveCanned(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	return s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		if err := reply(&tx.View, one); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "remove", Kind: "canned-reply", Subject: one})
		n, err := tx.Exec(sqlCannedRemove, one, version)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return err
	})
}

// Setting reads how the clinic converses.
func (s *Service) Setting(ctx context.Context, who access.Caller) (Setting, error) {
	var out Setting
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) (err error) {
		out, err = setting(v)
		return err
	})
	return out, err
}

// SaveSetting changes how the clinic converses. What was kept for longer than is kept from now on is shortened
// in the same Change. Wrong fields "content", "days", "ways".
func (s *Service) SaveSetting(ctx context.Context, who access.Caller, x Setting) error {
	var f fault.Fields
	if x.Content != ContentNone && x.Content != ContentDays && x.Content != ContentFull {
		f.Add("content", "field.required")
	}
	if x.Content == ContentDays && (x.Days < 1 || x.Days > 365) {
		f.AddWith("days", "field.conversation.days", map[string]any{"Most": 365})
	}
	if x.Content != ContentDays {
		x.Days = 30
	}
	var ways []string
	for i, w := range x.Ways {
		if !slices.Contains(every(), w) || slices.Contains(x.Ways[:i], w) {
			f.Add("ways", "field.conversation.ways")
			break
		}
		ways = append(ways, string(w))
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		old, err := setting(&tx.View)
		if err != nil {
			return err
		}
		if _, err := policies.Move(tx, func(t *policies.Terms) { t.Content = x.kept() }); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "change", Kind: "conversations", Subject: tx.Clinic(), Old: old, New: x})
		text := strings.Join(ways, ",")
		var n int64
		if x.Version == 1 {
			n, err = tx.Exec(sqlSettingAdd, string(x.Content), x.Days, text, x.Opens)
		} else {
			n, err = tx.Exec(sqlSettingSet, x.Version, string(x.Content), x.Days, text, x.Opens)
		}
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if err != nil {
			return err
		}
		if x.Content == ContentNone {
			for _, text := range []string{sqlPostForget, sqlAttachedForget} {
				if _, err := tx.Exec(text); err != nil {
					return err
				}
			}
		}
		if x.Content != ContentFull {
			for _, text := range []string{sqlPostShorten, sqlAttachedShorten} {
				if _, err := tx.Exec(text, int64(x.kept())*dayMicros); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// wishRights are what it takes to read and to change a patient's wish: staff any, a patient her own.
func wishRights(who access.Caller, patient id.ID) (read, change access.Right, err error) {
	if who.Role() != access.Patient {
		return access.PatientRead, access.PatientWrite, nil
	}
	if who.Patient() != patient {
		return "", "", fault.Missing()
	}
	return access.OwnRead, access.OwnChange, nil
}

// Wish is the channel by which the patient wishes to be written to; empty when she has said none.
// Staff may ask about any patient, a patient about herself.
func (s *Service) Wish(ctx context.Context, who access.Caller, patient id.ID) (Channel, error) {
	right, _, err := wishRights(who, patient)
	if err != nil {
		return "", err
	}
	var out Channel
	err = s.db.View(ctx, who, right, func(_ context.Context, v *store.View) (err error) {
		out, err = NewRound(v).wish(patient)
		return err
	})
	return out, err
}

// SetWish notes it; empty takes it back. A wrong field "channel".
func (s *Service) SetWish(ctx context.Context, who access.Caller, patient id.ID, c Channel) error {
	_, right, err := wishRights(who, patient)
	if err != nil {
		return err
	}
	if c != "" && !slices.Contains(every(), c) {
		var f fault.Fields
		f.Add("channel", "field.required")
		return f.Err()
	}
	return s.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		if _, err := patients.Find(&tx.View, patient); err != nil {
			return err
		}
		old, err := NewRound(&tx.View).wish(patient)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "wish", Kind: "channel", Subject: patient, Patient: patient, Old: old, New: c})
		if c == "" {
			_, err = tx.Exec(sqlWishErase, patient)
			return err
		}
		_, err = tx.Exec(sqlWishSet, patient, string(c), tx.Now())
		return err
	})
}
