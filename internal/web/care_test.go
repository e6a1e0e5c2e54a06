package web_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/scheduling"
	"almirah/internal/web"
)

// TestNoPageWhereTheModuleIsOff: every page of a module answers 404 where the clinic has the module off, for every role, and no menu leads there.
func TestNoPageWhereTheModuleIsOff(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "scheduling-only")
	o := openOffice(t)
	token := o.ownLink()
	g := o.guest()
	looked := 0
	for _, role := range access.StaffRoles {
		v := o.owner
		if role != access.Owner {
			v = o.as(role)
		}
		for _, r := range web.Routes() {
			if r.Module == "" {
				continue
			}
			method, path := o.address(r, token)
			if r.Door == web.Link {
				if method == "GET" {
					wants(t, g.get(path), http.StatusNotFound)
				}
				continue
			}
			looked++
			if w := v.ask(method, path, map[bool]map[string][]string{true: {"version": {"0"}}}[method == "POST"], false); w.Code != http.StatusNotFound {
				t.Errorf("%s at %s: %d while the module %s is off", role, r.Pattern, w.Code, r.Module)
			}
		}
	}
	if looked < 100 {
		t.Fatalf("only %d pages of modules were asked for", looked)
	}
	wants(t, o.owner.get("/app/settings"), 200, "!/app/settings/visits", "!/app/settings/codes", "!/app/settings/intake")
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "10:00")
	wants(t, o.owner.get("/app/patients/"+a.Patient.String()), 200, "!Allergies", "!/app/visits", "!health")
	wants(t, o.owner.get("/app/appointments/"+a.ID.String()), 200, "!Open the visit")
}

