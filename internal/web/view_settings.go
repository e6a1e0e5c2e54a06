package web

import (
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/words"
)

// SettingsItem is one entry of the settings menu.
type SettingsItem struct {
	Key, URL string
	Current  bool
	Head     string // of the first entry of a group: the key of the group's name
}

// settingsGroup is one group of entries, with the module without which an entry is not there.
type settingsGroup struct {
	head  string
	items []settingsEntry
}

type settingsEntry struct {
	key, url string
	right    access.Right
	module   string
}

var settingsGroups = []settingsGroup{
	{"settings.group.clinic", []settingsEntry{
		{"settings.clinic", "/app/settings/clinic", access.ClinicRead, ""},
		{"settings.public", "/app/settings/public", access.ClinicSettings, ""},
		{"settings.domain", "/app/settings/domain", access.ClinicDomain, ""},
		{"settings.modules", "/app/settings/modules", access.ClinicRead, ""},
		{"settings.standing", "/app/account", access.ClinicAccount, ""},
	}},
	{"settings.group.people", []settingsEntry{
		{"settings.staff", "/app/settings/staff", access.ClinicStaff, ""},
		{"settings.sign-in", "/app/settings/sign-in", access.ClinicSignIn, ""},
		{"settings.providers", "/app/settings/providers", access.ScheduleRead, ""},
		{"settings.keys", "/app/settings/keys", access.ClinicRead, ""},
	}},
	{"settings.group.booking", []settingsEntry{
		{"settings.services", "/app/settings/services", access.ScheduleRead, ""},
		{"settings.closures", "/app/settings/closures", access.ScheduleRead, ""},
		{"settings.booking", "/app/settings/booking", access.ScheduleSettings, ""},
	}},
	{"settings.group.care", []settingsEntry{
		{"settings.visits", "/app/settings/visits", access.VisitSettings, clinics.ModuleClinical},
		{"settings.codes", "/app/settings/codes", access.VisitSettings, clinics.ModuleClinical},
		{"settings.intake", "/app/settings/intake", access.IntakeSettings, clinics.ModuleClinical},
		{"settings.drugs", "/app/settings/drugs", access.RxSettings, clinics.ModulePrescriptions},
	}},
	{"settings.group.money", []settingsEntry{
		{"settings.billing", "/app/settings/billing", access.BillSettings, clinics.ModuleBilling},
		{"settings.payments", "/app/settings/payments", access.GatewayAccounts, clinics.ModuleBilling},
	}},
	{"settings.group.messages", []settingsEntry{
		{"settings.reminders", "/app/settings/reminders", access.MessageSettings, ""},
		{"settings.followups", "/app/settings/followups", access.MessageSettings, ""},
		{"settings.messages", "/app/settings/messages", access.MessageSettings, ""},
		{"settings.conversations", "/app/settings/conversations", access.MessageSettings, ""},
		{"settings.channels", "/app/settings/channels", access.MessageSettings, ""},
	}},
	{"settings.group.data", []settingsEntry{
		{"settings.privacy", "/app/settings/privacy", access.ClinicRead, ""},
		{"settings.parties", "/app/settings/outside", access.ClinicOutside, ""},
		{"settings.retention", "/app/settings/retention", access.RetentionRead, ""},
		{"settings.datamap", "/app/settings/datamap", access.RetentionRead, ""},
		{"settings.audit", "/app/audit", access.AuditRead, ""},
		{"settings.use", "/app/settings/use", access.ReportRead, ""},
		{"settings.backups", "/app/settings/backups", access.BackupRead, ""},
		{"settings.import", "/app/settings/import", access.ClinicImport, ""},
		{"settings.export", "/app/settings/export", access.ClinicExport, ""},
	}},
	{"settings.group.programs", []settingsEntry{
		{"settings.tokens", "/app/settings/tokens", access.ProgramSettings, ""},
		{"settings.webhooks", "/app/settings/webhooks", access.ProgramSettings, ""},
	}},
}

// SettingsMenu is the menu of the settings, group by group; current is the key of the entry to mark.
func SettingsMenu(current string, may func(access.Right) bool, has func(module string) bool) []SettingsItem {
	return settingsMenu(current, has, func(x settingsEntry) bool { return may(x.right) })
}

