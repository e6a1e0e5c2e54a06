package app

// The people of the demo are plainly invented: first and last names are dealt out by number,
// phones are of a range that no carrier gives out, addresses end in example.org.

type script struct {
	language string
	first    []string
	last     []string
}

var scripts = []script{
	{"en", []string{"Asha", "Ravi", "John", "Fatima", "Imran", "Lakshmi", "Deepa", "Arjun", "Sunita", "Mohan", "Zoya", "Karthik", "Meera", "Vikram", "Anita", "George", "Neha", "Sanjay", "Pooja", "Rahul", "Leela", "Thomas", "Nisha", "Farhan"},
		[]string{"Marigold", "Banyan", "Teak", "Lotus", "Monsoon", "Sandal", "Peepal", "Tamarind", "Jasmine", "Neem", "Cardamom", "Bamboo"}},
	{"hi", []string{"मीना", "रमेश", "सीता", "अर्जुन", "कविता", "मोहन", "सुनीता", "राधा", "कृष्ण", "गीता", "अनिल", "शांति"},
		[]string{"गुलमोहर", "बरगद", "कमल", "चंदन", "पीपल", "इमली", "चमेली", "नीम"}},
	{"ta", []string{"கவிதா", "முருகன்", "லட்சுமி", "செல்வி", "அருண்", "மீனாட்சி", "கண்ணன்", "தமிழ்ச்செல்வி"},
		[]string{"தாமரை", "மல்லிகை", "ஆலமரம்", "வேம்பு", "சந்தனம்", "புளியமரம்"}},
	{"ar", []string{"فاطمة", "أحمد", "مريم", "يوسف", "ليلى", "خالد", "نور", "سلمى"},
		[]string{"الياسمين", "النخيل", "الزيتون", "السرو", "الريحان", "الصنوبر"}},
}

// person is the n-th of the demo's patients. Two in three write in Latin letters.
func person(n int) (name, language string) {
	s := scripts[0]
	if n%3 == 2 {
		s = scripts[1+(n/3)%3]
	}
	return s.first[(n*7+n/5)%len(s.first)] + " " + s.last[(n*5+n/11)%len(s.last)], s.language
}

type practitioner struct {
	name, speciality, qualification, registration, about string
	services                                             []int
}

var practitioners = []practitioner{
	{"Dr Anjali Mehta", "General medicine", "MBBS, MD", "DEMO-10001", "Sees the whole family, from babies to grandparents.", []int{0, 1, 3}},
	{"Dr Suresh Nair", "Paediatrics", "MBBS, DCH", "DEMO-10002", "For children up to sixteen.", []int{0, 1, 3}},
	{"Dr Farah Gupta", "Skin", "MBBS, DVD", "DEMO-10003", "", []int{0, 1, 4}},
	{"Dr Bimal Das", "Dentistry", "BDS", "DEMO-10004", "", []int{0, 2, 4}},
	{"Anu Varghese", "Physiotherapy", "BPT", "DEMO-10005", "Backs, knees and shoulders.", []int{2, 1}},
}

type treatment struct {
	name, about   string
	minutes, rest int
	price         int64 // in paise
}

var treatments = []treatment{
	{"Consultation", "A first visit or a new question.", 15, 0, 50000},
	{"Follow-up", "Coming back about the same thing.", 15, 0, 30000},
	{"Treatment", "A longer session.", 30, 0, 120000},
	{"Vaccination", "", 15, 0, 40000},
	{"Procedure", "With preparation before and after.", 30, 5, 250000},
}
