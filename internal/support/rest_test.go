package support_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
	"almirah/internal/support"
)

// platformCount counts rows that belong to no clinic.
func (h *house) platformCount(text string, args ...any) (n int64) {
	h.t.Helper()
	err := h.DB.Across(context.Background(), accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		return p.Row(text, args...).Scan(&n)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestTickets(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "tickets")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		ctx := context.Background()
		h.enrol(h.owner.Caller, "desk@example.org", access.FrontDesk)
		desk, other := h.signIn("desk@example.org"), b.In(b.Found(t, "lotus"), access.Owner)
		h.helper = h.helping("divya@example.org", access.Support)
		us, err := h.accounts.Helper(ctx, h.helper)
		if err != nil {
			t.Fatal(err)
		}
		for name, l := range map[string]support.Letter{"nothing": {Kind: support.Question}, "no kind": {Subject: "a", Words: "b"}, "long": {Kind: support.Missing, Subject: strings.Repeat("x", 121), Words: "b"}, "longer": {Kind: support.Missing, Subject: "a", Words: strings.Repeat("x", 4001)}} {
			_, err := h.support.Write(ctx, desk.Caller, l)
			is(t, err, fault.Invalid, "", name)
		}
		one, err := h.support.Write(ctx, desk.Caller, support.Letter{Kind: support.Question, Subject: "Secret subject", Words: "Secret words", Page: "/app/patients/" + h.Providers[0].String() + "?q=x"})
		if err != nil {
			t.Fatal(err)
		}
		h.collect()
		// Who sees it: who wrote it, who leads the clinic, and support without any grant; nobody else.
		for name, who := range map[string]access.Caller{"who wrote it": desk.Caller, "the owner": h.owner.Caller, "support": us} {
			tk, lines, err := h.support.Ticket(ctx, who, one)
			if err != nil || tk.Subject != "Secret subject" || len(lines) != 1 || lines[0].Words != "Secret words" || tk.Page != "/app/patients/-" {
				t.Errorf("%s: %+v, %+v, %v", name, tk, lines, err)
			}
		}
		for name, who := range map[string]access.Caller{"another clinic": other, "a colleague": h.As(access.Practitioner)} {
			_, _, err := h.support.Ticket(ctx, who, one)
			is(t, err, fault.NotFound, "", name)
			is(t, h.support.Say(ctx, who, one, "mine"), fault.NotFound, "", name+" says something")
			is(t, h.support.SetTicket(ctx, who, one, true), fault.NotFound, "", name+" closes it")
			if list, err := h.support.Tickets(ctx, who); err != nil || len(list) != 0 {
				t.Errorf("%s lists %v, %v", name, list, err)
			}
		}
		_, err = h.support.Waiting(ctx, other, support.Open)
		is(t, err, fault.Forbidden, "", "another clinic lists all")
		if list, err := h.support.Waiting(ctx, us, support.Open); err != nil || len(list) != 1 {
			t.Errorf("support lists %v, %v", list, err)
		}
		if err := h.support.Say(ctx, us, one, "Secret answer"); err != nil {
			t.Fatal(err)
		}
		if got := h.collect(); len(got) != 1 || !strings.HasPrefix(got[0], "desk@example.org") || strings.Contains(got[0], "Secret") {
			t.Errorf("the mail about an answer: %q", got)
		}
		if err := h.support.Say(ctx, desk.Caller, one, "Thank you"); err != nil {
			t.Fatal(err)
		}
		if tk, lines, _ := h.support.Ticket(ctx, desk.Caller, one); tk.State != support.Open || len(lines) != 3 || !lines[1].FromUs {
			t.Errorf("answered again: %+v, %+v", tk, lines)
		}
		if err := h.support.SetTicket(ctx, desk.Caller, one, true); err != nil {
			t.Fatal(err)
		}
		system := access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.System, access.Running)
		for _, x := range []struct {
			wait time.Duration
			left int64
		}{{364 * 24 * time.Hour, 1}, {24 * time.Hour, 0}} {
			b.Clock.Move(x.wait)
			if err := h.support.Tidy(ctx, system); err != nil {
				t.Fatal(err)
			}
			if n := h.platformCount(`SELECT COUNT(*) FROM ticket`); n != x.left {
				t.Errorf("%v after it was closed there are %d tickets", x.wait, n)
			}
		}
		if n := h.platformCount(`SELECT COUNT(*) FROM ticket_line`); n != 0 {
			t.Errorf("%d lines are left", n)
		}
	})
}

