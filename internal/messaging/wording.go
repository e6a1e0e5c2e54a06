package messaging

import (
	"context"
	"errors"
	"slices"
	"strings"
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

// Template is the text of one kind of message on one channel in one language.
type Template struct {
	Kind     Kind
	Channel  Channel
	Language string
	Version  int64 // 0 is the house's own text
	Text
	CreatedAt clock.Instant // zero for the house's own
	House     bool          // it says what the house says
}

// place is where a text stands.
type place struct {
	kind     Kind
	channel  Channel
	language string
}

// present reads the newest version of every text that the clinic ever changed, in one statement.
func present(v *store.View) (map[place]Template, error) {
	rows, err := v.Query(sqlTemplateNow)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[place]Template{}
	for rows.Next() {
		var t Template
		if err := rows.Scan(&t.Kind, &t.Channel, &t.Language, &t.Version, &t.Subject, &t.Body, &t.CreatedAt); err != nil {
			return nil, err
		}
		out[place{t.Kind, t.Channel, t.Language}] = t
	}
	return out, rows.Err()
}

// one is a text out of those that present read. An empty body means that the clinic went back to the house's text.
func (s *Service) one(all map[place]Template, k Kind, c Channel, lang string) Template {
	t := all[place{k, c, lang}]
	t.Kind, t.Channel, t.Language = k, c, lang
	if t.Body == "" {
		t.Text, t.House = house(s.book.Tongue(lang), k, c), true
	}
	return t
}

// usable are the channels whose texts the clinic can write: e-mail always, the others while it has an account there.
func usable(v *store.View) (order []Channel, with map[Channel]Account, err error) {
	with = map[Channel]Account{}
	for _, c := range []Channel{SMS, WhatsApp} {
		a, err := account(v, sqlAccountFor, string(c))
		if missing(err) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		with[c] = a
	}
	for _, c := range []Channel{Email, SMS, WhatsApp} {
		if _, ok := with[c]; ok || c == Email {
			order = append(order, c)
		}
	}
	return order, with, nil
}

// fixed says whether the provider of the account sends approved or registered texts only. Where it does not, nothing
// opens a conversation again: an answer just goes.
func (s *Service) fixed(a Account) bool {
	approves, registers := s.Drafts(a.Provider)
	return approves || registers
}

// writes says whether a text of the kind can be written for the account's channel; the zero Account is e-mail.
func (s *Service) writes(k Kind, a Account) bool {
	return k.Valid() || k == Reopening && s.fixed(a)
}

// Templates lists the present text of every kind, on every channel that the clinic can use, in each of its languages.
func (s *Service) Templates(ctx context.Context, who access.Caller) ([]Template, error) {
	var out []Template
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		out = nil
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		channels, with, err := usable(v)
		if err != nil {
			return err
		}
		all, err := present(v)
		if err != nil {
			return err
		}
		for _, k := range proposableIn(c) {
			for _, channel := range channels {
				if !s.writes(k, with[channel]) {
					continue
				}
				for _, l := range languages(s.book, c) {
					out = append(out, s.one(all, k, channel, l))
				}
			}
		}
		return nil
	})
	return out, err
}

