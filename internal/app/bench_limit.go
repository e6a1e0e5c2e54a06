package app

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/store/bare"
	"almirah/internal/vault"
)

// The limit program: net/http, the engine, the same rows, the same decryption, and nothing else.
// It holds every key unwrapped, knows the hours by heart, asks nobody who is there, and writes
// the bare audit row only where the house has to write its entry. What the house costs is
// measured in multiples of it.

// These are not the house's own statements, which is why their names do not begin with sql.
const (
	limitDayText = `SELECT a.id, a.starts_at, a.ends_at, a.status, a.version, p.id, p.name FROM appointment a
	JOIN patient p ON p.clinic_id = a.clinic_id AND p.id = a.patient_id
	WHERE a.clinic_id = $1 AND a.day = $2 AND a.provider_id = $3 ORDER BY a.starts_at`
	limitBusyText = `SELECT claims_from, claims_to FROM appointment WHERE clinic_id = $1 AND provider_id = $2 AND day >= $3 AND day <= $4
	AND status <> 'cancelled' ORDER BY claims_from`
	limitBusyAllText = `SELECT provider_id, claims_from, claims_to FROM appointment WHERE clinic_id = $1 AND day >= $2 AND day <= $3
	AND status <> 'cancelled' AND provider_id IN ($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
	ORDER BY provider_id, claims_from`
	limitBucketText = `SELECT p.id, p.name, p.phone, p.seen_at FROM patient_token t JOIN patient p ON p.clinic_id = t.clinic_id AND p.id = t.patient_id
	WHERE t.clinic_id = $1 AND t.bucket = $2 ORDER BY t.patient_id DESC LIMIT 20`
	limitClaimsText = `INSERT INTO claims (clinic_id, resource_id, grain, lane, appointment_id) VALUES ($1, $2, $3, 0, $6), ($1, $2, $4, 0, $6), ($1, $2, $5, 0, $6)
	ON CONFLICT DO NOTHING`
	limitVisitText = `INSERT INTO appointment (clinic_id, id, patient_id, provider_id, service_id, starts_at, ends_at, claims_from, claims_to, day, status, door, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $7, $8, 'booked', 'online', $9)`
	limitAuditText = `INSERT INTO audit_leaf (clinic_id, id, at, actor_id, role, action, kind, subject_id, patient_id, body, commitment)
	VALUES ($1, $2, $3, $2, 'owner', 'list', 'search', $4, $4, $5, $6)`
	limitServicesText  = `SELECT id, name, about, duration, price FROM service WHERE clinic_id = $1 AND retired_at = 0 ORDER BY position, id`
	limitProvidersText = `SELECT id, name, speciality, weekly FROM provider WHERE clinic_id = $1 AND retired_at = 0 ORDER BY position, id`
)

type benchLimit struct {
	b      *benchHouse
	db     *bare.DB
	ring   *vault.Ring // with every key that it ever needed, which the house forbids itself
	hours  scheduling.Hours
	offer  scheduling.Offer
	page   []byte // as long as the public page
	stmt   map[string]*sql.Stmt
	queue  chan limitWork
	ended  chan struct{}
	server *http.Server
	addr   string
}

type limitWork struct {
	do   func(ctx context.Context, tx *sql.Tx) error
	done chan error
}

func openLimit(ctx context.Context, b *benchHouse, pageBytes int) (*benchLimit, error) {
	l := &benchLimit{b: b, db: b.bare, stmt: map[string]*sql.Stmt{}, queue: make(chan limitWork, 64), ended: make(chan struct{}), page: []byte(strings.Repeat("x", pageBytes))}
	l.hours = scheduling.Hours{Zone: b.clinic.Location(), Weekly: benchProvider(0).Weekly}
	l.offer = scheduling.Offer{Duration: 15 * time.Minute, Step: 15 * time.Minute, Horizon: benchHorizon}
	for _, text := range []string{limitDayText, limitBusyText, limitBusyAllText, limitBucketText, limitServicesText, limitProvidersText} {
		s, err := l.db.Read.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		l.stmt[text] = s
	}
	for _, text := range []string{limitClaimsText, limitVisitText, limitAuditText} {
		s, err := l.db.Write.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		l.stmt[text] = s
	}
	var err error
	if l.ring, err = b.Vault.Ring(context.WithoutCancel(ctx), b.clinic.ID); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for pattern, do := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /hello": func(w http.ResponseWriter, _ *http.Request) error { _, err := w.Write([]byte("hello\n")); return err },
		"GET /day":   l.day, "GET /slots": l.slots, "GET /any": l.any, "GET /phone": l.phone, "GET /name": l.name, "GET /page": l.public, "POST /book": l.book,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := do(w, r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	go l.group()
	l.addr, l.server, err = benchServe(mux)
	return l, err
}

func (l *benchLimit) close() error {
	err := l.server.Close()
	close(l.queue)
	<-l.ended
	for _, s := range l.stmt {
		err = errors.Join(err, s.Close())
	}
	l.ring.Close()
	return err
}

func (l *benchLimit) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return l.stmt[text].QueryContext(ctx, append([]any{l.b.clinic.ID[:]}, args...)...)
}

