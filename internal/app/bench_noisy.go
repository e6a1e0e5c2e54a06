package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// benchNoisy is the noisy neighbour: while another clinic of the same house enters 10,000 patients by the verb for many at once, with the rests that
// every import makes, this clinic's day is looked at
// over 32 connections. What is judged is how much longer that takes than when it was quiet.
const (
	benchNoisy   = "noisy"
	noisyClients = 32
	noisyBatch   = 100 // patients that one Change of the neighbour enters
	noisyP50     = 1.5 // goals: how many times the quiet value
	noisyP99     = 4.0
)

func (r *benchRun) noisyRow(ctx context.Context, engine store.Engine) (benchRow, string, error) {
	b := r.small
	row := benchRow{Op: benchNoisy, Engine: string(engine), words: "day view beside a clinic that imports"}
	var neighbour id.ID
	if _, err := b.Clinics.Open(ctx, accounts.Operator(), benchOpening("noisy-neighbour"), func(_ context.Context, tx *store.Tx, c clinics.Clinic) error {
		neighbour = c.ID
		return nil
	}); err != nil {
		return row, "", fmt.Errorf("bench: the neighbour: %w", err)
	}
	t := &benchTarget{name: "the house", addr: b.address, status: http.StatusOK, next: func(n int64) string {
		return b.get("/app/day/column?" + b.dayPath(b.providers[n%benchProviders], b.today.AddDays(1)))
	}}
	var quiet, noisy []sample
	round := func(into *[]sample) error {
		s, err := r.meter.round(ctx, t, noisyClients, r.plan.each)
		*into = append(*into, s)
		return err
	}
	if _, err := r.meter.round(ctx, t, noisyClients, r.plan.each); err != nil { // warm
		return row, "", err
	}
	for range r.plan.rounds {
		if err := round(&quiet); err != nil {
			return row, "", err
		}
	}
	var entered atomic.Int64
	want := int64(r.plan.small.patients)
	ended := make(chan error, 1)
	go func() {
		for entered.Load() < want {
			err := b.DB.Gently(ctx, func() error {
				return b.DB.Change(ctx, jobs.ForClinic(neighbour), access.Work, func(_ context.Context, tx *store.Tx) error {
					_, err := benchPeople(tx, int(entered.Load()), noisyBatch)
					return err
				})
			})
			if err != nil {
				ended <- err
				return
			}
			entered.Add(noisyBatch)
		}
		ended <- nil
	}()
	begun := b.Clock.Now()
	var err error
	for done := false; !done && err == nil; {
		err = round(&noisy)
		select {
		case failed := <-ended:
			err, done = errors.Join(err, failed), true
		default:
		}
	}
	took := b.Clock.Now().Sub(begun)
	if err != nil {
		return row, "", fmt.Errorf("bench: beside the neighbour: %w", err)
	}
	if len(noisy) > 1 { // the import ended within the last one
		noisy = noisy[:len(noisy)-1]
	}
	for range r.plan.rounds { // the machine may have changed meanwhile
		if err := round(&quiet); err != nil {
			return row, "", err
		}
	}
	of := func(list []sample, share float64) float64 {
		var out []float64
		for _, s := range list {
			out = append(out, float64(s.at(share).Microseconds()))
		}
		return median(out)
	}
	rps := func(list []sample) float64 {
		var out []float64
		for _, s := range list {
			out = append(out, s.rps())
		}
		return median(out)
	}
	row.P50, row.P99, row.RPS, row.Limit, row.limitRPS = of(noisy, 0.5), of(noisy, 0.99), rps(noisy), of(quiet, 0.5), rps(quiet)
	row.bytes = noisy[0].bytes
	row.Ratio = row.P50 / row.Limit
	late := row.P99 / of(quiet, 0.99)
	line := fmt.Sprintf("  noisy neighbour: %d patients entered in %.1f s beside %d connections; p50 %.0f us, quiet %.0f us, ratio %.2f (goal %.1f: %s); p99 %.0f us, quiet %.0f us, ratio %.2f (goal %.1f: %s)",
		entered.Load(), took.Seconds(), noisyClients, row.P50, row.Limit, row.Ratio, noisyP50, verdict(row.Ratio < noisyP50), row.P99, of(quiet, 0.99), late, noisyP99, verdict(late < noisyP99))
	return row, line, nil
}
