package prescriptions_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/prescriptions"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// linked makes a link of the share, as a message would.
func (r *room) linked(share id.ID) (token string) {
	r.t.Helper()
	r.do(func(tx *store.Tx) (err error) {
		token, err = prescriptions.NewLink(tx, share)
		return err
	})
	return token
}

func TestLinksEnd(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescription-link")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		p := r.signed("Paracetamol")
		_, err := r.scripts.Send(background, r.doctor, p.ID, "email", false)
		wants(t, err, fault.Invalid, "agreed")
		_, err = r.scripts.Send(background, r.doctor, p.ID, "pigeon", true)
		wants(t, err, fault.Invalid, "channel")
		_, err = r.scripts.Send(background, b.As(access.FrontDesk), p.ID, "email", true)
		wants(t, err, fault.Forbidden)
		draft, err := r.scripts.Save(background, r.doctor, r.draft("Zinc"), r.signer)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.scripts.Send(background, r.doctor, draft.ID, "email", true)
		wants(t, err, fault.Conflict)

		first, err := r.scripts.Send(background, r.doctor, p.ID, "email", true)
		if err != nil {
			t.Fatal(err)
		}
		second, err := r.scripts.Send(background, r.doctor, p.ID, "sms", false) // she has agreed
		if err != nil || second.ExpiresAt.Sub(second.CreatedAt) != 7*24*time.Hour {
			t.Fatalf("%v until %v, %v", second.CreatedAt, second.ExpiresAt, err)
		}
		one, two := r.linked(first.ID), r.linked(second.ID)
		who, share, err := r.scripts.Enter(background, one)
		if err != nil || share != first.ID || who.Patient() != r.patient || who.Role() != access.Patient {
			t.Fatalf("%v, %v", share, err)
		}
		for range 2 {
			if page, x, err := r.scripts.Shared(background, who, share, true); err != nil || page.ID != p.ID || x.ID != first.ID {
				t.Fatal(err)
			}
		}
		// Another patient's link does not open it, even with the share's id.
		stranger := accounts.ForPatient(b.Clinic, r.person("Ravi Teak", "en"), share)
		_, _, err = r.scripts.Shared(background, stranger, share, true)
		wants(t, err, fault.NotFound)
		if s := r.open(p.ID).Shares; len(s) != 2 || s[1].Opened != 2 || s[1].OpenedAt == 0 || s[0].Opened != 0 {
			t.Errorf("%+v", s)
		}
		if rows := fmt.Sprint(r.Rows(t, `SELECT token_hash FROM prescription_link WHERE clinic_id = $1`)); strings.Contains(rows, one) {
			t.Error("a token is kept")
		}
		// Taken back, it opens nothing; the other one goes on until its time.
		wants(t, r.scripts.Revoke(background, r.doctor, draft.ID, first.ID), fault.NotFound)
		for range 2 {
			if err := r.scripts.Revoke(background, r.doctor, p.ID, first.ID); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err = r.scripts.Enter(background, one)
		wants(t, err, fault.NotFound)
		_, _, err = r.scripts.Shared(background, who, share, true)
		wants(t, err, fault.NotFound)
		if _, _, err = r.scripts.Enter(background, two); err != nil {
			t.Error(err)
		}
		b.Clock.Move(7 * 24 * time.Hour)
		_, _, err = r.scripts.Enter(background, two)
		wants(t, err, fault.NotFound)
		for _, wrong := range []string{"", "x", one[:42], base64.RawURLEncoding.EncodeToString(make([]byte, 32)), strings.Repeat("A", 43)} {
			_, _, err = r.scripts.Enter(background, wrong)
			wants(t, err, fault.NotFound)
		}
		// A sheet that was cancelled takes its links along.
		last, err := r.scripts.Send(background, r.doctor, p.ID, "email", false)
		if err != nil {
			t.Fatal(err)
		}
		three := r.linked(last.ID)
		if err := r.scripts.Cancel(background, r.doctor, p.ID, "a mistake"); err != nil {
			t.Fatal(err)
		}
		_, _, err = r.scripts.Enter(background, three)
		wants(t, err, fault.NotFound)
		_, err = r.scripts.Send(background, r.doctor, p.ID, "email", false)
		wants(t, err, fault.Conflict)
	})
}

// TestLinksEndWithTheirAddress: the link to a sheet that went to a number or an address opens nothing any more once that is on file no more, or when the desk
// ends what was sent; what was not sent yet goes to the new address, and opens.
func TestLinksEndWithTheirAddress(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-link")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		desk := scheduling.New(b.DB, b.Log, prescriptions.EndShares)
		people := patients.New(b.DB, b.Log, desk.EndSent)
		p := r.signed("Paracetamol")
		shared := func(channel string) id.ID {
			t.Helper()
			x, err := r.scripts.Send(background, r.doctor, p.ID, channel, true)
			if err != nil {
				t.Fatal(err)
			}
			return x.ID
		}
		opens := func(what, token string, want bool) {
			t.Helper()
			if _, _, err := r.scripts.Enter(background, token); (err == nil) != want || err != nil && !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: opens %v, want %v: %v", what, err == nil, want, err)
			}
		}
		saved := func(d patients.Draft) {
			t.Helper()
			now, err := people.Open(background, r.owner, r.patient)
			if err == nil {
				_, err = people.Save(background, r.owner, r.patient, d, now.Version)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		person := patients.Draft{Name: "Asha Rao", Phone: "+919845012345", Email: "asha@example.org", BirthDate: "1984-02-01", Sex: "female", Language: "en"}
		sent, waits := r.linked(shared("sms")), shared("whatsapp")
		person.Address = "1 Lake Road"
		saved(person)
		opens("another address of a house", sent, true)
		person.Phone = "+919845012346"
		saved(person)
		opens("another number", sent, false)
		later := r.linked(waits)
		opens("sent after the number was another", later, true)
		if err := desk.EndLinksOf(background, b.As(access.FrontDesk), r.patient); err != nil {
			t.Fatal(err)
		}
		opens("the desk ended what was sent", later, false)
		if rows := r.Rows(t, `SELECT COUNT(*) FROM audit_leaf WHERE clinic_id = $1 AND kind = 'prescription-share' AND action = 'end'`); fmt.Sprint(rows) != "[[2]]" {
			t.Errorf("%v entries, want 2", rows)
		}
	})
}

