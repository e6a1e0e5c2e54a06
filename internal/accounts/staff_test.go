package accounts_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// TestPeopleOfAnArrivedClinicAreInvitedOnce: an import that broke off behind the invitations and is begun again leaves them as they are; who did not come in time is asked again.
func TestPeopleOfAnArrivedClinicAreInvitedOnce(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, _ := h.owner("owner@example.org", "arrived")
		people := []accounts.Arriving{{Email: "owner@example.org", Role: string(access.Owner)}, {Email: "desk@example.org", Role: string(access.FrontDesk)}, {Email: "nobody", Role: "god"}}
		invited := func() (n int) {
			t.Helper()
			c, err := h.c.Get(ctx, owner.Caller)
			if err == nil {
				err = h.s.InviteArrived(ctx, accounts.Operator(), c, people)
			}
			if err != nil {
				t.Fatal(err)
			}
			h.ask(`SELECT COUNT(*) FROM invitation WHERE clinic_id = $1`, []any{owner.Clinic}, &n)
			return n
		}
		first := invited()
		token := h.link("desk@example.org", "invitation")
		if again := invited(); again != first {
			t.Errorf("%d invitations, then %d", first, again)
		}
		if _, err := h.s.Invitation(ctx, token); err != nil {
			t.Errorf("the one that she has leads nowhere any more: %v", err)
		}
		h.Clock.Move(30 * 24 * time.Hour)
		if late := invited(); late != first+1 {
			t.Errorf("a month later there are %d invitations, not %d", late, first+1)
		}
	})
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, _ := h.owner("owner@example.org", "invites")
		manager, _ := h.colleague(owner, "manager@example.org", access.Manager)
		desk, _ := h.colleague(manager, "desk@example.org", access.FrontDesk)
		if desk.Role != access.FrontDesk || desk.Clinic != owner.Clinic || desk.Caller.Purpose() != access.Care {
			t.Fatalf("%+v", desk)
		}
		if err := h.s.Invite(ctx, manager.Caller, "x@example.org", access.Owner, id.Zero); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a manager invites an owner: %v", err)
		}
		if err := h.s.Invite(ctx, desk.Caller, "x@example.org", access.Assistant, id.Zero); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the front desk invites: %v", err)
		}
		for _, r := range []access.Role{access.Operator, access.Support, access.System, access.Public, access.Patient, "god"} {
			if err := h.s.Invite(ctx, owner.Caller, "x@example.org", r, id.Zero); !fault.Is(err, fault.Invalid) {
				t.Errorf("invited as %s: %v", r, err)
			}
		}
		if err := h.s.Invite(ctx, owner.Caller, "DESK@example.org", access.Billing, id.Zero); !fault.Is(err, fault.Invalid) {
			t.Errorf("invited who is here: %v", err)
		}

		// Bound to its address: who has an account needs its password, whatever else she fills in.
		h.person("known@example.org")
		provider := id.New(h.Clock.Now())
		if err := h.s.Invite(ctx, owner.Caller, "known@example.org", access.Practitioner, provider); err != nil {
			t.Fatal(err)
		}
		token := h.link("known@example.org", "invitation")
		inv, err := h.s.Invitation(ctx, token)
		if err != nil || !inv.Known || inv.ClinicName != "Clinic invites" || inv.InvitedBy != "Meera Canary" || inv.Role != access.Practitioner || inv.Email != "known@example.org" {
			t.Fatalf("%+v, %v", inv, err)
		}
		_, err = h.s.AcceptInvitation(ctx, token, accounts.Draft{Name: "Thief", Email: "thief@example.org", Password: better, Terms: terms}, here, "")
		wantKey(t, err, "fault.sign_in_wrong")
		st, err := h.s.AcceptInvitation(ctx, token, accounts.Draft{Password: good}, here, "")
		if err != nil {
			t.Fatal(err)
		}
		if in := h.session(st.Cookie); in.Role != access.Practitioner || in.Provider != provider || in.Person.Name != "Meera Canary" {
			t.Errorf("%+v", in)
		}
		_, err = h.s.AcceptInvitation(ctx, token, accounts.Draft{Password: good}, here, "")
		wantKey(t, err, "fault.link_gone")

		// Withdrawn, taken over by a later one, or of somebody who lost the right: gone.
		if err := h.s.Invite(ctx, owner.Caller, "w@example.org", access.Billing, id.Zero); err != nil {
			t.Fatal(err)
		}
		first := h.link("w@example.org", "invitation")
		if err := h.s.Invite(ctx, owner.Caller, "w@example.org", access.Assistant, id.Zero); err != nil {
			t.Fatal(err)
		}
		second := h.link("w@example.org", "invitation")
		_, err = h.s.Invitation(ctx, first)
		wantKey(t, err, "fault.link_gone")
		_, waiting, err := h.s.Staff(ctx, owner.Caller)
		if err != nil || len(waiting) != 1 || waiting[0].Email != "w@example.org" || waiting[0].Role != access.Assistant {
			t.Fatalf("%+v, %v", waiting, err)
		}
		other, _ := h.owner("else@example.org", "elsewhere")
		if err := h.s.Withdraw(ctx, other.Caller, waiting[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("withdrew another clinic's: %v", err)
		}
		if err := h.s.Withdraw(ctx, owner.Caller, waiting[0].ID); err != nil {
			t.Fatal(err)
		}
		_, err = h.s.Invitation(ctx, second)
		wantKey(t, err, "fault.link_gone")
		if err := h.s.Invite(ctx, manager.Caller, "late@example.org", access.Manager, id.Zero); err != nil {
			t.Fatal(err)
		}
		late := h.link("late@example.org", "invitation")
		if err := h.s.SetRole(ctx, owner.Caller, manager.Person.ID, access.Billing, h.member(owner, manager.Person.ID).Version); err != nil {
			t.Fatal(err)
		}
		_, err = h.s.Invitation(ctx, late)
		wantKey(t, err, "fault.link_gone")
		for action, want := range map[string]int{"invite": 6, "join": 3, "withdraw": 1, "change-role": 1} {
			if n := h.chain(owner.Clinic, action); n != want {
				t.Errorf("%d entries of %s in the clinic's chain, want %d", n, action, want)
			}
		}
		if h.platformChain("change-role") != 1 {
			t.Error("the change of role is not in the platform's chain")
		}
	})
}

