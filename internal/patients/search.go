package patients

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Bounds of one search.
const (
	chunk     = 60  // rows opened at a time: one statement, one key-store batch
	mostLooks = 360 // rows opened in all for one way of looking
	mostHits  = 100
	mostAlike = 10
)

// Hit is one line of a list of patients. What is not needed to tell people apart is not in it.
type Hit struct {
	ID        id.ID
	Name      string
	Phone     string // masked
	Email     string // masked; empty when there is none
	BirthYear int    // 0 when it is not known
	Age       int    // in years, today; 0 when the birth date is not known
	SeenAt    clock.Instant
	Minor     bool
	Broken    bool // something of the row cannot be opened
}

// listedAlike reads the people who stand in any of up to five buckets, the newest first.
func listedAlike(v *store.View, keys []int64, limit int) ([]sealedRow, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 6)
	for i := range 5 {
		args = append(args, keys[min(i, len(keys)-1)])
	}
	rows, err := scanListed(v.Query(sqlListedAlike, append(args, limit)...))
	slices.SortFunc(rows, func(a, b sealedRow) int { return slices.Compare(b.id[:], a.id[:]) })
	return rows, err
}

// openListed opens the rows of a list with one key-store batch. Rows that do not open are Broken.
func openListed(v *store.View, rows []sealedRow) ([]Patient, error) {
	ids := make([]id.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	if err := v.Load(ids); err != nil {
		return nil, err
	}
	out := make([]Patient, len(rows))
	for i, r := range rows {
		o := &opener{v: v, subject: r.id, table: "patient", row: r.id}
		out[i] = Patient{ID: r.id, Name: o.text("name", r.name), Phone: contact.Phone(o.text("phone", r.phone)), Email: contact.Email(o.text("email", r.email)),
			BirthDate: clock.Date(o.text("birth_date", r.birthDate)), Minor: r.minor, SeenAt: r.seenAt}
		out[i].Unreadable, out[i].Broken = o.unreadable, len(o.unreadable) > 0
	}
	return out, nil
}

// withGuardians adds the guardians of all of them.
func withGuardians(v *store.View, people []Patient) error {
	for part := range slices.Chunk(people, store.Widest) {
		ids := make([]id.ID, len(part))
		for i := range part {
			ids[i] = part[i].ID
		}
		of, err := guardiansOf(v, ids)
		if err != nil {
			return err
		}
		for i := range part {
			part[i].Guardians = of[part[i].ID]
		}
	}
	return nil
}

// hit is one line of a list.
func (p Patient) hit(today clock.Date) Hit {
	h := Hit{ID: p.ID, Name: p.Name, Phone: p.Phone.Masked(), SeenAt: p.SeenAt, Minor: p.Minor, Broken: p.Broken}
	if p.Phone == "" {
		h.Phone = ""
	}
	if p.Email != "" {
		h.Email = p.Email.Masked()
	}
	if p.BirthDate != "" {
		h.BirthYear, h.Age = p.BirthDate.Year(), Age(p.BirthDate, today)
	}
	return h
}

// question is what a search looks for.
type question struct {
	ways      [][]token                      // buckets to look into, one way after the other until there are enough hits
	recent    bool                           // recent visitors are looked through as well when a way was not walked to its end
	always    bool                           // or in any case
	fits      func(p Patient, all bool) bool // all: guardians are known too
	number    string                         // what was typed, when it may be a whole phone number
	field     string                         // the field that fits reads: when it does not open, the row is shown as broken
	guardians bool
}

// ask reads what was typed. false when nothing can be found by it.
func ask(typed string) (question, bool) {
	typed = strings.TrimSpace(typed)
	if len(typed) > 200 {
		return question{}, false
	}
	if digits, ok := contact.LooksLikePhone(typed); ok {
		tail := strings.TrimLeft(digits, "0") // 0 and 00 before a number are ways of dialling
		if len(digits) <= 4 {
			tail = digits
		}
		ends := func(n contact.Phone) bool { return n != "" && strings.HasSuffix(string(n), tail) }
		q := question{field: "phone", guardians: true, fits: func(p Patient, all bool) bool {
			return ends(p.Phone) || all && slices.ContainsFunc(p.Guardians, func(g Guardian) bool { return ends(g.Phone) })
		}}
		if len(tail) < 3 {
			return question{}, false
		}
		if len(tail) == 3 {
			q.recent = true // too few for a bucket: the desk gets recent visitors until the fourth digit
			return q, true
		}
		q.ways = [][]token{{{vault.IndexPhone4, tail[len(tail)-4:]}}}
		if len(tail) >= 7 {
			q.number = typed
		}
		return q, true
	}
	if strings.Contains(typed, "@") {
		e, err := contact.ParseEmail(typed)
		if err != nil {
			return question{}, false // not typed to its end
		}
		key := e.Key()
		return question{field: "email", guardians: true, ways: [][]token{{{vault.IndexEmail, key}}}, fits: func(p Patient, all bool) bool {
			return p.Email.Key() == key || all && slices.ContainsFunc(p.Guardians, func(g Guardian) bool { return g.Email.Key() == key })
		}}, true
	}
	key, rest := contact.QueryKey(typed)
	if key == "" {
		return question{}, false
	}
	q := question{field: "name", recent: true, fits: func(p Patient, _ bool) bool { return rest(p.Name) }}
	second := ""
	for _, w := range strings.Fields(typed) {
		// A single letter is a bucket of initials only, and may be the beginning of a word.
		if k, _ := contact.QueryKey(w); k != key && len(k) > len(second) && utf8.RuneCountInString(k) > 1 {
			second = k
		}
	}
	q.always = utf8.RuneCountInString(key) == 1
	with := func(k string) []token {
		if second == "" {
			return []token{{vault.IndexName, k}}
		}
		return []token{{vault.IndexName, k}, {vault.IndexName, second}}
	}
	// A word typed to its end has a bucket of its own, much smaller than that of its beginning.
	if all := contact.NameKeys(longestWord(typed)); len(all) > 0 && len(all[len(all)-1]) > len(key) {
		q.ways = append(q.ways, with(all[len(all)-1]))
	}
	q.ways = append(q.ways, with(key))
	return q, true
}

func longestWord(typed string) string {
	return slices.MaxFunc(strings.Fields(typed), func(a, b string) int { return cmp.Compare(len(a), len(b)) })
}

// seeker collects the people who fit.
type seeker struct {
	v     *store.View
	q     question
	limit int
	seen  map[id.ID]bool
	found []Patient
}

// take opens a chunk of rows and keeps those that fit.
func (s *seeker) take(rows []sealedRow, bucket bool) error {
	rows = slices.DeleteFunc(rows, func(r sealedRow) bool { return s.seen[r.id] })
	if len(rows) == 0 {
		return nil
	}
	people, err := openListed(s.v, rows)
	if err != nil {
		return err
	}
	var others []Patient
	for _, p := range people {
		s.seen[p.ID] = true
		switch {
		case s.q.fits(p, false), bucket && p.unread(s.q.field):
			// A row of the right bucket that cannot be compared is shown as broken, not left out.
			s.found = append(s.found, p)
		case s.q.guardians && (p.Minor || p.Phone == "" || p.Email == ""):
			others = append(others, p)
		}
	}
	if len(others) == 0 {
		return nil
	}
	if err := withGuardians(s.v, others); err != nil {
		return err
	}
	for _, p := range others {
		if s.q.fits(p, true) {
			s.found = append(s.found, p)
		}
	}
	return nil
}

// walk goes through one way; whole is false when it stopped before the end.
func (s *seeker) walk(keys []int64) (whole bool, err error) {
	after := none
	// Most rows of a bucket fit, so the first look opens hardly more than what is asked for.
	part := min(chunk, s.limit+s.limit/2)
	for looked := 0; looked < mostLooks; looked += part {
		if looked > 0 {
			part = chunk
		}
		var rows []sealedRow
		if len(keys) > 1 {
			rows, err = scanListed(s.v.Query(sqlListedBuckets, keys[0], keys[1], after, part))
		} else {
			rows, err = scanListed(s.v.Query(sqlListedBucket, keys[0], after, part))
		}
		if err != nil {
			return false, err
		}
		last := len(rows) < part
		if !last {
			after = rows[len(rows)-1].id
		}
		if err := s.take(rows, true); err != nil {
			return false, err
		}
		if last {
			return true, nil
		}
		if len(s.found) >= s.limit {
			return false, nil
		}
	}
	return false, nil
}

// seek answers a question: at most limit people, recent visitors first, then by name.
func seek(v *store.View, q question, limit int) ([]Patient, error) {
	s := &seeker{v: v, q: q, limit: limit, seen: map[id.ID]bool{}}
	r, err := v.Ring()
	if err != nil {
		return nil, err
	}
	if q.number != "" {
		if done, err := s.exactly(r); done || err != nil {
			return s.sorted(), err
		}
	}
	whole := len(q.ways) > 0
	for _, way := range q.ways {
		keys := make([]int64, len(way))
		for i, t := range way {
			keys[i] = r.Bucket(t.kind, t.value)
		}
		if whole, err = s.walk(keys); err != nil {
			return nil, err
		}
		if len(s.found) >= limit {
			break
		}
	}
	if q.always || !whole && q.recent {
		var rows []sealedRow
		if q.always || len(q.ways) == 0 {
			rows, err = scanListed(v.Query(sqlListedRecent, 2*chunk))
		} else { // whoever fits stands in the bucket of the last way: only those are opened
			t := q.ways[len(q.ways)-1][0]
			rows, err = scanListed(v.Query(sqlListedRecentIn, r.Bucket(t.kind, t.value), 2*chunk))
		}
		if err != nil {
			return nil, err
		}
		if err := s.take(rows, false); err != nil {
			return nil, err
		}
	}
	return s.sorted(), nil
}

func (s *seeker) sorted() []Patient {
	slices.SortFunc(s.found, inOrder)
	return s.found[:min(s.limit, len(s.found))]
}

// exactly looks a whole number up in its own bucket, which few people share however many the
// clinic has; the bucket of last digits grows with the clinic. False when nobody has it, or when it
// is no whole number where the clinic is: then the last digits are looked for.
func (s *seeker) exactly(r *vault.Ring) (bool, error) {
	country := ""
	if !strings.HasPrefix(s.q.number, "+") {
		c, err := clinics.Get(s.v)
		if err != nil {
			return false, err
		}
		country = c.Country
	}
	n, err := contact.ParsePhone(s.q.number, country)
	if err != nil {
		return false, nil
	}
	_, err = s.walk([]int64{r.Bucket(vault.IndexPhone, string(n))})
	return len(s.found) > 0, err
}

// inOrder puts whoever was seen last first, then the names in order; what is broken stands last.
func inOrder(a, b Patient) int {
	if a.Broken != b.Broken {
		if a.Broken {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(b.SeenAt, a.SeenAt), strings.Compare(a.Name, b.Name), slices.Compare(a.ID[:], b.ID[:]))
}

// listed writes down who appeared in a list. The key is made of the people and not of what was
// typed, so that nobody can read a search out of it; a list of other people is another list.
func listed(v *store.View, kind string, people []Patient) []Hit {
	ids, hits := make([]id.ID, len(people)), make([]Hit, len(people))
	sum := sha256.New()
	today := clock.DateOf(v.Now().Time())
	for i, p := range people {
		ids[i], hits[i] = p.ID, p.hit(today)
		sum.Write(p.ID[:])
	}
	key := "none"
	if len(ids) > 0 {
		key = hex.EncodeToString(sum.Sum(nil)[:8])
	}
	v.Listed(kind, key, ids)
	return hits
}

// Search finds patients by the beginning of any word of the name in any script, by the last four
// or more digits of a phone (a child also by her guardian's), by a whole number or a whole e-mail
// address: at most limit of them (100 when limit is greater or not positive), recent visitors first. Three digits look
// among recent visitors only; less, or what cannot be searched for, finds nobody and is no error.
func (s *Service) Search(ctx context.Context, who access.Caller, typed string, limit int) ([]Hit, error) {
	if limit < 1 || limit > mostHits {
		limit = mostHits
	}
	q, ok := ask(typed)
	if !ok {
		return nil, nil
	}
	var hits []Hit
	err := s.db.View(ctx, who, access.PatientSearch, func(_ context.Context, v *store.View) error {
		people, err := seek(v, q, limit)
		if err != nil {
			return err
		}
		hits = listed(v, "search", people)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.tellBroken(ctx, who, hits)
	return hits, nil
}

// Recent lists the n patients who were seen last, at most 100.
func (s *Service) Recent(ctx context.Context, who access.Caller, n int) ([]Hit, error) {
	if n < 1 || n > mostHits {
		n = mostHits
	}
	var hits []Hit
	err := s.db.View(ctx, who, access.PatientSearch, func(_ context.Context, v *store.View) error {
		rows, err := scanListed(v.Query(sqlListedRecent, n))
		if err != nil {
			return err
		}
		people, err := openListed(v, rows)
		if err != nil {
			return err
		}
		hits = listed(v, "recent", people)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.tellBroken(ctx, who, hits)
	return hits, nil
}

// Likeness is somebody who may be the person that is being entered, and why.
type Likeness struct {
	Hit
	SameName   bool // the names could be spellings of one
	SamePhone  bool
	SameEmail  bool
	SameBirth  bool
	SameDigits bool // the last four digits of a phone
}

// LikelyDuplicates shows who is on record already and may be the person of the draft: somebody
// with the same phone or e-mail, or with a similar name and the same birth date or last digits.
// Fields that are not typed to their end are left out of the comparison. Nothing is merged.
func (s *Service) LikelyDuplicates(ctx context.Context, who access.Caller, d Draft) ([]Likeness, error) {
	var out []Likeness
	err := s.db.View(ctx, who, access.PatientSearch, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		out, err = alikes(v, d, c.Country)
		return err
	})
	return out, err
}

func alikes(v *store.View, d Draft, country string) ([]Likeness, error) {
	phone, _ := contact.ParsePhone(d.Phone, country)
	email, _ := contact.ParseEmail(d.Email)
	birth, _ := clock.ParseDate(strings.TrimSpace(d.BirthDate))
	var list []token
	if phone != "" {
		list = append(list, token{vault.IndexPhone, string(phone)}, token{vault.IndexPhone4, phone.LastFour()})
	}
	if email != "" {
		list = append(list, token{vault.IndexEmail, email.Key()})
	}
	if birth != "" {
		list = append(list, bornToken(birth))
	}
	keys, err := buckets(v, list)
	if err != nil {
		return nil, err
	}
	rows, err := listedAlike(v, keys, 2*chunk)
	if err != nil {
		return nil, err
	}
	people, err := openListed(v, rows)
	if err != nil {
		return nil, err
	}
	if err := withGuardians(v, people); err != nil {
		return nil, err
	}
	slices.SortFunc(people, inOrder)
	type pair struct {
		p Patient
		l Likeness
	}
	var found []pair
	for _, p := range people {
		phones, emails := reach(p.Phone, p.Email, p.Guardians)
		l := Likeness{
			SameName: similarName(d.Name, p.Name), SamePhone: slices.Contains(phones, phone), SameEmail: slices.Contains(emails, email.Key()),
			SameBirth:  birth != "" && birth == p.BirthDate,
			SameDigits: phone != "" && slices.ContainsFunc(phones, func(n contact.Phone) bool { return n.LastFour() == phone.LastFour() }),
		}
		if l.SamePhone || l.SameEmail || l.SameName && (l.SameBirth || l.SameDigits) {
			found = append(found, pair{p, l})
		}
	}
	slices.SortStableFunc(found, func(a, b pair) int { return cmp.Compare(b.l.weight(), a.l.weight()) })
	found = found[:min(len(found), mostAlike)]
	shown, out := make([]Patient, len(found)), make([]Likeness, len(found))
	for i, f := range found {
		shown[i], out[i] = f.p, f.l
	}
	for i, h := range listed(v, "alike", shown) {
		out[i].Hit = h
	}
	return out, nil
}

// weight puts the likeliest first.
func (l Likeness) weight() int {
	n := 0
	for _, w := range []struct {
		is bool
		n  int
	}{{l.SameName, 8}, {l.SameBirth, 4}, {l.SameEmail, 3}, {l.SamePhone, 2}, {l.SameDigits, 1}} {
		if w.is {
			n += w.n
		}
	}
	return n
}
