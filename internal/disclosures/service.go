package disclosures

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Options are what the room is handed from outside.
type Options struct {
	// Collect copies out one part of a patient's record, by table: app puts the rooms' keepers together.
	Collect func(v *store.View, patient id.ID, part Part) (map[string][]map[string]string, error)
	// Texts are what she is told, in the clinic's languages; {{.PatientName}} stands for her name.
	Texts func(languages []string, d Disclosure) []messaging.SecurityNotice
	// Here is since when the caller belongs to the clinic: who joined after a demand was written down does not decide about it. nil: nobody is asked.
	Here func(ctx context.Context, who access.Caller) (clock.Instant, error)
}

// Service are the verbs for the doors.
type Service struct {
	db *store.DB
	o  Options
}

// New makes the service.
func New(db *store.DB, o Options) *Service { return &Service{db: db, o: o} }

// mostListed is how many demands the page lists, and tellAtOnce how many people one passage tells.
const (
	mostListed = 200
	tellAtOnce = 100
)

// Line is a demand in the list, with whom it is about.
type Line struct {
	Disclosure
	Name patients.Name
}

// List are the clinic's demands, those that wait first. It is an entry in the audit log, and one of its own for those whom the law forbids to tell: it does not stand on their pages.
func (s *Service) List(ctx context.Context, who access.Caller) (out []Line, err error) {
	err = s.db.View(ctx, who, access.DisclosureRead, func(_ context.Context, v *store.View) error {
		list, err := read(v, sqlList, mostListed)
		if err != nil {
			return err
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		var all, free, silent []id.ID
		for _, d := range list {
			all = append(all, d.Patient)
			if d.Gagged(clock.DateOf(v.Now().In(c.Location()))) {
				silent = append(silent, d.Patient)
			} else {
				free = append(free, d.Patient)
			}
		}
		names, err := patients.Names(v, all)
		if err != nil {
			return err
		}
		out = nil
		for _, d := range list {
			out = append(out, Line{d, names[d.Patient]})
		}
		if free = slices.DeleteFunc(free, func(p id.ID) bool { return slices.Contains(silent, p) }); len(free) > 0 || len(silent) == 0 {
			v.Listed("disclosure", "", free)
		}
		if len(silent) > 0 {
			v.Listed("disclosure", audit.Withheld, silent)
		}
		return nil
	})
	return out, err
}

// Get is one demand. fault.NotFound when there is none.
func (s *Service) Get(ctx context.Context, who access.Caller, one id.ID) (out Line, err error) {
	err = s.db.View(ctx, who, access.DisclosureRead, func(_ context.Context, v *store.View) error {
		d, err := get(v, one)
		if err != nil {
			return err
		}
		names, err := patients.Names(v, []id.ID{d.Patient})
		if err != nil {
			return err
		}
		out = Line{d, names[d.Patient]}
		v.Opened("disclosure", one, id.Zero)
		return nil
	})
	return out, err
}

// Ask writes a demand down. It gives nothing yet. fault.Invalid names "ground", "recipient", "reference", "why", "parts", "gag", "gag_why";
// fault.NotFound when she is not there.
func (s *Service) Ask(ctx context.Context, who access.Caller, d Draft) (one id.ID, err error) {
	err = s.db.Change(ctx, who, access.DisclosureAct, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		if err := d.check(clock.DateOf(tx.Now().In(c.Location()))); err != nil {
			return err
		}
		if _, err := patients.Find(&tx.View, d.Patient); err != nil {
			return err
		}
		one = tx.NewID()
		tx.Record(audit.Note{Action: "ask", Kind: "disclosure", Subject: one, New: map[string]any{"ground": d.Ground, "parts": d.Parts, "gag": d.Gag}})
		return add(tx, Disclosure{Draft: d, ID: one})
	})
	return one, err
}

// Decide approves or refuses a demand. Whoever wrote it down cannot: fault.Forbidden "fault.disclosure_same"; nor can who joined after that. A refusal needs words. fault.Conflict when somebody decided
// meanwhile.
func (s *Service) Decide(ctx context.Context, who access.Caller, one id.ID, version int64, yes bool, words string) error {
	words = strings.TrimSpace(words)
	if n := utf8.RuneCountInString(words); n > longestWords || n == 0 && !yes {
		var wrong fault.Fields
		wrong.AddWith("words", "field.disclosure.words", map[string]any{"Most": longestWords})
		return wrong.Err()
	}
	here := clock.Instant(0)
	if s.o.Here != nil {
		var err error
		if here, err = s.o.Here(ctx, who); err != nil {
			return err
		}
	}
	return s.db.Change(ctx, who, access.DisclosureAct, func(_ context.Context, tx *store.Tx) error {
		d, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		if d.By == tx.Caller().Actor() {
			return fault.New(fault.Forbidden, "fault.disclosure_same")
		}
		if here > d.AskedAt {
			return accounts.TooNew()
		}
		if d.State != Asked || d.Version != version {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		to := Refused
		if yes {
			to = Approved
		}
		sealed, err := tx.Seal(clinicData, "disclosure", "words", one, words)
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "decide", Kind: "disclosure", Subject: one, Old: d.State, New: to})
		return tx.Must(sqlDecide, one, version, string(to), tx.Caller().Actor(), tx.Now(), sealed)
	})
}

