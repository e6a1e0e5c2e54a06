package law

// Class is a kind of record with a life of its own.
type Class string

// The classes.
const (
	Invoices    Class = "invoice"      // invoices, payments, the ledger
	Clinical    Class = "clinical"     // visits, diagnoses, files of a patient's record
	Scripts     Class = "prescription" // signed prescriptions
	BookingLog  Class = "booking-log"  // who booked, moved, cancelled, and when
	Events      Class = "event"        // what became of a message
	Texts       Class = "text"         // what was written to and by patients, where the clinic keeps it
	Letters     Class = "letter"       // mail that came in and belongs to no conversation
	Opinions    Class = "opinion"      // what patients said of their visits
	Answers     Class = "request"      // people's requests and how they were answered
	Consents    Class = "consent"      // what people agreed to, and the texts that were shown
	Troubles    Class = "incident"     // incidents and breaches
	Disclosures Class = "disclosure"   // to whom a patient's data was given
	Papers      Class = "paper"        // agreements and versions of the policy
	AccessLog   Class = "access-log"   // the log of requests to the server, and signs of abuse
	Audit       Class = "audit"        // entries of the audit log; their sealed details go with the person
	Account     Class = "account"      // everything of a clinic that has left
	People      Class = "patient"      // who a patient is, how she is reached, and who speaks for her
	Passing     Class = "passing"      // links, drafts, what waits: of use for a while and to nobody after it
	Help        Class = "help"         // what was written to support, and what support was let see
	Watch       Class = "watch"        // what is kept to look back at: access that ended, copies that were taken, what was noticed and settled, disputes
)

// Classes are all classes, in the order of pages.
func Classes() []Class {
	return []Class{People, Clinical, Scripts, Invoices, BookingLog, Events, Texts, Letters, Opinions, Answers, Consents, Disclosures, Troubles, Papers, Passing, AccessLog, Watch, Audit, Help, Account}
}

// Life is how long a class of records lives: at least Floor because the law wants it, at most Ceiling because the house promises it. A clinic chooses
// between the two; Usual is what it has when it chose nothing.
type Life struct {
	Floor, Ceiling, Usual Span // a zero Floor: the law wants nothing kept; a zero Ceiling: while the patient is with the clinic

	// Child adds to the floor for whoever was a child: the record lives at least until this age and this many years.
	ChildAge, ChildYears int
	Source               string // where the floor stands

	// Seen is how long the house shows them, where a law keeps them longer than the house does by itself: after it they lie sealed, under a key of
	// their own. Zero: as long as they live.
	Seen Span
}

// Asked says whether a law asks for the floor; where none does, it is the house's own.
func (l Life) Asked() bool { return !l.Floor.IsZero() && l.Source != ours }

const ours = "the policy; no law asks for longer"