func TestLettersGoToThoseWhoWantThem(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "letters-by-choice")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		ctx := context.Background()
		h.enrol(h.owner.Caller, "wants@example.org", access.FrontDesk)
		wants := h.signIn("wants@example.org")
		h.operator = h.helping("omar@example.org", access.Operator)
		op, err := h.accounts.Helper(ctx, h.operator)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := h.accounts.ListChoices(ctx, wants); err != nil || !c[accounts.ListSecurity] || c[accounts.ListProduct] {
			t.Errorf("before she chose anything: %v, %v", c, err)
		}
		if err := h.accounts.SaveListChoices(ctx, wants, accounts.ListChoices{accounts.ListProduct: true, accounts.ListSecurity: false}); err != nil {
			t.Fatal(err)
		}
		system := access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.System, access.Running)
		now := clock.At(b.Clock.Now())
		notice := func(kind string) support.Notice {
			return support.Notice{Kind: kind, Texts: map[string]support.Text{"en": {Title: "About " + kind, Words: "All of it."}}, StartsAt: now, EndsAt: now.Add(2 * time.Hour)}
		}
		_, err = h.support.Publish(ctx, h.owner.Caller, notice(support.Product))
		is(t, err, fault.Forbidden, "", "an owner publishes")
		bad := notice(support.Planned)
		bad.Texts["hi"], bad.EndsAt = support.Text{Title: "केवल शीर्षक"}, now
		_, err = h.support.Publish(ctx, op, bad)
		is(t, err, fault.Invalid, "", "half a text")
		h.collect()
		to := func(kind string) map[string]int {
			t.Helper()
			if _, err := h.support.Publish(ctx, op, notice(kind)); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the chore runs every minute
				if err := h.support.MailNotices(ctx, system); err != nil {
					t.Fatal(err)
				}
			}
			out := map[string]int{}
			for _, m := range h.collect() {
				who, rest, _ := strings.Cut(m, ": ")
				if !strings.HasPrefix(rest, "About "+kind) || !strings.Contains(rest, "All of it.") {
					t.Errorf("the letter: %q", m)
				}
				out[who]++
			}
			return out
		}
		if got := to(support.Product); len(got) != 1 || got["wants@example.org"] != 1 {
			t.Errorf("news go to %v", got)
		}
		if got := to(support.Security); got["owner@example.org"] != 1 || got["omar@example.org"] != 1 || got["wants@example.org"] != 0 {
			t.Errorf("an alert goes to %v", got)
		}
		if got := to(support.Planned); len(got) != 0 {
			t.Errorf("planned work is mailed to %v", got)
		}
		// Planned work stands on every page while it lasts, and nowhere when it was withdrawn.
		current, err := h.support.Current(ctx)
		if err != nil || len(current) != 1 || current[0].In("ta").Title != "About planned" {
			t.Fatalf("on every page: %+v, %v", current, err)
		}
		if err := h.support.Withdraw(ctx, op, current[0].ID); err != nil {
			t.Fatal(err)
		}
		if current, _ = h.support.Current(ctx); len(current) != 0 {
			t.Errorf("after it was withdrawn: %+v", current)
		}
	})
}

