package web

import (
	"time"

	"almirah/internal/clock"
)

// HealthBanner is what is known of a patient, on her page and on a visit's.
type HealthBanner struct {
	PatientID   string
	Allergies   []HealthRow
	Conditions  []HealthRow
	Medicines   []HealthRow
	None        bool // she was asked and knows of no allergy
	NoneWords   string
	CanEdit     bool
	Form        HealthForm
	Severities  []Option
	DangerWords string // what is said when an allergy cannot be read; empty: all can
}

// HealthRow is one allergy, condition or medicine.
type HealthRow struct {
	ID, Name, More string
	Severity       string // "", "mild", "moderate", "severe"
	Grave          bool
	Broken         bool
}

// HealthForm is what was typed into the forms of the banner.
type HealthForm struct {
	Kind                          string
	Substance, Reaction, Severity string
	Condition, Code, Since        string
	Medicine, Dose                string
	Until                         string
}

// VisitLine is one visit in a list.
type VisitLine struct {
	ID, Service, Provider string
	At                    time.Time
	Words                 string // diagnoses, or the beginning of the complaint
	Signed                bool
	Broken                bool
}

// FileRow is one file of a patient.
type FileRow struct {
	ID, Name, Kind, Size string
	At                   time.Time
	Broken               bool
}

// Care is the clinical part of a patient's page; it is there only where the clinic keeps clinical records and the reader may see them.
type Care struct {
	On       bool
	CanWrite bool
	Banner   HealthBanner
	Visits   []VisitLine
	Older    string
	Files    []FileRow
}

// PatientVisitsPage is /app/patients/{id}/visits, the page "patient-visits".
type PatientVisitsPage struct {
	Shell
	ID, Patient string
	Banner      HealthBanner
	Visits      []VisitLine
	Older       string
}

// DiagnosisRow is one diagnosis; Value is how a form carries it.
type DiagnosisRow struct{ Value, Code, Name string }

// VitalField is one measure of a visit: as typed, with its unit, and in words when it is unusual.
type VitalField struct {
	Key, Unit, Value string
	Word             string // "", "low", "high"
	Error            string
	Trend            *Trend
}

// Trend is a small picture of earlier values: points of one line, in a box of 120 by 32.
type Trend struct {
	Line string // "0,10 40,20"
	X, Y int    // of the last point
	From string // the first value
	To   string // the last value
}

// EarlierRow is what was measured at one visit, a value for each measure of the table's head.
type EarlierRow struct {
	At     time.Time
	Values []string
}

// AsideCard is a text that met another one.
type AsideCard struct {
	ID, By                    string
	At                        time.Time
	Complaint, Findings, Plan string
	Diagnoses, Vitals         string
	Broken                    bool
}

// AmendmentCard is what was added to a signed visit.
type AmendmentCard struct {
	Part, Reason, Text string
	By, Registration   string
	At                 time.Time
	Broken             bool
}

// IntakeCard is what a patient answered and signed before a visit.
type IntakeCard struct {
	Title, Text string
	Items       []IntakeItem
	Name        string
	Guardian    bool
	At          time.Time
	Hash        string
	Broken      bool
}

// IntakeItem is one question with its answer.
type IntakeItem struct{ Question, Answer string }

// VisitPage is /app/visits/{id}, the page "visit".
type VisitPage struct {
	Shell
	ID, PatientID, Patient, Age, Sex string
	Born                             clock.Date
	AppointmentID                    string
	AppVersion, Version              int64
	State                            string
	At                               time.Time
	Service, Provider                string
	Banner                           HealthBanner
	Tab                              string
	Complaint, Findings, Plan        string
	Diagnoses                        []DiagnosisRow
	Find                             string
	Found                            []DiagnosisRow
	Searched                         bool
	Vitals                           []VitalField
	BMI, BMIWord                     string
	EarlierHead                      []string // keys of measures
	Earlier                          []EarlierRow
	Child                            bool
	Templates                        []Option
	SavedAt                          time.Time
	SavedBy                          string
	Signed                           bool
	SignedAt                         time.Time
	Signer, Registration             string
	CanWrite, CanSign                bool
	CanPrescribe                     bool // the clinic has prescriptions, and this person may write them
	NotPractitioner                  bool // the right is there, the account is no practitioner's
	Theirs                           *AsideCard
	Asides                           []AsideCard
	Amendments                       []AmendmentCard
	Amend                            AmendForm
	Intake                           []IntakeCard
	Files                            []FileRow
	Broken                           bool
	CanCheckOut                      bool
}

