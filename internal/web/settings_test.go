package web_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/followup"
	"almirah/internal/patients"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

var versionOf = regexp.MustCompile(`name="version" value="(\d+)"`)

// version is the version in the first form of a page.
func (v visitor) version(path string) string {
	v.t.Helper()
	m := versionOf.FindStringSubmatch(wants(v.t, v.get(path), 200))
	if m == nil {
		v.t.Fatalf("%s has no version in its form", path)
	}
	return m[1]
}

var versionFields = regexp.MustCompile(`name="(version-[^"]+)" value="(\d+)"`)

// versionsOf are the hidden versions of the rows of a page, as its form sends them.
func versionsOf(t *testing.T, v visitor, path string) []string {
	t.Helper()
	var out []string
	for _, m := range versionFields.FindAllStringSubmatch(wants(t, v.get(path), 200), -1) {
		out = append(out, m[1], m[2])
	}
	if len(out) == 0 {
		t.Fatalf("%s has no versions of its rows", path)
	}
	return out
}

// files sends a form with a file, as the browser does.
func (v visitor) files(path, field string, file []byte, form ...string) *httptest.ResponseRecorder {
	v.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for i := 0; i+1 < len(form); i += 2 {
		if err := m.WriteField(form[i], form[i+1]); err != nil {
			v.t.Fatal(err)
		}
	}
	if err := m.WriteField("csrf", v.token); err != nil {
		v.t.Fatal(err)
	}
	if file != nil {
		w, err := m.CreateFormFile(field, "picture")
		if err == nil {
			_, err = w.Write(file)
		}
		if err != nil {
			v.t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		v.t.Fatal(err)
	}
	return v.ask("POST", path, url.Values{}, false, func(r *http.Request) {
		*r = *httptest.NewRequest("POST", path, &b)
		r.Header.Set("Content-Type", m.FormDataContentType())
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: v.cookie})
	})
}

func profile(version string, more ...string) []string {
	form := []string{"version", version, "clinic_name", "Desk Clinic", "legal_name", "Desk Clinic LLP", "address1", "1 Lake Road", "city", "Mumbai", "postal_code", "400001", "state", "Maharashtra",
		"contact_name", "Meera Shah", "contact_email", "desk@example.org", "contact_phone", "+919876543210", "country", "IN", "zone", "Asia/Kolkata", "currency", "INR",
		"colour", "#2f5d86", "languages", "en", "languages", "ta", "default_language", "ta", "jurisdiction", "IN", "region", "IN"}
	f := pairs(form)
	for i := 0; i+1 < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	var out []string
	for k, list := range f {
		for _, x := range list {
			out = append(out, k, x)
		}
	}
	return out
}

func TestClinicSettings(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	const page = "/app/settings/clinic"
	old := o.owner.version(page)
	w := o.owner.files(page, "logo", []byte("<svg>no picture</svg>"), profile(old, "clinic_name", "", "contact_phone", "12", "zone", "Moon", "address1", "9 Typed Street")...)
	wants(t, w, 422, "#f-clinic_name", "#f-contact_phone", "#f-zone", "#f-logo", "9 Typed Street")
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 20))); err != nil {
		t.Fatal(err)
	}
	leads(t, o.owner.files(page, "logo", b.Bytes(), profile(old)...), page+"?done=saved")
	body := wants(t, o.owner.get(page), 200, "Desk Clinic LLP", "400001", "Maharashtra", "desk@example.org", "Remove the logo")
	for _, on := range []string{`value="ta" checked`, `<option value="ta" selected`} {
		if !strings.Contains(body, on) {
			t.Errorf("the page does not hold %s", on)
		}
	}
	c, err := o.clinics.Get(context.Background(), o.owner.who)
	if err != nil {
		t.Fatal(err)
	}
	if c.Address != "1 Lake Road\nMumbai 400001, Maharashtra" || c.Colour != "" || len(c.Languages) != 2 || c.Languages[0] != "ta" || c.LogoType != "image/png" {
		t.Errorf("the clinic is %+v", c)
	}
	// Somebody who still has the old page in front of her changes nothing, and keeps what she typed.
	w = o.owner.files(page, "logo", nil, profile(old, "clinic_name", "Slow Clinic")...)
	wants(t, w, 409, "Somebody changed this", `value="Slow Clinic"`)
	if c, _ = o.clinics.Get(context.Background(), o.owner.who); c.Name != "Desk Clinic" {
		t.Errorf("a lost race wrote %q", c.Name)
	}
	leads(t, o.owner.files(page, "logo", nil, profile(o.owner.version(page), "remove_logo", "1")...), page+"?done=saved")
	if c, _ = o.clinics.Get(context.Background(), o.owner.who); c.LogoType != "" {
		t.Errorf("logo %q", c.LogoType)
	}
	wants(t, o.as("front-desk").get(page), 200, "Your role can see this, not change it")
}

