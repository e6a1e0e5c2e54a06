package api

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzBookingBody reads bookings of any form: either it is one, or every wrong field is told.
func FuzzBookingBody(f *testing.F) {
	for _, s := range []string{`{"service":"x","provider":"any","starts_at":"2026-12-01T10:00:00+05:30","patient":{"name":"Zoya","phone":"1","birth_date":"2020-02-30","guardian":{}},"consents":["care"]}`, `{}`, `[]`, `{"a":1}`, `{} {}`, `{"patient":[]}`, `{"note":"4111 1111 1111 1111"}`, "\xff", strings.Repeat(`{"patient":`, 200)} {
		f.Add(s, "key")
	}
	f.Fuzz(func(t *testing.T, body, key string) {
		r := httptest.NewRequest("POST", "/api/v1/clinics/x/bookings", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		var in bookingIn
		if err := read(httptest.NewRecorder(), r, &in); err != nil {
			return
		}
		if b, err := in.booking(key); err == nil && (b.Service.IsZero() || b.Key == "" || b.StartsAt == 0) {
			t.Errorf("%q is taken as %+v", body, b)
		}
	})
}
