package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"almirah/internal/backup"
	"almirah/internal/canary"
	"almirah/internal/store"
)

// Where she is searched for after her erasure, and what was found.

// walkPlace is one place that was looked through, or could not be.
type walkPlace struct {
	Kind   string   `json:"kind"` // database, files, keys, log, logs, backup, archive
	Name   string   `json:"name"` // which one: a path, an engine
	Looked bool     `json:"looked"`
	Bytes  int64    `json:"bytes"`
	Words  string   `json:"words"` // how it was looked through, or why not
	Found  []string `json:"found"` // what of hers, where in it; never a mark

	witnessed bool
}

// mostFound is how many findings of one place are named.
const mostFound = 20

// find notes what was found at a part of the place.
func (p *walkPlace) find(hits []canary.Hit, at string) {
	for _, h := range hits {
		if h.What == witnessMark {
			p.witnessed = true
			continue
		}
		if line := at + ": " + h.String(); len(p.Found) < mostFound && !slices.Contains(p.Found, line) {
			p.Found = append(p.Found, line)
		}
	}
}

// witnessMark stands open in the database on purpose.
const witnessMark = "witness"

// hers is the search for everything of hers, and of those whose walk broke off; the witness as well.
func (w *nightWalk) hers() *canary.Search {
	marks, raw := map[string]string{witnessMark: w.marks.Witness}, map[string][]byte{"her wrapped key": w.marks.Key}
	for what, m := range w.marks.Her.List() {
		marks["her "+what] = m
	}
	for _, old := range w.older {
		for i, one := range []canary.Marks{old.Her, old.Other} {
			for what, m := range one.List() {
				if m != "" {
					marks[fmt.Sprintf("%s of one of a walk that broke off (%d)", what, i+1)] = m
				}
			}
		}
	}
	return canary.NewSearch(marks, raw)
}

// add keeps a place. Its findings are the error of the step.
func (w *nightWalk) add(p walkPlace) error {
	w.mu.Lock()
	w.places = append(w.places, p)
	w.mu.Unlock()
	if len(p.Found) > 0 {
		return found{[]string{p.Kind + ", " + strings.Join(p.Found, ", ")}}
	}
	return nil
}

// missed notes a place that could not be looked through.
func (w *nightWalk) missed(kind, name, why string) {
	_ = w.add(walkPlace{Kind: kind, Name: name, Words: why})
}

// database looks through every table of a database.
func (w *nightWalk) database(ctx context.Context, kind, name, address string, search *canary.Search) error {
	p := walkPlace{Kind: kind, Name: name, Looked: true}
	d, err := store.ReadAll(ctx, address, w.clinic, func(table string, row []byte) error {
		p.find(search.In(row), table)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	p.Bytes, p.Words = d.Bytes, fmt.Sprintf("%d rows of %d tables", d.Rows, d.Tables)
	if d.Fenced {
		p.Words += "; of clinics, those of this one alone, because the role sees no more"
	}
	if len(d.Closed) > 0 {
		p.Words += "; not " + strings.Join(d.Closed, ", ") + ", which the role may not read"
	}
	if !p.witnessed && len(p.Found) == 0 {
		p.Found = append(p.Found, "not even the witness, which stands open there: nothing was looked through")
	}
	return w.add(p)
}

// folder looks through every file of a folder, or one file.
func (w *nightWalk) folder(ctx context.Context, kind, root string, search *canary.Search, witness bool) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	p := walkPlace{Kind: kind, Name: root, Looked: true}
	files := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist) && path != root:
			return nil // the database keeps files that come and go
		case err != nil:
			return err
		case path == w.scratch:
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		hits, n, err := search.Through(f)
		shown := strings.TrimPrefix(strings.TrimPrefix(path, root), string(filepath.Separator))
		if shown == "" {
			shown = filepath.Base(path)
		}
		p.find(hits, shown)
		p.Bytes += n
		files++
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		w.missed(kind, root, "it cannot be read from here")
		return nil
	case err != nil:
		return err
	}
	p.Words = fmt.Sprintf("%d files", files)
	if witness && !p.witnessed && len(p.Found) == 0 {
		p.Found = append(p.Found, "not even the witness, which stands open there: nothing was looked through")
	}
	return w.add(p)
}

