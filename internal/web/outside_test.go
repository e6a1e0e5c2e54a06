package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/scheduling"
)

// TestWhatLeaveLeavesBehindIsSeenAtTheDesk: appointments that lie in leave, on closed days or outside the hours wait on the dashboard of
// everybody who may move them, and are marked on the day.
func TestWhatLeaveLeavesBehindIsSeenAtTheDesk(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	ctx := context.Background()
	desk := o.as(access.FrontDesk)
	var all []scheduling.Appointment
	for i := range 31 {
		at := 9*60 + 15*i
		if i >= 16 { // after the pause at noon
			at = 14*60 + 15*(i-16)
		}
		all = append(all, o.booked(fmt.Sprintf("Asha Number%d", i), fmt.Sprintf("+9198765%05d", 43200+i), 0, tuesday, fmt.Sprintf("%02d:%02d", at/60, at%60)))
	}
	o.booked("Ravi Kumar", "+919876500001", 1, tuesday, "10:00")
	// Booked outside the hours on purpose: somebody has decided that already.
	if _, err := o.desk.Book(ctx, o.owner.who, scheduling.Booking{Service: o.service.ID, Provider: o.providers[1].ID, StartsAt: o.at(tuesday, "20:00"), PatientID: all[0].Patient, Overbook: "she waits", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	const mark, day = ` k-out"`, "/app/day?day=2026-11-24"
	wants(t, desk.get("/app"), 200, "!outside the hours")
	wants(t, desk.get(day), 200, "!"+mark)

	leave := scheduling.Leave{Provider: o.providers[0].ID, From: o.at(tuesday, "00:00"), To: o.at("2026-11-25", "00:00")}
	if _, err := o.desk.AddLeave(ctx, o.owner.who, leave); err != nil {
		t.Fatal(err)
	}
	wants(t, desk.get("/app"), 200, "31 appointments lie outside the hours", day+"&appointment="+all[0].ID.String())
	wants(t, o.as(access.Practitioner).get(day), 200, mark)
	hours := "/app/settings/providers/" + o.providers[0].ID.String() + "/hours"
	wants(t, o.owner.get(hours), 200, "now outside the hours", "1 more")

	// Moved to where somebody works, it waits no longer; a closed day counts like leave.
	if _, err := o.desk.Move(ctx, desk.who, all[0].ID, scheduling.Move{Provider: o.providers[1].ID, StartsAt: o.at(tuesday, "11:00"), Version: all[0].Version}); err != nil {
		t.Fatal(err)
	}
	wants(t, desk.get("/app"), 200, "30 appointments lie outside the hours", "appointment="+all[1].ID.String())
	if _, err := o.desk.AddClosure(ctx, o.owner.who, scheduling.Closure{From: leave.From, To: leave.To, Name: "Flood"}); err != nil {
		t.Fatal(err)
	}
	wants(t, desk.get("/app"), 200, "33 appointments lie outside the hours")
	wants(t, o.owner.get("/app/settings/closures"), 200, "3 more")
	if w := o.as(access.Billing).get("/app"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "outside the hours") {
		t.Errorf("who may move nothing is asked to: %d", w.Code)
	}
}
