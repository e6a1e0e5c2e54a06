package policies

import (
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/law"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Outcome is what became of a change.
type Outcome struct {
	Changes []Change      // against the terms that hold now; empty: it changed nothing
	At      clock.Instant // when what is weaker takes effect for those who agree; zero: nothing waits
}

// Move changes the clinic's terms as apply says, in the Change that is its reason. What is stricter holds at once. What is weaker becomes a version that is
// announced, thirty days ahead at least, and touches only who agreed to it or came after it; a second one announced meanwhile takes the place of the
// first, and its thirty days begin anew. Where the clinic has no patient yet there is nobody to ask. fault.Conflict
// "fault.policy_kept" for a region more or a right less while there is any patient. Before the clinic has a first version, nothing is
// written: its first version says how it stands then.
func Move(tx *store.Tx, apply func(*Terms)) (Outcome, error) { return moved(tx, true, apply) }

func moved(tx *store.Tx, write bool, apply func(*Terms)) (Outcome, error) {
	list, err := versions(&tx.View)
	if err != nil || len(list) == 0 {
		return Outcome{}, err
	}
	x := plan(list, tx.Now(), apply)
	if len(x.changes) == 0 && !x.news {
		return Outcome{}, nil
	}
	somebody, err := anybody(&tx.View)
	if err != nil {
		return Outcome{}, err
	}
	if somebody && refused(x.changes) {
		return Outcome{Changes: x.changes}, fault.New(fault.Conflict, "fault.policy_kept")
	}
	out := Outcome{Changes: x.changes}
	if somebody && x.weaker {
		out.At = x.effective
	}
	if !write || !x.news {
		return out, nil
	}
	next := list[len(list)-1].N + 1
	if !somebody {
		gate := GateStricter
		if x.weaker {
			gate = GateNobody
		}
		return out, add(tx, next, x.want, gate, tx.Now(), tx.Now())
	}
	if x.now || !x.weaker { // also what takes an announced version back
		if err := add(tx, next, x.strict, GateStricter, tx.Now(), tx.Now()); err != nil {
			return out, err
		}
		next++
	}
	if x.weaker {
		err = add(tx, next, x.want, GateAnnounced, x.noticed, x.effective)
	}
	return out, err
}

// planned is a change as the order on the parameters takes it apart.
type planned struct {
	want, strict       Terms    // all of it, and the part that holds at once
	changes            []Change // from what holds now to what is wanted
	now, weaker        bool     // something holds at once; something waits
	news               bool     // it differs from what is written already
	noticed, effective clock.Instant
}

func plan(list []Version, at clock.Instant, apply func(*Terms)) planned {
	force := InForce(list, at)
	holds := list[0]
	if len(force) > 0 {
		holds = force[len(force)-1]
	}
	latest := list[len(list)-1]
	want := latest.Terms.clean()
	apply(&want)
	want = want.clean()
	x := planned{want: want, strict: Strictest(holds.Terms, want).clean(), changes: Compare(holds.Terms, want), noticed: at, effective: at + Notice}
	x.weaker = Weakens(x.changes)
	x.now = Digest(x.strict, current().text) != holds.Digest
	x.news = Digest(want, current().text) != latest.Digest
	if waiting, ok := Pending(list, at); ok && !Weakens(Compare(waiting.Terms, want)) {
		x.noticed, x.effective = waiting.NoticedAt, waiting.EffectiveAt // nothing in it that was not announced then
	}
	return x
}

// refused says whether the change takes a right away or carries data to another region: nobody who did not agree is treated so, and no version waits for it.
func refused(list []Change) bool {
	for _, c := range list {
		if c.Way == Weaker && (c.Param == "rights" || c.Param == "regions") {
			return true
		}
	}
	return false
}

func add(tx *store.Tx, n int64, t Terms, gate string, noticed, effective clock.Instant) error {
	s := current()
	if _, err := tx.Exec(sqlTextKeep, s.digest, s.text, tx.Now()); err != nil {
		return err
	}
	x := Version{N: n, ID: tx.NewID(), Digest: Digest(t, s.text), Texts: s.digest, Terms: t, Gate: gate, By: tx.Caller().Actor(), MadeAt: tx.Now(), NoticedAt: noticed, EffectiveAt: effective}
	if err := addVersion(tx, x); err != nil {
		return err
	}
	tx.Record(audit.Note{Action: "publish", Kind: "policy", Subject: x.ID, New: map[string]any{"version": n, "digest": x.Digest, "gate": gate, "effective": effective}})
	return nil
}

// Reground follows a change of the clinic's own profile: its law, its region, its modules.
//
// Where the law lets people decide for themselves earlier than before, that is weaker: whoever is here stays under the age that held until now, until she agrees.
func Reground(tx *store.Tx, c clinics.Clinic) (Outcome, error) {
	list, err := versions(&tx.View)
	if err != nil {
		return Outcome{}, err
	}
	if force := InForce(list, tx.Now()); len(force) > 0 {
		if until := force[len(force)-1].Terms.MinorAge; until > c.MinorAge() {
			if err := patients.KeepAges(tx, until); err != nil {
				return Outcome{}, err
			}
		}
	}
	return Move(tx, func(t *Terms) {
		now := *t
		now.Jurisdiction, now.Regions, now.MinorAge, now.Modules = c.Jurisdiction, []string{c.Region}, c.MinorAge(), c.Modules
		*t = standing(*t, now)
	})
}

// Adopt writes how the clinic stands: its first version, or what the installation changed under it since the last one (another outside party, other
// sentences). now are its terms as its settings and the installation are; how long things are kept, and what may stay of those who left, is as
// the clinic chose it here. changed is false when nothing was written.
func Adopt(tx *store.Tx, now Terms) (changed bool, err error) {
	list, err := versions(&tx.View)
	if err != nil {
		return false, err
	}
	if len(list) == 0 {
		return true, add(tx, 1, now.clean(), GateFirst, tx.Now(), tx.Now())
	}
	out, err := Move(tx, func(t *Terms) { *t = standing(*t, now) })
	if fault.Is(err, fault.Conflict) { // a region or a right: what was promised stays written, and the probe of the promise says so
		return false, nil
	}
	return len(out.Changes) > 0, err
}

// standing is what the clinic chose here with what its settings say.
func standing(chosen, now Terms) Terms {
	keep := chosen.Keep
	now.Keep, now.Remainder = map[law.Class]string{}, chosen.Remainder
	for k, text := range keep {
		if !Allowed(now.Jurisdiction, k, text) { // the clinic stands under another law now
			text = SpanText(Usual(now.Jurisdiction, k))
		}
		now.Keep[k] = text
	}
	return now
}

// Stands says whether the clinic has a first version and nothing has to be adopted.
func Stands(v *store.View, now Terms) (bool, error) {
	list, err := versions(v)
	if err != nil || len(list) == 0 {
		return false, err
	}
	x := plan(list, v.Now(), func(t *Terms) { *t = standing(*t, now) })
	return !x.news || refused(x.changes), nil
}