func TestAnybodyVerifiesAndLearnsNothing(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescription-genuine")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		p := r.signed("Paracetamol")
		code := p.Sheet.Code
		g, err := r.scripts.Verify(background, code)
		if err != nil || g.Signer != "Dr Leela Nair" || g.Registration != "KMC 12345" || g.Clinic == "" || g.Day != r.Day(0) || g.Cancelled {
			t.Fatalf("%+v, %v", g, err)
		}
		said := strings.ToLower(fmt.Sprintf("%+v", g))
		for _, secret := range []string{"asha", "rao", "paracetamol", p.ID.String(), r.patient.String()} {
			if strings.Contains(said, secret) {
				t.Errorf("it tells %q", secret)
			}
		}
		raw, err := base64.RawURLEncoding.DecodeString(code)
		if err != nil || len(raw) != 32 {
			t.Fatalf("%q, %v", code, err)
		}
		another := append([]byte{}, raw...)
		another[31]++
		elsewhere := append([]byte{}, raw...)
		elsewhere[3]++
		for _, wrong := range []string{"", "x", code[1:], base64.RawURLEncoding.EncodeToString(another), base64.RawURLEncoding.EncodeToString(elsewhere), p.ID.String(), strings.Repeat("A", 43), strings.Repeat("é", 40)} {
			_, err := r.scripts.Verify(background, wrong)
			if !fault.Is(err, fault.NotFound) || err.Error() != fault.Missing().Error() {
				t.Errorf("%q: %v", wrong, err)
			}
		}
		if rows := r.Rows(t, `SELECT code_hash FROM prescription WHERE clinic_id = $1`); strings.Contains(fmt.Sprint(rows), code) {
			t.Error("the code is kept")
		}
		if err := r.scripts.Cancel(background, r.doctor, p.ID, "a mistake"); err != nil {
			t.Fatal(err)
		}
		if g, err = r.scripts.Verify(background, code); err != nil || !g.Cancelled {
			t.Errorf("%+v, %v", g, err)
		}
	})
}

func TestWhatIsKeptOfThePatientIsCopiedOutErasedAndExpired(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		r := open(t, b)
		keeper := prescriptions.Keeper{}
		p := r.signed("Paracetamol")
		share, err := r.scripts.Send(background, r.doctor, p.ID, "email", true)
		if err != nil {
			t.Fatal(err)
		}
		r.linked(share.ID)
		if _, err := r.scripts.Save(background, r.doctor, r.draft("Zinc"), r.signer); err != nil {
			t.Fatal(err)
		}
		if err := r.scripts.Cancel(background, r.doctor, p.ID, "a mistake"); err != nil {
			t.Fatal(err)
		}
		err = b.DB.View(background, r.owner, access.PatientRead, func(_ context.Context, v *store.View) error {
			got, err := keeper.Collect(v, r.patient)
			if err != nil {
				return err
			}
			if len(got["prescription"]) != 2 || len(got["prescription_end"]) != 1 || len(got["prescription_share"]) != 1 || !strings.Contains(fmt.Sprint(got), "Paracetamol") || !strings.Contains(fmt.Sprint(got), "a mistake") {
				t.Errorf("%v", got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		due := func() (n int) {
			r.do(func(tx *store.Tx) (err error) { n, err = keeper.Due(tx); return err })
			return n
		}
		if n := due(); n != 0 {
			t.Errorf("%d rows age at once", n)
		}
		b.Clock.Move(38 * 24 * time.Hour)
		if n := due(); n != 3 { // the draft, the share and its link
			t.Errorf("%d rows age", n)
		}
		if n := r.Count(t, `SELECT COUNT(*) FROM prescription WHERE clinic_id = $1`); n != "1" {
			t.Errorf("%s sheets are left", n)
		}
		r.do(func(tx *store.Tx) error { return keeper.Erase(tx, r.patient) })
		for _, text := range []string{`SELECT COUNT(*) FROM prescription WHERE clinic_id = $1`, `SELECT COUNT(*) FROM prescription_end WHERE clinic_id = $1`, `SELECT COUNT(*) FROM prescription_share WHERE clinic_id = $1`, `SELECT COUNT(*) FROM prescription_link WHERE clinic_id = $1`} {
			if n := r.Count(t, text); n != "0" {
				t.Errorf("%s rows are left by %s", n, text)
			}
		}
		_, _, err = patients.New(b.DB, b.Log).Add(background, r.owner, patients.Draft{Name: "Another", Phone: "+919845012346", Language: "en"}, true)
		if err != nil {
			t.Error(err)
		}
	})
}
