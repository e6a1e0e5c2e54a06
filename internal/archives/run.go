package archives

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// An owner asks for the archive on a page; it is made behind it, and waits, sealed under the clinic's key, in a folder beside the data that no backup
// takes along. It can be fetched once, within a day.

// Waits is how long an archive waits to be fetched.
const Waits = 24 * time.Hour

// stalled is after which time an archive that was begun and got no further is begun again: its process died.
const stalled = 10 * time.Minute

// pieceSize is how much of an archive is sealed at once.
const pieceSize = 1 << 20

// The states of a run.
const (
	Asked   = "asked"
	Running = "running"
	Ready   = "ready"
	Failed  = "failed"
	Gone    = "gone" // fetched, or its day is over
)

// Run is one time that somebody took the clinic along.
type Run struct {
	ID        id.ID
	By        id.ID
	State     string
	Step      string
	Rows      int64
	Size      int64
	Canonical string
	AskedAt   clock.Instant
	EndsAt    clock.Instant
	TakenAt   clock.Instant
}

const (
	runColumns  = `id, person_id, state, step, rows_done, size, canonical, asked_at, state_at, ends_at, taken_at, pieces, takes`
	sqlRunAdd   = `INSERT INTO export_run (clinic_id, id, person_id, state, asked_at, state_at) VALUES ($1, $2, $3, 'asked', $4, $4)`
	sqlRunList  = `SELECT ` + runColumns + ` FROM export_run WHERE clinic_id = $1 AND patient_id IS NULL ORDER BY asked_at DESC, id LIMIT 50`
	sqlRunGet   = `SELECT ` + runColumns + ` FROM export_run WHERE clinic_id = $1 AND id = $2`
	sqlRunOpen  = `SELECT COUNT(*) FROM export_run WHERE clinic_id = $1 AND state IN ('asked', 'running')`
	sqlRunNext  = `SELECT id FROM export_run WHERE clinic_id = $1 AND (state = 'asked' OR state = 'running' AND state_at < $2) ORDER BY asked_at LIMIT 1`
	sqlRunTake  = `UPDATE export_run SET state = 'running', state_at = $3, takes = takes + 1 WHERE clinic_id = $1 AND id = $2 AND (state = 'asked' OR state = 'running' AND state_at < $4) RETURNING takes`
	sqlRunAt    = `UPDATE export_run SET step = $3, rows_done = $4, state_at = $5 WHERE clinic_id = $1 AND id = $2 AND takes = $6 AND state = 'running'`
	sqlRunMade  = `UPDATE export_run SET state = 'ready', size = $3, pieces = $4, canonical = $5, state_at = $6, ends_at = $7 WHERE clinic_id = $1 AND id = $2 AND takes = $8 AND state = 'running'`
	sqlRunFail  = `UPDATE export_run SET state = 'failed', state_at = $3 WHERE clinic_id = $1 AND id = $2 AND takes = $4 AND state = 'running'`
	sqlRunTaken = `UPDATE export_run SET state = 'gone', state_at = $3, taken_at = $3 WHERE clinic_id = $1 AND id = $2 AND state = 'ready'`
	sqlRunOver  = `SELECT id FROM export_run WHERE clinic_id = $1 AND state = 'ready' AND ends_at <= $2`
	sqlRunGone  = `UPDATE export_run SET state = 'gone', state_at = $3 WHERE clinic_id = $1 AND id = $2 AND state = 'ready'`
)

type runRow struct {
	Run
	stateAt clock.Instant
	pieces  int64
	takes   int64 // how often it was begun: the name of its file has it, so that two makers never write into one
}

func scanRun(row interface{ Scan(...any) error }) (r runRow, err error) {
	err = row.Scan(&r.ID, &r.By, &r.State, &r.Step, &r.Rows, &r.Size, &r.Canonical, &r.AskedAt, &r.stateAt, &r.EndsAt, &r.TakenAt, &r.pieces, &r.takes)
	return r, err
}