// Drop takes a demand back before it was given. fault.Conflict when it was given or somebody changed it meanwhile.
func (s *Service) Drop(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	return s.db.Change(ctx, who, access.DisclosureAct, func(_ context.Context, tx *store.Tx) error {
		d, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		if d.State != Asked && d.State != Approved || d.Version != version {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		tx.Record(audit.Note{Action: "drop", Kind: "disclosure", Subject: one, Old: d.State, New: Dropped})
		return tx.Must(sqlDrop, one, version)
	})
}

// Section is one part of a record as it is given.
type Section struct {
	Part   Part
	Tables map[string][]map[string]string
}

// File is what is given: the parts that were approved, and no other. Taking it the first time is the giving; she is told then, unless the law forbids it still. It can be
// taken again for seven days. fault.Conflict "fault.disclosure_not_yet" before somebody approved it, "fault.disclosure_over" after that time.
func (s *Service) File(ctx context.Context, who access.Caller, one id.ID) (d Disclosure, out []Section, err error) {
	err = s.db.Change(ctx, who, access.DisclosureFile, func(_ context.Context, tx *store.Tx) error {
		out = nil
		if d, err = get(&tx.View, one); err != nil {
			return err
		}
		switch {
		case d.State == Given && tx.Now().Sub(d.GivenAt) > takenAgain:
			return fault.New(fault.Conflict, "fault.disclosure_over")
		case d.State != Approved && d.State != Given:
			return fault.New(fault.Conflict, "fault.disclosure_not_yet")
		}
		for _, p := range d.Parts {
			tables, err := s.o.Collect(&tx.View, d.Patient, p)
			if err != nil {
				return err
			}
			out = append(out, Section{p, tables})
		}
		// Her own page lists what was done with her data; while the law forbids to tell her, the entry does not name her.
		tx.Record(audit.Note{Action: "export", Kind: "disclosure", Subject: one, New: map[string]any{"parts": d.Parts}})
		if d.State == Given {
			return nil
		}
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		d.State, d.GivenAt = Given, tx.Now()
		if err := tx.Must(sqlGive, one, tx.Now()); err != nil {
			return err
		}
		for _, n := range s.o.Texts(c.Languages, d) {
			if err := messaging.SetSecurityText(tx, one, n); err != nil {
				return err
			}
		}
		return tell(tx, c, d)
	})
	return d, out, err
}

// tell tells her by a message where the law lets it and she has an address; else it is left for later, or for somebody's hand.
func tell(tx *store.Tx, c clinics.Clinic, d Disclosure) error {
	if d.Gagged(clock.DateOf(tx.Now().In(c.Location()))) {
		return nil
	}
	_, mail, _, err := patients.Contact(&tx.View, d.Patient)
	if fault.Is(err, fault.NotFound) || err == nil && mail == "" {
		return nil
	}
	if err != nil {
		return err
	}
	message, err := messaging.TellSecurity(tx, d.ID, d.ID, d.Patient)
	if err != nil || message.IsZero() {
		return err
	}
	tx.Record(audit.Note{Action: "disclose", Kind: "disclosure", Subject: d.ID, Patient: d.Patient, New: map[string]any{"ground": d.Ground, "parts": d.Parts}})
	_, err = tx.Exec(sqlTold, d.ID, tx.Now(), "message")
	return err
}

// TellDue tells everybody whom the law let be told meanwhile. It is done by itself, every hour. Those whom nothing reaches keep no other waiting.
func (s *Service) TellDue(ctx context.Context, who access.Caller) error {
	for behind := id.Zero; ; {
		n := 0
		err := s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("whoever may be told now that her data was given away is told")
			c, err := clinics.Get(&tx.View)
			if err != nil {
				return err
			}
			list, err := read(&tx.View, sqlTell, behind, tellAtOnce)
			if err != nil {
				return err
			}
			n = len(list)
			for _, d := range list {
				if err := tell(tx, c, d); err != nil {
					return err
				}
			}
			if n > 0 {
				behind = list[n-1].ID
			}
			return nil
		})
		if err != nil || n < tellAtOnce {
			return err
		}
	}
}

// ToldByHand says that she was told by telephone, by letter or at the desk. fault.Conflict while the law forbids it.
func (s *Service) ToldByHand(ctx context.Context, who access.Caller, one id.ID) error {
	return s.db.Change(ctx, who, access.DisclosureAct, func(_ context.Context, tx *store.Tx) error {
		d, err := get(&tx.View, one)
		if err != nil {
			return err
		}
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		if d.State != Given || d.Gagged(clock.DateOf(tx.Now().In(c.Location()))) {
			return fault.New(fault.Conflict, "fault.disclosure_not_yet")
		}
		tx.Record(audit.Note{Action: "disclose", Kind: "disclosure", Subject: one, Patient: d.Patient, New: map[string]any{"ground": d.Ground, "parts": d.Parts, "told": "by hand"}})
		return tx.Must(sqlTold, one, tx.Now(), "hand")
	})
}

// Again says whether the file of something that was given can be taken once more.
func (s *Service) Again(d Disclosure) bool {
	return clock.At(s.db.Clock().Now()).Sub(d.GivenAt) <= takenAgain
}
