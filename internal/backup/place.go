package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"almirah/internal/clock"
)

// ErrAbsent means that a place does not have the file.
var ErrAbsent = errors.New("backup: the file is not there")

// Item is a file at a place.
type Item struct {
	Name   string // with slashes, such as "data/20261128T203000Z-1f2e3d4c.age"
	Size   int64  // bytes
	Hidden bool   // nobody can fetch it by its name any more, and yet the place has it: an older version behind the mark of a deletion
}

// Place is where encrypted files lie. Its files are whole or not there.
type Place interface {
	// Name is what a person knows the place by: a folder, or a bucket.
	Name() string
	// Region is where the place is, in the operator's words; empty when not stated.
	Region() string
	// Put lays the file on disk there under the name, and returns when the place has it for good.
	Put(ctx context.Context, name, file string) error
	// Get reads a file; ErrAbsent when it is not there.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// Delete takes a file away for good, with whatever versions the place keeps of it. One that is not there is no error. After an error the file is there as it
	// was, or hidden: Kept goes on naming it.
	Delete(ctx context.Context, name string) error
	// List lists the files whose names begin so, by name.
	List(ctx context.Context, under string) ([]Item, error)
	// Kept is List with the hidden files too: all that the place still has.
	Kept(ctx context.Context, under string) ([]Item, error)
	// Sweep takes away what puts that were broken off left there, when it is older than the age.
	Sweep(ctx context.Context, age time.Duration) error
}

// Folder is a place on a disk, best one of another machine.
type Folder struct{ path, region string }

// NewFolder makes a place of a folder, which must be named with its whole path.
func NewFolder(path, region string) (*Folder, error) {
	if !filepath.IsAbs(path) {
		return nil, errors.New("backup: a folder for backups must be named with its whole path")
	}
	return &Folder{filepath.Clean(path), region}, nil
}

// Name is the folder.
func (f *Folder) Name() string { return f.path }

// Region is where it is.
func (f *Folder) Region() string { return f.region }

func (f *Folder) at(name string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", fmt.Errorf("backup: %q is no name of a backup", name)
	}
	return filepath.Join(f.path, filepath.FromSlash(name)), nil
}

// draftHead begins the name of a file that is not whole yet.
const draftHead = ".draft-"

// Put copies the file beside its place and moves it there when the disk has it.
func (f *Folder) Put(ctx context.Context, name, file string) error {
	to, err := f.at(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("backup: %s: %w", f.path, err)
	}
	in, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer in.Close()
	draft, err := os.CreateTemp(filepath.Dir(to), draftHead+"*")
	if err != nil {
		return fmt.Errorf("backup: %s: %w", f.path, err)
	}
	defer os.Remove(draft.Name())
	_, err = io.Copy(draft, reading{ctx, in})
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return fmt.Errorf("backup: %s: %w", f.path, err)
	}
	if err := os.Rename(draft.Name(), to); err != nil {
		return fmt.Errorf("backup: %s: %w", f.path, err)
	}
	return syncFolder(filepath.Dir(to))
}

// Get opens a file.
func (f *Folder) Get(_ context.Context, name string) (io.ReadCloser, error) {
	from, err := f.at(name)
	if err != nil {
		return nil, err
	}
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s in %s", ErrAbsent, name, f.path)
	}
	return in, err
}

// Delete removes a file.
func (f *Folder) Delete(_ context.Context, name string) error {
	at, err := f.at(name)
	if err != nil {
		return err
	}
	if err := os.Remove(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// List walks the folder.
func (f *Folder) List(_ context.Context, under string) ([]Item, error) {
	var out []Item
	err := filepath.WalkDir(f.path, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing was put there yet, or it was taken away meanwhile
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(f.path, path)
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		name := filepath.ToSlash(rel)
		if !strings.HasPrefix(name, under) {
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			out = append(out, Item{Name: name, Size: info.Size()})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("backup: %s: %w", f.path, err)
	}
	slices.SortFunc(out, func(a, b Item) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Kept is List: a folder keeps no versions.
func (f *Folder) Kept(ctx context.Context, under string) ([]Item, error) { return f.List(ctx, under) }

// Sweep removes drafts that a process which was killed left, by the disk's own time.
func (f *Folder) Sweep(_ context.Context, age time.Duration) error {
	err := filepath.WalkDir(f.path, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), draftHead) {
			return err
		}
		info, err := d.Info()
		if err == nil && (clock.System{}).Now().Sub(info.ModTime()) > age {
			err = os.Remove(path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was taken away meanwhile
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("backup: %s: %w", f.path, err)
	}
	return nil
}

// reading ends with its context.
type reading struct {
	ctx  context.Context
	from io.Reader
}

func (r reading) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(b)
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
