package accounts_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestNothingPersonalStandsOpen leaves marks in everything that can be typed and reads the tables and the raw files for them.
func TestNothingPersonalStandsOpen(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, cookie := h.owner("kanarya.owner@example.org", "plain-to-see")
		desk, _ := h.colleague(owner, "kanarya.desk@example.org", access.FrontDesk)
		if err := h.s.Invite(ctx, owner.Caller, "kanarya.invited@example.org", access.Assistant, id.Zero); err != nil {
			t.Fatal(err)
		}
		if err := h.s.ForgotPassword(ctx, "kanarya.owner@example.org", "", here); err != nil {
			t.Fatal(err)
		}
		if err := h.s.SignUp(ctx, draft("kanarya.waiting@example.org"), here); err != nil {
			t.Fatal(err)
		}
		_, _ = h.s.SignIn(ctx, "kanarya.nobody@example.org", better, accounts.Device{Agent: "kanarya-agent", Address: "203.0.113.9"}, "")
		if err := h.s.SavePreferences(ctx, owner, accounts.Preferences{Name: "Kanarya Renamed", Phone: "+919812345678", JobTitle: "Kanarya Title"}, owner.Person.Version); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.BeginPasskey(ctx, owner); err != nil {
			t.Fatal(err)
		}
		if err := h.s.SetRule(ctx, owner.Caller, accounts.Rule{Everybody: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.AddHelper(ctx, accounts.Operator(), "Kanarya Helper", "kanarya.helper@example.org", "en", access.Support); err != nil {
			t.Fatal(err)
		}
		if err := h.s.SignStatement(ctx, owner, accounts.Statement().Version, true); err != nil {
			t.Fatal(err)
		}
		if err := h.s.KeepDocuments(ctx, accounts.Operator(), accounts.Document{Kind: accounts.DocumentUse, Text: "Be kind."}); err != nil {
			t.Fatal(err)
		}
		if err := h.s.TellOnce(ctx, access.Mint(owner.Clinic, id.Zero, id.Zero, id.Zero, access.System, access.Care), "Plain Clinic", accounts.NoticeUse, "/terms/changed", "document:1", false); err != nil {
			t.Fatal(err)
		}
		if err := h.s.SaveListChoices(ctx, owner, accounts.ListChoices{accounts.ListProduct: true}); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Offer(ctx, owner.Caller, desk.Person.ID, access.Manager, "Kanarya Clinic"); err != nil {
			t.Fatal(err)
		}
		marks := [][]byte{[]byte(good), []byte(better), []byte("9876543210"), []byte("9812345678"), []byte("203.0.113.9"), []byte(cookie), []byte(owner.CSRF)}
		for _, w := range []string{"kanarya", "Kanarya"} {
			marks = append(marks, []byte(w), []byte(hex.EncodeToString([]byte(w))), []byte(strings.ToUpper(hex.EncodeToString([]byte(w)))))
		}
		for shift := range 3 { // base64 looks different at each of three offsets
			e := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + "kanarya.owner@"))
			marks = append(marks, []byte(e[4:len(e)-4]))
		}
		raw, _ := base64.RawURLEncoding.DecodeString(cookie)
		marks = append(marks, raw)
		search := func(where string, data []byte) {
			for _, m := range marks {
				if bytes.Contains(data, m) {
					t.Errorf("%s holds %q", where, m)
				}
			}
		}
		found := false
		for _, table := range accounts.Holdings() {
			data := h.rows(table.Name)
			search(table.Name, data)
			if len(data) == 0 {
				t.Errorf("%s was empty: nothing was proved", table.Name)
			}
		}
		search("audit_pending", h.rows("audit_pending"))
		found = bytes.Contains(h.rows("clinic_route"), []byte("plain-to-see"))
		if b.Engine == store.SQLite {
			files, _ := filepath.Glob(filepath.Join(b.Dir, "*.db*"))
			inFiles := false
			for _, f := range files {
				data, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				search(filepath.Base(f), data)
				inFiles = inFiles || bytes.Contains(data, []byte("plain-to-see"))
			}
			found = found && inFiles
		}
		if !found {
			t.Error("what stands open was not found: the search proves nothing")
		}
	})
}

// rows is everything that a platform table holds, as one heap of bytes.
func (h *house) rows(table string) []byte {
	h.t.Helper()
	var out bytes.Buffer
	err := h.DB.Across(context.Background(), accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		rows, err := p.Query("SELECT * FROM " + table)
		if err != nil {
			return err
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			cells := make([]any, len(names))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				return err
			}
			for _, c := range cells {
				switch v := (*c.(*any)).(type) {
				case []byte:
					out.Write(v)
				default:
					fmt.Fprint(&out, v)
				}
				out.WriteByte('\n')
			}
		}
		return rows.Err()
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return out.Bytes()
}

// TestHoldingsAreTheTables compares what is declared with the columns that there are.
func TestHoldingsAreTheTables(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "account-minimal")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		real := map[string][]string{}
		for _, table := range accounts.Holdings() {
			err := b.DB.Across(context.Background(), accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
				rows, err := p.Query("SELECT * FROM " + table.Name)
				if err != nil {
					return err
				}
				defer rows.Close()
				real[table.Name], err = rows.Columns()
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		// The list is closed: whoever asks a person for more changes this line, and the promise.
		var personal []string
		for _, table := range accounts.Holdings() {
			for _, c := range table.Columns {
				if table.Name == "person" && c.Personal() {
					personal = append(personal, c.Name)
				}
			}
		}
		if want := []string{"email_token", "email", "name", "phone", "job_title", "password"}; !slices.Equal(personal, want) {
			t.Errorf("an account holds %v about a person, not %v", personal, want)
		}
		if err := holdings.Check(accounts.Holdings(), real); err != nil {
			t.Error(err)
		}
		if err := holdings.Keepers(accounts.Holdings(), []string{accounts.Keeper{}.Name()}); err != nil {
			t.Error(err)
		}
	})
}

// TestTheWorkIsTheSame compares the statements that run for a known and for an unknown address: the same, in the same order. The hash,
// which outweighs them all, is computed for both.
func TestTheWorkIsTheSame(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var ran []string
			b := rig.New(t, engine, store.Options{Watch: func(text string, _ []any) { mu.Lock(); ran = append(ran, text); mu.Unlock() }})
			h, ctx := build(t, b), context.Background()
			h.person("known@example.org")
			h.collect()
			work := func(do func(string) error, m string) []string {
				mu.Lock()
				ran = nil
				mu.Unlock()
				_ = do(m)
				mu.Lock()
				defer mu.Unlock()
				return slices.Clone(ran)
			}
			for name, do := range map[string]func(string) error{
				"sign-in": func(m string) error { _, err := h.s.SignIn(ctx, m, better, here, ""); return err },
				"sign-up": func(m string) error { return h.s.SignUp(ctx, draft(m), here) },
				"forgot":  func(m string) error { return h.s.ForgotPassword(ctx, m, "en", here) },
			} {
				for range 2 {
					known, unknown := work(do, "known@example.org"), work(do, "unknown@example.org")
					if len(known) < 3 || !slices.Equal(known, unknown) {
						t.Errorf("%s: %d statements for one, %d for the other:\n%s\n\n%s", name, len(known), len(unknown), strings.Join(known, "\n"), strings.Join(unknown, "\n"))
					}
				}
			}
		})
	}
}
