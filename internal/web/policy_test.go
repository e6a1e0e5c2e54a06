package web_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/policies"
	"almirah/internal/promise"
	"almirah/internal/store"
	"almirah/internal/web"
	"almirah/internal/words"
)

// adopt writes the clinic's first version.
func (o *office) adopt() {
	o.t.Helper()
	err := o.DB.Change(context.Background(), o.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		c, err := clinics.Get(&tx.View)
		if err == nil {
			_, err = policies.Adopt(tx, policies.Standard(c))
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

var sureField = regexp.MustCompile(`name="sure" value="([^"]*)"`)

// TestTheTermsOnTheirPages: the profile says before it saves what a change would mean; an announced one stands on the dashboard, on the clinic's own page, on
// the patient's and at the desk, where it is answered and taken back by one press; and every version can be read.
func TestTheTermsOnTheirPages(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "policy-notice", "policy-archive")
	o := openOffice(t)
	const settings, public = "/app/settings/privacy", "/c/desk/privacy"
	wants(t, o.owner.get(settings), http.StatusOK, "Only an owner changes") // it has no version yet
	o.adopt()
	link := "/m/" + o.ownLink()
	o.Clock.Move(time.Minute)
	wants(t, o.owner.get(settings), http.StatusOK, "Companies Act 2013", "8 years", "See what it would mean", "nobody")
	w := o.owner.send(settings, "keep_opinion", "P2Y", "keep_booking-log", "P24M", "remainder", "0")
	wants(t, w, http.StatusOK, "Who booked, moved and cancelled: 24 months instead of 12 months", "Weaker", "Announce it")
	sure := sureField.FindStringSubmatch(w.Body.String())
	if sure == nil {
		t.Fatal("nothing to be sure of")
	}
	// What is not what was read is read first.
	wants(t, o.owner.send(settings, "keep_opinion", "P180D", "keep_booking-log", "P24M", "remainder", "0", "sure", sure[1]), http.StatusOK, "Stricter", "Announce it")
	wants(t, o.owner.send(settings, "keep_opinion", "P2Y", "keep_booking-log", "P24M", "remainder", "5", "sure", "x"), http.StatusUnprocessableEntity, "a group of at least 10")
	wants(t, o.owner.send(settings, "keep_opinion", "P2Y", "keep_booking-log", "P24M", "remainder", "0", "sure", sure[1]), http.StatusSeeOther)
	wants(t, o.owner.get(settings), http.StatusOK, "Announced: from", "0 of 1 patients agreed")
	wants(t, o.owner.get("/app"), http.StatusOK, "A change of the privacy terms is announced")
	anyone := o.guest()
	wants(t, anyone.get(public), http.StatusOK, "Announced: from", "24 months instead of 12 months", public+"/versions/2")
	wants(t, anyone.get(public+"/versions"), http.StatusOK, "In force", "Announced", public+"/versions/1")
	wants(t, anyone.get(public+"/versions/2"), http.StatusOK, "What changed against version 1", "Weaker", "What is kept has this fingerprint", "sentences in force then")
	wants(t, anyone.get(public+"/versions/1"), http.StatusOK, "The first version")
	for _, none := range []string{"/3", "/0", "/x", "/-1"} {
		wants(t, anyone.get(public+"/versions"+none), http.StatusNotFound)
	}
	wants(t, anyone.get(link), http.StatusOK, "Do you agree to this change?", "24 months instead of 12 months", "If you do nothing")
	wants(t, anyone.post(link, link+"/terms", "version", "2"), http.StatusUnprocessableEntity, "Press one of the two answers")
	wants(t, anyone.post(link, link+"/terms", "version", "1", "answer", "yes"), http.StatusConflict)
	wants(t, anyone.post(link, link+"/terms", "version", "2", "answer", "yes"), http.StatusSeeOther)
	wants(t, anyone.get(link), http.StatusOK, "Agreed on", "Take it back")
	wants(t, o.owner.get(settings), http.StatusOK, "1 of 1 patients agreed")
	wants(t, anyone.post(link, link+"/terms", "version", "2", "answer", "no"), http.StatusSeeOther)
	wants(t, anyone.get(link), http.StatusOK, "Answered no on", "I agree")
	_, one, err := o.desk.Enter(context.Background(), strings.TrimPrefix(link, "/m/"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := o.desk.Open(context.Background(), o.owner.who, one)
	if err != nil {
		t.Fatal(err)
	}
	desk, page := o.as(access.FrontDesk), "/app/patients/"+a.Patient.String()
	wants(t, desk.get(page), http.StatusOK, "Do you agree to this change?")
	wants(t, desk.send(page+"/terms", "version", "2", "answer", "yes"), http.StatusSeeOther)
	wants(t, desk.get(page), http.StatusOK, "Agreed on")
	wants(t, desk.send(settings, "remainder", "0"), http.StatusForbidden)
	wants(t, o.as(access.Billing).send(page+"/terms", "version", "2", "answer", "no"), http.StatusForbidden)
}

// TestStaffSignFirst: a sign-in of somebody who has not signed opens the statement and the way out, and nothing else, by no address; once signed all opens.
func TestStaffSignFirst(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "staff-confidential")
	o := openOffice(t)
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	asking := accounts.New(o.DB, o.Log, accounts.Options{Clinics: o.clinics, Book: book, PublicURL: "https://almirah.test", Terms: terms, Idle: time.Hour, Confidential: true})
	o.rehouse(func(d *web.Deps) { d.Accounts = asking })
	for _, r := range web.Routes() {
		if r.Door != web.Staff && r.Door != web.Person && r.Door != web.Platform || r.Sign || r.Enrol || !strings.HasPrefix(r.Pattern, "GET ") || strings.Contains(r.Pattern, "{") {
			continue
		}
		path := strings.TrimPrefix(r.Pattern, "GET ")
		w := o.owner.get(path)
		if w.Code != http.StatusSeeOther && w.Code != http.StatusUnauthorized && w.Code != http.StatusForbidden {
			t.Fatalf("%s opened: %d", path, w.Code) // one that stays open would never end
		} else if w.Code == http.StatusSeeOther && w.Header().Get("Location") != "/confidentiality" {
			t.Errorf("%s leads to %s", path, w.Header().Get("Location"))
		}
	}
	wants(t, o.owner.get("/confidentiality"), http.StatusOK, "Your promise to keep silent", "I tell nobody outside", "I have left the clinic")
	now := accounts.Statement().Version
	wants(t, o.owner.send("/confidentiality", "version", now), http.StatusUnprocessableEntity, "Tick this to sign")
	wants(t, o.owner.send("/confidentiality", "version", strings.Repeat("0", 64), "sure", "1"), http.StatusConflict)
	wants(t, o.owner.send("/confidentiality", "version", now, "sure", "1"), http.StatusSeeOther)
	wants(t, o.owner.get("/app"), http.StatusOK)
	wants(t, o.owner.get("/confidentiality"), http.StatusOK, "You have signed this text")
	// Another text is another promise: what was signed is kept, and asked for anew.
	err = o.DB.Across(context.Background(), accounts.Operator(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Record(audit.Note{Action: "test", Kind: "confidentiality", Subject: o.Clinic})
		if _, err := p.Exec(`UPDATE confidentiality_text SET text = 'other' WHERE digest = $1`, now); err == nil {
			t.Error("a signed text was changed")
		}
		return nil
	})
	if err == nil {
		err = o.DB.Across(context.Background(), accounts.Operator(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
			p.Record(audit.Note{Action: "test", Kind: "confidentiality", Subject: o.Clinic})
			if _, err := p.Exec(`INSERT INTO confidentiality_text (digest, text, kept_at) VALUES ($1, $2, $3)`, strings.Repeat("1", 64), "an earlier text", p.Now()); err != nil {
				return err
			}
			_, err := p.Exec(`UPDATE confidentiality SET digest = $1`, strings.Repeat("1", 64))
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	if w := o.owner.get("/app"); w.Header().Get("Location") != "/confidentiality" {
		t.Errorf("with an earlier text signed: %d", w.Code)
	}
}
