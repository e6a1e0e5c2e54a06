package accounts_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/rig"
	"almirah/internal/rig/factor"
	"almirah/internal/store"
	"almirah/internal/words"
)

const (
	good   = "blue mango 47 tabla"
	better = "green mango 48 sitar"
	terms  = "2026-11-01"
)

var here = accounts.Device{Agent: "Firefox canary-agent", Address: "203.0.113.9"}

// house is the two rooms on one base, with a post office that keeps what it is given.
type house struct {
	*rig.Base
	t    *testing.T
	s    *accounts.Service
	c    *clinics.Service
	post *post
	apps *factor.Phone
}

func build(t *testing.T, b *rig.Base) *house {
	t.Helper()
	h := &house{Base: b, t: t, post: &post{}}
	h.c = clinics.New(b.DB, b.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
	h.s = h.open(b.DB)
	h.apps = &factor.Phone{DB: b.DB, Accounts: h.s, Clock: b.Clock}
	return h
}

// open is the service over a doorway: another one stands for another process.
func (h *house) open(db *store.DB) *accounts.Service {
	book, err := words.Load()
	if err != nil {
		h.t.Fatal(err)
	}
	return accounts.New(db, h.Log, accounts.Options{Clinics: h.c, Book: book, PublicURL: "https://almirah.test/", Terms: terms, MailPlanned: h.post.wake})
}

// post is a carrier that accepts everything unless told otherwise.
type post struct {
	mu    sync.Mutex
	mails []mail
	woken int
	do    func(handOver func() error) string
}

type mail struct{ to, subject, text, html string }

func (p *post) wake() { p.mu.Lock(); p.woken++; p.mu.Unlock() }

func (p *post) Send(_ context.Context, to, subject, text, html string, _ id.ID, handOver func() error) string {
	if p.do != nil {
		return p.do(handOver)
	}
	if err := handOver(); err != nil {
		return accounts.Later
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, mail{to, subject, text, html})
	return accounts.Accepted
}

var linkIn = regexp.MustCompile(`https://almirah\.test/([a-z-]+)\?token=([A-Za-z0-9_-]+)`)

// collect sends what is due and takes what arrived.
func (h *house) collect() []mail {
	h.t.Helper()
	if _, err := h.s.SendDue(context.Background(), h.As(access.System), h.post, 100); err != nil {
		h.t.Fatal(err)
	}
	h.post.mu.Lock()
	defer h.post.mu.Unlock()
	out := h.post.mails
	h.post.mails = nil
	return out
}

// link is the secret value of the one link that was mailed to the address.
func (h *house) link(to, page string) string {
	h.t.Helper()
	found := ""
	for _, m := range h.collect() {
		if l := linkIn.FindStringSubmatch(m.text); l != nil && m.to == to && l[1] == page {
			if found != "" || !strings.Contains(m.html, l[0]) {
				h.t.Fatalf("two links to %s, or text and page differ", page)
			}
			found = l[2]
		}
	}
	if found == "" {
		h.t.Fatalf("no link to %s was mailed", page)
	}
	return found
}

func draft(email string) accounts.Draft {
	return accounts.Draft{Name: "Meera Canary", Email: email, Phone: "+919876543210", JobTitle: "Canary Keeper", Password: good, Terms: terms, Language: "en"}
}

// person signs up and confirms her address.
func (h *house) person(email string) {
	h.t.Helper()
	if err := h.s.SignUp(context.Background(), draft(email), here); err != nil {
		h.t.Fatal(err)
	}
	if err := h.s.Verify(context.Background(), h.link(email, "verify")); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) signIn(email, password string) accounts.Started {
	h.t.Helper()
	st, err := h.s.SignIn(context.Background(), email, password, here, "")
	if err != nil {
		h.t.Fatal(err)
	}
	return h.apps.Finish(h.t, email, st)
}

func (h *house) session(cookie string) accounts.SignedIn {
	h.t.Helper()
	in, err := h.s.Session(context.Background(), cookie)
	if err != nil {
		h.t.Fatal(err)
	}
	return in
}

// owner is a new person with a clinic of her own, signed in there.
func (h *house) owner(email, slug string) (accounts.SignedIn, string) {
	h.t.Helper()
	h.person(email)
	st := h.signIn(email, good)
	c, err := h.s.OpenOwnClinic(context.Background(), h.session(st.Cookie), clinics.Opening{Slug: slug, Profile: clinics.Profile{Name: "Clinic " + slug, Zone: "Asia/Kolkata",
		Country: "IN", Jurisdiction: "IN", Region: "IN", Currency: "INR", Languages: []string{"en"}}})
	if err != nil {
		h.t.Fatal(err)
	}
	st, err = h.s.ChooseClinic(context.Background(), st.Cookie, c.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	if !h.session(st.Cookie).Has {
		st.Cookie = h.apps.Enrol(h.t, st.Cookie)
	}
	return h.session(st.Cookie), st.Cookie
}

// colleague is invited by somebody and joins as a new person.
func (h *house) colleague(by accounts.SignedIn, email string, role access.Role) (accounts.SignedIn, string) {
	h.t.Helper()
	if err := h.s.Invite(context.Background(), by.Caller, email, role, id.Zero); err != nil {
		h.t.Fatal(err)
	}
	st, err := h.s.AcceptInvitation(context.Background(), h.link(email, "invitation"), accounts.Draft{Name: "Asha Canary", Password: good, Terms: terms}, here, "")
	if err != nil {
		h.t.Fatal(err)
	}
	st = h.apps.Finish(h.t, email, st)
	return h.session(st.Cookie), st.Cookie
}

// member is what the clinic's staff page says of the person.
func (h *house) member(by accounts.SignedIn, person id.ID) accounts.StaffMember {
	h.t.Helper()
	list, _, err := h.s.Staff(context.Background(), by.Caller)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, m := range list {
		if m.Person.ID == person {
			return m
		}
	}
	return accounts.StaffMember{}
}

// ask reads platform rows.
func (h *house) ask(text string, args []any, dst ...any) {
	h.t.Helper()
	err := h.DB.Across(context.Background(), accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		return p.Row(text, args...).Scan(dst...)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// set writes platform rows behind everybody's back.
func (h *house) set(text string, args ...any) {
	h.t.Helper()
	err := h.DB.Across(context.Background(), h.As(access.System), access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("test")
		_, err := p.Exec(text, args...)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// chain counts entries of an action in an audit chain: the clinic's of who, or the platform's.
func (h *house) chain(clinic id.ID, action string) int {
	h.t.Helper()
	n := 0
	read := func(_ context.Context, v *store.View) error {
		return v.Row(`SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND action = $2`, action).Scan(&n)
	}
	who := access.Mint(clinic, id.Zero, id.Zero, id.Zero, access.Owner, access.Running)
	if clinic.IsZero() {
		h.t.Fatal("the platform's chain is counted by platformChain")
	}
	if err := h.DB.View(context.Background(), who, access.AuditRead, read); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// detail opens what the clinic's last entry of an action says was there before, and is there now.
func (h *house) detail(clinic id.ID, action string) (old, is string) {
	h.t.Helper()
	var d struct{ Old, New json.RawMessage }
	who := access.Mint(clinic, id.Zero, id.Zero, id.Zero, access.Owner, access.Running)
	err := h.DB.View(context.Background(), who, access.AuditRead, func(_ context.Context, v *store.View) error {
		var leaf, subject id.ID
		var sealed []byte
		err := v.Row(`SELECT l.id, d.owner_id, d.sealed FROM audit_leaf l JOIN audit_detail d ON d.clinic_id = l.clinic_id AND d.leaf_id = l.id
			WHERE l.clinic_id = $1 AND l.action = $2 ORDER BY l.id DESC LIMIT 1`, action).Scan(&leaf, &subject, &sealed)
		if err != nil {
			return err
		}
		plain, err := v.Unseal(subject, "audit_detail", "sealed", leaf, sealed)
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(plain)[audit.SaltSize:], &d)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return string(d.Old), string(d.New)
}

// platformChain counts entries of an action in the platform's chain, by what waits for its place in the tree.
func (h *house) platformChain(action string) int {
	h.t.Helper()
	n := 0
	err := h.DB.Across(context.Background(), accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		n = 0
		rows, err := p.Query(`SELECT body FROM audit_pending WHERE clinic_id = $1`, id.Zero)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var body []byte
			if err := rows.Scan(&body); err != nil {
				return err
			}
			if strings.Contains(string(body), `"action":"`+action+`"`) {
				n++
			}
		}
		return rows.Err()
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// said is the whole answer that a door would give for an error.
func said(err error) string {
	if err == nil {
		return "ok"
	}
	var f *fault.Fault
	if !errors.As(err, &f) {
		return "not a fault: " + err.Error()
	}
	return f.Error()
}

func wantKey(t *testing.T, err error, key string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Key != key {
		t.Helper()
		t.Errorf("got %v, want %s", err, key)
	}
}
