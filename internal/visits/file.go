package visits

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// Files of a patient: reports and pictures. What a file is, its content says, never its name. Pictures are drawn anew, so that what they
// tell of their maker (place, device, time) is not kept; a PDF that would do something by itself is refused.

// MostBytes is how large a file may be: 10 MB.
const MostBytes = 10 << 20

// pieceSize is how many bytes of a file one sealed piece holds.
const pieceSize = 256 << 10

// The kinds of files, which are the ends of their names.
const (
	KindPDF  = "pdf"
	KindJPEG = "jpg"
	KindPNG  = "png"
)

const (
	fileColumns  = `id, patient_id, encounter_id, name, kind, size, pieces, added_at, added_by`
	sqlFileAdd   = `INSERT INTO file (clinic_id, id, patient_id, encounter_id, name, kind, size, pieces, added_at, added_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	sqlPieceAdd  = `INSERT INTO file_piece (clinic_id, file_id, number, bytes) VALUES ($1, $2, $3, $4)`
	sqlFileGet   = `SELECT ` + fileColumns + ` FROM file WHERE clinic_id = $1 AND id = $2`
	sqlFilesOf   = `SELECT ` + fileColumns + ` FROM file WHERE clinic_id = $1 AND patient_id = $2 ORDER BY added_at DESC, id DESC LIMIT $3`
	sqlPiecesOf  = `SELECT number, bytes FROM file_piece WHERE clinic_id = $1 AND file_id = $2 ORDER BY number`
	sqlPieceDrop = `DELETE FROM file_piece WHERE clinic_id = $1 AND file_id = $2`
	sqlFileDrop  = `DELETE FROM file WHERE clinic_id = $1 AND id = $2`
)

// File is one file without its content.
type File struct {
	ID, Patient, Encounter id.ID
	Name                   string // as it was called, without its end
	Kind                   string
	Size                   int64 // bytes
	AddedAt                clock.Instant
	AddedBy                id.ID
	Broken                 bool // the name cannot be opened
	pieces                 int64
}

// FileName is the name under which the file is handed out: its own, and the end that its content has.
func (f File) FileName() string { return f.Name + "." + f.Kind }

// Type is the media type of its content.
func (f File) Type() string {
	switch f.Kind {
	case KindPDF:
		return "application/pdf"
	case KindJPEG:
		return "image/jpeg"
	}
	return "image/png"
}

// refused says under the field "file" why a file is not taken.
func refused(key string) error {
	var f fault.Fields
	f.Add("file", key)
	return f.Err()
}

// clean is the content as it is kept, with its kind.
func (s *Service) clean(ctx context.Context, content []byte) ([]byte, string, error) {
	switch {
	case len(content) == 0:
		return nil, "", refused("field.file.empty")
	case len(content) > MostBytes:
		return nil, "", refused("field.file.large")
	case bytes.HasPrefix(content, []byte("%PDF-")):
		return content, KindPDF, quietPDF(content)
	}
	select {
	case s.decks <- struct{}{}:
		defer func() { <-s.decks }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	return redraw(content)
}

// fileName cuts a name to its last part without its end, and without what could lead out of a folder or fool a reader.
func fileName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`"<>|:*?;%`, r) || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfffd {
			return ' '
		}
		return r
	}, name)
	name = strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
	if r := []rune(name); len(r) > 80 {
		name = strings.TrimSpace(string(r[:80]))
	}
	if name == "" {
		name = "file"
	}
	return name
}