func TestWhatPatientsSee(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	const page = "/app/settings/public"
	v := o.owner.version(page)
	p := o.providers[0].ID.String()
	edit := "/app/settings/providers/" + p
	leads(t, o.owner.send(edit, "version", o.owner.version(edit), "provider_name", "Dr Nair", "speciality", "Skin", "qualification", "MBBS, MD", "registration", "KMC 48213", "services", o.service.ID.String()), "/app/settings/providers?done=saved")
	wants(t, o.owner.get(edit), 200, `value="Skin"`)
	wants(t, o.guest().get("/c/desk"), 200, "Dr Nair", "!MBBS", "!Skin", "!KMC", "+919876543210")
	wants(t, o.owner.get(page), 200, "https://almirah.test/c/desk", "!name=\"slug\"", "!name=\"about\"")
	seen := versionsOf(t, o.owner, page)
	leads(t, o.owner.send(page, append(seen, "version", v, "open", "1", "show-"+p, "qualification")...), page+"?done=saved")
	wants(t, o.guest().get("/c/desk"), 200, "MBBS, MD", "!KMC", "!+919876543210")
	wants(t, o.owner.send(page, append(seen, "version", v)...), 409, "Somebody changed this")
	// A practitioner who was changed meanwhile stays as she is, and so does the clinic.
	w := o.owner.send(page, append(seen, "version", o.owner.version(page), "show", "phone")...)
	wants(t, w, 409, "Somebody changed this")
	if c, _ := o.clinics.Get(context.Background(), o.owner.who); c.ShowPhone || !c.Online {
		t.Error("half of a lost race was written")
	}
	leads(t, o.owner.send(page, append(versionsOf(t, o.owner, page), "version", o.owner.version(page), "show", "phone")...), page+"?done=saved")
	c, err := o.clinics.Get(context.Background(), o.owner.who)
	if err != nil || c.Online || !c.ShowPhone || c.ShowEmail {
		t.Errorf("the clinic is %+v, %v", c.Rules(), err)
	}
	wants(t, o.guest().get("/c/desk"), 200, "!MBBS")
}

