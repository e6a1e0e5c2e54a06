package consent

import (
	"context"
	"errors"
	"log/slog"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Service are the verbs for the doors.
type Service struct {
	db  *store.DB
	log *slog.Logger
}

// New makes the service.
func New(db *store.DB, log *slog.Logger) *Service { return &Service{db: db, log: log} }

// State is where a patient stands with one purpose by one channel.
type State struct {
	Purpose    Purpose
	Channel    string // "" for all channels
	Asked      bool   // false: she never chose, and the other fields are empty
	Given      bool
	At         clock.Instant
	Door       string
	Version    int64 // of the notice that was shown
	Language   string
	Guardian   id.ID  // who chose for a child
	Digest     string // of the text that was shown; empty: none is on record
	Older      bool   // she agreed to another text than the one that is shown now
	Restricted bool   // every use is stopped, whatever was chosen
}

// rights are what the caller needs: the patient's own link opens her own consents only.
func rights(who access.Caller, patient id.ID) (read, change access.Right, err error) {
	if who.Role() != access.Patient {
		return access.PatientRead, access.PatientWrite, nil
	}
	if who.Patient() != patient {
		return "", "", fault.Missing()
	}
	return access.OwnRead, access.OwnChange, nil
}

// Of lists where the patient stands: for each purpose for which she can be asked, her choice for all
// channels and any for one channel, in the order of pages. It is a record that is opened: one audit entry.
// fault.NotFound when she is not there or is not the caller.
func (s *Service) Of(ctx context.Context, who access.Caller, patient id.ID) ([]State, error) {
	read, _, err := rights(who, patient)
	if err != nil {
		return nil, err
	}
	var out []State
	err = s.db.View(ctx, who, read, func(_ context.Context, v *store.View) error {
		if err := there(v, patient); err != nil {
			return err
		}
		rows, err := readAll(v, patient)
		if err != nil {
			return err
		}
		stopped := restricted(rows)
		latest, err := latestVersions(v)
		if err != nil {
			return err
		}
		for _, p := range Asked() {
			for _, st := range states(rows, p) {
				st.Restricted = stopped
				st.Older = st.Given && st.Version < max(latest[p], firstVersion)
				out = append(out, st)
			}
		}
		v.Opened("consent", patient, patient)
		return nil
	})
	return out, err
}

// Counted says whether the patient's visits may be counted in the clinic's figures, and since when that is so (zero: always). fault.NotFound when
// she is not there or is not the caller.
func (s *Service) Counted(ctx context.Context, who access.Caller, patient id.ID) (yes bool, since clock.Instant, err error) {
	read, _, err := rights(who, patient)
	if err != nil {
		return false, 0, err
	}
	err = s.db.View(ctx, who, read, func(_ context.Context, v *store.View) error {
		if err := there(v, patient); err != nil {
			return err
		}
		rows, err := readFor(v, patient, Figures)
		if err != nil {
			return err
		}
		if r, ok := last(rows, Figures, ""); ok {
			since = r.at
		}
		yes, _, err = decided(v, rows, patient, Figures, "")
		return err
	})
	return yes, since, err
}

// states are the choices of one purpose that count: the one for all channels first.
func states(rows []row, p Purpose) []State {
	out := []State{{Purpose: p}}
	for _, ch := range channels {
		var found *row
		for i := range rows {
			if rows[i].purpose == p && rows[i].channel == ch {
				found = &rows[i]
				break
			}
		}
		switch {
		case found == nil:
			continue
		case ch == "":
			out[0] = found.state()
		case !out[0].Asked || found.at > out[0].At: // an older one was overruled by a choice for all channels
			out = append(out, found.state())
		}
	}
	return out
}

func (r row) state() State {
	return State{Purpose: r.purpose, Channel: r.channel, Asked: true, Given: r.given, At: r.at, Door: r.via, Version: r.version, Language: r.language, Guardian: r.guardian, Digest: r.digest}
}

func there(v *store.View, patient id.ID) error {
	c, err := clinics.Get(v)
	if err != nil {
		return err
	}
	_, err = patients.IsMinor(v, patient, c)
	return err
}

// Set writes one choice of the patient, a yes or a no alike: by the desk on her word, or by herself
// through her own link. For a child's yes the guardian is her only one, or through the link her
// first. Faults as of Record.
func (s *Service) Set(ctx context.Context, who access.Caller, patient id.ID, c Choice) error {
	return s.SetBy(ctx, who, patient, c, id.Zero)
}

// SetBy is Set with the guardian who spoke.
func (s *Service) SetBy(ctx context.Context, who access.Caller, patient id.ID, c Choice, guardian id.ID) error {
	_, change, err := rights(who, patient)
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, change, func(_ context.Context, tx *store.Tx) error {
		door := DoorDesk
		if who.Role() == access.Patient {
			door = DoorLink
		}
		if door == DoorLink && c.Given && guardian.IsZero() {
			// Whoever holds a child's link is not told apart: the first guardian stands for them.
			all, err := patients.Guardians(&tx.View, patient)
			if err != nil {
				return err
			}
			if len(all) > 0 {
				guardian = all[0].ID
			}
		}
		_, _, language, err := patients.Contact(&tx.View, patient)
		if err != nil {
			return err
		}
		return Record(tx, patient, []Choice{c}, door, language, guardian)
	})
}

