package app

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"almirah/internal/archives"
	"almirah/internal/canary"
	"almirah/internal/jobs"
	"almirah/internal/vault"
)

// archive takes the clinic along and back: its archive is written, looked through, checked, brought into an empty installation, and held against what left.
func (w *nightWalk) archive(ctx context.Context) (words string, err error) {
	dir := filepath.Join(w.scratch, "archive")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	f, err := os.OpenFile(filepath.Join(dir, "clinic.zip"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	defer f.Close()
	made, err := w.h.Archives.Export(ctx, jobs.ForClinic(w.clinic), f, nil)
	if err != nil {
		return "", err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	if err := w.lookInside(f, size); err != nil {
		return "", err
	}
	o, err := archives.Open(f, size, nil)
	if err != nil {
		return "", err
	}
	there, err := w.h.elsewhere(ctx, filepath.Join(dir, "there"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, there.Close()) }()
	arrived, err := there.Archives.Import(ctx, o, archives.Arrival{Trust: o.Fingerprint}, nil)
	switch {
	case err != nil:
		return "", err
	case arrived.Canonical != made.Canonical:
		return "", errors.New("what arrived has another hash than what left")
	}
	again, err := there.Archives.Hash(ctx, jobs.ForClinic(w.clinic), nil)
	if err == nil && again != made.Canonical {
		err = errors.New("what lies there now has another hash than what left")
	}
	return fmt.Sprintf("%d rows left, %d arrived in an empty installation, by the same hash", made.Rows, arrived.Rows), err
}

// lookInside looks through the archive. The other person, who is still a patient, has to be in it: otherwise nothing was looked through.
func (w *nightWalk) lookInside(f *os.File, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return err
	}
	search := w.hers()
	other := canary.NewSearch(map[string]string{witnessMark: w.marks.Other.Name}, nil)
	p := walkPlace{Kind: "archive", Name: "of the clinic", Looked: true, Words: fmt.Sprintf("%d members, unpacked", len(z.File))}
	for _, m := range z.File {
		for _, s := range []*canary.Search{search, other} {
			r, err := m.Open()
			if err != nil {
				return err
			}
			hits, n, err := s.Through(r)
			_ = r.Close()
			if err != nil {
				return err
			}
			p.find(hits, m.Name)
			if s == search {
				p.Bytes += n
			}
		}
	}
	if !p.witnessed {
		p.Found = append(p.Found, "not even the other person: nothing was looked through")
	}
	return w.add(p)
}

// elsewhere is an empty installation in a folder of its own. It does no work and nobody can reach it.
func (h *House) elsewhere(ctx context.Context, dir string) (*House, error) {
	set := map[string]string{"ALMIRAH_DATA": filepath.Join(dir, "data"), "ALMIRAH_KEYS": filepath.Join(dir, "keys", "root.key"), "ALMIRAH_CANARY_HOUR": "off"}
	c, err := FromEnv(func(name string) string { return set[name] })
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(c.Keys), 0o700); err != nil {
		return nil, err
	}
	if _, err := vault.CreateRootKey(c.Keys); err != nil {
		return nil, err
	}
	return Open(ctx, c, h.Clock, h.Log, Options{})
}
