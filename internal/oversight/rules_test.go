package oversight

import (
	"testing"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
)

func person(n byte) id.ID { return id.ID{0: 1, 15: n} }
func patient(n int) id.ID { return id.ID{0: 2, 14: byte(n >> 8), 15: byte(n)} }

// plain is a day on which nothing is unusual: staff 1 (Leela Nair) opened the records of three patients at ten in the morning.
func plain() dayOf {
	d := dayOf{minute: func(at clock.Instant) clock.Minute { return clock.Minute(at) }, open: true, from: 540, to: 1020,
		staff:    map[id.ID]string{person(1): "Dr. Leela Nair", person(2): "Imran Khan"},
		patients: map[id.ID]string{patient(1): "Asha Rao", patient(2): "Ravi Kumar", patient(3): "Mohan Das"}, near: map[id.ID]bool{}, usual: map[id.ID][]int{person(1): {5, 30, 7, 6, 9}}}
	d.see(person(1), 600, 1, 2, 3)
	return d
}

func (d *dayOf) see(who id.ID, minute int, patients ...int) {
	for _, p := range patients {
		d.looks = append(d.looks, look{at: clock.Instant(minute), actor: who, patient: patient(p), role: access.Practitioner, action: "open"})
	}
}

func TestTheRules(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "audit-looked-through")
	many := func(n int) (out []int) {
		for i := range n {
			out = append(out, 100+i)
		}
		return out
	}
	for name, c := range map[string]struct {
		do   func(d *dayOf)
		want []noticed
	}{
		"nothing":                 {func(*dayOf) {}, nil},
		"a namesake":              {func(d *dayOf) { d.patients[patient(2)] = "kavita NAIR" }, []noticed{{Namesake, person(1), patient(2), 1, 0}}},
		"a namesake with a visit": {func(d *dayOf) { d.patients[patient(2)], d.near = "Kavita Nair", map[id.ID]bool{patient(2): true} }, nil},
		"an initial is no family": {func(d *dayOf) { d.staff[person(1)], d.patients[patient(2)] = "Leela N", "Kavita N" }, nil},
		"a name of one word":      {func(d *dayOf) { d.staff[person(1)], d.patients[patient(2)] = "Nair", "Kavita Nair" }, nil},
		"a common name": {func(d *dayOf) {
			d.patients = map[id.ID]string{patient(1): "A Nair", patient(2): "B Nair", patient(3): "C Nair"}
		}, nil},
		"oneself, common name": {func(d *dayOf) {
			d.patients = map[id.ID]string{patient(1): "A Nair", patient(2): "Dr Leela Nair", patient(3): "C Nair"}
		}, []noticed{{Namesake, person(1), patient(2), 1, 0}}},
		"other scripts": {func(d *dayOf) {
			d.staff[person(1)], d.patients[patient(3)] = "मीना शर्मा", "रवि शर्मा"
		}, []noticed{{Namesake, person(1), patient(3), 1, 0}}},
		"at night":               {func(d *dayOf) { d.see(person(2), 1400, 1, 2, 3) }, []noticed{{Night, person(2), id.Zero, 3, 0}}},
		"two at night":           {func(d *dayOf) { d.see(person(2), 1400, 1, 2, 2) }, nil},
		"early in the morning":   {func(d *dayOf) { d.see(person(2), 200, 1, 2, 3) }, []noticed{{Night, person(2), id.Zero, 3, 0}}},
		"a clinic open at night": {func(d *dayOf) { d.to = 1440; d.see(person(2), 1400, 1, 2, 3) }, nil},
		"in the evening":         {func(d *dayOf) { d.see(person(2), 1200, 1, 2, 3) }, nil},
		"far more than usual":    {func(d *dayOf) { d.see(person(1), 700, many(40)...) }, []noticed{{Volume, person(1), id.Zero, 43, 7}}},
		"more, but few":          {func(d *dayOf) { d.see(person(1), 700, many(26)...) }, nil},
		"one record many times":  {func(d *dayOf) { d.see(person(1), 700, make([]int, 90)...) }, nil},
		"somebody new":           {func(d *dayOf) { d.see(person(2), 700, many(40)...) }, nil},
		"from outside": {func(d *dayOf) {
			d.looks = append(d.looks, look{at: 600, actor: person(9), patient: patient(1), role: access.Operator, action: "open"})
		}, []noticed{{Outside, person(9), id.Zero, 1, 0}}},
		"breaking the glass": {func(d *dayOf) {
			d.looks = append(d.looks, look{at: 600, actor: person(2), patient: patient(1), role: access.Practitioner, action: "break-glass"})
		}, []noticed{{Outside, person(2), id.Zero, 1, 0}}},
		"nobody": {func(d *dayOf) { d.see(id.Zero, 100, 1, 2, 3) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := plain()
			c.do(&d)
			got := notice(d)
			if len(got) != len(c.want) {
				t.Fatalf("noticed %+v, want %+v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("noticed %+v, want %+v", got[i], c.want[i])
				}
			}
		})
	}
}

func TestEachThresholdSaysWhatItRestsOn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, x := range Thresholds {
		if x.Source == "" || x.Value < 1 || seen[x.Name] {
			t.Errorf("%+v", x)
		}
		seen[x.Name] = true
	}
}
