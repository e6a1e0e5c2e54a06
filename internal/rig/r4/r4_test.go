package r4

import "testing"

func TestTheSchemaSpeaks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		right bool
	}{
		"a patient":           {`{"resourceType":"Patient","id":"a","gender":"female","birthDate":"1990-02-28"}`, true},
		"another gender":      {`{"resourceType":"Patient","id":"a","gender":"F"}`, false},
		"an unknown property": {`{"resourceType":"Patient","id":"a","mother":"x"}`, false},
		"an empty text":       {`{"resourceType":"Patient","id":"a","name":[{"text":""}]}`, false},
		"no such day":         {`{"resourceType":"Patient","id":"a","birthDate":"1990-02-31"}`, false},
		"no participant":      {`{"resourceType":"Appointment","id":"a","status":"booked"}`, false},
		"no zone":             {`{"resourceType":"Slot","id":"a","schedule":{"reference":"Schedule/a"},"status":"busy","start":"2026-11-24T04:00:00","end":"2026-11-24T04:00:00Z"}`, false},
	} {
		if err := Wrong(t, []byte(c.text)); (err == nil) != c.right {
			t.Errorf("%s: %v", name, err)
		}
	}
}
