package contact

import (
	"slices"
	"strings"
	"testing"

	"almirah/internal/promise"
)

// harmless are notes as front desks and patients write them. None may raise the check.
var harmless = []string{
	"Please call before 5 pm", "Running 10 minutes late", "Prefers a morning appointment", "Will come with her mother", "Bring the old reports",
	"Needs a wheelchair at the entrance", "Cannot climb stairs, please use the lift", "Speaks Tamil only", "Interpreter needed", "New patient, first visit",
	"Follow-up visit after two weeks", "Wants the same doctor as last time", "Asked to move to Monday", "Paid in advance by card", "Parking behind the building",
	"Reschedule if the doctor is away", "Phone number belongs to her son", "Send the reminder by e-mail, not SMS", "Back on Tuesday", "Will be back by 3",
	"Cold weather today, the road is closed", "Whatever time fits", "A double slot please", "Second floor, room 12", "Lives near MG Road petrol pump",
	"Rash Behari Avenue, near the metro", "Mr Burns, party of two", "Mrs Stone called twice", "Ms Payne will confirm", "Dr Hurt referred him",
	"Please scan the QR code at the desk", "Test booking, please ignore", "Annual check-up", "Routine visit", "Vaccination for school", "Child is 4 years old",
	"Report collection only", "Delivery of the certificate by courier", "Insurance card to be shown", "Invoice to the company", "GST number on the bill", "Wants a receipt",
	"Came at 9:30, left at 10:15", "Did not pick up, tried three times", "Wrong number", "Left a voice mail", "Driver waits outside", "Hospital gate number 2",
	"Takes the 5 pm bus", "On holiday until the 14th", "School starts at 8", "Fasting since Ramadan begins at dawn, prefers evening", "Friday prayer, not between 12 and 2",
	"Office hours only", "Lunch break 1 to 2", "Any provider is fine", "Prefers Dr Asha Rao", "Female doctor preferred", "Discharge the old booking", "Piles of paperwork to sign",
	"Coffee without sugar for the guest", "The period from 1 to 14 March", "A stroke of luck that a slot came free", "Heart Street 14", "Delhi to Pune flight delayed",
	"Traffic on the bypass", "Attack the backlog on Friday", "Hours of operation have changed", "Std 5 student, exam on Monday", "STD code 044",
	"Bring Aadhaar? No, not needed", "Signature pending", "Consent form signed", "Table for the interns", "Team meeting at noon", "Stock of gloves has arrived", "Printer is broken",
	"The lift is out of order", "Key is with Suresh", "Sujan and Daya come together", "Madhu Pillai", "Kamala Das", "Chemmeen", "Ashok Kothari", "Pathri, Maharashtra",
	"सुबह का समय चाहिए", "डॉक्टर साहब से मिलना है", "दवा की दुकान के पास", "पहली बार आ रहे हैं", "माँ के साथ आएंगे", "सोमवार को नहीं आ सकते", "रिपोर्ट साथ लाएं", "फोन नंबर बेटे का है",
	"सर्दी में देर से खुलता है", "गर्मी की छुट्टी के बाद", "दौरा रद्द हुआ, समय बदलें", "जांच के लिए समय", "दस बजे", "बाद में फोन करें", "कमला देवी", "राम प्रसाद", "दया शंकर", "मधु", "ज्योति सिंह", "शौचालय कहाँ है",
	"kal subah aayenge", "doctor sahab se milna hai", "samay badal dijiye", "ek chakkar laga lenge",
	"காலை நேரம் வேண்டும்", "திங்கட்கிழமை வர முடியாது", "வீக்கெண்ட் மட்டும்", "அம்மாவுடன் வருகிறார்", "முதல் முறை வருகை", "தொலைபேசியில் அழைக்கவும்", "மருத்துவர் மாற்றம் வேண்டும்", "தாமதமாக வருவார்", "சக்கர நாற்காலி தேவை",
	"முத்துலட்சுமி", "வள்ளி", "செந்தில் குமார்", "வழி கேட்டார்", "கடைசி நேரம்", "மருந்து கடை அருகில்",
	"الرجاء الاتصال قبل الخامسة", "موعد صباحي من فضلك", "بعد الدوار الثاني", "مع أرق التحيات", "شقيقة المراجع ستأتي معه", "ألم يصل الموعد؟", "حامل البطاقة رقم ٤", "ضغط العمل كبير هذا الأسبوع",
	"لا تقلق، الموعد مؤكد", "بهجت عبد الله", "السيد بول حداد", "جرب الاتصال غدا", "مسكن العائلة قرب المدرسة", "درجة الحرارة مرتفعة في الخارج", "يوم الأحد لا يناسب", "أول زيارة", "تأخر عشر دقائق", "يحتاج كرسيا متحركا", "توحد المواعيد في يوم واحد",
	"محمد الربيعي", "سلمى حمدي", "فاطمة الزهراء", "وليد وسام", "كسرى", "نزار قباني", "سعاد",
}

