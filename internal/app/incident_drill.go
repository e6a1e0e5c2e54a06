package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/words"
)

// The drill plays an incident through on invented data, in a place of its own that is deleted afterwards: a sign-in is stolen, records are read
// by it, the rules notice it, those whom it touched are computed, it is stopped, letters are made, and each law's clocks are shown. Nothing leaves the house.

// drillReads is how many records the thief opens: more than the rule bears.
const drillReads = 60

// incidentDrill is the verb.
func (c *console) incidentDrill(ctx context.Context, _ []string) error {
	dir, err := os.MkdirTemp("", "almirah-drill-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cfg, err := drillConfig(c, dir)
	if err != nil {
		return err
	}
	if _, err := vault.CreateRootKey(cfg.Keys); err != nil {
		return err
	}
	_, log, err := c.configured(true)
	if err != nil {
		return err
	}
	begun := c.clock().Now()
	h, err := Open(ctx, cfg, c.clock(), log, Options{})
	if err != nil {
		return err
	}
	err = func() error {
		c.say("A clinic of invented data, in a place of its own:")
		if err := h.LoadDemo(ctx, c.say); err != nil {
			return err
		}
		return h.DrillIncident(ctx, drillReads, c.say)
	}()
	if err = errors.Join(err, h.Close()); err != nil {
		return fmt.Errorf("the drill failed: %w", err)
	}
	c.say("\nAll of it took %s. Nothing was sent, and the place is deleted.", h.Clock.Now().Sub(begun).Round(time.Second))
	return nil
}

// drillConfig are the settings of a house in a folder that nobody else uses.
func drillConfig(c *console, dir string) (Config, error) {
	cfg, err := FromEnv(func(name string) string {
		switch name {
		case "ALMIRAH_DATA":
			return filepath.Join(dir, "data")
		case "ALMIRAH_KEYS":
			return filepath.Join(dir, "keys", "root.key")
		case "ALMIRAH_ADDR":
			return "127.0.0.1:0"
		case "ALMIRAH_LOG":
			return c.get(name)
		}
		return ""
	})
	cfg.Demo = true
	if err == nil {
		err = errors.Join(os.MkdirAll(cfg.Data, 0o700), os.MkdirAll(filepath.Dir(cfg.Keys), 0o700))
	}
	return cfg, err
}

// DrillIncident plays a stolen sign-in in the demo clinic, with so many records read, and says what it finds. It fails when what was computed is
// not exactly what was read, when nothing notices it, or when a letter or a clock is missing.
func (h *House) DrillIncident(ctx context.Context, reads int, say func(string, ...any)) error {
	c, err := h.Clinics.BySlug(ctx, demoSlug)
	if err != nil {
		return err
	}
	stolen, err := h.drillSignIn(ctx, demoPeople[drillVictim].email)
	if err != nil {
		return fmt.Errorf("the sign-in: %w", err)
	}
	owner, err := h.drillSignIn(ctx, demoPeople[0].email)
	if err != nil {
		return fmt.Errorf("the owner's sign-in: %w", err)
	}
	step := func(words string, from time.Time) {
		say("%-46s %8s", words, h.Clock.Now().Sub(from).Round(time.Millisecond))
	}
	say("\nThe drill:")
	at := h.Clock.Now()
	read, err := h.drillRead(ctx, stolen.Caller, reads)
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	step(fmt.Sprintf("a stolen sign-in reads %d patients", len(read)), at)

	at = h.Clock.Now()
	if err := h.Trouble.Watch(ctx, jobs.ForClinic(c)); err != nil {
		return err
	}
	list, err := h.Trouble.List(ctx, owner.Caller)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(l incidents.Line) bool {
		return l.Rule == incidents.ManyOpened && l.Session == stolen.SessionID
	})
	if i < 0 {
		return errors.New("no rule noticed it")
	}
	one := list[i].ID
	step("a rule notices it", at)

	at = h.Clock.Now()
	if err := h.Trouble.Confirm(ctx, owner.Caller, one, list[i].Version); err != nil {
		return err
	}
	x, err := h.Trouble.Get(ctx, owner.Caller, one)
	if err != nil {
		return err
	}
	got := map[id.ID]bool{}
	for _, p := range x.People {
		got[p.Patient] = true
	}
	for p := range read {
		if !got[p] {
			return fmt.Errorf("a patient who was read is not among the %d affected", len(got))
		}
	}
	if len(got) != len(read) {
		return fmt.Errorf("%d patients are said to be affected, %d were read", len(got), len(read))
	}
	step(fmt.Sprintf("exactly those %d are found, from %d entries", len(got), len(x.Trail)), at)

	at = h.Clock.Now()
	if err := h.Trouble.EndSignIns(ctx, owner.Caller, one); err != nil {
		return err
	}
	if _, err := h.Accounts.Glance(ctx, stolen.cookie); err == nil {
		return errors.New("the stolen sign-in still opens doors")
	}
	step("the sign-in is ended", at)

	at = h.Clock.Now()
	letters, err := h.drillLetters(ctx, owner.Caller, x)
	if err != nil {
		return err
	}
	step(fmt.Sprintf("%d letters are made, in %d languages", letters, len(words.Languages())), at)
	return h.drillClocks(x, say)
}