func (l *benchLimit) open(patient id.ID, column string, sealed []byte) string {
	plain, err := l.ring.Open(vault.Cell{Subject: patient, Table: "patient", Column: column, Row: patient}, sealed)
	if err != nil {
		return "?"
	}
	return string(plain)
}

func limitWrite(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(body)
	return err
}

type limitVisit struct {
	ID, Patient id.ID
	From, To    clock.Instant
	Status      string
	Version     int64
	Name        string
}

func (l *benchLimit) day(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	provider, err := id.Parse(q.Get("provider"))
	if err != nil {
		return err
	}
	rows, err := l.query(r.Context(), limitDayText, q.Get("day"), provider)
	if err != nil {
		return err
	}
	defer rows.Close()
	out := make([]limitVisit, 0, 32)
	var ids []id.ID
	for rows.Next() {
		var v limitVisit
		var sealed []byte
		if err := rows.Scan(&v.ID, &v.From, &v.To, &v.Status, &v.Version, &v.Patient, &sealed); err != nil {
			return err
		}
		v.Name = l.open(v.Patient, "name", sealed)
		out = append(out, v)
		ids = append(ids, v.Patient)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if q.Has("audit") {
		if err := l.audit(r.Context(), ids); err != nil {
			return err
		}
	}
	return limitWrite(w, http.StatusOK, out)
}

// audit writes one bare row, committed to the disk.
func (l *benchLimit) audit(ctx context.Context, seen any) error {
	body, err := json.Marshal(seen)
	if err != nil {
		return err
	}
	tx, err := l.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if err := l.auditIn(ctx, tx, body); err != nil {
		return err
	}
	return tx.Commit()
}

func (l *benchLimit) auditIn(ctx context.Context, tx *sql.Tx, body []byte) error {
	now := clock.System{}.Now()
	one := id.New(now)
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // crypto/rand never returns an error
	_, err := tx.StmtContext(ctx, l.stmt[limitAuditText]).ExecContext(ctx, l.b.clinic.ID[:], one, int64(clock.At(now)), l.b.clinic.ID[:], body, salt)
	return err
}

type limitSlot struct {
	StartsAt string `json:"starts_at"`
	EndsAt   string `json:"ends_at"`
	Provider id.ID  `json:"provider"`
}

func (l *benchLimit) slot(at clock.Instant, p id.ID) limitSlot {
	z := l.hours.Zone
	return limitSlot{at.In(z).Format(time.RFC3339), at.Add(15 * time.Minute).In(z).Format(time.RFC3339), p}
}

func (l *benchLimit) slots(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	provider, err := id.Parse(q.Get("provider"))
	if err != nil {
		return err
	}
	from, to := clock.Date(q.Get("from")), clock.Date(q.Get("to"))
	rows, err := l.query(r.Context(), limitBusyText, provider, string(from), string(to))
	if err != nil {
		return err
	}
	defer rows.Close()
	var busy scheduling.Busy
	for rows.Next() {
		var s scheduling.Span
		if err := rows.Scan(&s.From, &s.To); err != nil {
			return err
		}
		busy.Spans = append(busy.Spans, s)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	out := []limitSlot{}
	for _, at := range scheduling.Slots(l.hours, l.offer, busy, from, to, clock.At(clock.System{}.Now())) {
		out = append(out, l.slot(at, provider))
	}
	return limitWrite(w, http.StatusOK, map[string]any{"items": out})
}

// any merges everybody's free times, one practitioner for each time.
func (l *benchLimit) any(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	from, to := clock.Date(q.Get("from")), clock.Date(q.Get("to"))
	args := []any{string(from), string(to)}
	for i := range benchProviders { // as many as the statement names
		args = append(args, l.b.providers[i][:])
	}
	rows, err := l.query(r.Context(), limitBusyAllText, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	busy := map[id.ID]scheduling.Busy{}
	for rows.Next() {
		var p id.ID
		var s scheduling.Span
		if err := rows.Scan(&p, &s.From, &s.To); err != nil {
			return err
		}
		x := busy[p]
		x.Spans = append(x.Spans, s)
		busy[p] = x
	}
	if err := rows.Err(); err != nil {
		return err
	}
	free := map[clock.Instant]id.ID{}
	now := clock.At(clock.System{}.Now())
	for _, p := range l.b.providers {
		for _, at := range scheduling.Slots(l.hours, l.offer, busy[p], from, to, now) {
			if _, there := free[at]; !there {
				free[at] = p
			}
		}
	}
	starts := make([]clock.Instant, 0, len(free))
	for at := range free {
		starts = append(starts, at)
	}
	slices.Sort(starts)
	out := make([]limitSlot, len(starts))
	for i, at := range starts {
		out[i] = l.slot(at, free[at])
	}
	return limitWrite(w, http.StatusOK, map[string]any{"items": out})
}

type limitHit struct {
	ID          id.ID
	Name, Phone string
	Seen        int64
}

// bucket reads and opens the patients of one bucket, at most 20.
func (l *benchLimit) bucket(ctx context.Context, kind, value string, fits func(limitHit) bool) ([]limitHit, error) {
	rows, err := l.query(ctx, limitBucketText, l.ring.Bucket(kind, value))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []limitHit{}
	for rows.Next() {
		var h limitHit
		var name, phone []byte
		if err := rows.Scan(&h.ID, &name, &phone, &h.Seen); err != nil {
			return nil, err
		}
		h.Name, h.Phone = l.open(h.ID, "name", name), l.open(h.ID, "phone", phone)
		if fits(h) {
			out = append(out, h)
		}
	}
	return out, rows.Err()
}

func (l *benchLimit) phone(w http.ResponseWriter, r *http.Request) error {
	number := r.URL.Query().Get("q")
	found, err := l.bucket(r.Context(), vault.IndexPhone, number, func(h limitHit) bool { return h.Phone == number })
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("nobody has this number")
	}
	if err == nil {
		err = l.audit(r.Context(), found[0].ID)
	}
	if err != nil {
		return err
	}
	return limitWrite(w, http.StatusOK, found)
}

func (l *benchLimit) name(w http.ResponseWriter, r *http.Request) error {
	prefix := r.URL.Query().Get("q")
	found, err := l.bucket(r.Context(), vault.IndexName, prefix, func(h limitHit) bool { return strings.Contains(strings.ToLower(h.Name), prefix) })
	if err != nil {
		return err
	}
	return limitWrite(w, http.StatusOK, found)
}

func (l *benchLimit) public(w http.ResponseWriter, r *http.Request) error {
	n := 0
	for _, text := range []string{limitServicesText, limitProvidersText} {
		rows, err := l.query(r.Context(), text)
		if err != nil {
			return err
		}
		for rows.Next() {
			var one id.ID
			var name []byte
			var about, weekly string
			var duration, price int64
			if text == limitServicesText {
				err = rows.Scan(&one, &about, &weekly, &duration, &price)
			} else if err = rows.Scan(&one, &name, &about, &weekly); err == nil {
				name, err = l.ring.Open(vault.Cell{Subject: vault.ClinicData, Table: "provider", Column: "name", Row: one}, name)
			}
			if err != nil {
				return errors.Join(err, rows.Close())
			}
			n += len(name)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := w.Write(l.page)
	return err
}

type limitBooking struct {
	Provider, Patient id.ID
	StartsAt          time.Time
}

// book takes the claims, writes the appointment and one audit row, in one transaction on the disk.
func (l *benchLimit) book(w http.ResponseWriter, r *http.Request) error {
	var in limitBooking
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return err
	}
	from := clock.At(in.StartsAt)
	to := from.Add(15 * time.Minute)
	g := scheduling.GrainOf(from)
	now := clock.System{}.Now()
	one, c := id.New(now), l.b.clinic.ID[:]
	do := func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.StmtContext(ctx, l.stmt[limitClaimsText]).ExecContext(ctx, c, in.Provider, int64(g), int64(g+1), int64(g+2), one)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 3 {
			return fmt.Errorf("the time is taken (%v)", err)
		}
		if _, err := tx.StmtContext(ctx, l.stmt[limitVisitText]).ExecContext(ctx, c, one, in.Patient, in.Provider, l.b.service, int64(from), int64(to), string(clock.DateOf(from.In(l.hours.Zone))), int64(clock.At(now))); err != nil {
			return err
		}
		return l.auditIn(ctx, tx, []byte(one.String()))
	}
	var err error
	if l.db.Engine == store.SQLite && r.URL.Query().Has("group") {
		work := limitWork{do, make(chan error, 1)}
		l.queue <- work
		err = <-work.done
	} else {
		err = l.alone(r.Context(), do)
	}
	if err != nil {
		return err
	}
	return limitWrite(w, http.StatusCreated, map[string]any{"id": one, "starts_at": in.StartsAt})
}

func (l *benchLimit) alone(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	tx, err := l.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if err := do(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// group commits what waits together, at most 32 bookings, as PostgreSQL does by itself.
func (l *benchLimit) group() {
	defer close(l.ended)
	ctx := context.Background()
	for first := range l.queue {
		list := []limitWork{first}
		for len(list) < 32 && len(l.queue) > 0 {
			list = append(list, <-l.queue)
		}
		err := l.alone(ctx, func(ctx context.Context, tx *sql.Tx) error {
			for _, x := range list {
				if err := x.do(ctx, tx); err != nil {
					return err
				}
			}
			return nil
		})
		for _, x := range list {
			x.done <- err
		}
	}
}
