package backup

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/patients"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"

	"filippo.io/age"
)

// TestTheKeyOfTheBackupsIsReplaced: from the first backup that is made with the new key on, it comes back by the new sheet alone, although copies lie there that only the old one opens. Older backups come back by
// both sheets. By the old sheet alone none does, since it does not open the newest list of who was erased; said by force, it takes what that sheet opens.
func TestTheKeyOfTheBackupsIsReplaced(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erased-in-backups")
	b := rig.New(t, store.SQLite, store.Options{})
	ctx := context.Background()
	p := open(t, b)
	old := p.run(t)
	if err := p.room.CopyJournal(ctx); err != nil {
		t.Fatal(err)
	}
	recipient, secret, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	o := p.room.o
	o.Recipients = []string{recipient}
	before := p.room
	if p.room, err = New(o); err != nil { // the program is started with the new setting
		t.Fatal(err)
	}
	b.Clock.Move(time.Hour)
	gone := p.people[3]
	if err := b.Vault.Shred(ctx, b.Clinic, gone, "erasure_request"); err != nil {
		t.Fatal(err)
	}
	p.people = append(p.people[:3:3], p.people[4:]...)
	if err := errors.Join(p.room.CopyJournal(ctx), p.room.CopyKeys(ctx)); err != nil {
		t.Fatal(err)
	}
	latest := p.run(t)
	both, err := ParseKeys(Sheet(recipient, secret, "29 November 2026"), p.key.String())
	if err != nil {
		t.Fatal(err)
	}
	comes := func(what, which string, key age.Identity, force bool) (said string) {
		t.Helper()
		o := p.elsewhere(t)
		o.Which, o.Key, o.Force = which, key, force
		log := o.Say
		o.Say = func(format string, args ...any) { said += format + "\n"; log(format, args...) }
		r, err := o.Run(ctx)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return said
		}
		db, _ := p.serve(t, o, r)
		for i, one := range p.people {
			if x, err := patients.New(db, p.Log).Open(ctx, p.As(access.FrontDesk), one); err != nil || x.Name == "" {
				t.Errorf("%s: patient %d did not come back: %v", what, i, err)
			}
		}
		if x, err := patients.New(db, p.Log).Open(ctx, p.As(access.FrontDesk), gone); (err == nil && x.Name != "") != force {
			t.Errorf("%s: who was erased: %q, %v", what, x.Name, err)
		}
		return said
	}
	if said := comes("the newest by the new sheet", "latest", fresh, false); !strings.Contains(said, "was passed over") {
		t.Errorf("nothing is said of what does not open: %s", said)
	}
	comes("an older one by both", old.Name, both, false)
	comes("an older one by force", old.Name, p.key, true)

	alone := p.elsewhere(t)
	alone.Which = old.Name
	if _, err := alone.Run(ctx); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "both keys") {
		t.Errorf("an older one by the old sheet: %v", err)
	}
	if _, err := os.Stat(strings.TrimPrefix(alone.DatabaseURL, "sqlite://")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was put in place: %v", err)
	}

	// A process that was not started again lays a copy of the key store that only the old sheet opens: the newest that opens is taken.
	b.Clock.Move(time.Hour)
	if err := before.CopyKeys(ctx); err != nil {
		t.Fatal(err)
	}
	comes("beside a newer copy of the old key", latest.Name, fresh, false)
}

// TestSeveralSheets: keys are told apart as they stand in one file, typed or not, or in several; a slip in any of them is found.
func TestSeveralSheets(t *testing.T) {
	t.Parallel()
	var text, sheets []string
	for range 2 {
		recipient, secret, err := NewKey()
		if err != nil {
			t.Fatal(err)
		}
		text, sheets = append(text, secret), append(sheets, Sheet(recipient, secret, "29 November 2026"))
	}
	var typed []string // three lines each, without the first letters
	for _, one := range text {
		tail := strings.TrimPrefix(one, secretStart)
		typed = append(typed, tail[:20], strings.ToLower(tail[20:40]), tail[40:])
	}
	for name, in := range map[string][]string{
		"two files":             text,
		"two lines":             {strings.Join(text, "\n")},
		"two sheets":            {strings.Join(sheets, "\n")},
		"a sheet and a line":    {sheets[0] + text[1]},
		"a line and a sheet":    {text[0] + "\n" + sheets[1]},
		"as typed":              {strings.Join(typed, "\n")},
		"a file and two sheets": {text[0], strings.Join(sheets, "")},
	} {
		k, err := ParseKeys(in...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, one := range text {
			id, err := ParseKey(one)
			if err != nil {
				t.Fatal(err)
			}
			var sealed strings.Builder
			w, err := age.Encrypt(&sealed, id.Recipient())
			if err == nil {
				err = w.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := age.Decrypt(strings.NewReader(sealed.String()), k); err != nil {
				t.Errorf("%s: key %d: %v", name, i, err)
			}
		}
	}
	for name, in := range map[string][]string{
		"none":                  {},
		"an empty file":         {""},
		"one and an empty file": {text[0], ""},
		"a line too short":      {text[0] + "\n" + text[1][:60]},
		"a letter too many":     {text[0] + "Q\n" + text[1]},
	} {
		if _, err := ParseKeys(in...); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseKey(strings.Join(text, "\n")); !errors.Is(err, ErrKey) {
		t.Errorf("two keys where one is wanted: %v", err)
	}
}
