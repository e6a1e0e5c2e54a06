package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/visits"
)

// Operations 17 and 18: a patient's chart is opened (what is known of her, the newest page of her visits), with 50 visits and with 500: the
// long one may take 1.3 times as long. And a note is signed, beside the limit program's one durable booking.

// The keys of the operations.
const (
	benchChart = "17"
	benchSign  = "18"
)

// benchLong and benchShort are how many visits the two charts have.
const benchLong, benchShort = 500, 50

// benchUnsignedText is not the house's own statement, which is why its name does not begin with sql.
const benchUnsignedText = `SELECT id FROM encounter WHERE clinic_id = $1 AND patient_id = $2 AND version = 1 ORDER BY starts_at LIMIT 1`

// chartOf makes a patient with so many visits, the newest of which are written.
func (b *benchHouse) chartOf(ctx context.Context, n int) (id.ID, error) {
	patient := b.patients[len(b.patients)-1-n%7]
	var rows [][]any
	now := clock.At(b.Clock.Now())
	for i := range n {
		one := id.New(b.Clock.Now())
		at := now.Add(-time.Duration(i+1) * 24 * time.Hour)
		rows = append(rows, []any{b.clinic.ID[:], one[:], patient[:], id.New(b.Clock.Now()), b.providers[0], b.service, int64(at), string(clock.DateOf(at.In(b.clinic.Location()))), int64(now), int64(now)})
	}
	for i := range rows {
		for j, x := range rows[i] {
			if y, ok := x.(id.ID); ok {
				rows[i][j] = y[:]
			}
		}
	}
	err := b.bare.Fill(ctx, "encounter", []string{"clinic_id", "id", "patient_id", "appointment_id", "provider_id", "service_id", "starts_at", "day", "created_at", "changed_at"}, rows)
	if err != nil {
		return patient, err
	}
	for i := range min(n, 20) { // what a page shows is written, so that it is opened
		one := id.ID(rows[i][1].([]byte))
		d := visits.Draft{Note: visits.Note{Complaint: "Cough for three days, no fever.", Findings: "Chest clear.", Plan: "Rest."}, Version: 1, Tab: id.New(b.Clock.Now())}
		if _, err := b.Visits.Save(ctx, b.owner, one, d); err != nil {
			return patient, err
		}
	}
	return patient, nil
}

// careRows measures both operations, long and short charts in turn, so that what else the machine does meets both.
func (r *benchRun) careRows(ctx context.Context, engine store.Engine) ([]benchRow, []string, error) {
	b := r.large
	c, err := b.Clinics.Get(ctx, b.owner)
	if err == nil && !c.Has(clinics.ModuleClinical) {
		err = b.Clinics.SetModules(ctx, b.owner, append(slices.Clone(c.Modules), clinics.ModuleClinical), c.Version)
	}
	if err != nil {
		return nil, nil, err
	}
	long, err := b.chartOf(ctx, benchLong)
	if err != nil {
		return nil, nil, err
	}
	short, err := b.chartOf(ctx, benchShort)
	if err != nil {
		return nil, nil, err
	}
	times := 200
	if r.plan.rounds < 5 { // the short form
		times = 20
	}
	took := func(do func() error) (time.Duration, error) {
		begun := b.Clock.Now()
		err := do()
		return b.Clock.Now().Sub(begun), err
	}
	open := func(patient id.ID) func() error {
		return func() error {
			x, err := b.Visits.Chart(ctx, b.owner, patient, visits.Place{}, 10)
			if err == nil && len(x.Visits) != 10 {
				err = fmt.Errorf("bench: a chart shows %d visits", len(x.Visits))
			}
			return err
		}
	}
	var longs, shorts, signs, bare []time.Duration
	for i := range times + 2 {
		for _, x := range []struct {
			list *[]time.Duration
			who  id.ID
		}{{&longs, long}, {&shorts, short}} {
			d, err := took(open(x.who))
			if err != nil {
				return nil, nil, err
			}
			if i >= 2 { // the first two are warm-up
				*x.list = append(*x.list, d)
			}
		}
	}
	stop, err := r.profiled(benchSign)
	if err != nil {
		return nil, nil, err
	}
	defer stop()
	for i := range times + 2 {
		e, err := b.unsigned(ctx, long)
		if err != nil {
			return nil, nil, err
		}
		draft := visits.Draft{Note: visits.Note{Complaint: "Cough for three days, no fever.", Findings: "Chest clear.", Plan: "Rest."}, Version: 1, Tab: id.New(b.Clock.Now())}
		d, err := took(func() error {
			_, err := b.Visits.Sign(ctx, b.owner, e, b.providers[0], draft)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		l, err := took(func() error { return b.oneRow(ctx) })
		if err != nil {
			return nil, nil, err
		}
		if i >= 2 {
			signs, bare = append(signs, d), append(bare, l)
		}
	}
	row := func(key string, ours, limit []time.Duration) benchRow {
		us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
		m := median(ours)
		slices.Sort(ours)
		return benchRow{Op: key, Engine: string(engine), P50: us(m), P99: us(ours[len(ours)-1]), RPS: float64(time.Second) / float64(max(m, 1)), Limit: us(median(limit)), Ratio: float64(m) / float64(max(median(limit), 1))}
	}
	chart, sign := row(benchChart, longs, shorts), row(benchSign, signs, bare)
	chart.Growth = chart.Ratio
	lines := []string{
		fmt.Sprintf("  17 open a chart: %.0f us with %d visits, %.0f us with %d: %.2fx, goal <=1.3x: %s", chart.P50, benchLong, chart.Limit, benchShort, chart.Ratio, verdict(chart.Ratio <= 1.3)),
		fmt.Sprintf("  18 save a signed note: %.0f us; one bare durable row %.0f us, an fsync %d us, goal fsync+3x: %s", sign.P50, sign.Limit, r.fsync.Microseconds(), verdict(sign.P50 <= float64(r.fsync.Microseconds())+3*sign.Limit)),
	}
	return []benchRow{chart, sign}, lines, nil
}

// unsigned is one of a chart's visits that nobody has written.
func (b *benchHouse) unsigned(ctx context.Context, patient id.ID) (id.ID, error) {
	var one id.ID
	err := b.bare.Read.QueryRowContext(ctx, benchUnsignedText, b.clinic.ID[:], patient[:]).Scan(&one)
	return one, err
}

// oneRow commits an audit entry and nothing else: the least that the house keeps.
func (b *benchHouse) oneRow(ctx context.Context) error {
	return b.DB.Change(ctx, b.owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "write", Kind: "encounter", Subject: tx.NewID()})
		return nil
	})
}

// verdict says whether a goal is met.
func verdict(ok bool) string {
	if ok {
		return "ok"
	}
	return "MISSED"
}