// lives are the rows of the places that differ from the strictest common row under Elsewhere.
var lives = map[string]map[Class]Life{
	India: {
		Clinical: {Floor: Span{Years: 3}, ChildAge: 18, ChildYears: 3, Source: "Indian Medical Council Regulations 2002, 1.3.1: three years from the beginning of the treatment; Limitation Act 1963, s. 6: a child's time runs from eighteen"},
		Scripts:  {Floor: Span{Years: 3}, ChildAge: 18, ChildYears: 3, Source: "Indian Medical Council Regulations 2002, 1.3.1"},
		Invoices: {Floor: Span{Years: 8}, Ceiling: Span{Years: 9}, Usual: Span{Years: 8}, Source: "Companies Act 2013, s. 128(5): eight financial years; Central Goods and Services Tax Act 2017, s. 36, ends sooner"},
		Events:   {Floor: Span{Years: 1}, Ceiling: Span{Years: 1}, Usual: Span{Years: 1}, Seen: Span{Days: 180}, Source: "DPDP Rules 2025, rule 8(3): personal data, traffic data and logs for one year; after 180 days only as the sealed statutory copy"},
		AccessLog: {Floor: Span{Years: 1}, Ceiling: Span{Years: 1}, Usual: Span{Years: 1},
			Source: "DPDP Rules 2025, rules 6(1)(e) and 8(3): one year; CERT-In directions of 28 April 2022, (iv): 180 days in India"},
	},
	EU: {
		Clinical: {Floor: Span{Years: 10}, Source: "German Civil Code, s. 630f(3): ten years after the treatment; other member states differ"},
		Scripts:  {Floor: Span{Years: 10}, Source: "German Civil Code, s. 630f(3)"},
		Invoices: {Floor: Span{Years: 10}, Ceiling: Span{Years: 11}, Usual: Span{Years: 10}, Source: "the longest of the larger member states: Code de commerce L123-22, Codice civile 2220; Directive 2006/112/EC, art. 247"},
	},
	Britain: {
		Clinical: {Floor: Span{Years: 8}, ChildAge: 25, Source: "NHS Records Management Code of Practice 2021: eight years, a child's until 25"},
		Scripts:  {Floor: Span{Years: 8}, ChildAge: 25, Source: "NHS Records Management Code of Practice 2021"},
		Invoices: {Floor: Span{Years: 6}, Ceiling: Span{Years: 7}, Usual: Span{Years: 6}, Source: "Value Added Tax Act 1994, sch. 11 para. 6(3)"},
	},
	US: {
		Clinical: {Floor: Span{Years: 10}, ChildAge: 23, Source: "no federal rule for charts; the longest common rule of the states: ten years, a child's until 23 (Nevada)"},
		Scripts:  {Floor: Span{Years: 10}, ChildAge: 23, Source: "as for the chart"},
		Invoices: {Floor: Span{Years: 7}, Ceiling: Span{Years: 8}, Usual: Span{Years: 7}, Source: "26 CFR 1.6001-1(e); 26 U.S.C. 6511(d): the longest ordinary period"},
	},
	Canada: {
		Clinical: {Floor: Span{Years: 10}, ChildAge: 18, ChildYears: 10, Source: "Ontario Regulation 114/94, s. 19: ten years, a child's ten years after eighteen"},
		Scripts:  {Floor: Span{Years: 10}, ChildAge: 18, ChildYears: 10, Source: "Ontario Regulation 114/94, s. 19"},
		Invoices: {Floor: Span{Years: 6}, Ceiling: Span{Years: 7}, Usual: Span{Years: 6}, Source: "Income Tax Regulations, s. 5800; Excise Tax Act, s. 286(3): six years from the end of the year"},
	},
	Elsewhere: {
		Clinical:    {Floor: Span{Years: 10}, ChildAge: 25, Source: "the strictest of the rows of this table"},
		Scripts:     {Floor: Span{Years: 10}, ChildAge: 25, Source: "the strictest of the rows of this table"},
		Invoices:    {Floor: Span{Years: 10}, Ceiling: Span{Years: 11}, Usual: Span{Years: 10}, Source: "the strictest of the rows of this table"},
		BookingLog:  {Floor: Span{Months: 12}, Ceiling: Span{Months: 24}, Usual: Span{Months: 12}, Source: ours},
		Events:      {Ceiling: Span{Days: 180}, Usual: Span{Days: 180}, Source: ours},
		Texts:       {Ceiling: Span{Years: 3}, Usual: Span{Months: 13}, Source: ours},
		Letters:     {Ceiling: Span{Days: 180}, Usual: Span{Days: 180}, Source: ours},
		Opinions:    {Ceiling: Span{Years: 2}, Usual: Span{Years: 2}, Source: ours},
		Answers:     {Floor: Span{Years: 6}, Ceiling: Span{Years: 7}, Usual: Span{Years: 6}, Source: "45 CFR 164.530(j), the longest; 11 CCR 7101: twenty-four months"},
		Consents:    {Floor: Span{Years: 6}, Ceiling: Span{Years: 7}, Usual: Span{Years: 6}, Source: "45 CFR 164.530(j); GDPR, article 7(1)"},
		Disclosures: {Floor: Span{Years: 6}, Ceiling: Span{Years: 7}, Usual: Span{Years: 6}, Source: "45 CFR 164.528(a)"},
		Troubles:    {Floor: Span{Years: 6}, Ceiling: Span{Years: 7}, Usual: Span{Years: 6}, Source: "45 CFR 164.530(j), the longest; PIPEDA, section 10.3: twenty-four months"},
		Papers:      {Floor: Span{Years: 6}, Source: "45 CFR 164.316(b)(2)(i); versions of the policy are kept for ever"},
		AccessLog:   {Ceiling: Span{Days: 180}, Usual: Span{Days: 180}, Source: ours},
		Audit:       {Floor: Span{Years: 6}, Ceiling: Span{Years: 7}, Usual: Span{Years: 6}, Source: "45 CFR 164.316(b)(2)(i)"},
		People:      {Source: ours},
		Passing:     {Ceiling: Span{Days: 30}, Usual: Span{Days: 30}, Source: ours},
		Help:        {Ceiling: Span{Years: 2}, Usual: Span{Years: 2}, Source: ours},
		Watch:       {Ceiling: Span{Years: 2}, Usual: Span{Years: 2}, Source: ours},
		Account:     {Ceiling: Span{Days: 90}, Usual: Span{Days: 90}, Source: ours},
	},
}

// LifeOf is how long records of the class live under the law of the place.
func LifeOf(place string, c Class) Life {
	if l, ok := row(lives, place)[c]; ok {
		return l
	}
	return lives[Elsewhere][c]
}