// drillVictim is whose sign-in is stolen: somebody of the desk.
const drillVictim = 2

type drillSession struct {
	accounts.SignedIn
	cookie string
}

// drillSignIn signs one of the demo's people in, with the second factor where she has one.
func (h *House) drillSignIn(ctx context.Context, email string) (drillSession, error) {
	st, err := h.Accounts.SignIn(ctx, email, demoPassword, accounts.Device{Agent: "drill", Address: "127.0.0.1"}, "")
	if err != nil {
		return drillSession{}, err
	}
	if st.Half {
		if st, err = h.Accounts.ProveSecond(ctx, st.Cookie, accounts.Proof{Code: h.demoCode(email, 0)}, accounts.Device{Agent: "drill", Address: "127.0.0.1"}); err != nil {
			return drillSession{}, err
		}
	}
	in, err := h.Accounts.Session(ctx, st.Cookie)
	return drillSession{in, st.Cookie}, err
}

// drillRead opens records as whoever holds the sign-in: some by their pages, the rest on a list.
func (h *House) drillRead(ctx context.Context, who access.Caller, reads int) (map[id.ID]bool, error) {
	var all []id.ID
	err := h.DB.View(ctx, who, access.PatientSearch, func(_ context.Context, v *store.View) error {
		rows, err := v.Query(sqlDrillPatients, reads)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p id.ID
			if err := rows.Scan(&p); err != nil {
				return err
			}
			all = append(all, p)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	out := map[id.ID]bool{}
	listed := len(all) / 10
	for _, p := range all[listed:] {
		if _, err := h.Patients.Open(ctx, who, p); err != nil {
			return nil, err
		}
		out[p] = true
	}
	for _, p := range all[:listed] {
		out[p] = true
	}
	return out, h.DB.View(ctx, who, access.PatientSearch, func(_ context.Context, v *store.View) error {
		v.Listed("search", "drill", all[:listed])
		return nil
	})
}

const sqlDrillPatients = `SELECT id FROM patient WHERE clinic_id = $1 ORDER BY id LIMIT $2`

// drillLetters makes the letter to each affected patient, in every language, and sends none.
func (h *House) drillLetters(ctx context.Context, who access.Caller, x incidents.Case) (n int, err error) {
	c, err := h.Clinics.Get(ctx, who)
	if err != nil {
		return 0, err
	}
	for _, l := range words.Languages() {
		t := h.Book.Tongue(l.Code)
		plain := strings.NewReplacer("\u2068", "", "\u2069", "")
		args := []any{"PatientName", "{{.PatientName}}", "ClinicName", "{{.ClinicName}}", "ClinicPhone", "{{.ClinicPhone}}", "What", t.Say("incident.told." + string(x.Rule)), "Day", t.LongDate(clock.DateOf(x.From.In(c.Location()))), "Data", t.Say("incident.class.identity")}
		text := messaging.Text{Subject: plain.Replace(t.Say("incident.notice.subject", args...)), Body: plain.Replace(t.Say("incident.notice.body", args...))}
		for _, p := range x.People {
			f := h.Messages.SecurityPreview(l.Code, text, p.Name.Text, c.Name, c.Phone)
			if !strings.Contains(f.Text, p.Name.Text) || strings.Contains(f.Text, "{{") || strings.Contains(f.Text, "http") {
				return n, fmt.Errorf("a letter in %s is not whole", l.Code)
			}
			n++
		}
	}
	return n, nil
}

// drillClocks shows what each law asks by when, and fails when a law asks nothing of an authority and of the people.
func (h *House) drillClocks(x incidents.Case, say func(string, ...any)) error {
	z, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		z = time.UTC
	}
	t := h.Book.Tongue("en")
	say("\nThe clocks of each law, for %d people, noticed %s:", len(x.People), x.FoundAt.In(z).Format("2 January 2006 15:04 MST"))
	for _, place := range clinics.Jurisdictions() {
		to := map[string]bool{}
		for _, d := range law.Duties(place, len(x.People)) {
			due := d.Due(x.AwareAt, z)
			if due <= x.AwareAt {
				return fmt.Errorf("%s has no moment", d.Key)
			}
			to[d.To] = true
			say("  %-9s %-50s %s", place, t.Say("incident.duty."+d.Key), due.In(z).Format("2 January 2006 15:04"))
		}
		if !to[law.ToAuthority] || !to[law.ToPeople] {
			return fmt.Errorf("the law %s asks nobody to be told", place)
		}
	}
	return nil
}
