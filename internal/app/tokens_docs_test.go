package app

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")

// TestTheExamplesOfTheHandbookWork runs every example of docs/api.md, in its order, with curl.
func TestTheExamplesOfTheHandbookWork(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	h := openHouse(t, store.SQLite, Options{}, nil)
	ctx := context.Background()
	token, _ := h.makeToken(t, h.Owner, everyScope)
	free := items(t, h.program(t, token, "GET", "/slots?service="+h.Practice.services[0].ID.String()+"&from=2026-11-25&to=2026-11-26", "", ""))
	person, _, err := h.Patients.Add(ctx, h.Owner, patients.Draft{Name: "Ravi Teak", Email: "ravi@example.org", BirthDate: "1980-01-02"}, false)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, free[1]["starts_at"].(string))
	if err != nil {
		t.Fatal(err)
	}
	booked, err := h.Desk.Book(ctx, h.Owner, scheduling.Booking{Service: h.Practice.services[0].ID, Provider: id.Zero, StartsAt: clock.At(at), PatientID: person.ID})
	if err != nil {
		t.Fatal(err)
	}
	set := append(os.Environ(), "ALMIRAH="+h.Server.URL, "TOKEN="+token, "SERVICE="+h.Practice.services[0].ID.String(), "FROM=2026-11-25", "TO=2026-11-26", "PATIENT="+person.ID.String(),
		"STARTS_AT="+free[0]["starts_at"].(string), "LATER="+free[len(free)-1]["starts_at"].(string), "APPOINTMENT="+booked.Appointment.ID.String())
	blocks := shellBlock.FindAllSubmatch(text, -1)
	if len(blocks) < 10 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, b := range blocks {
		cmd := exec.CommandContext(ctx, "sh", "-eu", "-c", "curl() { command curl -sS --fail-with-body \"$@\"; }\n"+string(b[1]))
		cmd.Env = set
		out, err := cmd.CombinedOutput()
		if err != nil || !json.Valid(out) {
			t.Errorf("%s: %v %s", b[1], err, out)
		}
	}
}
