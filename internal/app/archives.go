package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/audit"
	"almirah/internal/fault"
	"almirah/internal/fhir"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/store"
)

// archives opens the room in which clinics and patients take their data along.
func (h *House) archives() *archives.Service {
	return archives.New(h.DB, h.Log, archives.Options{Clinics: h.Clinics, Accounts: h.Accounts, Book: h.Book, Holdings: Holdings(), Keepers: collecting(), Operator: accounts.Operator(), Worker: jobs.ForClinic, Packing: fhir.Packer{},
		Head: h.head, Folder: filepath.Join(h.Config.Data, "exports"), Undo: h.undoListed, Undone: h.journalOut, Planned: h.makeArchive, Due: func(ctx context.Context, clinic id.ID) error { return h.Jobs.Plan(ctx, clinic) }, Release: Version})
}

// makeArchive makes what was asked for without letting the page wait. A process that dies meanwhile leaves it to the chore.
func (h *House) makeArchive(clinic id.ID) {
	if !h.started { // a console, or a test that makes it itself
		return
	}
	h.making.Add(1)
	go func() {
		defer h.making.Done()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		stop := context.AfterFunc(h.lives, cancel)
		defer stop()
		if err := errors.Join(h.Archives.Make(ctx, jobs.ForClinic(clinic)), h.Archives.Work(ctx, jobs.ForClinic(clinic))); err != nil {
			h.Log.Error("an archive or a list could not be worked on", "clinic", clinic.String(), "error", err.Error())
		}
	}()
}

// undoListed deletes a patient whom a list made and whom nobody has touched since, as DeletePatient does. The key goes last: what fails before has not happened.
func (h *House) undoListed(ctx context.Context, tx *store.Tx, patient id.ID) error {
	if err := eraseRows(tx, patient, "undo-list"); err != nil {
		return err
	}
	return h.Vault.Shred(ctx, tx.Clinic(), patient, "list_taken_back")
}

// eraseRows takes the rows of one away whom nobody has touched since a list made her: no law wants anything of her kept, and there is nothing to certify.
func eraseRows(tx *store.Tx, patient id.ID, action string) error {
	tx.Record(audit.Note{Action: action, Kind: "patient", Subject: patient})
	for _, k := range erasers() {
		if err := k.Erase(tx, patient); err != nil {
			return err
		}
	}
	return nil
}

// collecting are the keepers as an archive needs them.
func collecting() []archives.Keeping {
	var out []archives.Keeping
	for _, k := range keepers() {
		out = append(out, k)
	}
	return out
}

// behind is the value behind --name; empty when it is not there.
func behind(args []string, name string) string {
	for i, a := range args {
		if a == "--"+name && i+1 < len(args) {
			return args[i+1]
		}
		if v, ok := strings.CutPrefix(a, "--"+name+"="); ok {
			return v
		}
	}
	return ""
}

// progress says how far it is, a line for every table.
func (c *console) progress() archives.Say {
	last := archives.Progress{}
	return func(p archives.Progress) {
		if p.Step == last.Step && p.What == last.What && p.Rows-last.Rows < 20_000 {
			return
		}
		last = p
		fmt.Fprintf(c.err, "  %-7s %-24s %9d rows, %d in all\n", p.Step, p.What, p.Rows, p.Total)
	}
}

// export writes the archive of a clinic to a file that is not there yet.
func (c *console) export(ctx context.Context, args []string) error {
	slug, out := behind(args, "clinic"), behind(args, "out")
	if slug == "" || out == "" {
		return errors.New("say which clinic and where to: almirah export --clinic SLUG --out FILE")
	}
	return c.with(ctx, c.demoHere(), func(h *House) error {
		clinic, err := h.Clinics.BySlug(ctx, slug)
		if fault.Is(err, fault.NotFound) {
			return fmt.Errorf("there is no clinic %q here", slug)
		}
		if err != nil {
			return err
		}
		made, err := writeArchive(out, func(w io.Writer) (archives.Made, error) {
			return h.Archives.Export(ctx, jobs.ForClinic(clinic), w, c.progress())
		})
		if err != nil {
			return err
		}
		c.say("%d rows in %d members, %d bytes unpacked. It is not encrypted: keep it as you keep paper files.", made.Rows, made.Members, made.Bytes)
		c.say("Signed by the key with the fingerprint")
		c.say("  %s", made.Fingerprint)
		c.say("%s", made.Canonical)
		return nil
	})
}

// writeArchive writes beside the file first, so that half an archive never bears its name.
func writeArchive(path string, fill func(w io.Writer) (archives.Made, error)) (archives.Made, error) {
	if _, err := os.Stat(path); err == nil {
		return archives.Made{}, fmt.Errorf("%s is there already; name a file that is not", path)
	}
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return archives.Made{}, err
	}
	made, err := fill(f)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		_ = os.Remove(path + ".part")
	}
	return made, err
}

// importClinic brings a clinic in.
func (c *console) importClinic(ctx context.Context, args []string) error {
	in := behind(args, "in")
	if in == "" {
		return errors.New("say what to bring in: almirah import --in FILE --trust FINGERPRINT [--slug NAME]")
	}
	f, err := os.Open(in)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return c.with(ctx, c.demoHere(), func(h *House) error {
		o, err := archives.Open(f, info.Size(), c.progress())
		if err != nil {
			return err
		}
		made, err := h.Archives.Import(ctx, o, archives.Arrival{Trust: behind(args, "trust"), Slug: behind(args, "slug")}, c.progress())
		if fault.Is(err, fault.Invalid) {
			return fmt.Errorf("the name %q cannot be the clinic's here: it is taken, or no name. Choose another with --slug NAME", o.Clinic.Slug)
		}
		if err != nil {
			return err
		}
		c.say("%s is here: %s/c/%s", o.Clinic.Name, h.Config.PublicURL, made.Slug)
		c.say("Its people get invitations by mail. No message leaves it until its owner lets go, on the page Settings, Take along.")
		c.say("%s", made.Canonical)
		return nil
	})
}

// demoHere says whether the console stands in a folder of the demo, whose key lies beside it.
func (c *console) demoHere() bool { return has([]string{c.get("ALMIRAH_DEMO")}, "1") }
