package messaging

import (
	"context"
	"errors"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

// Template is the text of one kind of message in one language.
type Template struct {
	Kind     Kind
	Channel  Channel
	Language string
	Version  int64 // 0 is the house's own text
	Text
	CreatedAt clock.Instant // zero for the house's own
	House     bool          // it says what the house says
}

// Templates lists the present text of every kind in every language of the clinic.
func (s *Service) Templates(ctx context.Context, who access.Caller) ([]Template, error) {
	var out []Template
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		for _, k := range Kinds() {
			for _, l := range languages(s.book, c) {
				t, err := s.template(v, k, Email, l)
				if err != nil {
					return err
				}
				out = append(out, t)
			}
		}
		return nil
	})
	return out, err
}

// Template reads the present text of one kind in one language, and up to fifty earlier
// versions, the newest first. fault.NotFound when there is no such kind or language.
func (s *Service) Template(ctx context.Context, who access.Caller, k Kind, c Channel, lang string) (now Template, earlier []Template, err error) {
	if !k.Valid() || !s.book.Speaks(lang) {
		return now, nil, fault.Missing()
	}
	err = s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		var err error
		if now, err = s.template(v, k, c, lang); err != nil {
			return err
		}
		rows, err := v.Query(sqlTemplateAll, string(k), string(c), lang)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			t := Template{Kind: k, Channel: c, Language: lang}
			if err := rows.Scan(&t.Version, &t.Subject, &t.Body, &t.CreatedAt); err != nil {
				return err
			}
			t.House = t.Body == ""
			earlier = append(earlier, t)
		}
		return rows.Err()
	})
	return now, earlier, err
}

// template reads the newest version. A version with an empty body means that the clinic went
// back to the house's text.
func (s *Service) template(v *store.View, k Kind, c Channel, lang string) (Template, error) {
	t := Template{Kind: k, Channel: c, Language: lang}
	err := v.Row(sqlTemplateLatest, string(k), string(c), lang).Scan(&t.Version, &t.Subject, &t.Body, &t.CreatedAt)
	if err != nil && !errors.Is(err, store.ErrNoRows) {
		return t, err
	}
	if t.Body == "" {
		t.Text, t.House = house(s.book.Tongue(lang), k, c), true
	}
	return t, nil
}

// Preview is a message as it would look, with the present clinic and a made-up appointment.
type Preview struct {
	Filled
	Warnings []Warning
}

// Preview renders a draft. Wrong fields come back as a fault over all of them.
func (s *Service) Preview(ctx context.Context, who access.Caller, k Kind, lang string, x Text) (Preview, error) {
	var out Preview
	x = x.clean()
	if !k.Valid() || !s.book.Speaks(lang) {
		return out, fault.Missing()
	}
	if err := x.check(); err != nil {
		return out, err
	}
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		t := s.book.Tongue(lang)
		now := s.sample(t, c)
		footer := []string{t.Say("message.footer", "ClinicName", c.Name)}
		if k.Asked() {
			footer = append(footer, t.Say("message.stop", "URL", s.public+StopPath("example", k.purpose())))
		}
		out = Preview{fill(x, valuesOf(now, s.public, s.public+"/m/example"), t, footer), x.warnings(k)}
		return nil
	})
	return out, err
}

// sample is a made-up appointment of tomorrow, for previews and for the examples that a provider asks for.
func (s *Service) sample(t *words.Tongue, c clinics.Clinic) situation {
	start := clock.At(clock.StartOfDay(clock.DateOf(s.db.Clock().Now().In(c.Location())).AddDays(1), c.Location())).Add(10*time.Hour + 30*time.Minute)
	return situation{clinic: c, zone: c.Location(), tongue: t, name: t.Say("message.sample.patient"), facts: scheduling.Facts{
		Appointment: scheduling.Appointment{StartsAt: start, EndsAt: start.Add(30 * time.Minute)}, ProviderName: t.Say("message.sample.provider"), ServiceName: t.Say("message.sample.service")}}
}

// Publish makes a new version of a text the present one. seen is the version that the writer
// saw; when another was published meanwhile it is fault.Conflict and nothing changes. Wrong
// fields come back as a fault over all of them. Warnings do not keep it from being published.
func (s *Service) Publish(ctx context.Context, who access.Caller, k Kind, c Channel, lang string, x Text, seen int64) ([]Warning, error) {
	x = x.clean()
	if err := s.known(k, c, lang); err != nil {
		return nil, err
	}
	if err := x.check(); err != nil {
		return nil, err
	}
	return x.warnings(k), s.publish(ctx, who, k, c, lang, x, seen)
}

// Restore goes back to the house's own text. The clinic's versions stay on record.
func (s *Service) Restore(ctx context.Context, who access.Caller, k Kind, c Channel, lang string, seen int64) error {
	if err := s.known(k, c, lang); err != nil {
		return err
	}
	return s.publish(ctx, who, k, c, lang, Text{}, seen)
}

func (s *Service) known(k Kind, c Channel, lang string) error {
	if !k.Valid() || !s.book.Speaks(lang) || !slices.Contains([]Channel{Email, SMS, WhatsApp}, c) {
		return fault.Missing()
	}
	return nil
}

func (s *Service) publish(ctx context.Context, who access.Caller, k Kind, c Channel, lang string, x Text, seen int64) error {
	changed := fault.New(fault.Conflict, "fault.changed_meanwhile")
	err := s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		old, err := s.template(&tx.View, k, c, lang)
		if err != nil {
			return err
		}
		if old.Version != seen {
			return changed
		}
		if _, err := tx.Exec(sqlTemplateAdd, string(k), string(c), lang, seen+1, x.Subject, x.Body, tx.Now()); err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "publish", Kind: "template", Subject: tx.Clinic(),
			Old: map[string]any{"kind": k, "language": lang, "version": seen, "subject": old.Subject, "body": old.Body},
			New: map[string]any{"kind": k, "language": lang, "version": seen + 1, "subject": x.Subject, "body": x.Body}})
		return nil
	})
	if errors.Is(err, store.ErrUnique) { // two at the same moment: the key of the table decides
		return changed
	}
	return err
}
