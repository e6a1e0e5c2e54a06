package archives

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"almirah/internal/fault"
)

// What a list may be at most.
const (
	MostList    = 4 << 20 // bytes
	mostLines   = 5000    // without the line of titles
	mostColumns = 60
	mostCell    = 4000 // bytes of one cell
)

// The fields that a column can be.
const (
	FieldName     = "name"
	FieldPhone    = "phone"
	FieldEmail    = "email"
	FieldBirth    = "birth_date"
	FieldSex      = "sex"
	FieldAddress  = "address"
	FieldLanguage = "language"
	FieldGuardian = "guardian_name"
	FieldGPhone   = "guardian_phone"
	FieldRelation = "guardian_relation"
)

// Fields are what a column can be, in the order of the page; a column that is none of them is left out.
func Fields() []string {
	return []string{FieldName, FieldPhone, FieldEmail, FieldBirth, FieldSex, FieldAddress, FieldLanguage, FieldGuardian, FieldGPhone, FieldRelation}
}

// titles are how people call their columns, in lower case without signs; a title that holds one of them is guessed to be the field. The longer guess wins.
var titles = map[string][]string{
	FieldName:     {"name", "patient", "patientname", "fullname", "नाम", "மरीज़", "பெயர்", "நோயாளி", "الاسم", "اسم", "المريض"},
	FieldPhone:    {"phone", "mobile", "tel", "telephone", "cell", "contactno", "contactnumber", "whatsapp", "फोन", "फ़ोन", "मोबाइल", "தொலைபேசி", "கைபேசி", "الهاتف", "هاتف", "جوال"},
	FieldEmail:    {"email", "mail", "emailaddress", "ईमेल", "மின்னஞ்சல்", "البريد", "بريد"},
	FieldBirth:    {"dob", "birth", "birthdate", "dateofbirth", "born", "जन्म", "பிறந்த", "الميلاد", "ميلاد"},
	FieldSex:      {"sex", "gender", "लिंग", "பாலினம்", "الجنس"},
	FieldAddress:  {"address", "street", "पता", "முகவரி", "العنوان"},
	FieldLanguage: {"language", "lang", "भाषा", "மொழி", "اللغة"},
	FieldGuardian: {"guardian", "guardianname", "parent", "parentname", "father", "mother", "caretaker", "अभिभावक", "பாதுகாவலர்", "ولي"},
	FieldGPhone:   {"guardianphone", "parentphone", "guardianmobile", "parentmobile", "fatherphone", "motherphone"},
	FieldRelation: {"relation", "relationship", "रिश्ता", "உறவு", "الصلة"},

	FieldPatient:      {"patientid", "id", "almirahid", "patientnumber", "patientno"},
	FieldPractitioner: {"practitioner", "provider", "doctor", "dr", "doctorname", "providername", "practitionername", "physician", "consultant", "डॉक्टर", "மருத்துவர்", "الطبيب", "طبيب"},
	FieldService:      {"service", "treatment", "appointmenttype", "visittype", "type", "reason", "procedure", "सेवा", "சேவை", "الخدمة", "خدمة"},
	FieldStart:        {"start", "starts", "startsat", "datetime", "dateandtime", "startdatetime", "appointmentdatetime"},
	FieldDate:         {"date", "day", "appointmentdate", "startdate", "visitdate", "तारीख", "दिनांक", "தேதி", "التاريخ", "تاريخ"},
	FieldTime:         {"time", "starttime", "appointmenttime", "hour", "समय", "நேரம்", "الوقت", "وقت"},
	FieldDuration:     {"duration", "minutes", "mins", "length", "अवधि", "காலஅளவு", "المدة", "مدة"},
	FieldStatus:       {"status", "state", "outcome", "स्थिति", "நிலை", "الحالة", "حالة"},
	FieldNote:         {"note", "notes", "remarks", "remark", "comment", "comments", "टिप्पणी", "குறிப்பு", "ملاحظة", "ملاحظات"},
}