func TestServices(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	v := o.owner
	wants(t, v.get("/app/settings/services"), 200, "Consultation", "Dr Nair")
	w := v.send("/app/settings/services/new", "service_name", "", "minutes", "7", "before", "x", "after", "3", "price", "lots", "about", "Bring a towel")
	wants(t, w, 422, "#f-service_name", "#f-minutes", "#f-before", "#f-after", "#f-price", `value="lots"`, `value="x"`, "Bring a towel")
	leads(t, v.send("/app/settings/services/new", "service_name", "Massage", "minutes", "45", "before", "5", "after", "10", "price", "1,250.50", "public", "1", "providers", o.providers[1].ID.String()), "/app/settings/services?done=saved")
	body := wants(t, v.get("/app/settings/services"), 200, "Massage", "₹1,250.50", "5 min before, 10 min after")
	path := regexp.MustCompile(`/app/settings/services/[0-9a-z-]{20,}`).FindAllString(body, -1)[1]
	was := v.version(path)
	wants(t, v.get(path), 200, `value="1250.50"`)
	leads(t, v.send(path, "version", was, "service_name", "Massage", "minutes", "60", "price", "1300", "providers", o.providers[0].ID.String()), "/app/settings/services?done=saved")
	wants(t, v.send(path, "version", was, "service_name", "Old thought", "minutes", "30"), 409, "Somebody changed this", "Old thought")
	wants(t, v.get("/app/settings/services"), 200, "!Old thought", "60 minutes", "₹1,300", "only at the desk")
	leads(t, v.send(path, "version", v.version(path), "service_name", "Massage", "minutes", "60", "retired", "1"), "/app/settings/services?done=saved")
	wants(t, v.get("/app/settings/services"), 200, "not offered any more")
	leads(t, v.send(path, "version", v.version(path), "service_name", "Massage", "minutes", "60"), "/app/settings/services?done=saved")
	wants(t, v.get("/app/settings/services"), 200, "!not offered any more")
}

