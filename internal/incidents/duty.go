package incidents

import (
	"time"

	"almirah/internal/clock"
	"almirah/internal/law"
)

// Task is a duty of an incident with how it stands.
type Task struct {
	law.Duty
	Due  clock.Instant
	Done clock.Instant // zero: not done
	By   Step          // what was done
	Late bool
}

// Tasks are the duties of an incident as they stand now. told says that every affected person was told.
func Tasks(i Incident, jurisdiction string, zone *time.Location, people int, steps []Step, told clock.Instant, now clock.Instant) []Task {
	if i.Notifiable == "no" {
		return nil
	}
	var out []Task
	for _, d := range law.Duties(jurisdiction, people) {
		t := Task{Duty: d, Due: d.Due(i.AwareAt, zone)}
		for _, s := range steps {
			if s.Duty == d.Key {
				t.Done, t.By = s.At, s
			}
		}
		if d.To == law.ToPeople && t.Done == 0 {
			t.Done = told
		}
		t.Late = t.Done == 0 && now > t.Due && i.State == Confirmed
		out = append(out, t)
	}
	return out
}
