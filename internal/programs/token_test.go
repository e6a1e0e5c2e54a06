package programs_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/programs"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

func TestATokenIsShownOnceAndKeptAsAHash(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "tokens-hashed")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := settled(t, b), context.Background()
		text, tok := h.token(access.ProgramCalendar, 90)
		if !strings.HasPrefix(text, programs.TokenPrefix) || len(text) != len(programs.TokenPrefix)+71 {
			t.Fatalf("a token of the form %.12s…, %d characters", text, len(text))
		}
		in, err := h.programs.Enter(ctx, text, "203.0.113.7")
		if err != nil || in.Caller.Actor() != tok.ID || in.Caller.Clinic() != b.Clinic || in.Caller.Role() != access.Program {
			t.Fatalf("%+v, %v", in.Caller, err)
		}
		list, _, err := h.programs.Tokens(ctx, h.owner)
		if err != nil || len(list) != 1 || list[0].Name != "Clinic website" || list[0].UsedFrom != "203.0.113.0/24" || list[0].UsedOn == "" || !strings.HasSuffix(text, list[0].Hint) {
			t.Fatalf("%+v, %v", list, err)
		}
		// Nothing in the table is the token, or can be made into it.
		h.do(func(tx *store.Tx) error {
			var n int
			secret := text[len(programs.TokenPrefix):]
			if err := tx.Row(`SELECT COUNT(*) FROM api_token WHERE clinic_id = $1 AND (token_hash = $2 OR name = $2 OR hint = $3)`, []byte(text), secret).Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows hold the token, %v", n, err)
			}
			return tx.Row(`SELECT COUNT(*) FROM api_token WHERE clinic_id = $1 AND LENGTH(token_hash) <> 32`).Scan(&n)
		})
		// Every single changed character is refused before a table is asked: the checksum is not the token's.
		for i := range text {
			other := byte('x')
			if text[i] == other {
				other = 'y'
			}
			h.refused(text[:i]+string(other)+text[i+1:], "a changed character")
		}
		for what, bad := range map[string]string{"nothing": "", "cut off": text[:len(text)-1], "longer": text + "0", "another prefix": "ghp_" + text[8:], "spaces": " " + text, "zeros": programs.TokenPrefix + strings.Repeat("0", 71)} {
			h.refused(bad, what)
		}
	})
}

func TestATokenEnds(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "token-ends")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := settled(t, b), context.Background()
		enters := func(text, what string) {
			t.Helper()
			if _, err := h.programs.Enter(ctx, text, ""); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		// By the clock, to the second.
		text, _ := h.token(access.ProgramCalendar, 1)
		h.Clock.Move(24*time.Hour - time.Second)
		enters(text, "a second before its end")
		h.Clock.Move(time.Second)
		h.refused(text, "at its end")
		for _, days := range []int{0, -1, programs.MaxDays + 1} {
			_, _, err := h.programs.MakeToken(ctx, h.owner, programs.TokenDraft{Name: "x", Scopes: access.ProgramCalendar, Days: days})
			is(t, err, fault.Invalid, "", "a token of so many days")
		}
		// By a press, at every process: the next request is refused.
		text, tok := h.token(access.ProgramCalendar, 90)
		other := programs.New(b.Open(t, store.Options{}), b.Log, programs.Options{Accounts: h.accounts})
		if _, err := other.Enter(ctx, text, ""); err != nil {
			t.Fatal(err)
		}
		if err := h.programs.EndToken(ctx, h.owner, tok.ID); err != nil {
			t.Fatal(err)
		}
		h.refused(text, "ended")
		_, err := other.Enter(ctx, text, "")
		is(t, err, fault.Unauthenticated, "", "ended at another process")
		// The database itself makes it neither longer nor alive again.
		for _, text := range []string{`UPDATE api_token SET expires_at = expires_at + 1 WHERE clinic_id = $1 AND id = $2`, `UPDATE api_token SET scopes = 63 WHERE clinic_id = $1 AND id = $2`, `UPDATE api_token SET ended_at = 0 WHERE clinic_id = $1 AND id = $2`} {
			err := b.DB.Change(ctx, h.owner, access.ProgramSettings, func(_ context.Context, tx *store.Tx) error {
				tx.Housekeeping("test")
				_, err := tx.Exec(text, tok.ID)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "refused the row") {
				t.Errorf("%s: %v", text, err)
			}
		}
		// By its maker's leaving, and it does not come back with her.
		second, person := h.enrol("second@example.org", access.Owner)
		text, _, err = h.programs.MakeToken(ctx, second, programs.TokenDraft{Name: "Hers", Scopes: access.ProgramPatients, Days: 90})
		if err != nil {
			t.Fatal(err)
		}
		enters(text, "of the second owner")
		staff, _, err := h.accounts.Staff(ctx, h.owner)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(staff, func(m accounts.StaffMember) bool { return m.Person.ID == person })
		if err := h.accounts.EndMembership(ctx, h.owner, person, staff[i].Version); err != nil {
			t.Fatal(err)
		}
		h.refused(text, "its maker has left")
		h.Clock.Move(time.Hour)
		d := accounts.Draft{Name: "Meera S", Email: "third@example.org", Password: password, Terms: "1", Language: "en"}
		if err := h.accounts.Enrol(ctx, h.As(access.Owner), d, access.Owner); err != nil {
			t.Fatal(err)
		}
		err = b.DB.Across(ctx, b.As(access.Operator), access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("test: she joins again")
			_, err := p.Exec(`UPDATE membership SET ended_at = 0, created_at = $3 WHERE clinic_id = $1 AND person_id = $2`, b.Clinic, person, p.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.refused(text, "its maker came back")
	})
}

func TestATokenOpensNoMoreThanItsMakerMay(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "token-scopes")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := settled(t, b), context.Background()
		second, person := h.enrol("second@example.org", access.Owner)
		text, _, err := h.programs.MakeToken(ctx, second, programs.TokenDraft{Name: "Hers", Scopes: access.ProgramContacts | access.ProgramNews, Days: 90})
		if err != nil {
			t.Fatal(err)
		}
		may := func() (out []access.Right) {
			t.Helper()
			in, err := h.programs.Enter(ctx, text, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range access.Table {
				if in.Caller.May(row.Right) {
					out = append(out, row.Right)
				}
			}
			return out
		}
		if got := may(); !slices.Equal(got, []access.Right{access.PatientSearch, access.PatientRead, access.PatientWrite, access.ProgramRead}) {
			t.Errorf("an owner's token may %v", got)
		}
		staff, _, err := h.accounts.Staff(ctx, h.owner)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(staff, func(m accounts.StaffMember) bool { return m.Person.ID == person })
		if err := h.accounts.SetRole(ctx, h.owner, person, access.Billing, staff[i].Version); err != nil {
			t.Fatal(err)
		}
		if got := may(); !slices.Equal(got, []access.Right{access.PatientSearch, access.PatientRead}) {
			t.Errorf("since its maker does the books, it may %v", got)
		}
		in, err := h.programs.Enter(ctx, text, "")
		if err != nil {
			t.Fatal(err)
		}
		err = b.DB.Change(ctx, in.Caller, access.PatientWrite, func(context.Context, *store.Tx) error { return nil })
		is(t, err, fault.Forbidden, "", "a passage by a right that its maker lost")
		// Nobody but an owner makes one, and nobody hands on a token's rights by a token.
		for _, who := range []access.Caller{h.As(access.Manager), h.As(access.Practitioner), in.Caller} {
			_, _, err := h.programs.MakeToken(ctx, who, programs.TokenDraft{Name: "x", Scopes: access.ProgramCalendar, Days: 9})
			if err == nil {
				t.Errorf("%s made a token", who.Role())
			}
		}
		// Another clinic's owner neither sees nor ends it.
		b2 := b.Found(t, "moonrise")
		if list, _, err := h.programs.Tokens(ctx, b.In(b2, access.Owner)); err != nil || len(list) != 0 {
			t.Errorf("another clinic sees %d tokens, %v", len(list), err)
		}
		is(t, h.programs.EndToken(ctx, b.In(b2, access.Owner), in.Token.ID), fault.NotFound, "", "ended by another clinic")
	})
}

