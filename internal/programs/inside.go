package programs

import (
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// News is something that happened, as a journey hands it on.
type News struct {
	Event id.ID // of the announcement: each is told once
	Kind  Event
	At    clock.Instant // when it happened
	// About answers what it is about, and whom (zero for nobody). It is asked only when somebody wants to know; fault.NotFound: it has gone meanwhile.
	About func() (subject, patient id.ID, err error)
}

// Tell has every address of the clinic that wants to know told of the news. Where an address is off the news is kept as missed.
func Tell(tx *store.Tx, n News) error {
	rows, err := tx.Query(sqlEndpointsOf, n.Kind)
	if err != nil {
		return err
	}
	defer rows.Close()
	type to struct {
		endpoint id.ID
		state    string
	}
	var all []to
	for rows.Next() {
		var x to
		if err := rows.Scan(&x.endpoint, &x.state); err != nil {
			return err
		}
		all = append(all, x)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := rows.Close(); err != nil {
		return err
	}
	if len(all) == 0 {
		return nil
	}
	subject, patient, err := n.About()
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, x := range all {
		state := Planned
		if x.state != On {
			state = Missed
		}
		if _, err := tx.Exec(sqlDeliveryAdd, tx.NewID(), x.endpoint, n.Event, n.Kind.Word(), subject, id.Null(patient), n.At, state, tx.Now()); err != nil {
			return err
		}
	}
	tx.DueBy(tx.Now())
	return nil
}

// NextDue is when the clinic's next telling is due; zero for never.
func NextDue(v *store.View) (clock.Instant, error) { return instant(v, sqlDeliveryDue) }

// AfterRestore marks every telling that waits as uncertain: before the database came back from a backup it may have gone, and nothing is told twice
// without a person's word. The owner replays what is needed. It answers how many there were.
func AfterRestore(tx *store.Tx) (int, error) {
	if _, err := tx.Exec(sqlRestoredIdle); err != nil {
		return 0, err
	}
	n, err := tx.Exec(sqlRestored)
	return int(n), err
}
