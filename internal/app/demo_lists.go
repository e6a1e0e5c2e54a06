package app

import (
	"context"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/jobs"
)

// demoList shows a list of appointments from another program that was looked over and waits to be brought in: history, one ahead, one whose time is taken by another line, and one that cannot be read.
func (h *House) demoList(ctx context.Context, owner access.Caller, c clinics.Clinic, practice demoPractice, who []id.ID) error {
	now := h.Clock.Now().In(c.Location())
	var text strings.Builder
	text.WriteString("Patient ID,Doctor,Treatment,Date,Time,Status\n")
	line := func(patient, days int, at, status string) {
		text.WriteString(strings.Join([]string{who[patient].String(), practice.providers[0].Name, practice.services[0].Name, now.AddDate(0, 0, days).Format("02/01/2006"), at, status}, ",") + "\n")
	}
	line(0, -400, "10:00", "Completed")
	line(1, -390, "10:30", "No Show")
	line(2, 200, "6:30", "")
	line(3, 200, "6:30", "")
	line(4, 201, "soon", "")
	list, err := h.Archives.BringVisits(ctx, owner, strings.NewReader(text.String()))
	if err != nil {
		return err
	}
	l, err := h.Archives.List(ctx, owner, list)
	if err != nil {
		return err
	}
	if err := h.Archives.Look(ctx, owner, list, l.Columns, l.Order, false, l.List.Version); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return h.Archives.Work(limited, jobs.ForClinic(owner.Clinic()))
}