func TestHarmlessNotesRaiseNothing(t *testing.T) {
	t.Parallel()
	if len(harmless) < 100 {
		t.Fatalf("only %d notes", len(harmless))
	}
	for _, note := range harmless {
		if got := HealthWords(note, nil); got != nil {
			t.Errorf("%q raises %q", note, got)
		}
	}
}

func TestHealthWordsAreNoticed(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "health-words-noticed")
	for _, c := range []struct {
		text string
		want []string
	}{
		{"I have FEVER and a Sore  Throat since Monday", []string{"FEVER", "Sore Throat"}},
		{"wants to talk about her diabetes, Diabetes runs in the family", []string{"diabetes"}},
		{"X-ray of the left knee", []string{"X-ray"}},
		{"Crohn’s flare", []string{"Crohn’s"}},
		{"vomiting, 3 weeks pregnant", []string{"vomiting", "pregnant"}},
		{"Dolo 650 and metformin", []string{"Dolo 650", "metformin"}},
		{"Ｆｅｖｅｒ", []string{"Ｆｅｖｅｒ"}},
		{"मुझे तेज बुखार और सिर दर्द है", []string{"तेज बुखार", "सिर दर्द"}},
		{"खाँसी, खांसी", []string{"खाँसी"}}, // one word, spelled two ways
		{"घुटनों में दर्द", []string{"घुटनों में दर्द"}},
		{"ब्लड प्रेशर की दवा", []string{"ब्लड प्रेशर"}},
		{"do din se bukhar hai", []string{"bukhar"}},
		{"காய்ச்சலுடன் இருமல்", []string{"காய்ச்சலுடன்", "இருமல்"}},
		{"இரத்த அழுத்தம் அதிகம்", []string{"இரத்த அழுத்தம்"}},
		{"அவர் கர்ப்பிணியாக இருக்கிறார்", []string{"கர்ப்பிணியாக"}},
		{"عندي صُداع والسعال شديد", []string{"صُداع", "والسعال"}},
		{"مريض بالسكري وضغط الدم", []string{"بالسكري", "وضغط الدم"}},
		{"أنا حامل في الشهر الثالث", []string{"أنا حامل"}},
		{"ألم في الركبة", []string{"ألم في"}},
		{"", nil},
		{"\xff\xfe fever \xff", []string{"fever"}},
	} {
		if got := HealthWords(c.text, nil); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestHealthWordsByLanguage(t *testing.T) {
	t.Parallel()
	text := "fever बुखार காய்ச்சல் حمى"
	for _, c := range []struct {
		langs []string
		want  []string
	}{
		{nil, []string{"fever", "बुखार", "காய்ச்சல்", "حمى"}},
		{[]string{"en-IN"}, []string{"fever"}},
		{[]string{"hi", "ar"}, []string{"बुखार", "حمى"}},
		{[]string{"TA"}, []string{"காய்ச்சல்"}},
		{[]string{"fr"}, nil},
	} {
		if got := HealthWords(text, c.langs); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.langs, got, c.want)
		}
	}
	if got := HealthWords(strings.Repeat("fever cough vomit nausea asthma ", 3000), nil); len(got) != 5 {
		t.Errorf("a very long text: %q", got)
	}
	if got := HealthWords(healthEN, nil); len(got) != maxHealthWords {
		t.Errorf("%d words found of a list of hundreds", len(got))
	}
}

// TestEveryListedWordIsFound: an entry that folds to nothing, or that no text can match, is a mistake in
// the list; so is one that stands there twice.
func TestEveryListedWordIsFound(t *testing.T) {
	t.Parallel()
	for lang, list := range map[string]string{"en": healthEN, "hi": healthHI, "ta": healthTA, "ar": healthAR} {
		n, seen := 0, map[string]bool{}
		for line := range strings.Lines(list) {
			entry, _, _ := strings.Cut(line, "#")
			entry = strings.TrimSpace(entry)
			if entry == "" {
				continue
			}
			n++
			var folded []string
			for _, w := range tokens(entry) {
				folded = append(folded, w.word)
			}
			key := strings.Join(folded, " ")
			if seen[key] {
				t.Errorf("%s: %q is there twice", lang, entry)
			}
			seen[key] = true
			if HealthWords(strings.TrimSuffix(entry, "*"), []string{lang}) == nil {
				t.Errorf("%s: %q finds nothing", lang, entry)
			}
		}
		if n < 180 {
			t.Errorf("%s: only %d entries", lang, n)
		}
	}
}

func BenchmarkHealthWords(b *testing.B) {
	note := "Prefers a morning appointment, will come with her mother; please call before five. मुझे सुबह का समय चाहिए"
	for b.Loop() {
		HealthWords(note, nil)
	}
}