// Template reads the present text of one kind on one channel in one language, and up to fifty versions, the newest
// first. fault.NotFound when there is no such kind or language, or the clinic cannot use the channel.
func (s *Service) Template(ctx context.Context, who access.Caller, k Kind, c Channel, lang string) (now Template, earlier []Template, err error) {
	if err := s.known(k, c, lang); err != nil {
		return now, nil, err
	}
	err = s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		if _, err := s.through(v, k, c); err != nil {
			return err
		}
		var err error
		if now, err = s.template(v, k, c, lang); err != nil {
			return err
		}
		rows, err := v.Query(sqlTemplateAll, string(k), string(c), lang)
		if err != nil {
			return err
		}
		defer rows.Close()
		earlier = nil
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

// through is the account by which messages of the channel go; zero for e-mail, which needs none. fault.NotFound when the
// clinic has no account there, or writes no such text for it.
func (s *Service) through(v *store.View, k Kind, c Channel) (Account, error) {
	var a Account
	var err error
	if c != Email {
		a, err = account(v, sqlAccountFor, string(c))
	}
	if err == nil && !s.writes(k, a) {
		err = fault.Missing()
	}
	return a, err
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
	Buttons  []string // answers under it that can be touched
	Length   Length   // of an SMS; zero elsewhere, and where nobody measures
	Warnings []Warning
}

// sampleToken is as long as the token of a real link, so that a measured text is as long as one that is sent.
var sampleToken = strings.Repeat("x", 43)

// Preview renders a draft. Wrong fields come back as a fault over all of them; fault.NotFound as of Template.
func (s *Service) Preview(ctx context.Context, who access.Caller, k Kind, c Channel, lang string, x Text) (Preview, error) {
	var out Preview
	x = x.clean(c)
	if err := s.known(k, c, lang); err != nil {
		return out, err
	}
	if err := x.check(k, c); err != nil {
		return out, err
	}
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		a, err := s.through(v, k, c)
		if err != nil {
			return err
		}
		clinic, err := clinics.Get(v)
		if err != nil {
			return err
		}
		t := s.book.Tongue(lang)
		now := s.sample(t, clinic)
		body := x
		if s.fixed(a) {
			body = s.framed(Template{Kind: k, Channel: c, Language: lang, Text: x}, clinic).Text
		}
		var footer []string
		if c == Email {
			footer = append(footer, t.Say("message.footer", "ClinicName", clinic.Name))
			if k.Asked() {
				footer = append(footer, t.Say("message.stop", "URL", s.public+StopPath("example", k.purpose())))
			}
		}
		values := valuesOf(now, s.public, s.public+"/m/example")
		values["PaperURL"] = s.public + "/r/example"
		out = Preview{Filled: fill(body, values, t, footer), Warnings: x.warnings(k)}
		if c == WhatsApp && k.Choices() {
			for _, b := range choices() {
				out.Buttons = append(out.Buttons, t.Say("message.button."+b))
			}
		}
		if c == SMS && s.measure != nil {
			values = valuesOf(now, s.public, s.public+"/m/"+sampleToken)
			values["PaperURL"] = s.public + "/r/" + sampleToken
			out.Length = s.measure(fill(body, values, t, nil).Text)
		}
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
// fields come back as a fault over all of them. Warnings do not keep it from being published, but for one: a text that
// goes out only with the patient's agreement, and seems to speak of health, is published when the writer is sure
// (a fault over "sure" otherwise).
func (s *Service) Publish(ctx context.Context, who access.Caller, k Kind, c Channel, lang string, x Text, seen int64, sure bool) ([]Warning, error) {
	x = x.clean(c)
	if err := s.known(k, c, lang); err != nil {
		return nil, err
	}
	if err := x.check(k, c); err != nil {
		return nil, err
	}
	warnings := x.warnings(k)
	if k.Asked() && !sure && slices.ContainsFunc(warnings, func(w Warning) bool { return w.Code == WarnHealth }) {
		var f fault.Fields
		f.Add("sure", "field.template.sure")
		return warnings, f.Err()
	}
	return warnings, s.publish(ctx, who, k, c, lang, x, seen)
}

// Restore goes back to the house's own text. The clinic's versions stay on record.
func (s *Service) Restore(ctx context.Context, who access.Caller, k Kind, c Channel, lang string, seen int64) error {
	if err := s.known(k, c, lang); err != nil {
		return err
	}
	return s.publish(ctx, who, k, c, lang, Text{}, seen)
}

// GoBack publishes an earlier version of a text once more; fault.NotFound when there is no such version. Whoever
// published it was asked about its words then.
func (s *Service) GoBack(ctx context.Context, who access.Caller, k Kind, c Channel, lang string, version, seen int64) error {
	_, earlier, err := s.Template(ctx, who, k, c, lang)
	if err != nil {
		return err
	}
	for _, t := range earlier {
		if t.Version != version {
			continue
		}
		if t.House {
			return s.Restore(ctx, who, k, c, lang, seen)
		}
		_, err := s.Publish(ctx, who, k, c, lang, t.Text, seen, true)
		return err
	}
	return fault.Missing()
}

func (s *Service) known(k Kind, c Channel, lang string) error {
	if !slices.Contains(proposable(), k) || k == Reopening && c == Email || !s.book.Speaks(lang) || !slices.Contains([]Channel{Email, SMS, WhatsApp}, c) {
		return fault.Missing()
	}
	return nil
}

func (s *Service) publish(ctx context.Context, who access.Caller, k Kind, c Channel, lang string, x Text, seen int64) error {
	changed := fault.New(fault.Conflict, "fault.changed_meanwhile")
	err := s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		if _, err := s.through(&tx.View, k, c); err != nil {
			return err
		}
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
			Old: map[string]any{"kind": k, "channel": c, "language": lang, "version": seen, "subject": old.Subject, "body": old.Body},
			New: map[string]any{"kind": k, "channel": c, "language": lang, "version": seen + 1, "subject": x.Subject, "body": x.Body}})
		return nil
	})
	if errors.Is(err, store.ErrUnique) { // two at the same moment: the key of the table decides
		return changed
	}
	return err
}