// practitioner links the owner's account to the first practitioner, and turns every module on.
func (o *office) practitioner() visitor {
	o.t.Helper()
	o.notes()
	staff, _, err := o.accounts.Staff(context.Background(), o.owner.who)
	if err == nil {
		err = o.accounts.SetProvider(context.Background(), o.owner.who, staff[0].Person.ID, o.providers[0].ID, staff[0].Version)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return o.visitor(o.owner.cookie)
}

var hidden = regexp.MustCompile(`name="(version|tab)" value="([^"]+)"`)

// note reads the hidden fields of a visit's form.
func (v visitor) note(page string) []string {
	v.t.Helper()
	body := wants(v.t, v.get(page), 200)
	body = body[strings.Index(body, `id="note"`):]
	var out []string
	for _, m := range hidden.FindAllStringSubmatch(body, 2) {
		out = append(out, m[1], m[2])
	}
	if len(out) != 4 {
		v.t.Fatalf("%s has no form", page)
	}
	return out
}

// begun marks the patient as arrived and opens her visit.
func (o *office) begun(v visitor, a scheduling.Appointment) string {
	o.t.Helper()
	w := v.send("/app/appointments/"+a.ID.String()+"/visit", "version", "1", "to", "with")
	if w.Code != http.StatusSeeOther {
		o.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

func TestAVisitFromBeginningToAmendment(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	v := o.practitioner()
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "11:00")
	wants(t, v.get("/app/appointments/"+a.ID.String()), 200, "Open the visit")
	page := o.begun(v, a)
	if now := o.now(a); now.Status != scheduling.InProgress {
		t.Errorf("she is %s", now.Status)
	}
	wants(t, v.get(page), 200, "Asha Rao", "not asked yet", "Sign and lock", "mmHg")
	// A wrong number is refused with its bounds; what was written is kept all the same.
	form := v.note(page)
	w := v.send(page, append(form, "complaint", "Cough for three days", "pulse", "720", "temperature", "37.4")...)
	wants(t, w, http.StatusUnprocessableEntity, "From 20 to 300 /min", `value="720"`, `value="37.4"`, "Cough for three days")
	wants(t, v.get(page), 200, "Cough for three days", `value="37.4"`, `!value="720"`)
	// Diagnoses are found, added and taken away.
	form = v.note(page)
	w = v.send(page, append(form, "complaint", "Cough for three days", "find", "asth", "do", "find")...)
	wants(t, w, 200, "J45.9", `name="add" value="J45.9|Asthma, unspecified"`)
	form = v.note(page)
	leads(t, v.send(page, append(form, "complaint", "Cough for three days", "add", "J45.9|Asthma, unspecified")...), page+"#diagnoses")
	wants(t, v.get(page), 200, `name="dx" value="J45.9|Asthma, unspecified"`)
	wants(t, v.do("/app/codes", "find", "hyper"), 200, "I10", "!<html")
	// Our script is told the version and when it was saved.
	form = v.note(page)
	w = v.do(page, append(form, "complaint", "Cough", "dx", "J45.9|Asthma, unspecified", "systolic", "142", "diastolic", "88")...)
	wants(t, w, 200, "Saved ")
	if w.Header().Get("X-Version") == "" {
		t.Error("the script is not told the version")
	}
	wants(t, v.get(page), 200, ">high<")
	// Another window still has the old version: both texts are shown.
	w = v.do(page, append(form, "complaint", "From the other window")...)
	wants(t, w, http.StatusConflict, "Meera Shah changed this visit", "Your text is kept beside it")
	wants(t, v.get(page), 200, "Texts that were kept aside", "From the other window")
	form[1] = "1"
	w = v.send(page, append(form, "complaint", "From the other window")...)
	wants(t, w, http.StatusConflict, "Meera Shah wrote this at", ">Cough</dd>", ">From the other window</textarea>")
	// Signed, it is locked.
	form = v.note(page)
	leads(t, v.send(page+"/sign", append(form, "complaint", "Cough", "plan", "Rest")...), page+"?done=visit_signed")
	wants(t, v.get(page+"?done=visit_signed"), 200, "Signed by Dr Nair", "signed and locked", "!id=\"note\"", "Check out", "From the other window")
	wants(t, v.send(page+"/amend", "part", "plan", "reason", "", "text", "Iron"), http.StatusUnprocessableEntity, "Say why", ">Iron</textarea>")
	leads(t, v.send(page+"/amend", "part", "plan", "reason", "result came later", "text", "Iron"), page+"?done=visit_amended#added")
	wants(t, v.get(page), 200, "result came later", "Iron", "Rest")
	wants(t, v.get("/app/patients/"+a.Patient.String()), 200, page, "Signed")
}

func TestWhatIsKnownOfAPatient(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	v := o.practitioner()
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "11:00")
	page := "/app/patients/" + a.Patient.String()
	leads(t, v.send(page+"/health", "kind", "none"), page+"?done=health_saved#health")
	wants(t, v.get(page), 200, "No known allergies", "asked by Meera Shah")
	wants(t, v.send(page+"/health", "kind", "allergy", "substance", "", "reaction", "rash"), http.StatusUnprocessableEntity, `href="#f-substance"`, `value="rash"`, `class="edit" open`)
	leads(t, v.send(page+"/health", "kind", "allergy", "substance", "Penicillin", "severity", "severe"), page+"?done=health_saved#health")
	leads(t, v.send(page+"/health", "kind", "condition", "name", "Asthma"), page+"?done=health_saved#health")
	leads(t, v.send(page+"/health", "kind", "medicine", "medicine", "Salbutamol", "until", "2027-01-01"), page+"?done=health_saved#health")
	body := wants(t, v.get(page), 200, "Penicillin", "severe", "Asthma", "Salbutamol", "until 1 Jan 2027", "!asked by Meera Shah")
	m := regexp.MustCompile(`/health/([0-9a-f-]{36})/end`).FindStringSubmatch(body)
	leads(t, v.send(page+"/health/"+m[1]+"/end", "kind", "allergy"), page+"?done=health_saved#health")
	wants(t, v.get(page), 200, "!Penicillin", "not asked yet")
	wants(t, v.send(page+"/health", "kind", "something"), http.StatusNotFound)
}

// TestTheDeskSeesNothingClinical: not on the patient's page, not by the addresses, and not in the log.
func TestTheDeskSeesNothingClinical(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "clinical-few")
	o := openOffice(t)
	v := o.practitioner()
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "11:00")
	visit, page := o.begun(v, a), "/app/patients/"+a.Patient.String()
	wants(t, v.send(page+"/health", "kind", "allergy", "substance", "Zebrafish"), http.StatusSeeOther)
	wants(t, v.send(visit, append(v.note(visit), "complaint", "Walrus pain")...), http.StatusSeeOther)
	wants(t, v.send(visit+"/sign", append(v.note(visit), "complaint", "Walrus pain")...), http.StatusSeeOther)
	wants(t, v.send(visit+"/amend", "part", "plan", "reason", "Platypus", "text", "Ostrich"), http.StatusSeeOther)
	for _, role := range []access.Role{access.Manager, access.FrontDesk, access.Billing} {
		x := o.as(role)
		wants(t, x.get(page), 200, "Asha Rao", "!Zebrafish", "!Walrus", "!/app/visits", "!Allergies")
		wants(t, x.get(visit), http.StatusForbidden, "!Walrus")
		wants(t, x.get(page+"/visits"), http.StatusForbidden, "!Walrus")
		wants(t, x.get("/app/appointments/"+a.ID.String()), 200, "!Open the visit")
		if role == access.Manager {
			wants(t, x.get("/app/audit"), 200, "Signed", "Added after signing", "!Zebrafish", "!Walrus", "!Platypus", "!Ostrich")
		}
	}
	wants(t, o.as(access.Assistant).get(page), 200, "Zebrafish", "Walrus pain")
}

