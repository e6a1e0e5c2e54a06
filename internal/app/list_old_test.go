package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/archives"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// TestAListThatIsTooOldShowsNoEmptyLines: once the cells of a list have been deleted, its page says so and offers neither lines of which nothing is left
// nor a sheet of them.
func TestAListThatIsTooOldShowsNoEmptyLines(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	ctx := t.Context()
	list, err := h.Archives.Bring(ctx, h.Owner, []byte("Name,Phone,Born\nListed Sample,+919845077001,1980-02-03\nWrong Sample,+919845077002,yesterday\n"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := h.Archives.List(ctx, h.Owner, list)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Archives.Look(ctx, h.Owner, list, []string{archives.FieldName, archives.FieldPhone, archives.FieldBirth}, archives.DayFirst, false, l.List.Version); err != nil {
		t.Fatal(err)
	}
	if err := h.Archives.Work(ctx, jobs.ForClinic(h.Clinic.ID)); err != nil {
		t.Fatal(err)
	}
	v := h.signIn(t, demoPeople[0].email)
	path := "/app/settings/import/" + list.String()
	left := path + "/left.csv"
	if body := v.page(t, path).body; !strings.Contains(body, left) || !strings.Contains(body, "Lines to correct") || !strings.Contains(body, "Wrong Sample") || strings.Contains(body, "<title>Error") {
		t.Fatalf("a list that was looked over does not name its line:\n%s", body)
	}
	h.Fake.Move(8 * 24 * time.Hour)
	if err := h.DB.Change(ctx, jobs.ForClinic(h.Clinic.ID), access.Work, func(_ context.Context, tx *store.Tx) error {
		_, err := archives.Keeper{}.Due(tx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	v.renew(t)
	if body := v.page(t, path).body; !strings.Contains(body, "too old") || strings.Contains(body, left) || strings.Contains(body, "Lines to correct") {
		t.Errorf("a list that is too old offers what was deleted:\n%s", body)
	}
}