// Ask plans an archive of the clinic. fault.Conflict while one is being made; fault.NotFound where none is made for pages.
func (s *Service) Ask(ctx context.Context, who access.Caller) (id.ID, error) {
	if s.o.Folder == "" {
		return id.Zero, fault.Missing()
	}
	var run id.ID
	err := s.db.Change(ctx, who, access.ClinicExport, func(_ context.Context, tx *store.Tx) error {
		var open int64
		if err := tx.Row(sqlRunOpen).Scan(&open); err != nil {
			return err
		}
		if open > 0 {
			return fault.New(fault.Conflict, "fault.export.running")
		}
		run = tx.NewID()
		tx.Record(audit.Note{Action: "export-asked", Kind: "clinic", Subject: tx.Clinic()})
		_, err := tx.Exec(sqlRunAdd, run, who.Actor(), tx.Now())
		return err
	})
	if err == nil && s.o.Planned != nil {
		s.o.Planned(who.Clinic())
	}
	return run, err
}

// Runs are the times that the clinic was taken along, the latest first, and whether its messages are held because it arrived from another house.
func (s *Service) Runs(ctx context.Context, who access.Caller) (out []Run, held bool, err error) {
	err = s.db.View(ctx, who, access.ClinicExport, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		held = c.Held
		rows, err := v.Query(sqlRunList)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanRun(rows)
			if err != nil {
				return err
			}
			out = append(out, r.Run)
		}
		return rows.Err()
	})
	return out, held, err
}

// LetGo lets messages leave a clinic that arrived from another house. What fell due since it left there is uncertain: that house may have sent it. fault.Conflict when nothing is held.
func (s *Service) LetGo(ctx context.Context, who access.Caller) error {
	if !who.May(access.ClinicExport) {
		return fault.New(fault.Forbidden, "fault.forbidden")
	}
	if s.o.Due != nil { // what is not planned yet would be planned afterwards, and sent
		if err := s.o.Due(ctx, who.Clinic()); err != nil {
			return err
		}
	}
	return s.db.Change(ctx, who, access.ClinicExport, func(_ context.Context, tx *store.Tx) error {
		was, err := clinics.LetGo(tx)
		if err == nil && !was {
			err = fault.New(fault.Conflict, "fault.export.nothing_held")
		}
		if err != nil {
			return err
		}
		var arrived clock.Instant
		if err := tx.Row(sqlArrivalEnded).Scan(&arrived); err != nil && !errors.Is(err, store.ErrNoRows) {
			return err
		}
		tx.DueBy(tx.Now())
		_, err = messaging.AfterMove(tx, arrived)
		return err
	})
}

// errLost says that the run is no longer the maker's own: it was begun again, because it got no further for a while, or because somebody was erased whom it may hold.
var errLost = errors.New("archives: this archive was begun again meanwhile")

// Make makes the archives that the clinic's owner asked for. It is the clinic's own work; a run whose process died is begun again, and so is one during which somebody was erased.
func (s *Service) Make(ctx context.Context, who access.Caller) error {
	if s.o.Folder == "" {
		return nil
	}
	for {
		run, take, err := s.take(ctx, who)
		if err != nil || run.IsZero() {
			return err
		}
		s.clear(run, s.file(run, take))
		if err = s.make(ctx, who, run, take); err == nil {
			return nil
		}
		_ = os.Remove(s.file(run, take))
		if errors.Is(err, errLost) {
			continue
		}
		failed := s.db.Change(context.WithoutCancel(ctx), who, access.ClinicExport, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("an archive could not be made; the log says why")
			_, err := tx.Exec(sqlRunFail, run, tx.Now(), take)
			return err
		})
		return errors.Join(err, failed)
	}
}

// take begins the next run, and answers which time of it that is; no run when none waits, or another process was faster.
func (s *Service) take(ctx context.Context, who access.Caller) (run id.ID, take int64, err error) {
	err = s.db.Change(ctx, who, access.ClinicExport, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("an archive that was asked for is begun; the asking was recorded")
		stale := tx.Now().Add(-stalled)
		run = id.Zero
		err := tx.Row(sqlRunNext, stale).Scan(&run)
		if err == nil {
			err = tx.Row(sqlRunTake, run, tx.Now(), stale).Scan(&take)
		}
		if errors.Is(err, store.ErrNoRows) {
			run, err = id.Zero, nil
		}
		return err
	})
	return run, take, err
}

// file is where the archive lies that was begun as that time of the run.
func (s *Service) file(run id.ID, take int64) string {
	name := run.String()
	if take > 0 {
		name += "." + strconv.FormatInt(take, 10)
	}
	return filepath.Join(s.o.Folder, name+".sealed")
}