// SetRestriction stops every use of the patient's data but looking after her, or takes that back.
func (s *Service) SetRestriction(ctx context.Context, who access.Caller, patient id.ID, on bool) error {
	_, change, err := rights(who, patient)
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, change, func(_ context.Context, tx *store.Tx) error {
		door := DoorDesk
		if who.Role() == access.Patient {
			door = DoorLink
		}
		return Restrict(tx, patient, on, door)
	})
}

// Notices are the notices that count now, for pages that ask (see the function Notices).
func (s *Service) Notices(ctx context.Context, who access.Caller, language string) ([]Notice, error) {
	var out []Notice
	err := s.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		var err error
		out, err = Notices(v, language)
		return err
	})
	return out, err
}

// Notice is one version of a notice as it was shown: in the language if there is a text in it.
// fault.NotFound when that version was never published.
func (s *Service) Notice(ctx context.Context, who access.Caller, p Purpose, version int64, language string) (Notice, error) {
	var out Notice
	err := s.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		if e, ok := entry(p); !ok || e.Basis == Necessity {
			return fault.Missing()
		}
		var err error
		if version == firstVersion {
			out, err = Standard(p, language)
			return err
		}
		own, err := readVersion(v, p, version)
		if err != nil {
			return err
		}
		if len(own) == 0 {
			return fault.Missing()
		}
		out, err = pick(own, p, language, nil)
		return err
	})
	return out, err
}

// Publish makes the clinic's own text of a notice the one that counts: a new version in all of the
// clinic's languages (texts by language code). seen is the version that the editor had before her.
// Consents that were given keep the version that was shown. fault.Invalid names body_<language>;
// fault.Conflict "fault.changed_meanwhile" when somebody published meanwhile; fault.NotFound for a
// purpose for which nobody is asked.
func (s *Service) Publish(ctx context.Context, who access.Caller, p Purpose, texts map[string]string, seen int64) (version int64, err error) {
	err = s.db.Change(ctx, who, access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
		if e, ok := entry(p); !ok || e.Basis == Necessity {
			return fault.Missing()
		}
		clinic, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		var wrong fault.Fields
		clean := checkTexts(texts, clinic.Languages, &wrong)
		if err := wrong.Err(); err != nil {
			return err
		}
		latest, err := latestVersions(&tx.View)
		if err != nil {
			return err
		}
		now := max(latest[p], firstVersion)
		if now != seen {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		version = now + 1
		for _, lang := range clinic.Languages {
			if _, err := tx.Exec(sqlNoticeAdd, string(p), version, lang, clean[lang], tx.Now()); err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "publish-notice", Kind: "notice", Subject: tx.Clinic(),
			Old: map[string]any{"purpose": p, "version": now}, New: map[string]any{"purpose": p, "version": version, "texts": clean}})
		return nil
	})
	if errors.Is(err, store.ErrUnique) {
		err = fault.New(fault.Conflict, "fault.changed_meanwhile").Because(err)
	}
	if err != nil {
		return 0, err
	}
	return version, nil
}

// Archive are all texts that were ever the ones that counted, by purpose in the order of pages and by version, the oldest first, in the language where there is one in it.
func (s *Service) Archive(ctx context.Context, who access.Caller, language string) ([]Notice, error) {
	var out []Notice
	err := s.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		own, err := scanNotices(v.Query(sqlNoticeAll))
		if err != nil {
			return err
		}
		out = nil
		for _, p := range Asked() {
			n, err := Standard(p, language)
			if err != nil {
				return err
			}
			out = append(out, n)
			for version := int64(firstVersion + 1); ; version++ {
				var of []Notice
				for _, x := range own {
					if x.Purpose == p && x.Version == version {
						of = append(of, x)
					}
				}
				if len(of) == 0 {
					break
				}
				if n, err = pick(of, p, language, nil); err != nil {
					return err
				}
				out = append(out, n)
			}
		}
		return nil
	})
	return out, err
}