func settingsMenu(current string, has func(module string) bool, shown func(settingsEntry) bool) []SettingsItem {
	var out []SettingsItem
	for _, g := range settingsGroups {
		head := g.head
		for _, x := range g.items {
			if shown(x) && (x.module == "" || has(x.module)) {
				out = append(out, SettingsItem{Key: x.key, URL: x.url, Current: x.key == current, Head: head})
				head = ""
			}
		}
	}
	return out
}

// SettingsPage is embedded by every settings page.
type SettingsPage struct {
	Shell
	Menu    []SettingsItem
	CanEdit bool
	Version int64
}

// SettingsHome is /app/settings, the page "settings".
type SettingsHome struct{ SettingsPage }

// LanguageName is the name of a language in itself.
func (s *Shell) LanguageName(code string) string { return languageName(code) }

// Offered are the languages of the house, for the checkboxes of the clinic's own.
func (p *ClinicSettings) Offered() []words.Language { return words.Languages() }

// PublicWords names a public field.
func (p *PublicSettings) PublicWords(name string) string {
	return p.Tongue.Say("public_field." + name)
}

// RuleWords says when a reminder goes, as the room has it.
func (p *ReminderSettings) RuleWords(r ReminderRule) string {
	hours, minutes := r.Before/60, r.Before%60
	switch {
	case minutes == 0:
		return p.Tongue.Say("settings.rule", "Count", hours)
	case hours == 0:
		return p.Tongue.Say("settings.rule_minutes", "Count", minutes)
	}
	return p.Tongue.Say("settings.rule_both", "Hours", hours, "Minutes", minutes)
}

// ClinicSettings is /app/settings/clinic, the page "settings-clinic".
type ClinicSettings struct {
	SettingsPage
	ClinicName, LegalName      string
	ContactName, ContactEmail  string
	ContactPhone, TaxNumber    string
	Address1, Address2, City   string
	PostalCode, State, Country string
	Countries                  []Option
	Zone                       string
	Zones                      []Option
	Colour                     string // "#2f5d86"
	HasLogo                    bool
	Spoken                     map[string]bool
	DefaultLanguage            string
	Jurisdiction               string
	Jurisdictions              []Option
	Region                     string
	Regions                    []Option
	Currency                   string
}

// PublicSettings is /app/settings/public, the page "settings-public": what patients see.
type PublicSettings struct {
	SettingsPage
	Share     string        // the address of the page: it stays what it is
	Open      bool          // online booking is on
	Fields    []PublicField // of the clinic
	Providers []PublicProvider
}

// PublicField is one switch; Name is the form field's value.
type PublicField struct {
	Name string // catalogue key "public_field.<Name>"
	On   bool
}

// PublicProvider is one practitioner's switches.
type PublicProvider struct {
	ID, Name string
	Version  int64
	Fields   []PublicField
}

// StaffSettings is /app/settings/staff, the page "settings-staff".
type StaffSettings struct {
	SettingsPage
	People      []StaffRow
	Former      []FormerRow
	Invitations []InvitationRow
	Roles       []access.Role // that this person may give
	Email       string        // as typed
	InviteRole  access.Role
	Rights      []RoleWords
}

// FormerRow is somebody who worked at the clinic.
type FormerRow struct{ ID, Name string }

// StaffRow is one person of the clinic.
type StaffRow struct {
	ID, Name, Email, JobTitle string
	Role                      access.Role
	Since                     clock.Date
	Version                   int64
	Self, CanEdit             bool
}

// InvitationRow is one open invitation.
type InvitationRow struct {
	ID, Email, By string
	Role          access.Role
	Expires       time.Time
}

// RoleWords says what a role may do.
type RoleWords struct {
	Role   access.Role
	Rights []string // in the language of the page
}

// ProvidersSettings is /app/settings/providers, the page "settings-providers".
type ProvidersSettings struct {
	SettingsPage
	Providers []ProviderRow
}

// ProviderRow is one provider.
type ProviderRow struct {
	ID, Name, Qualification string
	Services                []string
	Coming                  int
	Retired                 clock.Date // empty: working
	NoHours                 bool
}

