package app

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/rig/browser"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// desk is the front desk at a real browser, with a clinic of a few patients.
type desk struct {
	*opened
	b  *browser.Browser
	in *visitor
}

// hands count the keys that they press.
type hands struct {
	*browser.Tab
	keys int
}

func (h *hands) press(t testing.TB, keys ...string) {
	t.Helper()
	h.Press(t, keys...)
	h.keys += len(keys)
}

func (d *desk) patient(t testing.TB, name, phone string) id.ID {
	t.Helper()
	p, _, err := d.Patients.Add(t.Context(), d.Owner, patients.Draft{Name: name, Phone: phone, Language: "en"}, true)
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

// booked books the first service (15 minutes) at the clinic's time "10:15" today.
func (d *desk) booked(t testing.TB, who id.ID, provider int, at string) scheduling.Appointment {
	t.Helper()
	r, err := d.Desk.Book(t.Context(), d.Owner, scheduling.Booking{Service: d.Practice.services[0].ID, Provider: d.Practice.providers[provider].ID, StartsAt: d.at(t, at), PatientID: who, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return r.Appointment
}

func (d *desk) at(t testing.TB, clockTime string) clock.Instant {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", string(d.today())+" "+clockTime, d.Clinic.Location())
	if err != nil {
		t.Fatal(err)
	}
	return clock.At(at)
}

// now is the appointment as it stands in the house.
func (d *desk) now(t testing.TB, one id.ID) scheduling.Appointment {
	t.Helper()
	o, err := d.Desk.Open(t.Context(), d.Owner, one)
	if err != nil {
		t.Fatal(err)
	}
	return o.Appointment
}

// stands fails unless the appointment is with the provider at the time.
func (d *desk) stands(t testing.TB, one id.ID, provider int, at string) {
	t.Helper()
	d.until(t, fmt.Sprintf("the appointment stands with %s at %s", d.Practice.providers[provider].Name, at), func() bool {
		a := d.now(t, one)
		return a.Provider == d.Practice.providers[provider].ID && a.StartsAt == d.at(t, at)
	})
}

// dayOf is the whole day as the house has it.
func (d *desk) dayOf(t testing.TB) (out []scheduling.Entry) {
	t.Helper()
	cal, err := d.Desk.Days(t.Context(), d.Owner, d.today(), d.today(), id.Zero)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cal.Days[0].Columns {
		out = append(out, c.Entries...)
	}
	return out
}

// day opens the day page in a window of its own.
func (d *desk) day(t testing.TB, width int64, query string) *browser.Tab {
	t.Helper()
	x := d.b.Tab(t, width, 900)
	for name, value := range d.in.cookies {
		x.Cookie(t, d.Server.URL, name, value)
	}
	x.GoTo(t, d.Server.URL+"/app/day"+query)
	x.WaitFor(t, `document.body.dataset.ready`)
	t.Cleanup(func() {
		for _, c := range x.Complaints() {
			t.Errorf("the console says: %s", c)
		}
	})
	return x
}

func cardOf(a scheduling.Appointment) string { return `[data-id="` + a.ID.String() + `"]` }

func column(d *desk, provider int) string {
	return `[data-col="` + d.Practice.providers[provider].ID.String() + `"]`
}

const toast = `document.querySelector("#toast").textContent`

// TestDayByHand does at a real browser what a receptionist does all day, and looks in the house
// whether it came to be. Each part has its own practitioner or patient, so that none disturbs another.
func TestDayByHand(t *testing.T) {
	t.Parallel()
	h := openHouse(t, store.SQLite, Options{}, nil)
	d := &desk{opened: h, b: browser.Start(t), in: h.signIn(t, deskMail)}
	asha, meera, ravi := d.patient(t, "Asha Marigold", "+919999910412"), d.patient(t, "Meera Teak", "+919999920413"), d.patient(t, "Ravi Banyan", "+919999930414")

	t.Run("ReturningPatient", func(t *testing.T) { d.returning(t, asha, meera) })
	t.Run("NewPatient", d.newPatient)
	t.Run("Overbook", func(t *testing.T) { d.overbook(t, asha, ravi) })
	t.Run("Insist", func(t *testing.T) { d.insist(t, asha, meera) })
	t.Run("Drag", func(t *testing.T) { d.drag(t, ravi) })
	t.Run("KeyboardMove", func(t *testing.T) { d.keyboardMove(t, ravi) })
	t.Run("LostRace", func(t *testing.T) { d.lostRace(t, meera) })
	t.Run("OtherWindow", func(t *testing.T) { d.otherWindow(t, meera) })
	t.Run("Visit", func(t *testing.T) { d.visit(t, ravi) })
	t.Run("Week", d.week)
	t.Run("Phone", d.phone)
	t.Run("UndoIsMine", func(t *testing.T) { d.undoIsMine(t, ravi) })
	t.Run("UndoByPhone", func(t *testing.T) { d.undoByPhone(t, ravi) })
	t.Run("Meanwhile", func(t *testing.T) { d.meanwhile(t, meera, ravi) })
	t.Run("OtherColumnByPhone", func(t *testing.T) { d.otherColumnByPhone(t, meera) })
	t.Run("Keys", d.singleKeys)
	t.Run("BrokenRow", d.brokenRow) // the last: it spoils a patient
}

// returning: N, four characters, Enter, Enter, as fast as a person who does it a hundred times a day: seven keys, nothing waited for.
func (d *desk) returning(t *testing.T, asha, meera id.ID) {
	for typed, who := range map[string]id.ID{"0412": asha, "meer": meera} {
		x := &hands{Tab: d.day(t, 1366, "")}
		before := len(d.dayOf(t))
		x.press(t, "n")
		x.press(t, strings.Split(typed, "")...)
		x.press(t, kb.Enter, kb.Enter)
		x.WaitFor(t, toast+`.includes("Booked")`)
		if x.keys != 7 {
			t.Errorf("a returning patient takes %d key presses, not 7", x.keys)
		}
		var found []scheduling.Entry
		for _, e := range d.dayOf(t) {
			if e.Patient == who {
				found = append(found, e)
			}
		}
		if len(found) != 1 || len(d.dayOf(t)) != before+1 {
			t.Fatalf("after %q and two Enters the day has %d appointments of hers", typed, len(found))
		}
		x.WaitFor(t, `document.activeElement.dataset.id==="`+found[0].ID.String()+`"`)
	}

	// Slowly, with a look at what is shown, and another time than the first.
	x := d.day(t, 1366, "")
	x.Press(t, "n")
	x.Press(t, "0", "4", "1", "3")
	x.WaitFor(t, `document.querySelector("#b-hits [aria-selected=true]")?.textContent.includes("Meera Teak")`)
	x.Press(t, kb.Enter)
	x.WaitFor(t, `document.activeElement.dataset.at`)
	first := browser.Eval[string](t, x, `document.activeElement.dataset.at`)
	x.Press(t, kb.ArrowDown)
	if second := browser.Eval[string](t, x, `document.activeElement.dataset.at`); second <= first {
		t.Errorf("down from %s leads to %q", first, second)
	}
	x.Press(t, kb.Escape)
	x.WaitFor(t, `!document.querySelector("[data-bookpanel]")`)
}

// newPatient: nobody is found, so she is typed in the panel. Who may be the same person is shown before anything is booked.
func (d *desk) newPatient(t *testing.T) {
	x := d.day(t, 1366, "")
	before := len(d.dayOf(t))
	x.Press(t, "n")
	x.WaitFor(t, `document.activeElement.id==="b-q"`)
	x.Type(t, "Asha Marigald")
	x.WaitFor(t, `document.querySelector("#b-hits [data-patient='']")`)
	x.Click(t, `#b-hits [data-patient=""]`)
	x.WaitFor(t, `document.activeElement.name==="phone"`)
	x.Type(t, "99999 10412")
	x.WaitFor(t, `document.querySelector("[data-slots] button")`)
	x.Click(t, `[data-slots] button`)
	x.WaitFor(t, `document.querySelector("[data-complaint]")?.textContent.includes("Asha Marigold")`)
	if n := len(d.dayOf(t)); n != before {
		t.Fatalf("booked before the likely duplicate was looked at: %d appointments, then %d", before, n)
	}
	if typed := browser.Eval[string](t, x, `document.querySelector("[data-bookform] [name=name]").value`); typed != "Asha Marigald" {
		t.Errorf("of what was typed %q is left", typed)
	}
	// She says that it is somebody else: the box has the focus, and nothing is booked without it.
	x.WaitFor(t, `document.activeElement.name==="different"&&!document.activeElement.checked`)
	x.Press(t, " ")
	x.Click(t, `[data-slots] button`)
	x.WaitFor(t, toast+`.includes("Booked")`)
	if n := len(d.dayOf(t)); n != before+1 {
		t.Errorf("%d appointments after %d", n, before)
	}
}

// overbook: the desk may book over somebody, is told over whom, and says why.
func (d *desk) overbook(t *testing.T, asha, ravi id.ID) {
	a := d.booked(t, asha, 3, "15:00")
	x := d.day(t, 1366, "")
	// The quarter before her is free: it is pressed, and half an hour is asked for.
	spot := browser.Eval[[]float64](t, x, `(()=>{const c=document.querySelector('`+cardOf(a)+`');c.scrollIntoView({block:"center"});const b=c.getBoundingClientRect();return [b.x+40,b.y-8]})()`)
	x.ClickAt(t, spot[0], spot[1])
	x.WaitFor(t, `document.activeElement.id==="b-q"`)
	x.Type(t, "0414")
	x.WaitFor(t, `document.querySelector("#b-hits [aria-selected=true]")?.textContent.includes("Ravi")`)
	x.Press(t, kb.Enter)
	x.WaitFor(t, `document.activeElement.dataset.at`)
	browser.Eval[any](t, x, `(s=>{s.value="`+d.Practice.services[2].ID.String()+`";s.dispatchEvent(new Event("change"));return 1})(document.querySelector("[data-bookform] [name=service]"))`)
	from := a.StartsAt.Add(-15 * time.Minute)
	x.WaitFor(t, fmt.Sprintf(`!document.querySelector("[data-slots][aria-busy]")&&Date.parse(document.querySelector("[data-slots] button").dataset.at)===%d`, from.Time().UnixMilli()))
	x.Click(t, `[data-slots] button`)
	x.WaitFor(t, `document.querySelector("[data-complaint]")?.textContent.includes("Asha Marigold")`)
	x.WaitFor(t, `document.activeElement.name==="reason"`)
	x.Type(t, "Her bus leaves at six")
	x.Click(t, `[data-insist] button`)
	x.WaitFor(t, toast+`.includes("Booked")`)
	var beside *scheduling.Entry
	for _, e := range d.dayOf(t) {
		if e.Patient == ravi && e.StartsAt == from {
			beside = &e
		}
	}
	if beside == nil {
		t.Fatal("nothing was booked beside her")
	}
	if got := d.now(t, beside.ID).OverbookReason; got != "Her bus leaves at six" {
		t.Errorf("the reason kept is %q", got)
	}
	x.WaitFor(t, `document.querySelector('[data-id="`+beside.ID.String()+`"]')`)
	boxes := browser.Eval[[]float64](t, x, `[...document.querySelectorAll('`+cardOf(a)+`,[data-id="`+beside.ID.String()+`"]')].flatMap(c=>{const b=c.getBoundingClientRect();return [b.left,b.right]})`)
	if len(boxes) != 4 || boxes[1] > boxes[2]+1 && boxes[3] > boxes[0]+1 {
		t.Errorf("the two do not stand side by side: %v", boxes)
	}
}

// insist: "Book anyway" means the time that was pressed, and nothing once another choice is made; Enter in a field means the same as the button beside it.
func (d *desk) insist(t *testing.T, asha, meera id.ID) {
	a := d.booked(t, asha, 3, "11:00")
	x := d.day(t, 1366, "")
	over := func() {
		t.Helper()
		spot := browser.Eval[[]float64](t, x, `(()=>{const c=document.querySelector('`+cardOf(a)+`');c.scrollIntoView({block:"center"});const b=c.getBoundingClientRect();return [b.x+40,b.y-8]})()`)
		x.ClickAt(t, spot[0], spot[1])
		x.WaitFor(t, `document.activeElement.id==="b-q"`)
		x.Type(t, "0413")
		x.WaitFor(t, `document.querySelector("#b-hits [aria-selected=true]")?.textContent.includes("Meera")`)
		x.Press(t, kb.Enter)
		x.WaitFor(t, `document.activeElement.dataset.at`)
		browser.Eval[any](t, x, `(s=>{s.value="`+d.Practice.services[2].ID.String()+`";s.dispatchEvent(new Event("change"));return 1})(document.querySelector("[data-bookform] [name=service]"))`)
		x.WaitFor(t, `!document.querySelector("[data-slots][aria-busy]")&&Date.parse(document.querySelector("[data-slots] button").dataset.at)===`+fmt.Sprint(a.StartsAt.Add(-15*time.Minute).Time().UnixMilli()))
		x.Click(t, `[data-slots] button`)
		x.WaitFor(t, `document.activeElement.name==="reason"`)
	}
	over()
	// Somebody else instead: the question is closed, and what was pressed is forgotten.
	browser.Eval[any](t, x, `(s=>{s.value="any";s.dispatchEvent(new Event("change"));return 1})(document.querySelector("[data-who]"))`)
	x.WaitFor(t, `!document.querySelector("[data-slots][aria-busy]")`)
	if left := browser.Eval[string](t, x, `(f=>(document.querySelector("[data-insist]").hidden?"":"insists ")+f.elements.starts_at.value+f.elements.provider.value+(document.querySelector("[data-complaint]")?.textContent??""))(document.querySelector("[data-bookform]"))`); left != "" {
		t.Errorf("after another practitioner was chosen the panel still has %q", left)
	}
	x.Press(t, kb.Escape)
	x.WaitFor(t, `!document.querySelector("[data-bookpanel]")`)

	over()
	x.Type(t, "She walked in")
	x.Press(t, kb.Enter)
	x.WaitFor(t, toast+`.includes("Booked")`)
	if said := browser.Eval[string](t, x, toast); !strings.Contains(said, "10:45") {
		t.Errorf("booked for 10:45, and it says %q", said)
	}
	found := false
	for _, e := range d.dayOf(t) {
		if e.Patient == meera && e.StartsAt == a.StartsAt.Add(-15*time.Minute) && e.Provider == a.Provider {
			found = d.now(t, e.ID).OverbookReason == "She walked in"
		}
	}
	if !found {
		t.Error("Enter in the reason did not book over the time that was asked about")
	}

	// The same for the tick that it is somebody else: Enter sends the time that was pressed, not the first.
	x.Press(t, "n")
	x.WaitFor(t, `document.activeElement.id==="b-q"`)
	x.Type(t, "Meera Teek")
	x.WaitFor(t, `document.querySelector("#b-hits [data-patient='']")`)
	x.Click(t, `#b-hits [data-patient=""]`)
	x.WaitFor(t, `document.activeElement.name==="phone"`)
	x.Type(t, "99999 20413")
	x.WaitFor(t, `document.querySelector("[data-slots] button:nth-of-type(2)")`)
	second := browser.Eval[string](t, x, `document.querySelector("[data-slots] button:nth-of-type(2)").dataset.at`)
	x.Click(t, `[data-slots] button:nth-of-type(2)`)
	x.WaitFor(t, `document.activeElement.name==="different"`)
	x.Press(t, " ", kb.Enter)
	x.WaitFor(t, `!document.querySelector("[data-bookpanel]")&&document.activeElement.dataset.id`)
	one, err := id.Parse(browser.Eval[string](t, x, `document.activeElement.dataset.id`))
	if err != nil {
		t.Fatal(err)
	}
	if got := d.now(t, one).StartsAt.In(d.Clinic.Location()).Format(time.RFC3339); got != second {
		t.Errorf("the time that was pressed was %s, booked is %s", second, got)
	}
}

// drag: the mouse takes a card to another practitioner and another time; Undo brings it back.
func (d *desk) drag(t *testing.T, who id.ID) {
	a := d.booked(t, who, 0, "12:00")
	x := d.day(t, 1366, "")
	box := browser.Eval[[]float64](t, x, `(()=>{const c=document.querySelector('`+cardOf(a)+`');c.scrollIntoView({block:"center"});const b=c.getBoundingClientRect(),
		o=document.querySelector('`+column(d, 2)+` .lane').getBoundingClientRect(),row=parseFloat(getComputedStyle(c.closest(".lane")).gridAutoRows);
		return [b.x+40,b.y+6,o.x+40,b.y+6+row*6]})()`) // thirty minutes further down
	x.Drag(t, box[0], box[1], box[2], box[3])
	x.WaitFor(t, toast+`.includes("moved to 12:30")`)
	d.stands(t, a.ID, 2, "12:30")
	x.WaitFor(t, `document.querySelector('`+column(d, 2)+` `+cardOf(a)+`')`)
	x.Click(t, `#toast button`)
	x.WaitFor(t, toast+`.includes("Undone")`)
	d.stands(t, a.ID, 0, "12:00")
	if got := browser.Eval[bool](t, x, `!!document.querySelector("[data-panel]")`); got {
		t.Error("the drag opened the panel as if it were a click")
	}
}

// keyboardMove: M takes the card, arrows carry it, Enter puts it down, Z takes that back; Escape leaves it.
func (d *desk) keyboardMove(t *testing.T, who id.ID) {
	a := d.booked(t, who, 0, "15:00")
	x := d.day(t, 1366, "")
	browser.Eval[any](t, x, `document.querySelector('`+cardOf(a)+`').focus(),1`)
	x.Press(t, "m", kb.ArrowDown, kb.ArrowDown, kb.ArrowRight)
	if said := browser.Eval[string](t, x, `document.querySelector("#live").textContent`); !strings.Contains(said, "3:30") || !strings.Contains(said, "Suresh Nair") {
		t.Errorf("on the way it says %q", said)
	}
	x.Press(t, kb.Enter)
	x.WaitFor(t, toast+`.includes("moved to 3:30")`)
	d.stands(t, a.ID, 1, "15:30")
	x.WaitFor(t, `document.activeElement.dataset.id==="`+a.ID.String()+`"`)
	x.Press(t, "z")
	x.WaitFor(t, toast+`.includes("Undone")`)
	d.stands(t, a.ID, 0, "15:00")
	browser.Eval[any](t, x, `document.querySelector('`+cardOf(a)+`').focus(),1`)
	x.Press(t, "m", kb.ArrowDown, kb.Escape)
	d.stands(t, a.ID, 0, "15:00")
	if got := d.now(t, a.ID).Version; got != a.Version+2 {
		t.Errorf("after a move, its undoing and a move that was left, the version is %d, from %d", got, a.Version)
	}
}

// lostRace: another desk moved it between the look and the drag. The card goes to where it is, a sentence says so, nothing is changed.
func (d *desk) lostRace(t *testing.T, who id.ID) {
	a := d.booked(t, who, 3, "16:00")
	x := d.day(t, 1366, "")
	if _, err := d.Desk.Move(t.Context(), d.Owner, a.ID, scheduling.Move{StartsAt: d.at(t, "17:00"), Version: a.Version}); err != nil {
		t.Fatal(err)
	}
	x.WaitFor(t, `document.querySelector('`+cardOf(a)+`').dataset.v!=="`+fmt.Sprint(a.Version)+`"`) // the live change came; the card is then made to be an old one
	browser.Eval[any](t, x, `(e=>{e.dataset.v="`+fmt.Sprint(a.Version)+`";e.focus();return 1})(document.querySelector('`+cardOf(a)+`'))`)
	x.Press(t, "m", kb.ArrowUp, kb.Enter)
	x.WaitFor(t, toast+`.includes("Somebody changed this a moment ago")`)
	d.stands(t, a.ID, 3, "17:00")
	x.WaitFor(t, `document.querySelector('`+cardOf(a)+` time').textContent.startsWith("5:00")`)
}

// otherWindow: what one desk does is seen at the other without a reload.
func (d *desk) otherWindow(t *testing.T, who id.ID) {
	one, two := d.day(t, 1366, ""), d.day(t, 1366, "")
	a := d.booked(t, who, 3, "17:30")
	for _, x := range []*browser.Tab{one, two} {
		x.WaitFor(t, `document.querySelector('`+column(d, 3)+` `+cardOf(a)+`')`)
	}
	tally := browser.Eval[string](t, two, `document.querySelector("#tally").innerText.replace(/\s+/g," ")`)
	one.Click(t, cardOf(a))
	one.WaitFor(t, `document.querySelector("[data-panel] [data-key-a]")`)
	one.Press(t, "a")
	two.WaitFor(t, `document.querySelector('`+cardOf(a)+`.st-arrived')`)
	two.WaitFor(t, `document.querySelector("#tally").innerText.replace(/\s+/g," ")!==`+fmt.Sprintf("%q", tally))
}

// visit: one button walks through the visit.
func (d *desk) visit(t *testing.T, who id.ID) {
	a := d.booked(t, who, 0, "17:00")
	x := d.day(t, 1366, "")
	x.Click(t, cardOf(a))
	x.WaitFor(t, `document.activeElement.closest?.("[data-panel]")||document.querySelector("[data-panel]")`)
	for _, step := range []struct {
		status scheduling.Status
		class  string
	}{{scheduling.Arrived, "st-arrived"}, {scheduling.InProgress, "st-with"}, {scheduling.Completed, "st-completed"}} {
		x.WaitFor(t, `!document.querySelector("[aria-busy]")`)
		x.Click(t, `[data-panel] .acts form.wide button`)
		x.WaitFor(t, `document.querySelector('`+cardOf(a)+`.`+step.class+`')&&document.querySelector("[data-panel] .state.`+step.class+`")`)
		if got := d.now(t, a.ID).Status; got != step.status {
			t.Fatalf("after the button it is %s, not %s", got, step.status)
		}
	}
}

func (d *desk) week(t *testing.T) {
	x := d.day(t, 1366, "")
	x.GoTo(t, d.Server.URL+"/app/week?provider=")
	if n := browser.Eval[int](t, x, `document.querySelectorAll(".week>section").length`); n != 7 {
		t.Errorf("the week has %d days", n)
	}
	if got, want := browser.Eval[int](t, x, `document.querySelectorAll(".week li a[class]").length`), len(d.dayOf(t)); got != want {
		t.Errorf("the week shows %d appointments of %d", got, want)
	}
	x.Follow(t, `.week .today li a`)
	x.WaitFor(t, `document.querySelector("[data-panel]")`)
}

// phone: at 360 px one practitioner at a time, and nothing is wider than the screen.
func (d *desk) phone(t *testing.T) {
	x := d.day(t, 360, "")
	const shown = `[...document.querySelectorAll("[data-col]")].filter(c=>c.offsetParent)`
	if n := browser.Eval[int](t, x, shown+`.length`); n != 1 {
		t.Errorf("%d practitioners at 360 px", n)
	}
	was := browser.Eval[string](t, x, shown+`[0].dataset.col`)
	x.Click(t, `[data-choose]:nth-of-type(3)`)
	x.WaitFor(t, shown+`[0].dataset.col!=="`+was+`"`)
	for _, width := range []int64{360, 320} {
		x.Size(t, width, 740)
		if wide := browser.Eval[float64](t, x, `document.documentElement.scrollWidth-innerWidth`); wide > 0 {
			t.Errorf("%.0f px wider than a screen of %d", wide, width)
		}
	}
}

// carried moves the card half an hour down by keyboard.
func (d *desk) carried(t *testing.T, x *browser.Tab, a scheduling.Appointment) {
	t.Helper()
	browser.Eval[any](t, x, `document.querySelector('`+cardOf(a)+`').focus(),1`)
	x.Press(t, "m", kb.ArrowDown, kb.ArrowDown, kb.Enter)
	x.WaitFor(t, toast+`.includes("moved to")`)
	d.until(t, "it is moved", func() bool { return d.now(t, a.ID).StartsAt == a.StartsAt.Add(30*time.Minute) })
}

// undoIsMine: Undo takes back the move that was made here, and nothing that a colleague did after it.
func (d *desk) undoIsMine(t *testing.T, who id.ID) {
	a := d.booked(t, who, 1, "16:00")
	x := d.day(t, 1366, "")
	d.carried(t, x, a)
	if !browser.Eval[bool](t, x, `!!document.querySelector("#toast button")`) {
		t.Fatal("there is no Undo")
	}
	colleague := func(at string) {
		t.Helper()
		now := d.now(t, a.ID)
		if _, err := d.Desk.Move(t.Context(), d.Owner, a.ID, scheduling.Move{StartsAt: d.at(t, at), Version: now.Version}); err != nil {
			t.Fatal(err)
		}
	}
	colleague("17:00")
	x.WaitFor(t, `document.querySelector('`+cardOf(a)+` time').textContent.startsWith("5:00")`)
	x.WaitFor(t, `!document.querySelector("#toast button")`)
	x.Press(t, "z")
	d.stands(t, a.ID, 1, "17:00")

	// Before the change was seen here, the server refuses, and says so.
	a = d.now(t, a.ID)
	browser.Eval[any](t, x, `(was=>{window.fetch=(u,o)=>String(u).includes("/day/column")?new Promise(()=>{}):was(u,o);return 1})(fetch)`)
	d.carried(t, x, a)
	x.WaitFor(t, `document.querySelector("#toast button")`)
	colleague("18:00")
	x.Click(t, "#toast button")
	x.WaitFor(t, toast+`.includes("Somebody changed this a moment ago")`)
	d.stands(t, a.ID, 1, "18:00")

	// After three minutes it is no longer offered.
	x = d.day(t, 1366, "")
	browser.Eval[any](t, x, `(was=>{window.later=[];window.setTimeout=(f,ms,...a)=>{if(ms===180000)later.push(f);return was(f,ms,...a)};return 1})(setTimeout)`)
	a = d.now(t, a.ID)
	d.carried(t, x, a)
	if got := browser.Eval[[]bool](t, x, `(b=>{later.forEach(f=>f());return [b(),later.length===1]})(()=>!!document.querySelector("#toast button"))`); got[0] || !got[1] {
		t.Errorf("after three minutes there is an Undo: %v; it was to end: %v", got[0], got[1])
	}
}

// undoByPhone: a phone shows one practitioner at a time. Undo gives the patient back to hers, whoever is shown by then.
func (d *desk) undoByPhone(t *testing.T, who id.ID) {
	a := d.booked(t, who, 1, "16:00")
	x := d.day(t, 360, "?provider="+d.Practice.providers[1].ID.String())
	d.carried(t, x, a)
	x.Click(t, `[data-choose]:nth-of-type(3)`)
	x.WaitFor(t, `document.querySelector('`+column(d, 2)+`').offsetParent`)
	x.Click(t, "#toast button")
	x.WaitFor(t, toast+`.includes("Undone")`)
	d.stands(t, a.ID, 1, "16:00")
}

// meanwhile: what comes from other desks while a card is in the hand waits until it is put down, and is not lost.
func (d *desk) meanwhile(t *testing.T, meera, ravi id.ID) {
	a := d.booked(t, ravi, 1, "17:00")
	x := d.day(t, 1366, "")
	focus := func() { browser.Eval[any](t, x, `document.querySelector('`+cardOf(a)+`').focus(),1`) }

	// A column that was asked for before the card was taken, and comes after it.
	browser.Eval[any](t, x, `(was=>{window.was=was;window.fetch=(u,o)=>String(u).includes("/day/column")?new Promise(r=>{window.go=()=>r(was(u,o))}):was(u,o);return 1})(fetch)`)
	b := d.booked(t, meera, 1, "16:45")
	x.WaitFor(t, `window.go`)
	focus()
	x.Press(t, "m")
	browser.Await[bool](t, x, `(go(),window.fetch=was,new Promise(r=>setTimeout(()=>r(true),400)))`)
	if !browser.Eval[bool](t, x, `!!document.querySelector('`+cardOf(a)+`.moving')`) {
		t.Error("what came from elsewhere took the card out of the hand")
	}
	x.Press(t, kb.ArrowDown, kb.Enter)
	d.stands(t, a.ID, 1, "17:15")
	x.WaitFor(t, `document.querySelector('`+column(d, 1)+` `+cardOf(b)+`')`)

	// A change that comes while the card is carried, and the card is then put back.
	x.WaitFor(t, `document.querySelector('`+cardOf(a)+` time').textContent.startsWith("5:15")&&!document.querySelector("[aria-busy]")`)
	focus()
	x.Press(t, "m", kb.ArrowDown)
	c := d.booked(t, meera, 3, "09:45")
	time.Sleep(1500 * time.Millisecond) // the change comes while the card is carried
	x.Press(t, kb.Escape)
	x.WaitFor(t, `document.querySelector('`+column(d, 3)+` `+cardOf(c)+`')`)
	d.stands(t, a.ID, 1, "17:15")

	// A card that is left for something else goes back, and nothing waits for it.
	focus()
	x.Press(t, "m", kb.ArrowDown, "n")
	x.WaitFor(t, `document.activeElement.id==="b-q"&&!document.querySelector(".moving")&&document.querySelector('`+cardOf(a)+` time').textContent.startsWith("5:15")`)
}

// otherColumnByPhone: a phone's hidden columns are renewed as well, so that none is old when it is shown.
func (d *desk) otherColumnByPhone(t *testing.T, who id.ID) {
	x := d.day(t, 360, "?provider="+d.Practice.providers[0].ID.String())
	a := d.booked(t, who, 2, "17:00")
	x.WaitFor(t, `document.querySelector('`+column(d, 2)+` `+cardOf(a)+`')`)
}

// singleKeys: ? shows them; whoever switches them off can press them without anything happening.
func (d *desk) singleKeys(t *testing.T) {
	x := d.day(t, 1366, "")
	x.Press(t, "?")
	x.WaitFor(t, `document.querySelector("dialog[open]")?.textContent.includes("Undo the last move")`)
	x.Follow(t, `dialog[open] a`)
	if got := x.Path(t); got != "/app/settings/keys" {
		t.Fatalf("the way to switch keys off leads to %s", got)
	}
	x.Click(t, `main input[name=keys]`)
	x.Follow(t, `main form button`)
	x.GoTo(t, d.Server.URL+"/app/day")
	x.WaitFor(t, `document.body.dataset.ready`)
	x.Press(t, "n", "?", "m", "z")
	if browser.Eval[bool](t, x, `!!document.querySelector("[data-bookpanel],dialog,.moving")`) {
		t.Error("a key that is switched off did something")
	}
	x.Press(t, kb.Tab) // and the page is still walked by keyboard
	if !browser.Eval[bool](t, x, `document.activeElement!==document.body`) {
		t.Error("Tab leads nowhere")
	}
	x.GoTo(t, d.Server.URL+"/app/settings/keys")
	x.Click(t, `main input[name=keys]`)
	x.Follow(t, `main form button`)
}

// brokenRow: one name that cannot be opened is shown as such; the others stay readable.
func (d *desk) brokenRow(t *testing.T) {
	who := d.patient(t, "Spoiled Row", "+919999940415")
	a := d.booked(t, who, 2, "18:00")
	whole := len(d.dayOf(t)) - 1
	err := d.DB.Change(t.Context(), d.Owner, access.PatientWrite, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "change", Kind: "patient", Subject: who, Patient: who})
		_, err := tx.Exec("UPDATE patient SET name = $2 WHERE clinic_id = $1 AND id = $3", []byte("this was no name and never will be"), who)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	x := d.day(t, 1366, "")
	broken := browser.Eval[string](t, x, `[...document.querySelectorAll(".a.broken")].map(a=>a.textContent).join("|")`)
	if broken != "Cannot be opened" {
		t.Errorf("the broken rows say %q", broken)
	}
	if n := browser.Eval[int](t, x, `[...document.querySelectorAll(".a:not(.broken) bdi:first-of-type")].filter(b=>b.textContent.trim().length>3).length`); n != whole {
		t.Errorf("%d of the %d others have a name", n, whole)
	}
	if !strings.Contains(x.Text(t), "One appointment of this day cannot be opened") {
		t.Error("the page does not say that a row is broken")
	}
	x.GoTo(t, d.Server.URL+"/app/appointments/"+a.ID.String())
	if text := x.Text(t); !strings.Contains(text, "Cannot be opened") {
		t.Errorf("its own page says %.300s", text)
	}
	for _, v := range x.Axe(t, "../..") {
		t.Error(v)
	}
}
