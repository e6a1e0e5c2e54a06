package app

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/prescriptions"
	"almirah/internal/rig/browser"
	"almirah/internal/store"
)

// paperTour are the pages of prescriptions: a draft with a warning, a signed sheet with its links, what a patient and what anybody sees.
func (h *opened) paperTour(t testing.TB, patient string) []stop {
	t.Helper()
	if err := h.prescribe(t.Context(), h.Owner, h.Practice); err != nil {
		t.Fatal(err)
	}
	who, err := id.Parse(patient)
	if err != nil {
		t.Fatal(err)
	}
	signer := h.Practice.providers[0].ID
	draft := func(language string, rows ...prescriptions.Row) prescriptions.Draft {
		return prescriptions.Draft{ID: id.New(h.Fake.Now()), Patient: who, Rows: rows, Advice: demoSheets[language].advice, Language: language, Reasons: map[string]string{}}
	}
	p, err := h.Scripts.Sign(t.Context(), h.Owner, draft("hi", demoSheets["hi"].rows...), signer, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Scripts.AddSet(t.Context(), h.Owner, p.ID, "th", "Throat"); err != nil {
		t.Fatal(err)
	}
	gone, err := h.Scripts.Sign(t.Context(), h.Owner, draft("ar", demoSheets["ar"].rows...), signer, false)
	if err == nil {
		err = h.Scripts.Cancel(t.Context(), h.Owner, gone.ID, "Written for another patient")
	}
	if err != nil {
		t.Fatal(err)
	}
	warned, err := h.Scripts.Save(t.Context(), h.Owner, draft("en", prescriptions.Row{Generic: "Warfarin", Dose: "001", Days: 30}, prescriptions.Row{Generic: "Ibuprofen", Dose: "101", Days: 5, Timing: prescriptions.After}), signer)
	if err != nil {
		t.Fatal(err)
	}
	var token string
	share, err := h.Scripts.Send(t.Context(), h.Owner, p.ID, "sms", true)
	if fault.Is(err, fault.Invalid) { // whom she has no telephone number of is written to by e-mail
		share, err = h.Scripts.Send(t.Context(), h.Owner, p.ID, "email", true)
	}
	if err == nil {
		err = h.DB.Change(t.Context(), h.Owner, access.RxShare, func(_ context.Context, tx *store.Tx) (err error) {
			tx.Housekeeping("a link for the picture")
			token, err = prescriptions.NewLink(tx, share.ID)
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	sheet, r := "/app/prescriptions/"+p.ID.String(), "/r/"+token
	ready := func(t testing.TB, x *browser.Tab) { x.WaitFor(t, `document.body.dataset.ready`) }
	return []stop{
		{pattern: "GET /app/patients/{id}/prescriptions/new", path: "/app/patients/" + patient + "/prescriptions/new", who: ownerMail, touch: ready},
		{pattern: "GET /app/patients/{id}/prescriptions/new", path: "/app/patients/" + patient + "/prescriptions/new", who: ownerMail, variant: "search", touch: func(t testing.TB, x *browser.Tab) {
			ready(t, x)
			x.WaitFor(t, `document.activeElement.name === "drug-1"`)
			x.Press(t, "p", "a")
			x.WaitFor(t, `document.querySelectorAll("[role=option]").length > 2`)
		}},
		{pattern: "GET /app/prescriptions/{id}", path: "/app/prescriptions/" + warned.ID.String(), who: ownerMail, variant: "warned", touch: ready},
		{pattern: "GET /app/prescriptions/{id}", path: sheet, who: ownerMail},
		{pattern: "GET /app/prescriptions/{id}", path: "/app/prescriptions/" + gone.ID.String(), who: ownerMail, variant: "cancelled"},
		{pattern: "GET /app/prescriptions/{id}/print", path: sheet + "/print", who: ownerMail, paper: true},
		{pattern: "GET /app/favourites", path: "/app/favourites", who: ownerMail},
		{pattern: "GET /app/settings/drugs", path: "/app/settings/drugs", who: ownerMail},
		{pattern: "GET /r/{token}", path: r},
		{pattern: "GET /r/{token}", path: "/r/" + strings.Repeat("x", 43), variant: "gone", status: http.StatusNotFound},
		{pattern: "GET /r/{token}/unsubscribe", path: r + "/unsubscribe"},
		{pattern: "GET /v/{code}", path: "/v/" + p.Sheet.Code},
		{pattern: "GET /v/{code}", path: "/v/x", variant: "unknown", status: http.StatusNotFound},
	}
}