// clear removes the files of a run but the one: what makers that came to nothing left, or all (an empty name).
func (s *Service) clear(run id.ID, but string) {
	list, err := os.ReadDir(s.o.Folder)
	if err != nil {
		return // there is none yet
	}
	for _, e := range list {
		if name := filepath.Join(s.o.Folder, e.Name()); strings.HasPrefix(e.Name(), run.String()+".") && name != but {
			_ = os.Remove(name) // else Sweep does
		}
	}
}

func (s *Service) make(ctx context.Context, who access.Caller, run id.ID, take int64) error {
	if err := os.MkdirAll(s.o.Folder, 0o700); err != nil {
		return fmt.Errorf("archives: %w", err)
	}
	f, err := os.OpenFile(s.file(run, take), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("archives: %w", err)
	}
	ring, err := s.db.Vault().Ring(ctx, who.Clinic())
	if err != nil {
		return errors.Join(err, f.Close())
	}
	defer ring.Close()
	w := &sealedFile{ring: ring, run: run, w: bufio.NewWriter(f)}
	last := time.Time{}
	made, err := s.Export(ctx, who, w, func(p Progress) {
		if now := s.db.Clock().Now(); now.Sub(last) >= 2*time.Second {
			last = now
			_ = s.db.Change(ctx, who, access.ClinicExport, func(_ context.Context, tx *store.Tx) error { // the page shows it; the archive does not depend on it
				tx.Housekeeping("how far an archive is")
				n, err := tx.Exec(sqlRunAt, run, p.Step, p.Total, tx.Now(), take)
				w.lost = w.lost || err == nil && n == 0
				return err
			})
		}
	})
	if err == nil {
		err = w.close()
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.ClinicExport, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("an archive is ready; that it was made was recorded")
		n, err := tx.Exec(sqlRunMade, run, w.size, w.number, made.Canonical, tx.Now(), tx.Now().Add(Waits), take)
		if err == nil && n == 0 {
			err = errLost
		}
		return err
	})
}

// sealedFile seals what is written to it, piece by piece.
type sealedFile struct {
	ring   *vault.Ring
	run    id.ID
	w      *bufio.Writer
	buffer []byte
	number int64
	size   int64
	lost   bool // what is written is nobody's any more
}

func pieceCell(run id.ID, number int64) vault.Cell {
	return vault.Cell{Subject: vault.ClinicData, Table: "export_run", Column: fmt.Sprintf("piece %d", number), Row: run}
}