// search looks through the living installation.
func (w *nightWalk) search(ctx context.Context) (string, error) {
	h, search := w.h, w.hers()
	address, lite := h.Config.DatabaseURL, h.DB.Engine() == store.SQLite
	if h.Config.Saves.ServerURL != "" && !lite {
		address = h.Config.Saves.ServerURL
	}
	var errs []error
	try := func(err error) { errs = append(errs, err) }
	try(w.database(ctx, "database", string(h.DB.Engine()), address, search))
	try(w.folder(ctx, "files", h.Config.Data, search, lite && inFolder(h.Config.Data, h.DB.Path())))
	if file, ok := strings.CutPrefix(h.Config.KeystoreURL, "sqlite://"); ok {
		for _, one := range []string{file, file + "-wal"} {
			if _, err := os.Stat(one); err == nil {
				try(w.folder(ctx, "keys", one, search, false))
			}
		}
	} else {
		w.missed("keys", "PostgreSQL", "the key store is a database of its own, which nothing but the vault opens; the step before tried every key in it")
	}
	if !lite {
		w.missed("files", "PostgreSQL", "the server's own files and its log of writing lie with the server")
	}
	for _, path := range h.Config.Walking.Logs {
		try(w.folder(ctx, "logs", path, search, false))
	}
	if len(h.Config.Walking.Logs) == 0 {
		w.missed("logs", "ALMIRAH_CANARY_LOGS", "nobody said where this machine keeps logs")
	}
	try(w.lookAtLines())
	err := joined(errs)
	return w.looked(), err
}

// inFolder says whether a file lies in a folder.
func inFolder(folder, file string) bool {
	a, err := filepath.Abs(folder)
	b, wrong := filepath.Abs(file)
	return err == nil && wrong == nil && strings.HasPrefix(b, a+string(filepath.Separator))
}

// looked says how much was looked through.
func (w *nightWalk) looked() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, not, bytes := 0, 0, int64(0)
	for _, p := range w.places {
		if p.Looked {
			n, bytes = n+1, bytes+p.Bytes
		} else {
			not++
		}
	}
	return fmt.Sprintf("%d places, %d bytes; %d places could not be looked through", n, bytes, not)
}

// joined is every finding in one, before whatever else went wrong.
func joined(errs []error) error {
	var all found
	var rest []error
	for _, err := range errs {
		var f found
		switch {
		case err == nil:
		case errors.As(err, &f):
			all.what = append(all.what, f.what...)
		default:
			rest = append(rest, err)
		}
	}
	if len(all.what) > 0 {
		rest = append([]error{all}, rest...)
	}
	return errors.Join(rest...)
}

// backup makes a backup as every night's is made, restores it, and looks through what came back. It is thrown away.
func (w *nightWalk) backup(ctx context.Context) (string, error) {
	h := w.h
	if h.DB.Engine() == store.Postgres && h.Config.Saves.ServerURL == "" {
		w.missed("backup", "PostgreSQL", "no role that copies the server is set (ALMIRAH_BACKUP_DATABASE_URL)")
		return "not made here: no role that copies the server is set", nil
	}
	keepers, err := h.Config.Keeping.keepers(h.Gate, h.Clock)
	if err != nil {
		return "", err
	}
	search, looked, left := w.hers(), false, error(nil)
	room, err := h.trialRoom(keepers, filepath.Join(w.scratch, "backup"), func(ctx context.Context, back backup.Back) error {
		looked = true
		left = joined([]error{w.opens(ctx, back.Keys), w.database(ctx, "backup", "its tables", back.URL, search), w.folder(ctx, "backup", back.Folder, search, h.DB.Engine() == store.SQLite)})
		return nil
	})
	if err != nil {
		return "", err
	}
	for try := 1; ; try++ {
		m, err := room.Run(ctx, nil)
		if errors.Is(err, backup.ErrBusy) && try < 60 { // that of the night is under way
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(10 * time.Second):
			}
			continue
		}
		if err == nil && !looked {
			err = errors.New("the backup was not restored")
		}
		return fmt.Sprintf("%d rows came back, and her key did not", m.Checked.Rows), joined([]error{left, err})
	}
}

// logTap looks through the lines that this program logs while the walk is under way.
type logTap struct {
	search *canary.Search
	mu     sync.Mutex
	place  walkPlace
	lines  int
}

// look looks through a line.
func (t *logTap) look(line []byte) {
	hits := t.search.In(line)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines++
	t.place.Bytes += int64(len(line))
	t.place.find(hits, "a line")
}

// tapped writes what a line says in one, as any handler would.
func tapped(r slog.Record) []byte {
	line := []byte(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		line = append(append(append(append(line, ' '), a.Key...), '='), a.Value.String()...)
		return true
	})
	return line
}

func (w *nightWalk) watchLog() {
	w.lines = &logTap{search: w.hers(), place: walkPlace{Kind: "log", Name: "this program", Looked: true}}
	w.h.errors.tap.Store(w.lines)
}

func (w *nightWalk) unwatchLog() { w.h.errors.tap.Store(nil) }

func (w *nightWalk) lookAtLines() error {
	t := w.lines
	t.mu.Lock()
	p := t.place
	p.Found, p.Words = slices.Clone(p.Found), fmt.Sprintf("%d lines since she came", t.lines)
	t.mu.Unlock()
	return w.add(p)
}
