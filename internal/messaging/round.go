package messaging

import (
	"errors"
	"slices"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

// Round is what one passage reads for all the messages that it looks at. What many of them ask for is read once for
// all of them (decision 0037): a hundred reminders of one clinic take a few statements and not a few each. Everything
// is read within the passage, so it is as true as if each message had asked by itself; the passage must change none of
// it, and nothing of a Round is used after the passage.
type Round struct {
	v       *store.View
	clinic  clinics.Clinic
	local   *time.Location            // the clinic's
	abroad  map[string]*time.Location // by name; nil for one that nobody knows
	setting *Setting

	visited, written []id.ID // appointments and patients that will be asked for

	messages map[id.ID]row
	visits   lot[id.ID, scheduling.Facts]
	people   lot[id.ID, patients.Reach]
	said     lot[id.ID, consent.Words]
	wishes   lot[id.ID, Channel]
	before   lot[id.ID, []earlier]
	agreed   lot[id.ID, *policies.Governing]

	accounts map[Channel]Account // zero for a channel of which the clinic has none
	texts    map[textKey]keptText
	says     map[Text][]string // the variables of a text
	approved map[id.ID]map[Kind][]Approval
}

type textKey struct {
	kind     Kind
	channel  Channel
	language string
}

type keptText struct {
	text    Text
	version int64
}

// earlier is a message that was planned before about the same appointment, and not taken back.
type earlier struct {
	rule    id.ID
	channel Channel
	starts  clock.Instant
}

// NewRound begins a round of the passage.
func NewRound(v *store.View) *Round {
	return &Round{v: v, accounts: map[Channel]Account{}, texts: map[textKey]keptText{}, says: map[Text][]string{}, approved: map[id.ID]map[Kind][]Approval{}}
}

// lot is some facts that are read for many at once.
type lot[K comparable, T any] struct {
	have  map[K]T
	asked map[K]bool
}

// of answers the fact of one; the first time somebody asks, those of all that were announced are read with it.
func (l *lot[K, T]) of(one K, announced []K, read func([]K) (map[K]T, error)) (T, bool, error) {
	if !l.asked[one] {
		if l.asked == nil {
			l.asked, l.have = map[K]bool{}, map[K]T{}
		}
		want := []K{one}
		for _, k := range announced {
			if !l.asked[k] && k != one {
				want = append(want, k)
			}
		}
		got, err := read(want)
		if err != nil {
			var none T
			return none, false, err
		}
		for _, k := range want {
			l.asked[k] = true
		}
		for k, x := range got {
			l.have[k] = x
		}
	}
	x, there := l.have[one]
	return x, there, nil
}

// About announces the appointments that the round is about, and their patients.
func (r *Round) About(appointments ...id.ID) error {
	r.visited = append(r.visited, appointments...)
	for _, a := range appointments {
		f, there, err := r.Visit(a)
		if err != nil {
			return err
		}
		if there {
			r.written = append(r.written, f.Patient)
		}
	}
	return nil
}

// Visit is scheduling.FactsOf; there is false where that is fault.NotFound.
func (r *Round) Visit(appointment id.ID) (f scheduling.Facts, there bool, err error) {
	return r.visits.of(appointment, r.visited, func(all []id.ID) (map[id.ID]scheduling.Facts, error) { return scheduling.FactsFor(r.v, all...) })
}

func (r *Round) reach(patient id.ID) (patients.Reach, bool, error) {
	return r.people.of(patient, r.written, func(all []id.ID) (map[id.ID]patients.Reach, error) { return patients.Reaches(r.v, all...) })
}

// To announces patients whom the round is about, beside those of its appointments.
func (r *Round) To(patients ...id.ID) { r.written = append(r.written, patients...) }

// Where are the zones in which the patient may be, by her number, as at a moment: the clinic's where it tells none, or one that
// shows the clinic's time. There is always one.
func (r *Round) Where(patient id.ID, at clock.Instant) ([]*time.Location, error) {
	c, err := r.house()
	if err != nil {
		return nil, err
	}
	x, _, err := r.reach(patient)
	if err != nil {
		return nil, err
	}
	return r.zones(x.Phone, c.Location(), at), nil
}

func (r *Round) words(patient id.ID) (consent.Words, error) {
	w, _, err := r.said.of(patient, r.written, func(all []id.ID) (map[id.ID]consent.Words, error) { return consent.Said(r.v, all...) })
	return w, err
}

// may is consent.May.
func (r *Round) may(patient id.ID, p consent.Purpose, c Channel) (bool, string, error) {
	w, err := r.words(patient)
	if err != nil {
		return false, "", err
	}
	return w.May(p, string(c))
}

// wish is the channel by which the patient wishes to be written to; empty for none.
func (r *Round) wish(patient id.ID) (Channel, error) {
	c, _, err := r.wishes.of(patient, r.written, func(all []id.ID) (map[id.ID]Channel, error) {
		out := map[id.ID]Channel{}
		return out, r.each(sqlWishesIn, all, func(rows *store.Rows) error {
			var p id.ID
			var c Channel
			err := rows.Scan(&p, &c)
			out[p] = c
			return err
		})
	})
	return c, err
}

// told says whether a message of the rule, by the channel, told this time of the appointment already.
func (r *Round) told(appointment, rule id.ID, c Channel, starts clock.Instant) (bool, error) {
	all, _, err := r.before.of(appointment, r.visited, func(all []id.ID) (map[id.ID][]earlier, error) {
		out := map[id.ID][]earlier{}
		return out, r.each(sqlMessagesAbout, all, func(rows *store.Rows) error {
			var a id.ID
			var e earlier
			err := rows.Scan(&a, &e.rule, &e.channel, &e.starts)
			out[a] = append(out[a], e)
			return err
		})
	})
	for _, e := range all {
		if e.rule == rule && e.channel == c && e.starts == starts {
			return true, err
		}
	}
	return false, err
}

// planned keeps told true within the round.
func (r *Round) planned(appointment id.ID, e earlier) {
	if r.before.asked[appointment] {
		r.before.have[appointment] = append(r.before.have[appointment], e)
	}
}

func (r *Round) each(text string, all []id.ID, scan func(*store.Rows) error) error {
	return store.Each(all, func(args []any, width int) error {
		rows, err := r.v.Query(text+store.In(2, width), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func (r *Round) house() (clinics.Clinic, error) {
	if r.clinic.ID.IsZero() {
		c, err := clinics.Get(r.v)
		if err != nil {
			return c, err
		}
		r.clinic, r.local = c, c.Location()
	}
	return r.clinic, nil
}

// zone is time.LoadLocation, which reads a file each time.
func (r *Round) zone(name string) *time.Location {
	z, known := r.abroad[name]
	if !known {
		if r.abroad == nil {
			r.abroad = map[string]*time.Location{}
		}
		z, _ = time.LoadLocation(name)
		r.abroad[name] = z
	}
	return z
}

func (r *Round) set() (Setting, error) {
	if r.setting == nil {
		x, err := setting(r.v)
		if err != nil {
			return x, err
		}
		r.setting = &x
	}
	return *r.setting, nil
}

// account is the clinic's own account for the channel; there is false when it has none.
func (r *Round) account(c Channel) (a Account, there bool, err error) {
	a, known := r.accounts[c]
	if !known {
		if a, err = account(r.v, sqlAccountFor, string(c)); missing(err) {
			a, err = Account{}, nil
		}
		if err != nil {
			return a, false, err
		}
		r.accounts[c] = a
	}
	return a, !a.ID.IsZero(), nil
}

// text is the clinic's newest text of the kind in the language, or the house's (version 0).
func (r *Round) text(t *words.Tongue, k Kind, c Channel) (Text, int64, error) {
	key := textKey{k, c, t.Lang()}
	x, known := r.texts[key]
	if !known {
		var at clock.Instant
		err := r.v.Row(sqlTemplateLatest, string(k), string(c), t.Lang()).Scan(&x.version, &x.text.Subject, &x.text.Body, &at)
		if errors.Is(err, store.ErrNoRows) || err == nil && x.text.Body == "" {
			x, err = keptText{text: house(t, k, c)}, nil
		}
		if err != nil {
			return Text{}, 0, err
		}
		r.texts[key] = x
	}
	return x.text, x.version, nil
}

// fields are the variables of the text, in the order of the list.
func (r *Round) fields(x Text) []string {
	all, known := r.says[x]
	if !known {
		all = slices.Clip(named(x))
		r.says[x] = all
	}
	return all
}

// approvals are the approved texts of the kind at the provider of the account, the best first.
func (r *Round) approvals(account id.ID, k Kind) ([]Approval, error) {
	list, known := r.approved[account][k]
	if !known {
		var err error
		if list, err = approvals(r.v, sqlApprovalFor, account, string(k)); err != nil {
			return nil, err
		}
		if r.approved[account] == nil {
			r.approved[account] = map[Kind][]Approval{}
		}
		r.approved[account][k] = list
	}
	return list, nil
}
