package policies

import (
	"context"
	"slices"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Service is this room's verbs for the doors.
type Service struct{ db *store.DB }

// New makes the service.
func New(db *store.DB) *Service { return &Service{db: db} }

// Standing is how the clinic's terms stand.
type Standing struct {
	Versions []Version // all, in their order; empty: the clinic has none on record yet
	Now      clock.Instant
	Agreed   int64 // how many of those whom the announced version touches agreed to it
	Touched  int64 // how many patients it touches
	Told     int64 // how many of them were told, or have no address to tell them at
}

// Holds is the version that holds now; false where the clinic has none.
func (s Standing) Holds() (Version, bool) {
	force := InForce(s.Versions, s.Now)
	if len(force) == 0 {
		return Version{}, false
	}
	return force[len(force)-1], true
}

// Waits is the version that is announced; false where none is.
func (s Standing) Waits() (Version, bool) { return Pending(s.Versions, s.Now) }

// Standing reads the versions and how many answered, for whoever may see the clinic's settings.
func (s *Service) Standing(ctx context.Context, who access.Caller) (Standing, error) {
	var out Standing
	err := s.db.View(ctx, who, access.ClinicRead, func(_ context.Context, v *store.View) (err error) {
		out, err = Stand(v)
		return err
	})
	return out, err
}

// Stand is Standing inside a passage.
func Stand(v *store.View) (Standing, error) {
	list, err := versions(v)
	out := Standing{Versions: list, Now: v.Now()}
	if err != nil {
		return out, err
	}
	w, ok := out.Waits()
	if !ok {
		return out, nil
	}
	if err := v.Row(sqlBefore, w.EffectiveAt).Scan(&out.Touched); err != nil {
		return out, err
	}
	if err := v.Row(sqlToldAll, w.N).Scan(&out.Told); err != nil {
		return out, err
	}
	rows, err := v.Query(sqlAnswersAll)
	if err != nil {
		return out, err
	}
	g := Governing{versions: list, answers: map[id.ID][]Said{}}
	if err := collect(rows, g.answers); err != nil {
		_ = rows.Close()
		return out, err
	}
	for p := range g.answers {
		if a := g.said(p, w); a != nil && a.Yes {
			out.Agreed++
		}
	}
	return out, rows.Close()
}

// Published reads the versions for everybody.
func (s *Service) Published(ctx context.Context, who access.Caller) ([]Version, error) {
	var out []Version
	err := s.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) (err error) {
		out, err = versions(v)
		return err
	})
	return out, err
}

// Compared is one version beside the one before it.
type Compared struct {
	Version Version
	Before  Version // zero for the first
	Changes []Change
	Text    string // the sentences, by id, as JSON
	Genuine bool   // what is kept has the hash that was written down
	InForce bool   // it came into force, or will
}

// Compared reads one version. fault.NotFound when there is none of the number.
func (s *Service) Compared(ctx context.Context, who access.Caller, n int64) (Compared, error) {
	var out Compared
	err := s.db.View(ctx, who, access.PublicRead, func(_ context.Context, v *store.View) error {
		list, err := versions(v)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(x Version) bool { return x.N == n })
		if i < 0 {
			return fault.Missing()
		}
		out.Version, out.InForce = list[i], !dead(list, i)
		if out.Text, err = text(v, list[i].Texts); err != nil {
			return err
		}
		out.Genuine = genuine(list[i], out.Text)
		if i == 0 {
			return nil
		}
		out.Before = list[i-1]
		before, err := text(v, out.Before.Texts)
		if err != nil {
			return err
		}
		said, err := CompareSentences(before, out.Text)
		out.Changes = append(Compare(out.Before.Terms, out.Version.Terms), said...)
		return err
	})
	return out, err
}

func genuine(x Version, text string) bool {
	return sum(text) == x.Texts && Digest(x.Terms, text) == x.Digest
}

// Genuine looks whether every version is what its hash says, and answers how many there are; wrong is the number of the first that is not, or zero.
func Genuine(v *store.View) (n int, wrong int64, err error) {
	list, err := versions(v)
	if err != nil {
		return 0, 0, err
	}
	texts := map[string]string{}
	for i, x := range list {
		if _, known := texts[x.Texts]; !known {
			if texts[x.Texts], err = text(v, x.Texts); err != nil {
				return 0, 0, err
			}
		}
		if !genuine(x, texts[x.Texts]) || x.N != int64(i+1) {
			return len(list), x.N, nil
		}
	}
	return len(list), 0, nil
}