func TestRolesCountAtOnce(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "changes-of-power")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, _ := h.owner("owner@example.org", "roles")
		m, mCookie := h.colleague(owner, "m@example.org", access.Manager)
		v := h.member(owner, m.Person.ID).Version
		if err := h.s.SetRole(ctx, owner.Caller, m.Person.ID, access.FrontDesk, v+7); !fault.Is(err, fault.Conflict) {
			t.Errorf("a version that never was: %v", err)
		}
		if err := h.s.SetRole(ctx, m.Caller, owner.Person.ID, access.FrontDesk, 1); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a manager demotes the owner: %v", err)
		}
		if err := h.s.SetRole(ctx, m.Caller, m.Person.ID, access.Owner, v); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a manager makes herself owner: %v", err)
		}
		if err := h.s.EndMembership(ctx, m.Caller, owner.Person.ID, 1); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a manager puts the owner out: %v", err)
		}
		if err := h.s.SetRole(ctx, owner.Caller, m.Person.ID, access.FrontDesk, v); err != nil {
			t.Fatal(err)
		}
		if in := h.session(mCookie); in.Role != access.FrontDesk || in.Caller.May(access.ClinicStaff) {
			t.Errorf("still %s", in.Role)
		}
		if old, is := h.detail(owner.Clinic, "change-role"); old != `"manager"` || is != `"front-desk"` {
			t.Errorf("the entry says %s -> %s", old, is)
		}
		other, _ := h.owner("else@example.org", "another")
		if err := h.s.SetRole(ctx, other.Caller, m.Person.ID, access.Billing, v+1); !fault.Is(err, fault.NotFound) {
			t.Errorf("another clinic's owner: %v", err)
		}
		if err := h.s.SetRole(ctx, accounts.Operator(), m.Person.ID, access.Owner, v+1); !fault.Is(err, fault.NotFound) {
			t.Errorf("the operator stands outside clinics: %v", err)
		}
		if err := h.s.SetProvider(ctx, owner.Caller, m.Person.ID, id.ID{9}, v+1); err != nil {
			t.Fatal(err)
		}
		if in := h.session(mCookie); in.Provider != (id.ID{9}) {
			t.Error("she is no practitioner")
		}
		wantKey(t, h.s.SetRole(ctx, owner.Caller, owner.Person.ID, access.Manager, h.member(owner, owner.Person.ID).Version), "fault.last_owner")
		wantKey(t, h.s.EndMembership(ctx, owner.Caller, owner.Person.ID, h.member(owner, owner.Person.ID).Version), "fault.last_owner")
		names, err := h.s.Names(ctx, h.session(mCookie).Caller)
		if err != nil || len(names) != 2 || names[m.Person.ID] != "Asha Canary" {
			t.Errorf("%v, %v", names, err)
		}
	})
}

