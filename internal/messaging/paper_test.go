package messaging_test

import (
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/document"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/prescriptions"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/words"
)

// TestAPaperIsToldByALink: a prescription goes out as a link, without a word of what it says, and not when the link was taken back first.
func TestAPaperIsToldByALink(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "prescription-link")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		house := clinics.New(b.DB, b.Log, clinics.Options{})
		c, err := house.Get(background, x.owner)
		if err == nil {
			err = house.SetModules(background, x.owner, append(c.Modules, clinics.ModuleClinical, clinics.ModulePrescriptions), c.Version)
		}
		book, bad := words.Load()
		if err != nil || bad != nil {
			t.Fatal(err, bad)
		}
		rx := prescriptions.New(b.DB, book, document.ThePress(), "https://book.example")
		signer, err := x.desk.AddProvider(background, x.owner, scheduling.Provider{Name: "Dr Leela Nair", Registration: "KMC 1", Position: 7})
		if err != nil {
			t.Fatal(err)
		}
		a := x.books("Asha Paper", "+919845055501", "paper@example.org", 100*3600*1e9)
		sheet, err := rx.Sign(background, x.owner, prescriptions.Draft{ID: id.New(b.Clock.Now()), Patient: a.Patient, Language: "en", Rows: []prescriptions.Row{{Generic: "Paracetamol", Strength: "500 mg", Form: "tablet", Dose: "101", Days: 3}}}, signer.ID, false)
		if err != nil {
			t.Fatal(err)
		}
		tell := func(revoke bool) (id.ID, prescriptions.Share) {
			share, err := rx.Send(background, x.owner, sheet.ID, "email", true)
			if err != nil {
				t.Fatal(err)
			}
			var message id.ID
			x.do(access.Work, x.system, func(tx *store.Tx) (err error) {
				message, err = messaging.TellPaper(tx, share.ID)
				return err
			})
			if message.IsZero() {
				t.Fatal("no message was planned")
			}
			if revoke {
				if err := rx.Revoke(background, x.owner, sheet.ID, share.ID); err != nil {
					t.Fatal(err)
				}
			}
			if err := x.messages.Deliver(background, x.system, message); err != nil {
				t.Fatal(err)
			}
			return message, share
		}
		find := func(message id.ID) (out *messaging.Outgoing) {
			for _, m := range x.mail.all() {
				if m.ID == message {
					out = &m
				}
			}
			return out
		}
		first, share := tell(false)
		m := find(first)
		if m == nil {
			t.Fatal("the message did not go out")
		}
		said := strings.ToLower(m.Subject + m.Text + m.HTML)
		for _, word := range []string{"paracetamol", "prescription", "medicine", "drug", "nair", "500"} {
			if strings.Contains(said, word) {
				t.Errorf("it says %q", word)
			}
		}
		_, rest, ok := strings.Cut(m.Text, "/r/")
		token, _, _ := strings.Cut(rest, "\n")
		if who, one, err := rx.Enter(background, strings.TrimSpace(token)); !ok || err != nil || one != share.ID || who.Patient() != a.Patient {
			t.Errorf("its link opens %v: %v", one, err)
		}
		if !strings.Contains(m.UnsubscribeURL, "/r/") || m.Calendar != nil {
			t.Errorf("it is stopped at %q", m.UnsubscribeURL)
		}
		if gone, _ := tell(true); find(gone) != nil {
			t.Error("a link that was taken back went out")
		}
	})
}