// Wish is what the clinic chooses here: how long each class lives (see SpanText), and what may stay of those who left.
type Wish struct {
	Keep      map[law.Class]string
	Remainder int
}

// Try says what a wish would mean, and writes nothing. Faults as of Save.
func (s *Service) Try(ctx context.Context, who access.Caller, w Wish) (Outcome, error) {
	return s.wish(ctx, who, w, false)
}

// Save changes how long things are kept. fault.Invalid names the fields "keep_<class>" outside of what the law and the house allow, and "remainder"
// between one and LeastK; fault.NotFound before the clinic has its first version.
func (s *Service) Save(ctx context.Context, who access.Caller, w Wish) (Outcome, error) {
	return s.wish(ctx, who, w, true)
}

func (s *Service) wish(ctx context.Context, who access.Caller, w Wish, write bool) (out Outcome, err error) {
	err = s.db.Change(ctx, who, access.PolicySettings, func(_ context.Context, tx *store.Tx) error {
		if !write {
			tx.Housekeeping("nothing is written: what a change would mean is looked at")
		}
		c, err := clinics.Get(&tx.View)
		if err != nil {
			return err
		}
		var f fault.Fields
		for k, text := range w.Keep {
			if !slices.Contains(law.Classes(), k) || !Allowed(c.Jurisdiction, k, text) {
				f.Add("keep_"+string(k), "field.policy.keep")
			}
		}
		if w.Remainder != 0 && (w.Remainder < LeastK || w.Remainder > 1000) {
			f.AddWith("remainder", "field.policy.remainder", map[string]any{"Least": LeastK})
		}
		if err := f.Err(); err != nil {
			return err
		}
		list, err := versions(&tx.View)
		if err == nil && len(list) == 0 {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		out, err = moved(tx, write, func(t *Terms) {
			for k, text := range w.Keep {
				t.Keep[k] = text
			}
			t.Remainder = w.Remainder
		})
		return err
	})
	return out, err
}

// Said is one answer of a patient.
type Said struct {
	N    int64
	Yes  bool
	Door string // "link" or "desk"
	At   clock.Instant
}

func answersOf(v *store.View, patient id.ID) ([]Said, error) {
	rows, err := v.Query(sqlAnswersOf, patient)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Said
	for rows.Next() {
		var a Said
		if err := rows.Scan(&a.N, &a.Yes, &a.Door, &a.At); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// Question is the version that a patient is asked about, with what it would change for her.
type Question struct {
	Version Version
	Changes []Change // from the terms that she is under to those
	Asked   bool     // there is something to ask
	Said    bool     // she answered
	Yes     bool
	At      clock.Instant // when she answered

	Rests      Version       // the version on which her terms rest because she said yes to it, where that is another one; zero: none
	RestsSince clock.Instant // when she said that yes
}

// rights are what the caller needs: the patient's own link opens her own answers only.
func rights(who access.Caller, patient id.ID) (read, change access.Right, err error) {
	if who.Role() != access.Patient {
		return access.PatientRead, access.PatientWrite, nil
	}
	if who.Patient() != patient {
		return "", "", fault.Missing()
	}
	return access.OwnRead, access.OwnChange, nil
}

// Question is what the patient is asked now: the newest version, announced or in force, that is weaker for her than the terms that she is under. It is
// asked until she agreed, and shown after it so that she can take it back, as is the older version on which her terms rest. fault.NotFound when she is not there or is not the caller.
func (s *Service) Question(ctx context.Context, who access.Caller, patient id.ID) (Question, error) {
	var out Question
	read, _, err := rights(who, patient)
	if err != nil {
		return out, err
	}
	err = s.db.View(ctx, who, read, func(_ context.Context, v *store.View) (err error) {
		out, err = question(v, patient)
		return err
	})
	return out, err
}

func question(v *store.View, patient id.ID) (Question, error) {
	if here, err := patients.Here(v, []id.ID{patient}); err != nil || !here[patient] {
		return Question{}, missing(err)
	}
	g, err := Over(v, patient)
	if err != nil || len(g.versions) == 0 {
		return Question{}, err
	}
	if g.answers == nil { // while everybody is under the same, who answered what makes no difference to the terms
		if g.answers, err = answers(v, []id.ID{patient}); err != nil {
			return Question{}, err
		}
	}
	latest := g.versions[len(g.versions)-1]
	out := Question{Version: latest}
	if a := g.said(patient, latest); a != nil {
		out.Said, out.Yes, out.At = true, a.Yes, a.At
	}
	if i, by := g.rests(patient); by != nil && g.force[i].N != latest.N {
		out.Rests, out.RestsSince = g.force[i], by.At
	}
	under, _ := g.For(patient)
	out.Changes = slices.DeleteFunc(Compare(under, latest.Terms), func(c Change) bool { return c.Way != Weaker })
	out.Asked = len(out.Changes) > 0 || out.Said
	return out, nil
}

func missing(err error) error {
	if err != nil {
		return err
	}
	return fault.Missing()
}

// Answer writes down what the patient answered to the version that she was shown: yes, no, or the one taken back by the other. A yes on which her terms rest is taken
// back by a no to its version, whatever came after it. fault.Conflict when another version has been announced since; fault.NotFound when she is not there, is not the caller, or nobody asked her.
func (s *Service) Answer(ctx context.Context, who access.Caller, patient id.ID, n int64, yes bool) error {
	_, change, err := rights(who, patient)
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, change, func(_ context.Context, tx *store.Tx) error {
		q, err := question(&tx.View, patient)
		switch {
		case err != nil:
			return err
		case q.Rests.N == n && n > 0 && !yes:
			q.Version = q.Rests
		case !q.Asked && q.Rests.N == 0:
			return fault.Missing()
		case q.Version.N != n || !q.Asked:
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		case q.Said && q.Yes == yes:
			return nil
		}
		door := "desk"
		if who.Role() == access.Patient {
			door = "link"
		}
		tx.Record(audit.Note{Action: "answer-policy", Kind: "policy", Subject: q.Version.ID, Patient: patient, New: map[string]any{"version": n, "agreed": yes, "door": door}})
		if _, err := tx.Exec(sqlAnswerAdd, tx.NewID(), patient, n, yes, door, tx.Now()); err != nil {
			return err
		}
		t, ok, err := For(&tx.View, patient)
		if err == nil && ok {
			err = patients.SetAge(tx, patient, t.MinorAge)
		}
		if err != nil {
			return err
		}
		return tx.Announce(EventAnswered, patient, n)
	})
}

// Untold is the announced version and some of the patients who were not told of it yet; none when there is nothing to announce.
func Untold(v *store.View, most int) (Version, []id.ID, error) {
	list, err := versions(v)
	if err != nil {
		return Version{}, nil, err
	}
	w, ok := Pending(list, v.Now())
	if !ok {
		return Version{}, nil, nil
	}
	rows, err := v.Query(sqlUntold, w.EffectiveAt, w.N, most)
	if err != nil {
		return w, nil, err
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var p id.ID
		if err := rows.Scan(&p); err != nil {
			return w, nil, err
		}
		out = append(out, p)
	}
	return w, out, rows.Err()
}

// Unannounced is the number of the announced version of which the clinic's own people were not told yet; zero when there is none.
func Unannounced(v *store.View) (n int64, version id.ID, err error) {
	list, err := versions(v)
	if err != nil {
		return 0, id.Zero, err
	}
	w, ok := Pending(list, v.Now())
	if !ok {
		return 0, id.Zero, nil
	}
	var told int64
	if err := v.Row(sqlAnnounced, w.N).Scan(&told); err != nil || told > 0 {
		return 0, id.Zero, err
	}
	return w.N, w.ID, nil
}

// Announced writes down that the clinic's people were told of a version.
func Announced(tx *store.Tx, n int64) error {
	tx.Housekeeping("who was told of a version, which is recorded with the version")
	_, err := tx.Exec(sqlAnnouncedAdd, n, tx.Now())
	return err
}

// Waits says until when a version waits for its day; zero when it does not: it holds already, or another took its place.
func Waits(v *store.View, version id.ID) (clock.Instant, error) {
	list, err := versions(v)
	if err != nil {
		return 0, err
	}
	if w, ok := Pending(list, v.Now()); ok && w.ID == version {
		return w.EffectiveAt, nil
	}
	return 0, nil
}

// Told writes down that a patient was told of a version by a message; a zero message: she has no address on file, and finds it on her page.
func Told(tx *store.Tx, n int64, patient, message id.ID) error {
	_, err := tx.Exec(sqlToldAdd, n, patient, id.Null(message), tx.Now())
	return err
}