func TestEndOfMembershipEndsItsSessions(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "staff-by-invitation")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, _ := h.owner("owner@example.org", "leaving")
		d, cookie := h.colleague(owner, "d@example.org", access.FrontDesk)
		again := h.signIn("d@example.org", good)
		if err := h.s.EndMembership(ctx, owner.Caller, d.Person.ID, h.member(owner, d.Person.ID).Version); err != nil {
			t.Fatal(err)
		}
		for _, c := range []string{cookie, again.Cookie} {
			_, err := h.s.Session(ctx, c)
			wantKey(t, err, "fault.sign_in_first")
		}
		st := h.signIn("d@example.org", good)
		if in := h.session(st.Cookie); !in.Clinic.IsZero() || len(in.Clinics) != 0 || in.Caller.May(access.ClinicRead) {
			t.Errorf("%+v", in)
		}
		if _, err := h.s.ChooseClinic(ctx, st.Cookie, owner.Clinic); !fault.Is(err, fault.NotFound) {
			t.Errorf("chose the clinic that she left: %v", err)
		}
		// Invited again she is back, as what she is invited for.
		if err := h.s.Invite(ctx, owner.Caller, "d@example.org", access.Billing, id.Zero); err != nil {
			t.Fatal(err)
		}
		back, err := h.s.AcceptInvitation(ctx, h.link("d@example.org", "invitation"), accounts.Draft{Password: good}, here, "")
		if err != nil || h.session(back.Cookie).Role != access.Billing {
			t.Errorf("%v", err)
		}
	})
}

// TestAClinicAlwaysHasAnOwner lets owners take each other down at one moment, again and again.
func TestAClinicAlwaysHasAnOwner(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		owner, _ := h.owner("o0@example.org", "owners")
		people := []accounts.SignedIn{owner}
		for i := range 3 {
			in, _ := h.colleague(owner, fmt.Sprintf("o%d@example.org", i+1), access.Owner)
			people = append(people, in)
		}
		for round := range 5 {
			versions := map[id.ID]int64{}
			list, _, err := h.s.Staff(ctx, owner.Caller)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range list {
				versions[m.Person.ID] = m.Version
			}
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					who, whom := people[i%4], people[(i+1+round)%4]
					var err error
					if i%3 == 0 && round == 4 {
						err = h.s.EndMembership(ctx, who.Caller, whom.Person.ID, versions[whom.Person.ID])
					} else {
						err = h.s.SetRole(ctx, who.Caller, whom.Person.ID, access.Manager, versions[whom.Person.ID])
					}
					if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
						t.Errorf("%v", err)
					}
				})
			}
			all.Wait()
			var owners int
			h.ask(`SELECT COUNT(*) FROM membership WHERE clinic_id = $1 AND role = 'owner' AND ended_at = 0`, []any{owner.Clinic}, &owners)
			if owners < 1 {
				t.Fatalf("round %d: no owner is left", round)
			}
			h.set(`UPDATE membership SET role = 'owner', ended_at = 0 WHERE clinic_id = $1`, owner.Clinic)
		}
	})
}

// TestThePlatformAlwaysHasAnOperator: two who end each other, or make each other support, in the same moment do not leave none.
func TestThePlatformAlwaysHasAnOperator(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		other := h.open(b.Open(t, store.Options{}))
		mails := []string{"one@example.org", "two@example.org"}
		house := []*accounts.Service{h.s, other}
		let := func(i int, role access.Role) error {
			_, err := house[i].AddHelper(ctx, accounts.Operator(), "Op Canary", mails[i], "en", role)
			return err
		}
		for round := range 20 {
			for i := range mails {
				if err := let(i, access.Operator); err != nil {
					t.Fatal(err)
				}
			}
			var people []id.ID
			list, err := h.s.Helpers(ctx, accounts.Operator())
			if err != nil || len(list) != 2 {
				t.Fatal(list, err)
			}
			for _, x := range list {
				people = append(people, x.Person.ID)
			}
			won := atOnce(2, func(i int) error {
				if round%2 == 1 {
					return let(i, access.Support)
				}
				return house[i].EndHelper(ctx, accounts.Operator(), people[i])
			})
			var left int
			if h.ask(`SELECT COUNT(*) FROM helper WHERE role = 'operator' AND ended_at = 0`, nil, &left); left != 1 || won != 1 {
				t.Fatalf("round %d: %d operators are left, and %d went", round, left, won)
			}
		}
	})
}