// TestScopesLendNothingDangerous: no scope lends an export, a key, a role, a setting or a deletion, and each lends what somebody at the desk or the books may do.
func TestScopesLendNothingDangerous(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "token-scopes")
	fine := []access.Right{access.PublicRead, access.ClinicRead, access.ScheduleRead, access.ScheduleBook, access.ScheduleCancel, access.PatientSearch, access.PatientRead, access.PatientWrite, access.BillRead, access.ProgramRead}
	for _, s := range access.ProgramScopes {
		if s.Word() == "" || access.ParseProgramScope(s.Word()) != s {
			t.Errorf("%d has no word of its own", s)
		}
		for _, r := range s.Rights() {
			if !slices.Contains(fine, r) || access.AsksAgain(r, true) {
				t.Errorf("%s lends %s", s.Word(), r)
			}
		}
	}
	all := access.MintProgram(id.New(time.Now()), id.New(time.Now()), access.Owner, access.ProgramScope(1<<62-1))
	for _, row := range access.Table {
		if all.May(row.Right) && !slices.Contains(fine, row.Right) {
			t.Errorf("a program may %s", row.Right)
		}
	}
	if (access.ProgramCalendar | access.ProgramInvoices).Within(access.Practitioner) {
		t.Error("a practitioner hands on what she may not see")
	}
}

func TestOwnersAreToldBeforeATokenEnds(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "token-ends")
	h, ctx := open(t, rig.New(t, store.SQLite, store.Options{})), context.Background()
	h.token(access.ProgramCalendar, 30)
	told := func() (out []string) {
		if err := h.programs.TellOwners(ctx, h.As(access.System), func(_, what string) error { out = append(out, what); return nil }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	h.Clock.Move(15 * 24 * time.Hour)
	if got := told(); len(got) != 0 {
		t.Errorf("told %v fifteen days before", got)
	}
	h.Clock.Move(2 * 24 * time.Hour)
	if got := told(); !slices.Equal(got, []string{programs.TellTokens}) {
		t.Errorf("told %v", got)
	}
	if got := told(); len(got) != 0 {
		t.Errorf("told twice: %v", got)
	}
	// Half a year after its end it is gone.
	h.Clock.Move(200 * 24 * time.Hour)
	h.do(func(tx *store.Tx) error { _, err := programs.Keeper{}.Due(tx); return err })
	if list, _, err := h.programs.Tokens(ctx, h.owner); err != nil || len(list) != 0 {
		t.Errorf("%d tokens stay, %v", len(list), err)
	}
}