// ProviderSettings is /app/settings/providers/new and /app/settings/providers/{id}, the page "settings-provider".
type ProviderSettings struct {
	SettingsPage
	ID            string // empty: a new one
	ProviderName  string
	Qualification string
	Registration  string
	Speciality    string
	About         string
	AccountEmail  string // of the staff account that is this provider; may be empty
	Accounts      []Option
	DailyCap      string
	Services      []Option // On: offered
	Retired       clock.Date
}

// HoursSettings is /app/settings/providers/{id}/hours, the page "settings-hours".
type HoursSettings struct {
	SettingsPage
	ID, ProviderName string
	Days             []HoursDay
	Changes          []HoursChange // one-off
	Leave            []LeaveRow
	ChangeForm       ChangeForm
	LeaveForm        LeaveForm
	Conflicts        []NextCard // appointments that lie outside the hours as they are
	More             int        // of them, beyond those listed
	Today            clock.Date
}

// HoursDay is one weekday of the editor, its intervals as typed. Three rows are always drawn.
type HoursDay struct {
	Day   time.Weekday
	Spans []TypedSpan
}

// TypedSpan is an interval as typed: "09:00" to "13:00".
type TypedSpan struct{ From, To string }

// Slots are the rows of the editor: what there is, and empty ones up to four.
func (d HoursDay) Slots() []TypedSpan {
	out := append([]TypedSpan{}, d.Spans...)
	for len(out) < 2 {
		out = append(out, TypedSpan{})
	}
	if len(out) < 4 && len(d.Spans) >= 2 {
		out = append(out, TypedSpan{})
	}
	return out
}

// HoursChange is one day with other hours.
type HoursChange struct {
	ID    string
	Date  clock.Date
	Spans []Span // none: not working
	Words string
}

// LeaveRow is a time away.
type LeaveRow struct {
	ID       string
	From, To clock.Date
	Words    string
}

// ChangeForm and LeaveForm are what was typed.
type ChangeForm struct{ Date, From1, To1, From2, To2 string }

// LeaveForm is a time away as typed.
type LeaveForm struct{ From, To, Words string }

// RetirePage is /app/settings/providers/{id}/retire, the page "settings-retire".
type RetirePage struct {
	SettingsPage
	ID, ProviderName string
	Bookings         []NextCard
	More             int
	Others           []Option // providers who could take over
	Choice           string   // "move", "cancel"; asked only where there are appointments
}

// ServicesSettings is /app/settings/services, the page "settings-services".
type ServicesSettings struct {
	SettingsPage
	Services []ServiceRow
}

// ServiceRow is one service.
type ServiceRow struct {
	ID, Name               string
	Minutes, Before, After int
	Price                  *Price
	Providers              []string
	Public, Retired        bool
}

// ServiceSettings is /app/settings/services/new and /{id}, the page "settings-service".
type ServiceSettings struct {
	SettingsPage
	ID                     string
	ServiceName, About     string
	Minutes, Before, After string // as typed
	Price, Currency        string
	Public                 bool
	Providers              []Option // On: offers it
	Retired                bool
}

// ClosuresSettings is /app/settings/closures, the page "settings-closures".
type ClosuresSettings struct {
	SettingsPage
	Closures  []LeaveRow
	LeaveForm LeaveForm
	Conflicts []NextCard
	More      int // of them, beyond those listed
}

// BookingSettings is /app/settings/booking, the page "settings-booking".
type BookingSettings struct {
	SettingsPage
	NoticeHours, HorizonDays, Step string // as typed
}

// ReminderSettings is /app/settings/reminders, the page "settings-reminders".
type ReminderSettings struct {
	SettingsPage
	Rules                []ReminderRule
	Quiet                string // the house's quiet hours, in the language of the page
	NewHours, NewMinutes string // as typed
	NewChannel           string
}

// ReminderRule is one reminder.
type ReminderRule struct {
	ID             string
	Before         int    // minutes before the appointment, as the room has it
	Hours, Minutes string // as typed
	Channel        string
	On             bool
	Version        int64
}

// KeysSettings is /app/settings/keys, the page "settings-keys": the keyboard, and where the clinic's keys are kept.
type KeysSettings struct {
	SettingsPage
	Keys bool
}
