package scheduling_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/rig"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

func TestTheKeeperCopiesOutAndErases(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		desk, at := p.As(access.FrontDesk), p.At(1, "10:00")
		want := p.Booking(p.Providers[0], at, 1)
		want.Note = "brings her mother"
		r := p.Booked(t, p.Public(), want)
		a := r.Appointment
		over := p.Booking(p.Providers[0], at, 2)
		over.Overbook = "an emergency"
		beside := p.Booked(t, desk, over).Appointment
		if _, err := p.Desk.SetStatus(ctx, desk, a.ID, a.Version, scheduling.Arrived); err != nil {
			t.Fatal(err)
		}

		var k scheduling.Keeper
		var copied map[string][]map[string]string
		err := p.DB.View(ctx, p.As(access.Owner), access.PatientRead, func(_ context.Context, v *store.View) (err error) {
			copied, err = k.Collect(v, a.Patient)
			return err
		})
		if err != nil || len(copied["appointment"]) != 1 || copied["appointment"][0]["note"] != "brings her mother" || copied["appointment"][0]["status"] != "arrived" {
			t.Fatalf("%v, %v", copied, err)
		}
		p.Change(t, func(tx *store.Tx) error { return k.Erase(tx, a.Patient) })
		for _, table := range []string{"appointment WHERE clinic_id = $1 AND patient_id", "patient_link WHERE clinic_id = $1 AND patient_id", "claims WHERE clinic_id = $1 AND appointment_id", "booking_log WHERE clinic_id = $1 AND appointment_id"} {
			key := a.Patient
			if table[0] == 'c' || table[0] == 'b' {
				key = a.ID
			}
			if n := p.Count(t, `SELECT COUNT(*) FROM `+table+` = $2`, key); n != "0" {
				t.Errorf("%s: %s rows are left", table, n)
			}
		}
		// Whoever was booked over her now holds the time: it is not sold again beside him.
		p.Agree(t)
		_, err = p.Desk.Book(ctx, p.Public(), p.Booking(p.Providers[0], at, 3))
		refused(t, "beside the one who was booked over her", err, fault.Conflict, "fault.slot_taken")
		if o, err := p.Desk.Open(ctx, desk, beside.ID); err != nil || len(o.Log) != 1 {
			t.Fatalf("his appointment suffered: %v", err)
		}
		if _, _, err := p.Desk.Enter(ctx, r.Token); !fault.Is(err, fault.NotFound) {
			t.Errorf("her link still opens: %v", err)
		}
		// Free again once he is gone.
		if _, err := p.Desk.Cancel(ctx, desk, beside.ID, beside.Version); err != nil {
			t.Fatal(err)
		}
		p.Booked(t, p.Public(), p.Booking(p.Providers[0], at, 4))
	})
}

func TestWhatHasServedGoes(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		p := practice.Open(t, b, 1)
		want := p.Booking(p.Providers[0], p.At(1, "10:00"), 1)
		want.Key = "k"
		p.Booked(t, p.Public(), want)
		p.Booked(t, p.Public(), p.Booking(p.Providers[0], p.At(6, "10:00"), 2))
		if _, err := p.Desk.AddLeave(ctx, p.As(access.Owner), scheduling.Leave{Provider: p.Providers[0], From: p.At(2, "09:00"), To: p.At(2, "17:00")}); err != nil {
			t.Fatal(err)
		}
		count := func() string {
			t.Helper()
			out := ""
			for _, table := range []string{"claims", "idempotency", "patient_link", "leave", "appointment"} {
				out += fmt.Sprint(p.Count(t, `SELECT COUNT(*) FROM `+table+` WHERE clinic_id = $1`), " ")
			}
			return out
		}
		tidy := func() {
			t.Helper()
			if err := p.Desk.Tidy(ctx, p.As(access.System)); err != nil {
				t.Fatal(err)
			}
			p.Change(t, func(tx *store.Tx) error {
				_, err := scheduling.Keeper{}.Due(tx)
				return err
			})
		}
		refused(t, "an owner tidying", p.Desk.Tidy(ctx, p.As(access.Owner)), fault.Forbidden, "")
		for _, step := range []struct {
			after time.Duration
			want  string
		}{{0, "12 1 2 1 2 "}, {47 * time.Hour, "12 1 2 1 2 "}, {49 * time.Hour, "12 0 2 1 2 "}, {10 * 24 * time.Hour, "6 0 2 1 2 "},
			{20 * 24 * time.Hour, "0 0 2 1 2 "}, {33 * 24 * time.Hour, "0 0 1 1 2 "}, {40 * 24 * time.Hour, "0 0 0 1 2 "}, {403 * 24 * time.Hour, "0 0 0 0 2 "}} {
			b.Clock.Set(rig.Start.Add(step.after))
			tidy()
			if got := count(); got != step.want {
				t.Errorf("after %s: %s, want %s", step.after, got, step.want)
			}
		}
		if p.Count(t, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = 'tidy'`) != "0" {
			t.Error("tidying is no act of a person")
		}
		b.Clock.Set(rig.Start)
	})
}