// plainTitle is a title without what people write around it.
func plainTitle(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-.:/()*'\"#", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// guess says for each title which of the fields its column probably is; empty for none. No field is guessed twice.
func guess(head, fields []string) []string {
	out := make([]string, len(head))
	taken := map[string]bool{}
	for _, exact := range []bool{true, false} {
		for i, h := range head {
			key := plainTitle(h)
			best, length := "", 0
			for _, f := range fields {
				for _, t := range titles[f] {
					fits := key == t || !exact && strings.Contains(key, t)
					if fits && !taken[f] && out[i] == "" && len(t) > length {
						best, length = f, len(t)
					}
				}
			}
			if best != "" {
				out[i], taken[best] = best, true
			}
		}
	}
	return out
}

// wrongFile is what is wrong with a file as a whole.
func wrongFile(key string) error {
	var f fault.Fields
	f.Add("file", key)
	return f.Err()
}

// Lines reads a list as spreadsheets write it: UTF-8 with or without its mark, UTF-16, or the old Western code page, also mixed line by line; cells parted by commas, semicolons
// or tabs. fault.Invalid "file" says what is wrong and what to do.
func Lines(raw []byte) ([][]string, error) {
	switch {
	case len(raw) == 0:
		return nil, wrongFile("field.list.empty")
	case len(raw) > MostList:
		return nil, wrongFile("field.list.large")
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")), bytes.HasPrefix(raw, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return nil, wrongFile("field.list.workbook")
	}
	text := decoded(raw)
	if strings.ContainsRune(text, 0) {
		return nil, wrongFile("field.list.no_list")
	}
	r := records{in: bufio.NewReader(strings.NewReader(text)), sign: parted(text)}
	var out [][]string
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(rec) > mostColumns {
			return nil, wrongFile("field.list.no_list")
		}
		line := make([]string, len(rec))
		some := false
		for i, c := range rec {
			if len(c) > mostCell {
				return nil, wrongFile("field.list.no_list")
			}
			line[i] = cleanCell(c)
			some = some || line[i] != ""
		}
		if !some {
			continue
		}
		if out = append(out, line); len(out) > mostLines+1 {
			return nil, wrongFile("field.list.lines")
		}
		r.wide = len(out[0])
	}
	if len(out) < 2 {
		return nil, wrongFile("field.list.empty")
	}
	return out, nil
}

// decoded is the text whatever a spreadsheet wrote it in.
func decoded(raw []byte) string {
	switch {
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}), bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		big := raw[0] == 0xFE
		var units []uint16
		for i := 2; i+1 < len(raw); i += 2 {
			u := uint16(raw[i]) | uint16(raw[i+1])<<8
			if big {
				u = uint16(raw[i])<<8 | uint16(raw[i+1])
			}
			units = append(units, u)
		}
		return string(utf16.Decode(units))
	case utf8.Valid(raw):
		return strings.TrimPrefix(string(raw), "\ufeff")
	}
	text, err := io.ReadAll(&typed{in: bufio.NewReaderSize(bytes.NewReader(raw), len(raw)+1)}) // one line may be all of it
	if err != nil {
		return strings.ToValidUTF8(string(raw), "\ufffd")
	}
	return strings.TrimPrefix(string(text), "\ufeff")
}

// parted says by which sign cells are parted: the one that the first line has most of, outside quotes.
func parted(text string) rune {
	count := map[rune]int{}
	quoted := false
	for _, r := range text {
		if r == '"' {
			quoted = !quoted
		}
		if r == '\n' && !quoted {
			break
		}
		if !quoted {
			count[r]++
		}
	}
	best := ','
	for _, r := range []rune{';', '\t'} {
		if count[r] > count[best] {
			best = r
		}
	}
	return best
}