// AddFile keeps a file of a patient; encounter is the visit that it came with, or zero. What is no PDF and no picture, what is too large, and a
// PDF that is locked or would run something is refused under the field "file".
func (s *Service) AddFile(ctx context.Context, who access.Caller, patient, encounter id.ID, name string, content []byte) (id.ID, error) {
	if !who.May(access.VisitWrite) { // before the work of opening a picture is done for somebody who may not
		return id.Zero, fault.New(fault.Forbidden, "fault.forbidden")
	}
	kept, kind, err := s.clean(ctx, content)
	if err != nil {
		return id.Zero, err
	}
	var one id.ID
	err = s.change(ctx, who, patient, func(tx *store.Tx) error {
		if !encounter.IsZero() {
			if e, err := scanEncounter(tx.Row(sqlEncounterGet, encounter)); err != nil || e.Patient != patient {
				return errors.Join(err, fault.Missing())
			}
		}
		one = tx.NewID()
		sealed, err := tx.Seal(patient, "file", "name", one, fileName(name))
		if err != nil {
			return err
		}
		pieces := (len(kept) + pieceSize - 1) / pieceSize
		if _, err := tx.Exec(sqlFileAdd, one, patient, id.Null(encounter), sealed, kind, len(kept), pieces, tx.Now(), who.Actor()); err != nil {
			return err
		}
		for i := range pieces {
			sealed, err := tx.Seal(patient, "file_piece", pieceColumn(i), one, string(kept[i*pieceSize:min(len(kept), (i+1)*pieceSize)]))
			if err != nil {
				return err
			}
			if _, err := tx.Exec(sqlPieceAdd, one, i, sealed); err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "add", Kind: "file", Subject: one, Patient: patient, New: map[string]any{"kind": kind, "bytes": len(kept)}})
		return nil
	})
	return one, err
}

// pieceColumn ties a piece to its place, so that pieces cannot be put in another order.
func pieceColumn(i int) string { return "bytes " + strconv.Itoa(i) }

func scanFile(v *store.View, row interface{ Scan(...any) error }) (File, error) {
	var f File
	var name []byte
	err := row.Scan(&f.ID, &f.Patient, &f.Encounter, &name, &f.Kind, &f.Size, &f.pieces, &f.AddedAt, &f.AddedBy)
	if errors.Is(err, store.ErrNoRows) {
		return f, fault.Missing()
	}
	if err != nil {
		return f, err
	}
	f.Name, err = v.Unseal(f.Patient, "file", "name", f.ID, name)
	f.Broken = err != nil
	return f, nil
}

func filesOf(v *store.View, patient id.ID, limit int) ([]File, error) {
	rows, err := v.Query(sqlFilesOf, patient, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []File
	for rows.Next() {
		f, err := scanFile(v, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// Read opens a file with its content. Opening it is written down.
func (s *Service) Read(ctx context.Context, who access.Caller, one id.ID) (File, []byte, error) {
	var out File
	var content []byte
	err := s.db.View(ctx, who, access.VisitRead, func(_ context.Context, v *store.View) error {
		if _, err := clinics.Must(v, clinics.ModuleClinical); err != nil {
			return err
		}
		var err error
		if out, err = scanFile(v, v.Row(sqlFileGet, one)); err != nil {
			return err
		}
		v.Opened("file", one, out.Patient)
		content, err = contentOf(v, out)
		return err
	})
	return out, content, err
}

// contentOf puts the pieces together. One that is missing or was changed is an error: half a report is worse than none.
func contentOf(v *store.View, f File) ([]byte, error) {
	rows, err := v.Query(sqlPiecesOf, f.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]byte, 0, f.Size)
	for i := 0; rows.Next(); i++ {
		var number int
		var sealed []byte
		if err := rows.Scan(&number, &sealed); err != nil {
			return nil, err
		}
		piece, err := v.Unseal(f.Patient, "file_piece", pieceColumn(i), f.ID, sealed)
		if err != nil {
			return nil, err
		}
		out = append(out, piece...)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if int64(len(out)) != f.Size {
		return nil, errors.New("visits: a file lacks a piece")
	}
	return out, nil
}

// RemoveFile deletes a file.
func (s *Service) RemoveFile(ctx context.Context, who access.Caller, one id.ID) (patient id.ID, err error) {
	err = s.db.Change(ctx, who, access.VisitWrite, func(_ context.Context, tx *store.Tx) error {
		if _, err := clinics.Must(&tx.View, clinics.ModuleClinical); err != nil {
			return err
		}
		f, err := scanFile(&tx.View, tx.Row(sqlFileGet, one))
		if err != nil {
			return err
		}
		if _, err := patients.Find(&tx.View, f.Patient); err != nil {
			return err
		}
		patient = f.Patient
		tx.Record(audit.Note{Action: "remove", Kind: "file", Subject: one, Patient: f.Patient, Old: map[string]any{"kind": f.Kind, "bytes": f.Size}})
		if _, err := tx.Exec(sqlPieceDrop, one); err != nil {
			return err
		}
		return tx.Must(sqlFileDrop, one)
	})
	return patient, err
}