func (f *sealedFile) Write(p []byte) (int, error) {
	if f.lost {
		return 0, errLost
	}
	f.size += int64(len(p))
	n := len(p)
	for len(p) > 0 {
		take := min(len(p), pieceSize-len(f.buffer))
		f.buffer, p = append(f.buffer, p[:take]...), p[take:]
		if len(f.buffer) == pieceSize {
			if err := f.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (f *sealedFile) flush() error {
	if len(f.buffer) == 0 {
		return nil
	}
	sealed, err := f.ring.Seal(pieceCell(f.run, f.number), f.buffer)
	if err != nil {
		return err
	}
	f.number++
	f.buffer = f.buffer[:0]
	if err := binary.Write(f.w, binary.BigEndian, uint32(len(sealed))); err != nil {
		return err
	}
	_, err = f.w.Write(sealed)
	return err
}

// through has a file made and writes it on when it is whole. It lies sealed in the folder of archives meanwhile: whoever reads slowly, or not at all, must not keep
// the database waiting, from which it is made in one passage. Where there is no folder it is written on as it is made.
func (s *Service) through(ctx context.Context, clinic id.ID, to io.Writer, do func(w io.Writer) error) (err error) {
	if s.o.Folder == "" {
		return do(to)
	}
	if err := os.MkdirAll(s.o.Folder, 0o700); err != nil {
		return fmt.Errorf("archives: %w", err)
	}
	one := runRow{Run: Run{ID: id.New(s.db.Clock().Now())}}
	f, err := os.OpenFile(s.file(one.ID, 0), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("archives: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(s.file(one.ID, 0))) }()
	ring, err := s.db.Vault().Ring(ctx, clinic)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	defer ring.Close()
	w := &sealedFile{ring: ring, run: one.ID, w: bufio.NewWriter(f)}
	if err = do(w); err == nil {
		err = w.close()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	one.pieces = w.number
	return s.write(ctx, clinic, one, to)
}

func (f *sealedFile) close() error { return errors.Join(f.flush(), f.w.Flush()) }

// Fetching is an archive that is ready to be fetched.
type Fetching struct {
	Size int64
	Name string
	// Write writes it whole; after that it is gone.
	Write func(w io.Writer) error
}

// Fetch opens an archive that is ready, for the one time that it can be fetched. It is an entry of the audit log. fault.NotFound when it is not ready, was
// fetched, or its day is over. A download that breaks off may be begun again within the day.
func (s *Service) Fetch(ctx context.Context, who access.Caller, run id.ID) (Fetching, error) {
	var r runRow
	var slug string
	err := s.db.Change(ctx, who, access.ClinicExport, func(_ context.Context, tx *store.Tx) error {
		var err error
		r, err = scanRun(tx.Row(sqlRunGet, run))
		if errors.Is(err, store.ErrNoRows) || err == nil && (r.State != Ready || r.EndsAt <= tx.Now()) {
			return fault.Missing()
		}
		if err != nil {
			return err
		}
		c, err := clinics.Get(&tx.View)
		slug = c.Slug
		// Up to when it holds what was there: whom it would touch in wrong hands (promise incident-exact).
		tx.Record(audit.Note{Action: "export-fetched", Kind: "clinic", Subject: tx.Clinic(), New: map[string]any{"until": r.stateAt}})
		return err
	})
	if err != nil {
		return Fetching{}, err
	}
	if _, err := os.Stat(s.file(run, r.takes)); err != nil {
		return Fetching{}, fault.Missing()
	}
	return Fetching{Size: r.Size, Name: slug + "-" + s.db.Clock().Now().UTC().Format(time.DateOnly) + ".zip", Write: func(w io.Writer) error {
		if err := s.write(ctx, who.Clinic(), r, w); err != nil {
			return err
		}
		err := s.db.Change(context.WithoutCancel(ctx), who, access.ClinicExport, func(_ context.Context, tx *store.Tx) error {
			tx.Housekeeping("an archive was fetched whole; the fetching was recorded")
			_, err := tx.Exec(sqlRunTaken, run, tx.Now())
			return err
		})
		return errors.Join(err, os.Remove(s.file(run, r.takes)))
	}}, nil
}

func (s *Service) write(ctx context.Context, clinic id.ID, r runRow, w io.Writer) error {
	f, err := os.Open(s.file(r.ID, r.takes))
	if err != nil {
		return fault.Missing()
	}
	defer f.Close()
	ring, err := s.db.Vault().Ring(ctx, clinic)
	if err != nil {
		return err
	}
	defer ring.Close()
	in := bufio.NewReader(f)
	for n := range r.pieces {
		var size uint32
		if err := binary.Read(in, binary.BigEndian, &size); err != nil || size > pieceSize+vault.Overhead {
			return ErrDamaged
		}
		sealed := make([]byte, size)
		if _, err := io.ReadFull(in, sealed); err != nil {
			return ErrDamaged
		}
		plain, err := ring.Open(pieceCell(r.ID, n), sealed)
		if err != nil {
			return ErrDamaged
		}
		if _, err := w.Write(plain); err != nil {
			return err
		}
	}
	return nil
}

// Expire deletes archives whose day is over. What this room keeps of them no longer goes with the run of the night.
func (s *Service) Expire(ctx context.Context, who access.Caller) error {
	var over []id.ID
	err := s.db.Change(ctx, who, access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("archives that nobody fetched within their day, and lines of lists that were brought in")
		if _, err := tx.Exec(sqlLinesUnmade, clock.Instant(0)); err != nil {
			return err
		}
		var err error
		if over, err = store.IDs(&tx.View, sqlRunOver, tx.Now()); err != nil {
			return err
		}
		for _, one := range over {
			if _, err := tx.Exec(sqlRunGone, one, tx.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, one := range over {
		s.clear(one, "")
	}
	return nil
}

// Sweep deletes files that no clinic's run knows any more, at the start of the program and now and then: a run that was forgotten, a process that died.
func (s *Service) Sweep(_ context.Context) error {
	list, err := os.ReadDir(s.o.Folder)
	if err != nil {
		if os.IsNotExist(err) {
			return nil
		}
		return fmt.Errorf("archives: %w", err)
	}
	for _, e := range list {
		info, err := e.Info()
		if err == nil && s.db.Clock().Now().Sub(info.ModTime()) > Waits+time.Hour {
			_ = os.Remove(filepath.Join(s.o.Folder, e.Name())) // tried again the next time
		}
	}
	return nil
}