// TestFilesAreSavedNotShown: a file is an attachment with an empty policy of its own, and no page of ours shows it inside.
func TestFilesAreSavedNotShown(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "files-cleaned")
	o := openOffice(t)
	v := o.practitioner()
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "11:00")
	page := "/app/patients/" + a.Patient.String()
	noise := image.NewGray(image.Rect(0, 0, 1600, 1200)) // more than a megabyte: its route takes more than others
	for i := range noise.Pix {
		noise.Pix[i] = byte(i * i >> 7 * 31)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, noise); err != nil {
		t.Fatal(err)
	}
	leads(t, v.files(page+"/files", "file", b.Bytes()), page+"?done=file_added#files")
	body := wants(t, v.get(page), 200, "picture.png", "!<img src=\"/app/files", "!<iframe", "!<object", "!<embed")
	m := regexp.MustCompile(`/app/files/[0-9a-f-]{36}`).FindString(body)
	w := v.get(m)
	wants(t, w, 200)
	for name, want := range map[string]string{"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Type": "image/png"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if got := w.Header().Get("Content-Disposition"); !strings.HasPrefix(got, "attachment;") || !strings.Contains(got, "picture.png") {
		t.Errorf("Content-Disposition: %q", got)
	}
	wants(t, v.files(page+"/files", "file", []byte("<script>x</script>")), http.StatusUnprocessableEntity, "Only PDF, JPEG and PNG", `href="#f-file"`)
	wants(t, v.files(page+"/files", "file", nil), http.StatusUnprocessableEntity, "Choose a file.")
	wants(t, v.files(page+"/files", "file", make([]byte, 12<<20)), http.StatusUnprocessableEntity)
	wants(t, o.as(access.FrontDesk).get(m), http.StatusForbidden)
	leads(t, v.send(m+"/remove"), page+"?done=file_removed#files")
	wants(t, v.get(m), http.StatusNotFound)
}

func TestCareSettings(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	v := o.practitioner()
	set := "/app/settings/visits"
	wants(t, v.get(set), 200, "Dental visit", "No template yet")
	wants(t, v.get(set+"/new?starter=dental"), 200, "Teeth (FDI)")
	wants(t, v.send(set+"/new", "name", "", "speciality", "dental", "findings", "x"), http.StatusUnprocessableEntity, "Give the template a name")
	leads(t, v.send(set+"/new", "name", "Mine", "speciality", "dental", "findings", "Gums:"), set+"?done=settings_saved")
	body := wants(t, v.get(set), 200, "Mine")
	one := regexp.MustCompile(set + `/[0-9a-f-]{36}`).FindString(body)
	leads(t, v.send(one, "name", "Mine too", "speciality", "dental", "findings", "Gums:", "version", "1"), set+"?done=settings_saved")
	wants(t, v.send(one, "name", "Late", "speciality", "dental", "findings", "x", "version", "1"), http.StatusConflict, "changed this a moment ago", `value="Late"`)
	// A template fills what is empty.
	a := o.booked("Asha Rao", "+919876543201", 0, monday, "11:00")
	page := o.begun(v, a)
	leads(t, v.send(page, append(v.note(page), "complaint", "Tooth", "do", "template", "template", one[len(one)-36:])...), page)
	wants(t, v.get(page), 200, ">Tooth</textarea>", ">Gums:</textarea>")

	codes := "/app/settings/codes"
	wants(t, v.get(codes), 200, "The starter list")
	list := []byte("code,name\nA00.0,Cholera\nnot,one\nA00.0,twice\n")
	wants(t, v.files(codes, "file", list, "title", "Mine", "do", "dry"), 200, "Nothing is kept yet", "Cholera", "Lines that are no code")
	wants(t, v.get(codes), 200, "The starter list")
	leads(t, v.files(codes, "file", list, "title", "Mine", "do", "import"), codes+"?done=codes_imported")
	wants(t, v.files(codes, "file", list, "title", "Mine", "do", "import"), 200, "in use already")
	wants(t, v.get(codes), 200, "this one is searched")
	wants(t, v.do("/app/codes", "find", "chol"), 200, "A00.0")
	wants(t, v.do("/app/codes", "find", "asthma"), 200, "Nothing was found")
	wants(t, v.files(codes, "file", []byte("x"), "title", ""), http.StatusUnprocessableEntity, "Give the list a name")
}