// AmendForm is an amendment as typed.
type AmendForm struct{ Part, Reason, Text string }

// CodesFragment is the fragment "code-hits" (POST /app/codes).
type CodesFragment struct {
	Shell
	Found    []DiagnosisRow
	Searched bool
}

// VisitTemplatesSettings is /app/settings/visits, the page "settings-visits".
type VisitTemplatesSettings struct {
	SettingsPage
	Rows     []VisitTemplateRow
	Starters []VisitTemplateRow
}

// VisitTemplateRow is one template of a list.
type VisitTemplateRow struct {
	ID, Name, Speciality string
	Retired              bool
}

// VisitTemplateSettings is /app/settings/visits/{id}, the page "settings-visit".
type VisitTemplateSettings struct {
	SettingsPage
	ID, TemplateName, Speciality string
	Complaint, Findings, Plan    string
	Retired                      bool
	Specialities                 []Option
}

// CodesSettings is /app/settings/codes, the page "settings-codes".
type CodesSettings struct {
	SettingsPage
	Lists    []CodeListRow
	Starter  int
	ListName string
	Reading  *CodesReading
}

// CodeListRow is one imported list.
type CodeListRow struct {
	Name  string
	Count int
	At    time.Time
	By    string
	Used  bool
}

// CodesReading is what a file holds, before it is kept.
type CodesReading struct {
	Count, Twice, Unread int
	Lines                string // numbers of the first lines that were passed over
	First                []DiagnosisRow
	Already              bool
}

// IntakeSettings is /app/settings/intake, the page "settings-intake".
type IntakeSettings struct {
	SettingsPage
	Rows []IntakeFormRow
}

// IntakeFormRow is one form of a list.
type IntakeFormRow struct {
	ID, Name, Kind, Service string
	Retired                 bool
}

// IntakeFormSettings is /app/settings/intake/{id}, the page "settings-intake-form".
type IntakeFormSettings struct {
	SettingsPage
	ID, Kind, FormTitle, Text string
	Services                  []Option
	Questions                 []QuestionForm
	Retired                   bool
	Hash                      string
}

// QuestionForm is one question as typed.
type QuestionForm struct {
	Number             int
	ID, Label, Options string
	Kinds              []Option
	Must               bool
}

// OwnIntake is /m/{token}/intake, the page "own-intake".
type OwnIntake struct {
	Shell
	Token     string
	At        time.Time
	Minor     bool
	Guardians []Option
	Forms     []OwnForm
	Open      int
	Done      bool
}

// OwnForm is one form that a patient answers and signs.
type OwnForm struct {
	ID, Kind, Heading, Text, Hash string
	Questions                     []OwnQuestion
	Signed                        time.Time
	Name                          string
	Agreed                        bool
	Changed                       bool
	Begun                         bool
	Guardian                      string
	Wrong                         bool // this is the form that the error summary speaks of
}

// OwnQuestion is one question with what was answered so far.
type OwnQuestion struct {
	Field Field
	Kind  string
	Label string
	Said  string // as a reader sees it
}

// SignFields are the two inputs of a signature.
type SignFields struct {
	Name   Field
	Agreed Tick
}

// Sign makes the inputs with which a form of the page is signed. Only the form that the error summary speaks of carries the plain ids.
func (f OwnForm) Sign(p *OwnIntake) SignFields {
	label, agree := "intake.sign_name", "intake.agree_answers"
	if p.Minor {
		label = "intake.guardian_sign"
	}
	if f.Kind == "consent" {
		agree = "intake.agree_text"
	}
	out := SignFields{Name: p.Field("signed_name", label, f.Name).Needed().Fill("name"), Agreed: p.Tick("agreed", "1", p.Tongue.Say(agree), "", f.Agreed)}
	if !f.Wrong {
		out.Name, out.Agreed.ID = out.Name.On(f.ID), out.Agreed.ID+"-"+f.ID
		out.Name.Error, out.Agreed.Error = "", ""
	}
	return out
}