func TestAPractitionerComesWorksAndLeaves(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	v := o.owner
	wants(t, v.send("/app/settings/providers/new", "provider_name", "", "daily_cap", "many"), 422, "#f-provider_name", "#f-daily_cap", `value="many"`)
	w := v.send("/app/settings/providers/new", "provider_name", "Dr Zoya Neem", "daily_cap", "12", "services", o.service.ID.String())
	if w.Code != 303 || !strings.HasSuffix(w.Header().Get("Location"), "/hours?done=saved") {
		t.Fatalf("%d %s: %.800s", w.Code, w.Header().Get("Location"), w.Body)
	}
	hours := strings.TrimSuffix(w.Header().Get("Location"), "?done=saved")
	edit := strings.TrimSuffix(hours, "/hours")
	wants(t, v.get("/app/settings/providers"), 200, "Dr Zoya Neem", "No hours yet")
	wants(t, v.get("/app/settings/services"), 200, "Dr Zoya Neem")

	// Her week: what is wrong is said with its day, and what was typed stays.
	was := v.version(hours)
	w = v.send(hours, "version", was, "from-1", "09:00", "to-1", "08:00", "from-2", "10:00", "to-2", "", "from-3", "09:00", "to-3", "12:00", "from-3", "11:00", "to-3", "13:00")
	wants(t, w, 422, "Monday", "Tuesday", "Wednesday", `value="11:00"`)
	leads(t, v.send(hours, "version", was, "from-1", "14:00", "to-1", "18:00", "from-1", "09:00", "to-1", "13:00", "from-2", "09:00", "to-2", "13:00", "from-3", "", "to-3", ""), hours+"?done=saved")
	wants(t, v.send(hours, "version", was, "from-5", "09:00", "to-5", "10:00"), 409, "Somebody changed this")
	wants(t, v.get(hours), 200, `value="14:00"`, "!10:00")
	// An evening until midnight is shown as a browser's field can hold it, and the page as it stands can be saved again.
	leads(t, v.send(hours, "version", v.version(hours), "from-1", "14:00", "to-1", "24:00"), hours+"?done=saved")
	shown := regexp.MustCompile(`name="to-1" value="([^"]+)"`).FindStringSubmatch(wants(t, v.get(hours), 200, `value="23:55"`, `!value="24:00"`))
	for range 2 {
		leads(t, v.send(hours, "version", v.version(hours), "from-1", "14:00", "to-1", shown[1]), hours+"?done=saved")
	}
	wants(t, v.get("/c/desk"), 200, "12:00 am")
	leads(t, v.send(hours, "version", v.version(hours), "from-1", "14:00", "to-1", "18:00", "from-1", "09:00", "to-1", "13:00", "from-2", "09:00", "to-2", "13:00"), hours+"?done=saved")

	// One day with other hours, and a day off.
	wants(t, v.send(hours[:len(hours)-5]+"changes", "change_date", "never", "change_from1", "10:00"), 422, "#f-change_date", "#f-change_from1", `value="10:00"`)
	leads(t, v.send(edit+"/changes", "change_date", "2026-12-01", "change_from1", "10:00", "change_to1", "11:00"), hours+"?done=saved")
	leads(t, v.send(edit+"/changes", "change_date", "2026-12-08"), hours+"?done=saved")
	wants(t, v.get(hours), 200, "1 December", "10:00", "8 December", "Closed")
	leads(t, v.send(edit+"/changes/2026-12-08/remove"), hours+"?done=saved")
	wants(t, v.get(hours), 200, "!8 December")

	// Leave, over an appointment: it stays and is listed until somebody decides.
	roster, err := o.desk.Roster(context.Background(), v.who)
	if err != nil {
		t.Fatal(err)
	}
	zoya := roster.Providers[2]
	r, err := o.desk.Book(context.Background(), v.who, scheduling.Booking{Service: o.service.ID, Provider: zoya.ID, StartsAt: o.at("2026-11-30", "09:00"), Language: "en", Patient: patients.Draft{Name: "Asha Banyan", Phone: "+919811198101", Language: "en"}})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, v.send(edit+"/leave", "leave_from", "2026-11-30", "leave_to", "2026-11-29", "leave_words", "wedding"), 422, "#f-leave_to", "wedding")
	leads(t, v.send(edit+"/leave", "leave_from", "2026-11-30", "leave_to", "2026-12-02", "leave_words", "wedding"), hours+"?done=saved")
	body := wants(t, v.get(hours), 200, "wedding", "Asha Banyan", "now outside the hours", "30 Nov 2026", "2 Dec 2026")
	leads(t, v.send(regexp.MustCompile(`/app/settings/providers/[^/"]+/leave/[^/"]+/remove`).FindString(body)), hours+"?done=saved")
	wants(t, v.get(hours), 200, "!wedding", "!Asha Banyan")

	// The whole clinic closes.
	leads(t, v.send("/app/settings/closures", "leave_from", "2026-11-30", "leave_words", "Festival"), "/app/settings/closures?done=saved")
	body = wants(t, v.get("/app/settings/closures"), 200, "Festival", "Asha Banyan")
	leads(t, v.send(regexp.MustCompile(`/app/settings/closures/[^/"]+/remove`).FindString(body)), "/app/settings/closures?done=saved")
	wants(t, v.send("/app/settings/closures", "leave_from", "31.12.2026", "leave_words", "Typed"), 422, "#f-leave_from", "Typed")

	// She leaves: first nobody has said what becomes of her appointment.
	retire := edit + "/retire"
	wants(t, v.get(retire), 200, "Asha Banyan", "Dr Nair", "Consultation", `value="move"`, `value="cancel"`, `!value="keep"`, "!last_day")
	wants(t, v.send(retire, "version", v.version(retire)), 422, "#f-choice", "Choose what becomes of her appointments")
	wants(t, v.send(retire, "version", "1", "choice", "cancel"), 409, "Somebody changed this")
	leads(t, v.send(retire, "version", v.version(retire), "choice", "move", "to", o.providers[0].ID.String()), "/app/settings/providers?done=retired")
	if now := o.now(r.Appointment); now.Provider != o.providers[0].ID {
		t.Error("nobody took her appointment over")
	}
	wants(t, v.get("/app/settings/providers"), 200, "Takes no appointments since")
	wants(t, v.get(retire), 404)
	wants(t, v.get(edit), 200, edit+"/return", "!"+retire)
	leads(t, v.send(edit+"/return"), edit+"?done=returned")
	wants(t, v.get("/app/settings/providers"), 200, "!Takes no appointments since")

	// A practitioner whose appointments are cancelled.
	wants(t, v.get(retire), 200, "Nobody is booked with her", "!name=\"choice\"")
	a := o.booked("Ravi Teak", "+919811198102", 1, tuesday, "11:00")
	other := "/app/settings/providers/" + o.providers[1].ID.String() + "/retire"
	leads(t, v.send(other, "version", v.version(other), "choice", "cancel"), "/app/settings/providers?done=retired")
	if now := o.now(a); now.Status != scheduling.Cancelled {
		t.Errorf("the appointment is %s", now.Status)
	}
}

