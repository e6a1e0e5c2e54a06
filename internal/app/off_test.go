package app

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/holdings"
	"almirah/internal/promise"
	"almirah/internal/rig/sms"
	"almirah/internal/store"
	"almirah/internal/web"
)

// free are the tables of a module's room that take a row from every clinic, and why none of them brings health data into a clinic without the module.
var free = map[string]string{
	"insight_setting":  "what is counted, by the owner's choice",
	"insight_progress": "until which day was counted",
	"insight_day":      "counts of a day, of nobody; those of bills are zero without the module",
	"insight_source":   "counts of bookings by where they came from",
	"feature_day":      "counts of pages that were opened",
	"visitor_day":      "counts of views of the public page",
	"disclosure":       "why an authority demands something; every clinic can be asked",
	"data_statement":   "what a patient says of data that she contests, also of her name",
	"held_part":        "what the law holds of somebody who was erased; written when she is, also after the module was turned off",
	"erasure_ask":      "what carriers are asked about somebody who was erased; written when she is, and tells what they answered",
	"invoice_gone":     "which number of a series was an invoice that is gone; written when one is destroyed",
	"invoice_hold":     "who was billed, where tax law keeps the name; written when a patient with invoices is erased, also after the module was turned off",
}

// unguarded are the tables with room for health data, or of a room that belongs to a module, of which the database does not ask whether the clinic
// turned the module on.
func unguarded(rooms [][]holdings.Table, asking []string) (out []string) {
	for _, room := range rooms {
		modular := slices.ContainsFunc(room, func(t holdings.Table) bool { return slices.Contains(asking, t.Name) })
		for _, t := range room {
			for _, c := range t.Columns {
				if t.Name+"."+c.Name == "patient.notes" {
					continue // of a table that every clinic needs; looked at by itself
				}
				care := c.Class == holdings.Care || slices.ContainsFunc(clinical, func(part string) bool { return bears(c.Name, part) })
				if t.Scope == holdings.Clinic && (modular || care) && free[t.Name] == "" && !slices.Contains(asking, t.Name) {
					out = append(out, t.Name)
					break
				}
			}
		}
	}
	return out
}

// TestModuleOffHoldsNothing lives a whole day in a clinic that turned no module on, with a mark in every field, those of the modules' forms too, and
// then looks into every table of a module: there is no row of the clinic, and none can be put there past all rooms.
func TestModuleOffHoldsNothing(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "scheduling-only", "prescriptions-off")
	engines(t, func(t *testing.T, engine store.Engine) {
		m := marks{}
		tw := sms.StartTwilio(t, sms.Account{Token: m.as("", "channel.credentials") + "0123456789abcdef"}, clock.NewFake(morning))
		h := openHouse(t, engine, Options{}, map[string]string{"ALMIRAH_TWILIO_URL": tw.URL()})
		if err := h.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		// Chosen before the first patient, who would have to agree first.
		h.signIn(t, ownerMail).fill(t, "/app/settings/conversations", "/app/settings/conversations", url.Values{"content": {"full"}, "sure": {"1"}})
		h.enterMarks(t, m)
		h.enterTexts(t, m, tw)
		h.until(t, "patients are written to", func() bool { return len(h.Outbox.List()) > 4 })
		h.enterFeedback(t, m)
		h.enterSupport(t, m)
		h.enterPrograms(t, m)
		h.enterTrouble(t, m)
		h.enterDemand(t, m)
		h.enterList(t, m)
		if err := h.Jobs.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		h.knocks(t, strings.TrimPrefix(m["patient_link.token_hash"], "/m/"))

		asking, err := h.DB.AskingModules(t.Context())
		if err != nil || len(asking) < 30 {
			t.Fatalf("%d tables ask for a module, %v", len(asking), err)
		}
		var declared [][]holdings.Table
		for _, r := range rooms() {
			declared = append(declared, r.Tables)
		}
		for _, table := range unguarded(declared, asking) {
			t.Errorf("%s has room for what only a module keeps, and takes a row from every clinic: give it the module's trigger, or say in free why not", table)
		}
		rows := h.rows(t, h.Owner)
		for _, table := range asking {
			if n, there := rows[table]; !there || len(n) != 0 {
				t.Errorf("%s holds %d rows of a clinic that turned nothing on", table, len(n))
			}
		}
		notes := slices.Index(columnsOf(t, "patient"), "notes")
		for _, r := range rows["patient"] {
			if r[notes] != nil {
				t.Error("a patient of a clinic that turned nothing on has notes")
			}
		}
		for _, table := range Holdings() {
			for _, c := range table.Columns {
				name := table.Name + "." + c.Name
				of := slices.Contains(asking, table.Name) || free[table.Name] != "" || name == "patient.notes"
				if personal := c.Sealed || c.Personal(); personal && !of && m[name] == "" && unmarked[name] == "" {
					t.Errorf("the day writes nothing into %s", name)
				}
			}
		}

		insert := h.pastTheRooms(t)
		c, err := h.Clinics.Get(t.Context(), h.Owner)
		if err != nil || !slices.Equal(c.Modules, []string{clinics.ModuleScheduling}) {
			t.Fatalf("the clinic has %v, %v", c.Modules, err)
		}
		refused := regexp.MustCompile(`the module (\w+) is off`)
		found := map[string]bool{}
		for _, table := range asking {
			no := refused.FindStringSubmatch(fmt.Sprint(insert(table)))
			if no == nil {
				t.Errorf("%s takes a row of a clinic without the module: %v", table, insert(table))
				continue
			}
			found[no[1]] = true
		}
		for _, module := range []string{clinics.ModuleClinical, clinics.ModulePrescriptions, clinics.ModuleBilling} {
			if !found[module] {
				t.Errorf("no table asks for the module %s", module)
			}
		}
		// It is the module that they ask for: with it, each looks at the row itself.
		if err := h.Clinics.SetModules(t.Context(), h.Owner, clinics.Modules(), c.Version); err != nil {
			t.Fatal(err)
		}
		for _, table := range asking {
			if err := insert(table); refused.MatchString(fmt.Sprint(err)) {
				t.Errorf("%s with every module on: %v", table, err)
			}
		}
	})
}