// TestOneClinicKeepsNoOtherWaiting: the transfer of one clinic cannot be finished; that of the next one is all the same, and the failure is said.
func TestOneClinicKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "handed-over")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		var clinics []id.ID
		heirs := map[id.ID]id.ID{}
		for _, slug := range []string{"first", "second"} {
			owner, _ := h.owner(slug+"@example.org", slug)
			heir, _ := h.colleague(owner, "heir-of-"+slug+"@example.org", access.Manager)
			clinics = append(clinics, owner.Clinic)
			heirs[owner.Clinic] = heir.Person.ID
			if err := h.s.Offer(ctx, owner.Caller, heir.Person.ID, access.Manager, slug); err != nil {
				t.Fatal(err)
			}
			x, _, err := h.s.Transfer(ctx, heir.Caller)
			if err == nil {
				err = h.s.Accept(ctx, heir.Caller, x.Version, slug)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if clinics[0].String() > clinics[1].String() {
			clinics[0], clinics[1] = clinics[1], clinics[0]
		}
		b.Clock.Move(72 * time.Hour)
		inClinic := func(c id.ID) access.Caller {
			if c == clinics[0] {
				return access.Caller{}
			}
			return access.Mint(c, id.Zero, id.Zero, id.Zero, access.System, access.Running)
		}
		err := h.s.FinishTransfers(ctx, h.As(access.System), func(id.ID) string { return "Clinic" }, inClinic)
		if err == nil {
			t.Error("nobody hears that a clinic's transfer cannot be finished")
		}
		var owns int
		if h.ask(`SELECT COUNT(*) FROM membership WHERE clinic_id = $1 AND person_id = $2 AND role = 'owner'`, []any{clinics[1], heirs[clinics[1]]}, &owns); owns != 1 {
			t.Errorf("the next clinic was not handed over: %v", err)
		}
	})
}

func TestTidy(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "request-log-life")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx := build(t, b), context.Background()
		h.person("stays@example.org")
		h.signIn("stays@example.org", good)
		if err := h.s.SignUp(ctx, draft("leaves@example.org"), here); err != nil {
			t.Fatal(err)
		}
		if err := h.s.ForgotPassword(ctx, "nobody@example.org", "", here); err != nil {
			t.Fatal(err)
		}
		if _, err := h.s.SignIn(ctx, "stays@example.org", "a wrong password", here, ""); err == nil {
			t.Fatal("any password signs in")
		}
		var tries int
		if h.ask(`SELECT COUNT(*) FROM sign_in_event`, nil, &tries); tries == 0 {
			t.Error("a failed sign-in leaves no trace")
		}
		tidy := func() int {
			n, err := h.s.Tidy(ctx, h.As(access.System))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		h.Clock.Move(48*time.Hour - time.Second)
		if n := tidy(); n != 0 {
			t.Fatalf("%d people went early", n)
		}
		h.Clock.Move(2 * time.Second)
		if n := tidy(); n != 1 {
			t.Fatalf("%d people went", n)
		}
		h.Clock.Move(31 * 24 * time.Hour)
		if n := tidy(); n != 0 {
			t.Fatalf("%d more went", n)
		}
		for table, want := range map[string]int{"person": 1, "session": 0, "one_time_link": 0, "outgoing_mail": 0, "throttle": 0, "sign_in_event": 0, "acceptance": 1} {
			var n int
			h.ask(map[string]string{"person": `SELECT COUNT(*) FROM person`, "session": `SELECT COUNT(*) FROM session`, "one_time_link": `SELECT COUNT(*) FROM one_time_link`,
				"outgoing_mail": `SELECT COUNT(*) FROM outgoing_mail`, "throttle": `SELECT COUNT(*) FROM throttle`, "sign_in_event": `SELECT COUNT(*) FROM sign_in_event`, "acceptance": `SELECT COUNT(*) FROM acceptance`}[table], nil, &n)
			if n != want {
				t.Errorf("%d rows in %s, want %d", n, table, want)
			}
		}
		h.signIn("stays@example.org", good)
	})
}
