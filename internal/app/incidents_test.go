package app

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/incidents"
	"almirah/internal/jobs"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/store"
)

// TestIncidentDrill plays the drill on both engines, small: whom the stolen sign-in read is exactly whom it finds, letters are made and none is
// sent, and every law's clocks are shown. Then the platform's own watch: a promise that turned red opens one incident, and the operators are told.
func TestIncidentDrill(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "incident-exact")
	promise.Proves(t, "incident-people-told")
	engines(t, func(t *testing.T, engine store.Engine) {
		h := openHouse(t, engine, Options{}, nil)
		for n := range 50 {
			d := patients.Draft{Name: "Asha " + strings.Repeat("a", n+1), Phone: fmt.Sprintf("+9198765400%02d", n), Email: fmt.Sprintf("asha%d@example.org", n), Language: "en"}
			if _, _, err := h.Patients.Add(t.Context(), h.Owner, d, true); err != nil {
				t.Fatal(err)
			}
		}
		h.Fake.Move(time.Minute)
		var said []string
		sent := len(h.Outbox.List())
		if err := h.DrillIncident(t.Context(), 46, func(f string, a ...any) { said = append(said, fmt.Sprintf(f, a...)) }); err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(said, "\n"); !strings.Contains(all, "exactly those 46 are found") || !strings.Contains(all, "Report to CERT-In") {
			t.Error(all)
		}
		if n := len(h.Outbox.List()); n != sent {
			t.Errorf("%d letters left", n-sent)
		}
		_, operator := h.helping(t)
		who, err := h.Accounts.Helper(t.Context(), operator)
		if err != nil {
			t.Fatal(err)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(h.DB.Across(t.Context(), jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("a test turns a promise red")
			_, err := p.Exec(sqlProbeSet, "incident-clocks", "broken", "a test", p.Now())
			return err
		}))
		for range 2 {
			must(h.watchPlatform(t.Context(), jobs.Platform()))
			must(h.watchClinic(t.Context(), jobs.ForClinic(h.Clinic.ID)))
		}
		events, err := h.Trouble.Events(t.Context(), who)
		must(err)
		red := 0
		for _, e := range events {
			if e.Rule == incidents.PromiseBroken && e.Named() == "incident-clocks" {
				red++
			}
		}
		if red != 1 {
			t.Errorf("%d incidents of a promise that turned red: %+v", red, events)
		}
		mails := 0
		must(h.DB.Across(t.Context(), jobs.Platform(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("a count")
			return p.Row(`SELECT COUNT(*) FROM outgoing_mail WHERE person_id = $1`, operator.Person.ID).Scan(&mails)
		}))
		if mails == 0 {
			t.Error("the operator was not told")
		}
	})
}