func TestWhoSignsInAsWhom(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.as("practitioner")
	edit := "/app/settings/providers/" + o.providers[0].ID.String()
	body := wants(t, o.owner.get(edit), 200, "Person practitioner")
	m := regexp.MustCompile(`<option value="([^"]+)"[^>]*>Person practitioner`).FindStringSubmatch(body)
	save := []string{"provider_name", "Dr Nair", "services", o.service.ID.String()}
	leads(t, o.owner.send(edit, append(save, "version", o.owner.version(edit), "account", m[1])...), "/app/settings/providers?done=saved")
	if body = wants(t, o.owner.get(edit), 200); !strings.Contains(body, `<option value="`+m[1]+`" selected`) {
		t.Error("she does not sign in as the practitioner")
	}
	wants(t, o.owner.get("/app/settings/providers/"+o.providers[1].ID.String()), 200, "!Person practitioner") // one person is one practitioner
	leads(t, o.owner.send(edit, append(save, "version", o.owner.version(edit), "account", "")...), "/app/settings/providers?done=saved")
	if body = wants(t, o.owner.get(edit), 200); strings.Contains(body, `<option value="`+m[1]+`" selected`) {
		t.Error("she still signs in as the practitioner")
	}

	// An owner who signs in as the practitioner is not taken off by a manager: it is not offered, and refused before anything is saved.
	owner := o.owner.who.Actor().String()
	leads(t, o.owner.send(edit, append(save, "version", o.owner.version(edit), "account", owner)...), "/app/settings/providers?done=saved")
	manager := o.as("manager")
	body = wants(t, manager.get(edit), 200, `<option value="`+owner+`" selected`)
	if box := regexp.MustCompile(`(?s)<select[^>]*name="account".*?</select>`).FindString(body); strings.Count(box, "<option") != 1 {
		t.Errorf("a manager may choose from %s", box)
	}
	wants(t, manager.send(edit, "provider_name", "Dr Other", "services", o.service.ID.String(), "version", manager.version(edit), "account", ""), 403)
	wants(t, manager.get(edit), 200, `value="Dr Nair"`, `<option value="`+owner+`" selected`)
	leads(t, manager.send(edit, "provider_name", "Dr Nair-Rao", "services", o.service.ID.String(), "version", manager.version(edit), "account", owner), "/app/settings/providers?done=saved")
}

