package web_test

import (
	"context"
	"net/http"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/promise"
)

func TestModulesAreTheOwnersAct(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "modules-are-said")
	o := openOffice(t)
	const page = "/app/settings/modules"
	public := "/c/" + o.clinic(t).Slug + "/privacy"
	anyone := o.owner
	for _, off := range []string{"keeps no notes", "keeps no diagnoses and no medical records", "keeps no prescriptions", "keeps no invoices"} {
		wants(t, anyone.get(public), 200, off)
	}
	wants(t, o.owner.get(page), 200, "Always on", page+"/clinical", "Turn on this first: Clinical records", "!"+page+"/prescriptions", "!"+page+"/scheduling")
	manager, desk := o.as(access.Manager), o.as(access.FrontDesk)
	for _, v := range []visitor{manager, desk} {
		wants(t, v.get(page), 200, "Only the owner", "!"+page+"/clinical")
		wants(t, v.get(page+"/notes"), http.StatusForbidden)
		wants(t, v.send(page+"/notes", "turn", "on", "version", o.owner.version(page+"/notes")), http.StatusForbidden)
	}
	for _, none := range []string{"/scheduling", "/moon"} {
		wants(t, o.owner.get(page+none), http.StatusNotFound)
		wants(t, o.owner.send(page+none, "turn", "off"), http.StatusNotFound)
	}
	// Each step asks once more, in the words of what it means.
	wants(t, o.owner.get(page+"/clinical"), 200, "Turn on: Clinical records?", "health data", "for how long", "audit log")
	was := o.owner.version(page + "/clinical")
	leads(t, o.owner.send(page+"/clinical", "turn", "on", "version", was), page+"?done=saved")
	wants(t, o.owner.send(page+"/notes", "turn", "on", "version", was), http.StatusConflict, "Somebody changed this")
	wants(t, o.owner.get(page+"/prescriptions"), 200, "by whom and when", "!Turn on this first")
	leads(t, o.owner.send(page+"/prescriptions", "turn", "on", "version", o.owner.version(page+"/prescriptions")), page+"?done=saved")
	wants(t, anyone.get(public), 200, "keeps medical records", "keeps the prescriptions that it writes", "keeps no invoices")
	wants(t, o.owner.get(page), 200, "Turn off this first: Prescriptions", "!"+page+"/clinical")
	wants(t, o.owner.get(page+"/clinical"), 200, "Turn off this first: Prescriptions")
	wants(t, o.owner.send(page+"/clinical", "turn", "off", "version", number(o.clinic(t).Version)), http.StatusUnprocessableEntity, "checked against allergies")
	wants(t, o.owner.get(page+"/prescriptions"), 200, "Turn off: Prescriptions?", "Nothing is deleted")
	leads(t, o.owner.send(page+"/prescriptions", "turn", "off", "version", o.owner.version(page+"/prescriptions")), page+"?done=saved")
	wants(t, anyone.get(public), 200, "keeps medical records", "keeps no prescriptions")
	wants(t, o.owner.get("/app/audit"), 200, "Changed the modules")
}

func (o *office) clinic(t *testing.T) clinics.Clinic {
	t.Helper()
	c, err := o.clinics.Get(context.Background(), o.owner.who)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
