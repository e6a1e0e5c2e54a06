package clinics_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

func TestAgreementsAreSignedAndKept(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "agreements-kept")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		s, owner := service(b, nil), b.As(access.Owner)
		now, ok := clinics.CurrentText(clinics.AgreementTerms)
		sum := sha256.Sum256([]byte(now.Text))
		if !ok || now.Version != hex.EncodeToString(sum[:]) || now.Title() != "Terms of service for clinics" {
			t.Fatalf("the text %q of version %s", now.Title(), now.Version)
		}
		good := clinics.Signature{Kind: now.Kind, Version: now.Version, Name: "Canary Signer", Capacity: "managing partner", Sure: true}
		for _, role := range []access.Role{access.Manager, access.Practitioner, access.FrontDesk, access.Billing, access.Public} {
			if err := s.Sign(ctx, b.As(role), good); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s signed: %v", role, err)
			}
		}
		err := s.Sign(ctx, owner, clinics.Signature{Kind: now.Kind, Version: now.Version, Name: " "})
		for field, want := range map[string]string{"signer": "field.signer.invalid", "capacity": "field.capacity.empty", "sure": "field.sign_sure.empty"} {
			if got := key(t, err, field); got != want {
				t.Errorf("%s: %q, want %q", field, got, want)
			}
		}
		old := good
		old.Version = strings.Repeat("0", 64)
		if err := s.Sign(ctx, owner, old); !fault.Is(err, fault.Conflict) {
			t.Errorf("a text that is not the present one was signed: %v", err)
		}
		for _, kind := range []string{clinics.AgreementBAA, clinics.AgreementConfidentiality, "none", "../terms"} { // of another law, of the staff, of nobody
			x := good
			x.Kind = kind
			if err := s.Sign(ctx, owner, x); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s was signed: %v", kind, err)
			}
		}
		for range 2 { // twice is two signatures under one text
			if err := s.Sign(ctx, owner, good); err != nil {
				t.Fatal(err)
			}
			b.Clock.Move(1e9)
		}
		list, err := s.Agreements(ctx, owner)
		if err != nil || len(list) != 2 {
			t.Fatalf("%d signatures, %v", len(list), err)
		}
		x := list[0]
		if x.Text != now || x.Signer != "Canary Signer" || x.Capacity != "managing partner" || x.Person != owner.Actor() || x.At <= list[1].At {
			t.Errorf("the record is %+v", x)
		}
		if one, err := s.Agreement(ctx, owner, x.ID); err != nil || one.At != x.At {
			t.Errorf("%+v, %v", one, err)
		}
		if notes(t, b, owner, "sign") != 2 {
			t.Error("the audit log does not say that it was signed")
		}
		// What was signed is never changed or removed, whoever asks.
		for _, text := range []string{`UPDATE agreement SET signed_at = 0 WHERE clinic_id = $1`, `DELETE FROM agreement WHERE clinic_id = $1`,
			`UPDATE agreement_text SET text = 'other' WHERE clinic_id = $1`, `DELETE FROM agreement_text WHERE clinic_id = $1`} {
			err := b.DB.Change(ctx, owner, access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
				_, err := tx.Exec(text)
				tx.Housekeeping("a test")
				return err
			})
			if err == nil {
				t.Errorf("the database did it: %s", text)
			}
		}
	})
}

func TestLeavingIsTheOwnersActAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "leaving-always-works")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		ctx := context.Background()
		s, owner := service(b, nil), b.As(access.Owner)
		look := func(role access.Role) clinics.Clinic {
			c, err := s.Get(ctx, b.As(role))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		leave := func(who access.Caller, yes bool) error {
			return b.DB.Change(ctx, who, access.ClinicAccount, func(_ context.Context, tx *store.Tx) error {
				tx.Record(audit.Note{Action: "change-status", Kind: "clinic", Subject: tx.Clinic()})
				return clinics.SetClosing(tx, yes)
			})
		}
		if err := leave(b.As(access.Manager), true); !fault.Is(err, fault.Forbidden) {
			t.Fatalf("a manager closed the clinic: %v", err)
		}
		if err := leave(owner, false); !fault.Is(err, fault.Conflict) {
			t.Fatalf("an open clinic came back: %v", err)
		}
		if err := leave(owner, true); err != nil {
			t.Fatal(err)
		}
		if c := look(access.Public); c.Online || c.Status != clinics.Closing {
			t.Errorf("a clinic that is closing takes bookings: %+v", c)
		}
		if c := look(access.Owner); !c.Online || c.ClosingSince == 0 {
			t.Errorf("its settings were changed: %+v", c)
		}
		if err := leave(owner, false); err != nil {
			t.Fatal(err)
		}
		if c := look(access.Public); !c.Online || c.Status != clinics.Open || c.ClosingSince != 0 {
			t.Errorf("it did not come back: %+v", c)
		}
		if notes(t, b, owner, "change-status") != 2 {
			t.Error("the audit log does not say it")
		}
	})
}