// TestATableNobodyKnowsIsFound: a table with room for health data that asks for no module is named, wherever it stands.
func TestATableNobodyKnowsIsFound(t *testing.T) {
	t.Parallel()
	table := func(name string, c holdings.Column) []holdings.Table {
		return []holdings.Table{{Name: name, Scope: holdings.Clinic, Columns: []holdings.Column{c}}}
	}
	rooms := [][]holdings.Table{table("tooth", holdings.Column{Name: "body", Class: holdings.Care}), table("sample", holdings.Column{Name: "lab_value"}), table("chair", holdings.Column{Name: "colour"}),
		append(table("scan", holdings.Column{Name: "id"}), table("picture", holdings.Column{Name: "id"})...)}
	if got := unguarded(rooms, []string{"scan"}); !slices.Equal(got, []string{"tooth", "sample", "picture"}) {
		t.Errorf("found %v", got)
	}
}

// knocks sends every form of every module with a mark in each field. Nobody is there, and nothing is written.
func (h *opened) knocks(t *testing.T, token string) {
	t.Helper()
	owner := h.signIn(t, ownerMail)
	p := &place{h: h, slug: demoSlug, token: token, paper: token, owner: owner, ids: map[string]string{}}
	for _, kinds := range []map[string]string{pathKinds, otherKinds} {
		for _, kind := range kinds {
			p.ids[kind] = h.anyID().String()
		}
	}
	before := h.state(t, h.Owner)
	for _, r := range web.Routes() {
		if r.Module == "" {
			continue
		}
		v := owner
		if r.Door != web.Staff {
			v = h.visitor()
			v.get(t, "/m/"+token)
		}
		method, path, fields := request{r.Pattern, p, nil}.target()
		for name, values := range fields {
			if values[0] == "" || !strings.HasPrefix(sent[r.Pattern][name], "{") && !regexp.MustCompile(`^\d*$`).MatchString(values[0]) {
				fields.Set(name, mark(""))
			}
		}
		var got answered
		if method == "GET" {
			got = v.get(t, path+"?"+fields.Encode())
		} else {
			fields.Set("csrf", v.token)
			got = v.do(t, method, path, url.Values(fields), nil)
		}
		if got.status != 404 {
			t.Errorf("%s is answered with %s while the module %s is off", r.Pattern, got, r.Module)
		}
	}
	if d := differs(before, h.state(t, h.Owner)); len(d) > 0 {
		t.Errorf("forms of modules that are off change %v", d)
	}
}

// pastTheRooms puts a row of the demo clinic into a table as somebody would who holds the database itself, and takes it back.
func (h *opened) pastTheRooms(t *testing.T) func(table string) error {
	t.Helper()
	clinic := h.Clinic.ID
	if h.DB.Engine() == store.SQLite {
		db, err := sql.Open("sqlite", h.DB.Path()+"?_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return func(table string) error {
			tx, err := db.Begin()
			if err != nil {
				return err
			}
			defer func() { _ = tx.Rollback() }()
			_, err = tx.Exec(`INSERT INTO `+table+` (clinic_id) VALUES ($1)`, clinic[:])
			return err
		}
	}
	db, err := pgx.Connect(t.Context(), h.Config.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return func(table string) error {
		tx, err := db.Begin(t.Context())
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		if _, err := tx.Exec(t.Context(), `SELECT set_config('almirah.clinic', $1, true)`, `\x`+hex.EncodeToString(clinic[:])); err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), `INSERT INTO `+table+` (clinic_id) VALUES ($1)`, clinic[:])
		return err
	}
}
