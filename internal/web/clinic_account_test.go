package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/promise"
	"almirah/internal/store"
)

func TestAnAgreementIsSignedOnItsPage(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "agreement-before-patients", "agreements-kept")
	o := openOffice(t)
	const page = "/app/account"
	terms, baa := page+"/agreements/terms", page+"/agreements/baa"
	public := "/c/" + o.clinic(t).Slug
	wants(t, o.owner.get(page), 200, "Terms of service for clinics", "Nothing is signed yet", "!Business Associate")
	wants(t, o.owner.get(baa), http.StatusNotFound)
	desk := o.as(access.FrontDesk)
	for _, v := range []visitor{desk, o.as(access.Manager), o.as(access.Billing)} {
		wants(t, v.get(page), http.StatusForbidden)
	}
	err := o.DB.Change(context.Background(), o.owner.who, access.ClinicSettings, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("the clinic moves under another law")
		return tx.Must(`UPDATE clinic SET jurisdiction = 'US' WHERE clinic_id = $1`)
	})
	if err != nil {
		t.Fatal(err)
	}
	// Nobody is entered: not online, not at the desk. Both say why, and the owner is led to it.
	wants(t, o.owner.get(public), 200, "not open yet", "!name=\"service\"")
	wants(t, desk.get("/app/patients/new"), 200, "No patient can be entered yet", "!"+baa)
	wants(t, desk.send("/app/patients/new", "name", "Ravi Teak", "phone", "98765 43211", "language", "en"), http.StatusConflict, "Nothing was saved", "Business Associate Agreement", "Ravi Teak")
	wants(t, o.owner.get("/app"), 200, "No patient can be entered yet", baa)

	wants(t, o.owner.get(baa), 200, "164.524", "!Signed 23", "Meera Shah")
	text, _ := clinics.CurrentText(clinics.AgreementBAA)
	wants(t, o.owner.send(baa, "text", text.Version, "signer", "", "capacity", "typed capacity"), http.StatusUnprocessableEntity, "#f-signer", "#f-sure", "typed capacity")
	wants(t, o.owner.send(baa, "text", "0", "signer", "Meera Shah", "capacity", "owner", "sure", "1"), http.StatusConflict, "The text changed")
	leads(t, o.owner.send(baa, "text", text.Version, "signer", "Meera Shah", "capacity", "managing partner", "sure", "1"), page+"?done=signed")
	body := wants(t, o.owner.get(page), 200, "Signed 23 Nov 2026", "managing partner", "!No patient can be entered yet")
	at := strings.Index(body, "/app/account/signed/")
	signed := body[at : at+len("/app/account/signed/")+36]
	wants(t, o.owner.get(signed), 200, "Meera Shah", "Safeguards", text.Version, "!<form method=\"post\" action=\"/app/account")
	w := o.owner.get(signed + "/text")
	sum := sha256.Sum256(w.Body.Bytes())
	if w.Code != 200 || hex.EncodeToString(sum[:]) != text.Version || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("the text that was signed: %d, %v, version %s", w.Code, w.Header(), hex.EncodeToString(sum[:]))
	}
	wants(t, o.owner.get("/app/account/signed/0192f1a0-0000-7000-8000-000000000001"), http.StatusNotFound)
	wants(t, o.owner.get(public), 200, "!not open yet")
	wants(t, desk.send("/app/patients/new", "name", "Ravi Teak", "phone", "98765 43211", "language", "en"), http.StatusSeeOther)
	leads(t, o.owner.send(terms, "text", func() string { x, _ := clinics.CurrentText("terms"); return x.Version }(), "signer", "Meera Shah", "capacity", "owner", "sure", "1"), page+"?done=signed")
	wants(t, o.owner.get("/app/audit"), 200, "Agreement")
}

func TestLeavingAsksOnceMore(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "leaving-always-works")
	o := openOffice(t)
	const page = "/app/account/closing"
	public := "/c/" + o.clinic(t).Slug
	wants(t, o.owner.get("/app/account"), 200, page)
	wants(t, o.owner.get(page), 200, "Close the clinic here?", "take your data along")
	wants(t, o.owner.send(page, "turn", "leave"), http.StatusUnprocessableEntity, "#f-sure")
	leads(t, o.owner.send(page, "turn", "leave", "sure", "1"), "/app/account?done=saved")
	wants(t, o.owner.get("/app/account"), 200, "closing since 23 Nov 2026")
	wants(t, o.owner.get(public), 200, "switched off at the moment")
	wants(t, o.as(access.FrontDesk).get("/app"), 200, "This clinic is closing")
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00") // the desk goes on
	wants(t, o.owner.get("/app/appointments/"+a.ID.String()), 200, "Asha Rao")
	wants(t, o.owner.send(page, "turn", "leave", "sure", "1"), http.StatusConflict)
	wants(t, o.owner.send(page, "turn", "perhaps"), http.StatusNotFound)
	leads(t, o.owner.send(page, "turn", "stay"), "/app/account?done=saved")
	wants(t, o.owner.get(public), 200, "!switched off at the moment")
}
