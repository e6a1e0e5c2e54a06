package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"almirah/internal/clock"
)

// calendar is how a language names days, months and the parts of a day.
type calendar struct {
	months, shortMonths [12]string
	days, shortDays     [7]string
	periods             []Period
	long                string // order of the long date: weekday, day, month, year
	weekStart           time.Weekday
}

// Period is a stretch of the day that starts at an hour and says times in its own words;
// Pattern holds {t} where the clock goes.
type Period struct {
	From    int // hour of the day, 0 to 23
	Pattern string
}

var halves = []Period{{0, "{t} am"}, {12, "{t} pm"}}

var calendars = map[string]*calendar{
	"en": {
		months:      [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		shortMonths: [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		days:        [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		shortDays:   [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
		periods:     halves, long: "%[1]s %[2]d %[3]s %[4]d", weekStart: time.Monday,
	},
	"hi": {
		months:      [12]string{"जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"},
		shortMonths: [12]string{"जन॰", "फ़र॰", "मार्च", "अप्रैल", "मई", "जून", "जुल॰", "अग॰", "सित॰", "अक्टू॰", "नव॰", "दिस॰"},
		days:        [7]string{"रविवार", "सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार"},
		shortDays:   [7]string{"रवि", "सोम", "मंगल", "बुध", "गुरु", "शुक्र", "शनि"},
		periods:     []Period{{0, "रात {t}"}, {4, "सुबह {t}"}, {12, "दोपहर {t}"}, {16, "शाम {t}"}, {20, "रात {t}"}},
		long:        "%[1]s, %[2]d %[3]s %[4]d", weekStart: time.Monday,
	},
	"ta": {
		months:      [12]string{"ஜனவரி", "பிப்ரவரி", "மார்ச்", "ஏப்ரல்", "மே", "ஜூன்", "ஜூலை", "ஆகஸ்ட்", "செப்டம்பர்", "அக்டோபர்", "நவம்பர்", "டிசம்பர்"},
		shortMonths: [12]string{"ஜன.", "பிப்.", "மார்.", "ஏப்.", "மே", "ஜூன்", "ஜூலை", "ஆக.", "செப்.", "அக்.", "நவ.", "டிச."},
		days:        [7]string{"ஞாயிறு", "திங்கள்", "செவ்வாய்", "புதன்", "வியாழன்", "வெள்ளி", "சனி"},
		shortDays:   [7]string{"ஞாயி.", "திங்.", "செவ்.", "புத.", "வியா.", "வெள்.", "சனி"},
		periods:     []Period{{0, "இரவு {t}"}, {4, "காலை {t}"}, {12, "பகல் {t}"}, {16, "மாலை {t}"}, {20, "இரவு {t}"}},
		long:        "%[1]s, %[2]d %[3]s %[4]d", weekStart: time.Monday,
	},
	"ar": {
		months:      [12]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
		shortMonths: [12]string{"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
		days:        [7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		shortDays:   [7]string{"أحد", "اثنين", "ثلاثاء", "أربعاء", "خميس", "جمعة", "سبت"},
		periods:     []Period{{0, "{t} ص"}, {12, "{t} م"}},
		long:        "%[1]s، %[2]d %[3]s %[4]d", weekStart: time.Saturday,
	},
}

// Date is "24 Nov 2026"; empty for a date that is none.
func (t *Tongue) Date(d clock.Date) string {
	if !d.Valid() {
		return ""
	}
	return fmt.Sprintf("%d %s %d", d.Day(), t.calendar.shortMonths[d.Month()-1], d.Year())
}

// ShortDate is "24 Nov"; empty for a date that is none.
func (t *Tongue) ShortDate(d clock.Date) string {
	if !d.Valid() {
		return ""
	}
	return fmt.Sprintf("%d %s", d.Day(), t.calendar.shortMonths[d.Month()-1])
}

// LongDate is "Tuesday 24 November 2026"; empty for a date that is none.
func (t *Tongue) LongDate(d clock.Date) string {
	if !d.Valid() {
		return ""
	}
	return fmt.Sprintf(t.calendar.long, t.calendar.days[d.Weekday()], d.Day(), t.calendar.months[d.Month()-1], d.Year())
}

// DayName is "Tuesday".
func (t *Tongue) DayName(d time.Weekday) string { return t.calendar.days[d] }

// ShortDayName is "Tue".
func (t *Tongue) ShortDayName(d time.Weekday) string { return t.calendar.shortDays[d] }

// MonthName is "November".
func (t *Tongue) MonthName(m time.Month) string { return t.calendar.months[m-1] }

// WeekStart is the day on which a week of this language's calendars begins.
func (t *Tongue) WeekStart() time.Weekday { return t.calendar.weekStart }

// Periods are the parts of the day, for scripts that say times themselves.
func (t *Tongue) Periods() []Period { return t.calendar.periods }

// Time is the wall clock of tm in tm's own zone, on a twelve-hour clock: "9:15 am".
func (t *Tongue) Time(tm time.Time) string { return t.clock(tm.Hour(), tm.Minute()) }

// Minute is the wall-clock time m: "9:15 am".
func (t *Tongue) Minute(m clock.Minute) string { return t.clock(int(m)/60%24, int(m)%60) }

func (t *Tongue) clock(hour, minute int) string {
	pattern := t.calendar.periods[0].Pattern
	for _, p := range t.calendar.periods {
		if hour >= p.From {
			pattern = p.Pattern
		}
	}
	twelve := hour % 12
	if twelve == 0 {
		twelve = 12
	}
	face := strconv.Itoa(twelve) + ":"
	if minute < 10 {
		face += "0"
	}
	return strings.Replace(pattern, "{t}", face+strconv.Itoa(minute), 1)
}

// ShortDateTime is DateTime without the year, for what is near: "24 Nov, 9:15 am".
func (t *Tongue) ShortDateTime(tm time.Time) string {
	return t.ShortDate(clock.DateOf(tm)) + t.comma() + t.Time(tm)
}

// List joins names by the comma of the language's script.
func (t *Tongue) List(names []string) string { return strings.Join(names, t.comma()) }

func (t *Tongue) comma() string {
	if t.dir == "rtl" {
		return "، "
	}
	return ", "
}

// DateTime is the day and the wall clock of tm in tm's own zone: "24 Nov 2026, 9:15 am".
func (t *Tongue) DateTime(tm time.Time) string {
	return t.Date(clock.DateOf(tm)) + t.comma() + t.Time(tm)
}

// Age is how old somebody born on birth is on the day today: "42 y", under two years "5 m",
// under a month "12 d". It is empty when either date is none or birth lies ahead.
func (t *Tongue) Age(birth, today clock.Date) string {
	if !birth.Valid() || !today.Valid() || birth > today {
		return ""
	}
	months := (today.Year()-birth.Year())*12 + int(today.Month()) - int(birth.Month())
	if today.Day() < birth.Day() {
		months--
	}
	switch {
	case months >= 24:
		return t.Say("age.years", "Count", months/12)
	case months >= 1:
		return t.Say("age.months", "Count", months)
	}
	return t.Say("age.days", "Count", birth.DaysUntil(today))
}

// ZoneName names the zone of tm for people: "India Standard Time", or by its city and
// abbreviation where the house has no name for it: "Accra time (GMT)".
func (t *Tongue) ZoneName(tm time.Time) string {
	name := tm.Location().String()
	key := "zone." + strings.ReplaceAll(name, "/", "_")
	if t.Has(key) {
		return t.Say(key)
	}
	city := strings.ReplaceAll(name[strings.LastIndex(name, "/")+1:], "_", " ")
	short, _ := tm.Zone()
	if short == "" || strings.ContainsAny(short, "+-0123456789") {
		return t.Say("zone.city", "City", city)
	}
	return t.Say("zone.city_short", "City", city, "Short", short)
}