func TestBeforeAVisit(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	v := o.practitioner()
	set := "/app/settings/intake"
	wants(t, v.get(set), 200, "Nothing is asked before a visit")
	wants(t, v.send(set+"/new", "kind", "questions", "title", "Before you come"), http.StatusUnprocessableEntity, "at least one question")
	leads(t, v.send(set+"/new", "kind", "questions", "title", "Before you come", "label-1", "What brings you?", "kind-1", "text", "must-1", "1", "label-2", "Blood group", "kind-2", "choice", "options-2", "A\nB"), set+"?done=settings_saved")
	leads(t, v.send(set+"/new", "kind", "consent", "title", "Treatment", "text", "I agree to be examined."), set+"?done=settings_saved")
	wants(t, v.get(set), 200, "Before you come", "Treatment")
	own, g := "/m/"+o.ownLink(), o.guest()
	wants(t, g.get(own), 200, "The clinic asks for 2 forms", own+"/intake")
	page := own + "/intake"
	body := wants(t, g.get(page), 200, "What brings you?", "I agree to be examined.", "!<script")
	forms := regexp.MustCompile(`action="(`+page+`/[0-9a-f-]{36})"[\s\S]*?name="hash" value="([0-9a-f]{64})"`).FindAllStringSubmatch(body, -1)
	if len(forms) != 2 {
		t.Fatalf("%d forms: %s", len(forms), body)
	}
	asked, agree := forms[0], forms[1]
	w := g.post(page, asked[1], "hash", asked[2], "a-q1", "", "a-q2", "B", "do", "sign", "signed_name", "Asha", "agreed", "1")
	wants(t, w, http.StatusUnprocessableEntity, "Please answer this.", `<option value="B" selected`, `value="Asha"`, `href="#f-a-q1"`)
	leads(t, g.post(page, asked[1], "hash", asked[2], "a-q1", "A cough", "do", "save"), page+"?saved=1")
	wants(t, g.get(page), 200, ">A cough</textarea>")
	leads(t, g.post(page, asked[1], "hash", asked[2], "a-q1", "A cough", "do", "sign", "signed_name", "Asha Marigold", "agreed", "1"), page+"?saved=1")
	wants(t, g.post(page, agree[1], "hash", strings.Repeat("0", 64), "do", "sign", "signed_name", "Asha Marigold", "agreed", "1"), http.StatusConflict, "changed this text a moment ago")
	leads(t, g.post(page, agree[1], "hash", agree[2], "do", "sign", "signed_name", "Asha Marigold", "agreed", "1"), page+"?saved=1")
	wants(t, g.get(page), 200, "Everything is answered and signed", "Signed: Asha Marigold", "!<form method=\"post\" action=\""+page)
	wants(t, g.get(own), 200, "Everything is answered and signed")
	wants(t, v.get(set+"/"+id.New(o.Clock.Now()).String()), http.StatusNotFound)
	// The practitioner reads it at the visit.
	_, one, err := o.desk.Enter(context.Background(), strings.TrimPrefix(own, "/m/"))
	if err != nil {
		t.Fatal(err)
	}
	e := o.begunFor(v, one)
	wants(t, v.get(e), 200, "Before the visit", "A cough", "signed Asha Marigold", agree[2])
}

func (o *office) begunFor(v visitor, appointment id.ID) string {
	o.t.Helper()
	w := v.send("/app/appointments/"+appointment.String()+"/visit", "version", "1")
	if w.Code != http.StatusSeeOther {
		o.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}