// cleanCell takes away blanks, the sign that keeps a spreadsheet from reckoning, and the formula that some write so that a number keeps its zeros.
func cleanCell(s string) string {
	s = strings.TrimSpace(strings.NewReplacer("\u00a0", " ", "\r", " ", "\n", " ").Replace(s))
	if inner, ok := strings.CutPrefix(s, `="`); ok && strings.HasSuffix(inner, `"`) {
		s = strings.TrimSuffix(inner, `"`)
	}
	return strings.TrimSpace(strings.TrimPrefix(s, "'"))
}

// The orders in which a day is written with numbers.
const (
	DayFirst   = "dmy"
	MonthFirst = "mdy"
)

// orderOf says in which order a list writes its days, from the days themselves; other where they do not tell.
func orderOf(cells []string, other string) string {
	for _, c := range cells {
		a, b, _, ok := parts(c)
		if ok && a > 12 && b <= 12 {
			return DayFirst
		}
		if ok && b > 12 && a <= 12 {
			return MonthFirst
		}
	}
	return other
}

// parts are the three numbers of a day such as 3/2/2019.
func parts(s string) (a, b, year int, ok bool) {
	list := strings.FieldsFunc(s, func(r rune) bool { return r == '/' || r == '-' || r == '.' || r == ' ' })
	if len(list) < 3 || len(list[0]) > 2 {
		return 0, 0, 0, false
	}
	var n [3]int
	for i := range n {
		x, err := strconv.Atoi(list[i])
		if err != nil {
			return 0, 0, 0, false
		}
		n[i] = x
	}
	return n[0], n[1], n[2], true
}

// spreadsheets count days from here; the day that was never is in it.
var firstDay = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// shortest is the least number that is taken for a day as spreadsheets count them (18 May 1927). A shorter one is a year or an age that somebody typed, never
// a day: 1985 would become one in 1905.
const shortest = 10_000

// Day reads a day as lists write it, and answers it as the house does (2019-02-03), or as it was written where it is none: the field's own check says
// so then. A year of two digits is of this century unless that lies ahead of today.
func Day(s, order string, today time.Time) string {
	if s == "" {
		return ""
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil && n >= shortest && n < 80_000 && !strings.ContainsAny(s, "eE") {
		return firstDay.AddDate(0, 0, int(n)).Format(time.DateOnly)
	}
	for _, layout := range []string{time.DateOnly, "2006/1/2", "2006-1-2", "2006.1.2", "2006-01-02 15:04:05", "2006-01-02T15:04:05Z", "2 Jan 2006", "2-Jan-2006", "2-Jan-06", "2 January 2006", "Jan 2, 2006", "January 2, 2006", "20060102"} {
		if t, err := time.Parse(layout, s); err == nil {
			if t.After(today) && strings.HasSuffix(layout, "06") && !strings.HasSuffix(layout, "2006") {
				t = t.AddDate(-100, 0, 0)
			}
			return t.Format(time.DateOnly)
		}
	}
	a, b, year, ok := parts(s)
	if !ok {
		return s
	}
	if order == MonthFirst {
		a, b = b, a
	}
	if year < 100 {
		if year += 2000; year > today.Year() {
			year -= 100
		}
	}
	t := time.Date(year, time.Month(b), a, 0, 0, 0, 0, time.UTC)
	if b < 1 || b > 12 || t.Day() != a {
		return s
	}
	return t.Format(time.DateOnly)
}

// bare says whether a cell holds a number and nothing else, such as a year or an age where a day should stand.
func bare(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// sexOf reads how lists write a sex.
func sexOf(s string) string {
	switch strings.ToLower(s) {
	case "":
		return ""
	case "m", "male", "man", "boy", "पुरुष", "ஆண்", "ذكر":
		return "male"
	case "f", "female", "woman", "girl", "w", "महिला", "स्त्री", "பெண்", "أنثى":
		return "female"
	case "o", "other", "x", "अन्य", "மற்றவை", "آخر":
		return "other"
	}
	return s
}

// number is a phone number as it was before a spreadsheet took it for a quantity: 9.8765E+09 has lost its digits and stays wrong; 9876543210.0 has not.
func number(s string) string { return strings.TrimSuffix(s, ".0") }
