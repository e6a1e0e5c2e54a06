package patients

import (
	"slices"
	"strings"

	"almirah/internal/clock"
	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Marks before a value in the index of names keep what is no beginning of a name apart from what
// is: no folded name begins with them.
const (
	markSame = "=" // a whole name together with one way of reaching the person
	markBorn = "~" // a date of birth
	markGate = "!" // a whole name, for the gate
)

// token is one thing by which a person can be found.
type token struct{ kind, value string }

// tokens lists everything by which p can be found, guardians' addresses too: a mother gives the
// desk her own number.
func tokens(p Patient) []token {
	var out []token
	for _, k := range contact.NameKeys(p.Name) {
		out = append(out, token{vault.IndexName, k})
	}
	phones, emails := reach(p.Phone, p.Email, p.Guardians)
	for _, n := range phones {
		out = append(out, token{vault.IndexPhone, string(n)})
		if four := n.LastFour(); four != "" {
			out = append(out, token{vault.IndexPhone4, four})
		}
	}
	for _, e := range emails {
		out = append(out, token{vault.IndexEmail, e})
	}
	out = append(out, sameTokens(p.Name, phones, emails)...)
	if p.BirthDate != "" {
		out = append(out, bornToken(p.BirthDate))
	}
	return out
}

// reach is every number and every address (folded) at which the person is reached, the own first.
func reach(phone contact.Phone, email contact.Email, guardians []Guardian) (phones []contact.Phone, emails []string) {
	add := func(p contact.Phone, e contact.Email) {
		if p != "" && !slices.Contains(phones, p) {
			phones = append(phones, p)
		}
		if k := e.Key(); k != "" && !slices.Contains(emails, k) {
			emails = append(emails, k)
		}
	}
	add(phone, email)
	for _, g := range guardians {
		add(g.Phone, g.Email)
	}
	return phones, emails
}

// sameTokens find exactly the people of that name who are reached there, however many share the address.
func sameTokens(name string, phones []contact.Phone, emails []string) []token {
	whole := markSame + nameKey(name) + "\n"
	var out []token
	for _, n := range phones {
		out = append(out, token{vault.IndexName, whole + string(n)})
	}
	for _, e := range emails {
		out = append(out, token{vault.IndexName, whole + e})
	}
	return out
}

func bornToken(d clock.Date) token { return token{vault.IndexName, markBorn + string(d)} }

// nameKey is the same for two spellings of one name, in whatever order its words stand.
func nameKey(name string) string {
	keys := contact.NameKeys(name)
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

// buckets turns tokens into their distinct buckets.
func buckets(v *store.View, list []token) ([]int64, error) {
	r, err := v.Ring()
	if err != nil {
		return nil, err
	}
	out := make([]int64, 0, len(list))
	for _, t := range list {
		out = append(out, r.Bucket(t.kind, t.value))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// atATime is how many buckets sqlTokensAdd writes.
const atATime = 16

// writeTokens makes the person findable by what p says. have is what stands there now (nil for a
// new person): only the difference is written. Of a person with unreadable fields nothing is
// taken away, because what those fields were found by is not known.
func writeTokens(tx *store.Tx, p Patient, have map[int64]bool) error {
	want, err := buckets(&tx.View, tokens(p))
	if err != nil {
		return err
	}
	var more []any
	wanted := make(map[int64]bool, len(want))
	for _, b := range want {
		wanted[b] = true
		if !have[b] {
			more = append(more, b)
		}
	}
	for part := range slices.Chunk(more, atATime) {
		args := append([]any{p.ID}, part...)
		for len(args) < atATime+1 {
			args = append(args, part[len(part)-1])
		}
		if _, err := tx.Exec(sqlTokensAdd, args...); err != nil {
			return err
		}
	}
	if p.Broken || slices.ContainsFunc(p.Guardians, func(g Guardian) bool { return g.Broken }) {
		return nil
	}
	var less []any
	for b := range have {
		if !wanted[b] {
			less = append(less, b)
		}
	}
	for part := range slices.Chunk(less, atATime) {
		args := append([]any{p.ID}, part...)
		for len(args) < atATime+1 {
			args = append(args, part[len(part)-1])
		}
		if _, err := tx.Exec(sqlTokensDrop+store.In(3, atATime), args...); err != nil {
			return err
		}
	}
	return nil
}

// refreshTokens brings the buckets of a person who was changed up to date.
func refreshTokens(tx *store.Tx, p Patient) error {
	have, err := readTokens(&tx.View, p.ID)
	if err != nil {
		return err
	}
	return writeTokens(tx, p, have)
}

// none is no patient's id and stands behind every one: lists by id begin before it.
var none = func() (last id.ID) {
	for i := range last {
		last[i] = 0xff
	}
	return last
}()
