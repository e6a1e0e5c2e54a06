package insight

import (
	"slices"
	"time"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/id"
	"almirah/internal/policies"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// gate says who is counted: nobody who objected to it or stopped every use of her data, and no child where the clinic counts none.
type gate struct {
	v        *store.View
	children bool
	said     map[id.ID]bool
	agreed   map[id.ID]bool // children who may be counted under the terms that they are under
}

// open asks consent about many patients at once.
func (g *gate) open(patients map[id.ID]bool) error {
	var ask []id.ID
	for p := range patients {
		if _, known := g.said[p]; !known && !p.IsZero() {
			ask = append(ask, p)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	words, err := consent.Said(g.v, ask...)
	if err != nil {
		return err
	}
	for _, p := range ask {
		yes, _, err := words[p].May(consent.Figures, "")
		if err != nil {
			return err
		}
		g.said[p] = yes
	}
	if !g.children {
		return nil
	}
	terms, err := policies.Over(g.v, ask...)
	if err != nil {
		return err
	}
	for _, p := range ask {
		t, ok := terms.For(p)
		g.agreed[p] = !ok || slices.Contains(t.Analytics, policies.CountsChildren)
	}
	return nil
}

// lets says whether the patient is counted. Money that belongs to nobody yet is.
func (g *gate) lets(patient id.ID, child bool) bool {
	return patient.IsZero() || g.said[patient] && (!child || g.children && g.agreed[patient])
}

// count counts some days from the appointments, bookings and books as they stand now. Its cost is that of these days.
func count(v *store.View, c clinics.Clinic, children bool, from, to clock.Date) (counts, error) {
	out := counts{map[key]Day{}, map[source]int64{}, map[purse]sum{}}
	g := &gate{v: v, children: children, said: map[id.ID]bool{}, agreed: map[id.ID]bool{}}
	if err := countVisits(v, g, out, from, to); err != nil {
		return out, err
	}
	offered, err := scheduling.Offered(v, from, to, c.Location())
	if err != nil {
		return out, err
	}
	for provider, days := range offered {
		for day, minutes := range days {
			k := key{day, provider}
			d := out.days[k]
			d.Day, d.Provider, d.OfferedMinutes = day, provider, int64(minutes)
			out.days[k] = d
		}
	}
	if err := countSources(v, g, out, c.Location(), from, to); err != nil {
		return out, err
	}
	if !c.Has(clinics.ModuleBilling) {
		return out, nil
	}
	return out, countMoney(v, g, out, from, to)
}

func countVisits(v *store.View, g *gate, out counts, from, to clock.Date) error {
	all := map[id.ID]*visit{}
	people := map[id.ID]bool{}
	err := each(v, sqlVisits, func(rows *store.Rows) error {
		var x visit
		var begin, end clock.Instant
		if err := rows.Scan(&x.id, &x.patient, &x.provider, &x.day, &x.status, &x.starts, &begin, &end, &x.occurrence, &x.child); err != nil {
			return err
		}
		x.claimed = int64(end-begin) / 60e6
		all[x.id], people[x.patient] = &x, true
		return nil
	}, from, to)
	if err != nil {
		return err
	}
	err = each(v, sqlReminded, func(rows *store.Rows) error {
		var one id.ID
		var occurrence int64
		var first clock.Instant
		var arrived int
		if err := rows.Scan(&one, &occurrence, &first, &arrived); err != nil {
			return err
		}
		if x := all[one]; x != nil && x.occurrence == occurrence {
			x.reminded, x.delivered = first, arrived > 0
		}
		return nil
	}, from, to)
	if err != nil {
		return err
	}
	err = each(v, sqlMarks, func(rows *store.Rows) error {
		var m mark
		if err := rows.Scan(&m.appointment, &m.at, &m.starts, &m.action); err != nil {
			return err
		}
		if x := all[m.appointment]; x != nil {
			x.follow(m)
		}
		return nil
	}, from, to)
	if err != nil {
		return err
	}
	if err := g.open(people); err != nil {
		return err
	}
	for _, x := range all {
		if !g.lets(x.patient, x.child) {
			continue
		}
		k := key{x.day, x.provider}
		d := x.into(out.days[k])
		d.Day, d.Provider = x.day, x.provider
		out.days[k] = d
	}
	return nil
}

func countSources(v *store.View, g *gate, out counts, zone *time.Location, from, to clock.Date) error {
	type booking struct {
		source
		patient id.ID
		child   bool
	}
	var all []booking
	people := map[id.ID]bool{}
	err := each(v, sqlBookings, func(rows *store.Rows) error {
		var b booking
		var at clock.Instant
		if err := rows.Scan(&at, &b.door, &b.patient, &b.child); err != nil {
			return err
		}
		b.day = clock.DateOf(at.In(zone))
		all, people[b.patient] = append(all, b), true
		return nil
	}, clock.At(clock.StartOfDay(from, zone)), clock.At(clock.StartOfDay(to.AddDays(1), zone)))
	if err != nil {
		return err
	}
	if err := g.open(people); err != nil {
		return err
	}
	for _, b := range all {
		if g.lets(b.patient, b.child) {
			out.sources[b.source]++
		}
	}
	return nil
}

func countMoney(v *store.View, g *gate, out counts, from, to clock.Date) error {
	type entry struct {
		purse
		amount  int64
		patient id.ID
	}
	var all []entry
	people := map[id.ID]bool{}
	add := func(e entry) {
		all, people[e.patient] = append(all, e), true
	}
	for text, kind := range map[string]string{sqlPayments: kindPaid, sqlRefunds: kindRefunded} {
		err := each(v, text, func(rows *store.Rows) error {
			e := entry{purse: purse{kind: kind}}
			err := rows.Scan(&e.day, &e.part, &e.currency, &e.amount, &e.patient)
			add(e)
			return err
		}, from, to)
		if err != nil {
			return err
		}
	}
	err := each(v, sqlInvoices, func(rows *store.Rows) error {
		var e entry
		var document string
		if err := rows.Scan(&e.day, &document, &e.currency, &e.amount, &e.patient); err != nil {
			return err
		}
		if e.kind = kindInvoiced; document == "credit-note" {
			e.kind = kindCredited
		}
		add(e)
		return nil
	}, from, to)
	if err != nil {
		return err
	}
	err = each(v, sqlTaxes, func(rows *store.Rows) error {
		var e entry
		var document string
		if err := rows.Scan(&e.day, &document, &e.currency, &e.part, &e.amount, &e.patient); err != nil {
			return err
		}
		if e.kind = kindTax; document == "credit-note" {
			e.kind = kindTaxBack
		}
		add(e)
		return nil
	}, from, to)
	if err != nil {
		return err
	}
	if err := g.open(people); err != nil {
		return err
	}
	child := map[id.ID]bool{}
	for p := range people {
		if (!g.children || !g.agreed[p]) && !p.IsZero() {
			if child[p], err = isChild(v, p); err != nil {
				return err
			}
		}
	}
	for _, e := range all {
		if g.lets(e.patient, child[e.patient]) {
			s := out.money[e.purse]
			out.money[e.purse] = sum{s.cases + 1, s.amount + e.amount}
		}
	}
	return nil
}