func TestAClinicIsHandedOver(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "handed-over")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		ctx := context.Background()
		h.enrol(h.owner.Caller, "heir@example.org", access.Manager)
		heir := h.signIn("heir@example.org")
		role := func(person id.ID) string {
			t.Helper()
			list, _, err := h.accounts.Staff(ctx, h.As(access.Owner))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range list {
				if m.Person.ID == person {
					return string(m.Role)
				}
			}
			return ""
		}
		offer := func() accounts.Transfer {
			t.Helper()
			if err := h.accounts.Offer(ctx, h.owner.Caller, heir.Person.ID, access.Manager, "Sunrise"); err != nil {
				t.Fatal(err)
			}
			x, under, err := h.accounts.Transfer(ctx, heir.Caller)
			if err != nil || !under {
				t.Fatal(under, err)
			}
			return x
		}
		finish := func() {
			t.Helper()
			system := access.Mint(id.Zero, id.Zero, id.Zero, id.Zero, access.System, access.Running)
			err := h.accounts.FinishTransfers(ctx, system, func(id.ID) string { return "Sunrise" }, func(c id.ID) access.Caller { return b.In(c, access.System) })
			if err != nil {
				t.Fatal(err)
			}
		}
		is(t, h.accounts.Offer(ctx, heir.Caller, h.owner.Person.ID, access.Manager, "x"), fault.Forbidden, "", "by a manager")
		is(t, h.accounts.Offer(ctx, h.owner.Caller, b.As(access.Owner).Actor(), access.Manager, "x"), fault.Invalid, "", "to somebody who does not work here")
		is(t, h.accounts.Offer(ctx, h.owner.Caller, heir.Person.ID, access.Owner, "x"), fault.Invalid, "", "and staying an owner")
		x := offer()
		is(t, h.accounts.Offer(ctx, h.owner.Caller, heir.Person.ID, access.Manager, "x"), fault.Conflict, "fault.transfer_under_way", "twice")
		is(t, h.accounts.Accept(ctx, h.owner.Caller, x.Version, "x"), fault.NotFound, "", "accepted by who offers")
		is(t, h.accounts.Confirm(ctx, h.owner.Caller, x.Version, "x"), fault.Conflict, "fault.transfer_waits", "confirmed before it is accepted")
		if err := h.accounts.TakeBack(ctx, heir.Caller, x.Version); err != nil {
			t.Fatal(err)
		}

		// Not at once without the old owner's word, and not before three days.
		x = offer()
		if err := h.accounts.Accept(ctx, heir.Caller, x.Version, "Sunrise"); err != nil {
			t.Fatal(err)
		}
		finish()
		b.Clock.Move(30 * time.Minute)
		is(t, h.accounts.Confirm(ctx, h.owner.Caller, x.Version+1, "Sunrise"), fault.Conflict, "fault.transfer_waits", "half an hour later")
		b.Clock.Move(72*time.Hour - 30*time.Minute - time.Microsecond)
		finish()
		if got := role(heir.Person.ID); got != "manager" {
			t.Errorf("an instant before its time she is %q", got)
		}
		b.Clock.Move(time.Microsecond)
		finish()
		if a, z := role(heir.Person.ID), role(h.owner.Person.ID); a != "owner" || z != "manager" {
			t.Errorf("afterwards: new %q, old %q", a, z)
		}
		rows := h.Rows(t, `SELECT action FROM audit_leaf WHERE clinic_id = $1 AND action LIKE '%-clinic' ORDER BY id`)
		if len(rows) != 5 {
			t.Errorf("the clinic's log: %v", rows)
		}

		// Both there: the old owner's word does it at once, and she leaves.
		back := h.signIn("heir@example.org")
		if err := h.accounts.Offer(ctx, back.Caller, h.owner.Person.ID, "", "Sunrise"); err != nil {
			t.Fatal(err)
		}
		old := h.signIn("owner@example.org")
		x, _, err := h.accounts.Transfer(ctx, old.Caller)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.accounts.Accept(ctx, old.Caller, x.Version, "Sunrise"); err != nil {
			t.Fatal(err)
		}
		if err := h.accounts.Confirm(ctx, back.Caller, x.Version+1, "Sunrise"); err != nil {
			t.Fatal(err)
		}
		if a, z := role(h.owner.Person.ID), role(heir.Person.ID); a != "owner" || z != "" {
			t.Errorf("at once: new %q, old %q", a, z)
		}
		if n := h.platformCount(`SELECT COUNT(*) FROM membership WHERE role = 'owner' AND ended_at = 0`); n != 1 {
			t.Errorf("the clinic has %d owners", n)
		}
	})
}