func TestBookingRulesAndReminders(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	v := o.owner
	const page = "/app/settings/booking"
	was := v.version(page)
	wants(t, v.send(page, "version", was, "notice_hours", "soon", "horizon_days", "9999", "step", "7"), 422, "#f-notice_hours", "#f-horizon_days", "#f-step", `value="soon"`, `value="9999"`)
	leads(t, v.send(page, "version", was, "notice_hours", "0.5", "horizon_days", "30", "step", "20"), page+"?done=saved")
	wants(t, v.get(page), 200, `value="0.5"`, `value="30"`, `value="20" selected`)
	wants(t, v.send(page, "version", was, "notice_hours", "2", "horizon_days", "90", "step", "10"), 409, "Somebody changed this", `value="90"`)

	const rules = "/app/settings/reminders"
	wants(t, v.get(rules), 200, "No reminders")
	wants(t, v.get(rules), 200, "between 9:00 pm and 8:00 am", "!name=\"confirm\"", "!quiet_from")
	wants(t, v.send(rules, "new_hours", "ever", "new_channel", "email"), 422, "#f-new_hours", `value="ever"`)
	wants(t, v.send(rules, "new_hours", "3", "new_channel", "sms"), 422, "#f-new_channel") // nothing here carries it
	err := o.DB.Change(context.Background(), v.who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error { return followup.Found(tx) })
	if err != nil {
		t.Fatal(err)
	}
	body := wants(t, v.get(rules), 200, "24 hours before", "2 hours before", "!3 hours before")
	on := regexp.MustCompile(`name="rule" value="([^"]+)" checked`).FindAllStringSubmatch(body, -1)
	if len(on) != 2 {
		t.Fatalf("%d rules are on", len(on))
	}
	day, two := on[0][1], on[1][1]
	form := append(versionsOf(t, v, rules), "hours-"+day, "24", "minutes-"+day, "0", "hours-"+two, "2", "minutes-"+two, "0")
	wants(t, v.send(rules, append(form, "rule", day, "rule", two, "new_hours", "2", "new_channel", "email")...), 422, "There is a reminder at this time already", "#f-new_hours")
	wants(t, v.send(rules, append(form[:len(form)-4:len(form)-4], "hours-"+two, "2", "minutes-"+two, "soon", "rule", day, "rule", two)...), 422, "#f-hours-"+two, `value="soon"`)
	// One becomes an hour and a half, the other is switched off; who still has the old page in front of her changes nothing.
	change := append(form[:len(form)-4:len(form)-4], "hours-"+two, "1", "minutes-"+two, "30", "rule", two)
	leads(t, v.send(rules, change...), rules+"?done=saved")
	wants(t, v.get(rules), 200, "1 h 30 min before", "24 hours before")
	wants(t, v.send(rules, append(form, "rule", day, "rule", two)...), 409, "Somebody changed this")
	if body = v.get(rules).Body.String(); strings.Count(body, `name="rule"`) != 2 || strings.Count(body, `checked`) != 1 {
		t.Error("one rule is off now")
	}
	form = append(versionsOf(t, v, rules), "hours-"+day, "24", "minutes-"+day, "0", "hours-"+two, "1", "minutes-"+two, "30", "rule", two, "remove", day, "new_minutes", "45", "new_channel", "email")
	leads(t, v.send(rules, form...), rules+"?done=saved")
	wants(t, v.get(rules), 200, "45 minutes before", "1 h 30 min before", "!24 hours before")
}

func TestAddressesKeepTheirLines(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	const page = "/app/settings/clinic"
	for _, address := range [][5]string{
		{"1 Lake Road", "", "", "", ""}, {"1 Lake Road", "2nd floor", "Mumbai", "400001", "Maharashtra"}, {"10 Downing Street", "", "London", "SW1A 2AA", ""},
		{"12 rue de la Paix", "", "Paris", "75002", "Île-de-France"}, {"شارع الشيخ زايد", "", "دبي", "", ""}, {"5 High St", "", "", "", "Kerala"},
	} {
		form := profile(o.owner.version(page), "address1", address[0], "address2", address[1], "city", address[2], "postal_code", address[3], "state", address[4])
		leads(t, o.owner.files(page, "logo", nil, form...), page+"?done=saved")
		before, err := o.clinics.Get(context.Background(), o.owner.who)
		if err != nil {
			t.Fatal(err)
		}
		// The page is saved again as it stands.
		body := o.owner.get(page).Body.String()
		again := func(name string) string {
			m := regexp.MustCompile(`name="` + name + `" type="text" value="([^"]*)"`).FindStringSubmatch(body)
			if m == nil {
				t.Fatalf("no field %s", name)
			}
			return m[1]
		}
		form = profile(o.owner.version(page), "address1", again("address1"), "address2", again("address2"), "city", again("city"), "postal_code", again("postal_code"), "state", again("state"))
		leads(t, o.owner.files(page, "logo", nil, form...), page+"?done=saved")
		if after, _ := o.clinics.Get(context.Background(), o.owner.who); after.Address != before.Address {
			t.Errorf("saving the page again turned %q into %q", before.Address, after.Address)
		}
	}
}
