package access

import "slices"

// Right is one thing that a caller may do. Each route and each service verb names one.
type Right string

// The rights. Rights that start with "platform." concern what belongs to no clinic.
const (
	PublicRead Right = "public.read"
	PublicBook Right = "public.book"
	OwnRead    Right = "own.read"
	OwnChange  Right = "own.change"

	BookedRead   Right = "booked.read"
	BookedChange Right = "booked.change"

	ClinicRead     Right = "clinic.read"
	ClinicSettings Right = "clinic.settings"
	ClinicStaff    Right = "clinic.staff"
	ClinicSignIn   Right = "clinic.sign-in"

	ScheduleRead     Right = "schedule.read"
	ScheduleBook     Right = "schedule.book"
	ScheduleCancel   Right = "schedule.cancel"
	ScheduleOverbook Right = "schedule.overbook"
	ScheduleSettings Right = "schedule.settings"

	PatientSearch Right = "patient.search"
	PatientRead   Right = "patient.read"
	PatientWrite  Right = "patient.write"
	PatientNotes  Right = "patient.notes"
	PatientDelete Right = "patient.delete"
	ErasureRead   Right = "erasure.read"
	HeldOpen      Right = "erasure.open-held"
	PatientExport Right = "patient.export"

	MessageRead     Right = "message.read"
	MessageSettle   Right = "message.settle"
	MessageSettings Right = "message.settings"
	MessageAccounts Right = "message.accounts"
	MessageHear     Right = "message.hear"

	InboxRead    Right = "inbox.read"
	InboxWrite   Right = "inbox.write"
	ReviewSettle Right = "review.settle"

	ClinicModules  Right = "clinic.modules"
	ClinicAccount  Right = "clinic.account"
	ClinicDomain   Right = "clinic.domain"
	ClinicOutside  Right = "clinic.outside"
	ClinicExport   Right = "clinic.export"
	ClinicImport   Right = "clinic.import"
	PolicySettings Right = "policy.settings"

	BillRead     Right = "bill.read"
	BillIssue    Right = "bill.issue"
	BillRefund   Right = "bill.refund"
	BillClose    Right = "bill.close"
	BillExport   Right = "bill.export"
	BillSettings Right = "bill.settings"
	BillDecide   Right = "bill.decide"

	GatewayAccounts Right = "gateway.accounts"
	GatewayHear     Right = "gateway.hear"

	VisitRead      Right = "visit.read"
	VisitWrite     Right = "visit.write"
	VisitSign      Right = "visit.sign"
	VisitSettings  Right = "visit.settings"
	IntakeSettings Right = "intake.settings"
	RxRead         Right = "rx.read"
	RxWrite        Right = "rx.write"
	RxSign         Right = "rx.sign"
	RxShare        Right = "rx.share"
	RxSettings     Right = "rx.settings"

	ReportRead     Right = "report.read"
	ReportSettings Right = "report.settings"

	AuditRead   Right = "audit.read"
	AuditExport Right = "audit.export"
	AuditReview Right = "audit.review"

	// BackupRead and BackupRelease are about the house's backups, as a clinic sees them.
	BackupRead    Right = "backup.read"
	BackupRelease Right = "backup.release"

	RetentionRead Right = "retention.read"
	RetentionHold Right = "retention.hold"

	SupportGrant Right = "support.grant"
	SupportWatch Right = "support.watch"
	SupportAsk   Right = "support.ask"
	OwnerHand    Right = "clinic.hand-over"

	IncidentReport  Right = "incident.report"
	IncidentRead    Right = "incident.read"
	IncidentAct     Right = "incident.act"
	DisclosureRead  Right = "disclosure.read"
	DisclosureAct   Right = "disclosure.act"
	DisclosureFile  Right = "disclosure.file"
	RequestAsk      Right = "request.ask"
	RequestTake     Right = "request.take"
	RequestRead     Right = "request.read"
	RequestAct      Right = "request.act"
	ProgramRead     Right = "program.read"
	ProgramSettings Right = "program.settings"

	Work Right = "work"

	PlatformSignIn   Right = "platform.sign-in"
	PlatformRoute    Right = "platform.route"
	PlatformWork     Right = "platform.work"
	PlatformOpen     Right = "platform.open"
	PlatformMembers  Right = "platform.members"
	PlatformOperate  Right = "platform.operate"
	PlatformAccount  Right = "platform.account"
	PlatformBill     Right = "platform.bill"
	PlatformTicket   Right = "platform.ticket"
	PlatformHelp     Right = "platform.help"
	PlatformNotice   Right = "platform.notice"
	PlatformHelpers  Right = "platform.helpers"
	PlatformIncident Right = "platform.incident"
	PlatformDomain   Right = "platform.domain"
	PlatformReview   Right = "platform.review"
	PlatformSuspend  Right = "platform.suspend"
	PlatformVendors  Right = "platform.vendors"
)

// Row is one line of the table: who holds the right, and what it means in plain words.
type Row struct {
	Right Right
	Words string
	Roles []Role
}

var (
	desk   = []Role{Owner, Manager, Practitioner, Assistant, FrontDesk}
	staff  = []Role{Owner, Manager, Practitioner, Assistant, FrontDesk, Billing}
	leads  = []Role{Owner, Manager}
	till   = []Role{Owner, Manager, FrontDesk, Billing}
	counts = []Role{Owner, Manager, Billing}
	anyone = []Role{Owner, Manager, Practitioner, Assistant, FrontDesk, Billing, Patient, Booker, Public, System}
)

// Table is WHO MAY DO THIS, in the order of the generated page docs/who-may.md.
var Table = []Row{
	{PublicRead, "See what a clinic shows to everyone: its name, services, practitioners and free times.", anyone},
	{PublicBook, "Book a free time from the public page, for oneself or one's child.", []Role{Public}},
	{BookedRead, "See the appointment that a link is about.", []Role{Patient, Booker}},
	{BookedChange, "Move or cancel the appointment that a link is about.", []Role{Patient, Booker}},
	{OwnRead, "See what the clinic keeps of oneself, through a link that came to one's own address.", []Role{Patient}},
	{OwnChange, "Say how a visit was, change one's own consents, and ask about one's own data, through a link that came to one's own address.", []Role{Patient}},

	{ClinicRead, "See the clinic's own profile, its people and its settings.", staff},
	{ClinicSettings, "Change the clinic's profile, branding, languages and public page.", leads},
	{ClinicModules, "Turn modules on and off: which kinds of data the clinic keeps here at all.", []Role{Owner}},
	{ClinicAccount, "See the clinic's account here, sign its agreements, pay for it, and close it.", []Role{Owner}},
	{PolicySettings, "Change how long the clinic keeps things: a change of its privacy policy.", []Role{Owner}},
	{ClinicDomain, "Claim a host name of the clinic's own, prove it, and give it up.", []Role{Owner}},
	{ClinicOutside, "Say which outside parties may get something of the clinic's.", []Role{Owner}},
	{ClinicExport, "Take the whole clinic along as one file, and let a clinic that arrived send messages; the clinic's own work writes the file.", []Role{Owner, System}},
	{ClinicImport, "Bring lists of patients in, and take back what a list made.", leads},
	{ClinicStaff, "Invite staff, change their roles, end their access.", leads},
	{ClinicSignIn, "Say how the clinic’s people sign in, and see what went wrong at it.", []Role{Owner}},

	{ScheduleRead, "See the calendar: day, week, and the history of an appointment.", staff},
	{ScheduleBook, "Book, move and mark appointments.", desk},
	{ScheduleCancel, "Cancel an appointment, also while the clinic is read-only: the patient must be told.", desk},
	{ScheduleOverbook, "Book over an existing appointment on purpose, giving a reason.", desk},
	{ScheduleSettings, "Change services, providers, hours, leave and closures.", leads},

	{PatientSearch, "Find patients by name, phone or e-mail.", staff},
	{PatientRead, "Open a patient's page.", staff},
	{PatientWrite, "Add a patient and correct a patient's details and consents.", desk},
	{PatientNotes, "Read and write plain notes, where the clinic turned notes on.", []Role{Owner, Manager, Practitioner, Assistant}},
	{PatientDelete, "Delete a patient.", leads},
	{PatientExport, "Make a copy of everything that the clinic keeps of one patient, to hand to her.", leads},

	{MessageRead, "See which messages went out, and their states.", staff},
	{MessageSettle, "Decide what to do about a message whose fate is unknown.", desk},
	{MessageSettings, "Change message templates and reminder rules.", leads},
	{MessageAccounts, "Connect the clinic's own account at a message provider, pause it, revoke it.", []Role{Owner}},
	{MessageHear, "Report what became of a message, or what a patient answered: the provider of the clinic's account, by a signed request.", []Role{Public}},

	{InboxRead, "Read what patients write, and what was answered.", desk},
	{InboxWrite, "Answer patients, write private notes, say who is meant, close a conversation.", desk},
	{ReviewSettle, "Read what patients say of their visits, and settle complaints.", desk},

	{BillRead, "See invoices, payments and what a patient owes, where the clinic turned billing on; never what is written about a visit.", till},
	{BillIssue, "Write and issue invoices, and take payments at the desk.", till},
	{BillRefund, "Write credit notes and give money back.", counts},
	{BillClose, "Count the money of a day and close it, and read the ledger.", counts},
	{BillExport, "Take the figures along as a file for the accountant.", counts},
	{BillSettings, "Change how the clinic bills: taxes, number series, the address for UPI, free reviews.", leads},

	{BillDecide, "See where the gateway's books and the clinic's differ, disputes and refused payments, and settle what was looked at.", counts},
	{GatewayAccounts, "Connect the clinic's own account at a payment gateway, test it, pause it, revoke it.", []Role{Owner}},
	{GatewayHear, "Report what became of a payment: the gateway of the clinic's account, by a signed request.", []Role{Public}},
	{VisitRead, "Read visits, allergies, conditions, medicines, files and what patients answered before a visit, where the clinic keeps clinical records.", []Role{Owner, Practitioner, Assistant}},
	{VisitWrite, "Write visits that are not signed, what is known of a patient, and files, where the clinic keeps clinical records.", []Role{Owner, Practitioner, Assistant}},
	{VisitSign, "Sign a visit, and add to a signed one: only somebody whose account is a practitioner's.", []Role{Owner, Practitioner}},
	{VisitSettings, "Change what visits start with, and import lists of diagnoses.", leads},
	{IntakeSettings, "Change the questions and the texts that patients get before a visit.", leads},
	{RxRead, "Read and print prescriptions, where the clinic turned them on.", []Role{Owner, Practitioner, Assistant}},
	{RxWrite, "Write drafts of prescriptions, and the clinic's favourites.", []Role{Owner, Practitioner, Assistant}},
	{RxSign, "Sign and cancel prescriptions, as a practitioner with a registration number on record.", []Role{Owner, Practitioner}},
	{RxShare, "Send the patient a link to a signed prescription, and take it back.", []Role{Owner, Practitioner, Assistant}},
	{RxSettings, "Import lists of drugs and warnings, and say how prescriptions are printed and shared.", leads},

	{ReportRead, "See the clinic's reports: counts of its days, in which nobody is named.", leads},
	{ReportSettings, "Say what is counted of the clinic's own use of the program, of its public page, and of children.", []Role{Owner}},

	{SupportGrant, "Let somebody of support see named things of the clinic for a few hours, refuse it, and look back at what was done.", []Role{Owner}},
	{SupportWatch, "See who of support looks at the clinic's data now, and end it at once.", staff},
	{SupportAsk, "Ask a clinic for access, see how the asking stands, and end one's own access. It opens nothing of the clinic.", []Role{Support, Operator}},
	{OwnerHand, "Hand the clinic over to another owner, or take it over when it is offered.", staff},
	{AuditRead, "Read the clinic's audit log.", leads},
	{AuditExport, "Take entries of the audit log, or their proofs, along as a file.", leads},
	{BackupRead, "See how the backups stand: how old the last good one is, where they lie, when they were last tried.", leads},
	{BackupRelease, "After a restore, let messages and payments leave again, where one clinic has the installation for itself.", []Role{Owner}},
	{AuditReview, "Sign off that the audit log of some days was looked through, and settle what its rules noticed.", leads},
	{IncidentReport, "Say that something went wrong with data or devices: a lost phone, a letter to the wrong person, a strange sign-in.", staff},
	{ErasureRead, "See which erasures there were, what the law holds until when, and the certificates.", leads},
	{HeldOpen, "Open what the law holds of somebody who was erased, saying why.", []Role{Owner}},

	{IncidentRead, "See what went wrong at the clinic, whom it touched, and what the law asks by when.", leads},
	{IncidentAct, "Decide about an incident: end sign-ins, whom to tell, what the authority got, and closing it.", leads},
	{DisclosureRead, "See what was given to authorities and courts, and what they demand.", leads},
	{DisclosureAct, "Write down what an authority or a court demands, decide about what somebody else wrote down, and say that the patient was told.", leads},
	{DisclosureFile, "Take the file that two people agreed to give.", leads},
	{RequestAsk, "Ask for a link to one's own page, which goes only to an address that the clinic has on file.", []Role{Public}},
	{RequestTake, "Write down what a patient asks about her own data: by letter, in a conversation, or at the desk.", desk},
	{RequestRead, "See what people asked about their own data, and by when it is answered.", leads},
	{RequestAct, "Answer what people asked about their own data: who they are, what is done, and what is refused on which ground.", leads},
	{RetentionRead, "See how long the clinic keeps what, what goes next, what the law keeps longer, and the record of its processing.", leads},
	{RetentionHold, "Ask for a legal hold on a patient's records, approve one that somebody else asked for, and lift one.", leads},
	{ProgramRead, "See which addresses of the clinic's own programs are told of what.", leads},
	{ProgramSettings, "Let the clinic's own programs in by tokens, and say which addresses are told of what.", []Role{Owner}},
	{Work, "Do the clinic's own background work: reminders, sending, tidying up.", []Role{System}},

	{PlatformSignIn, "Look up a sign-in, a session, an invitation or a one-time link.", []Role{Public, Operator}},
	{PlatformRoute, "Find the clinic behind a name, a host or a link; read what is public of the outside parties.", []Role{Public, System, Operator}},
	{PlatformWork, "Find which clinics have work due, and relay it.", []Role{System}},
	{PlatformOpen, "Open a new clinic.", []Role{Public, Operator}},
	{PlatformMembers, "Change who belongs to the clinic.", append([]Role{Operator}, leads...)},
	{PlatformAccount, "See what one's clinic pays for the platform, and pay it.", []Role{Owner}},
	{PlatformDomain, "Keep which host name is which clinic's: the clinic's owner and the daily look-up.", []Role{Owner, System}},
	{PlatformBill, "Keep the books of what clinics pay for the platform.", []Role{Operator, System}},
	{PlatformTicket, "Write to support, and read what was answered; support and operators read what clinics write to them.", append([]Role{Operator, Support}, staff...)},
	{PlatformHelp, "See the names of clinics and ask one for access.", []Role{Operator, Support}},
	{PlatformNotice, "Publish notices about the service, and write to those who want its news.", []Role{Operator}},
	{PlatformHelpers, "Say who helps, as support or as operator.", []Role{Operator}},
	{PlatformIncident, "Keep the register of what went wrong at the platform or at one of its processors, and tell the clinics.", []Role{Operator, System}},
	{PlatformReview, "Sign that what people have to look at regularly was looked at.", []Role{Operator}},
	{PlatformVendors, "Keep the record of outside parties: contracts, reviews, safeguards; count what went to them.", []Role{Operator, System}},
	{PlatformSuspend, "Suspend a clinic that breaks the terms, two operators together, and lift it.", []Role{Operator}},
	{PlatformOperate, "Run the deployment: probes, keys, audit tree.", []Role{Operator, System}},
}

var rows = func() map[Right]Row {
	m := make(map[Right]Row, len(Table))
	for _, r := range Table {
		m[r.Right] = r
	}
	return m
}()

// always are the rights whose Changes also work in a clinic that is read-only because it has not paid for the platform: what only marks
// that something was read, leaving, ending somebody's access, deleting a patient who asks for it, the clinic's own reminders, what
// patients do about themselves, and what others report. Everything else is refused then (decision 36).
var always = []Right{PublicRead, BookedRead, BookedChange, OwnRead, OwnChange, ClinicRead, ClinicAccount, ClinicDomain, ClinicExport, ClinicStaff, ClinicSignIn, ScheduleRead, ScheduleCancel, PatientSearch, PatientRead, PatientDelete, ErasureRead, HeldOpen, PatientExport,
	MessageRead, MessageHear, InboxRead, ReportRead, AuditRead, AuditExport, BackupRead, BackupRelease, Work, GatewayHear, SupportGrant, SupportWatch, SupportAsk, OwnerHand, IncidentReport, IncidentRead, IncidentAct, DisclosureRead, DisclosureAct, DisclosureFile, RequestAsk, RequestTake, RequestRead, RequestAct, RetentionRead, RetentionHold, BillExport}

// When says what has to be shown a second time before it is done.
type When int

// When a factor has to have been shown within the last minutes.
const (
	Never  When = iota // the sign-in is enough
	ToAct              // looking is free, doing is not
	ToOpen             // looking, too: what is looked at leaves the house
)

// again are the rights with which somebody at an open browser could do most harm: exports, keys, roles and invitations, closing and
// deleting. A right that is not named here asks for nothing (promise step-up).
var again = map[Right]When{ClinicStaff: ToAct, ClinicSignIn: ToAct, ClinicAccount: ToAct, ClinicDomain: ToAct, MessageAccounts: ToAct, GatewayAccounts: ToAct, BackupRelease: ToAct, PatientDelete: ToAct, HeldOpen: ToAct, BillExport: ToOpen, AuditExport: ToOpen,
	ProgramSettings: ToAct, SupportGrant: ToAct, OwnerHand: ToAct, IncidentAct: ToAct, DisclosureAct: ToAct, DisclosureFile: ToOpen, RequestAct: ToAct, RetentionHold: ToAct, PlatformIncident: ToAct, PlatformSuspend: ToAct, PlatformHelp: ToAct, PlatformNotice: ToAct, PlatformHelpers: ToAct, PlatformReview: ToAct, PlatformVendors: ToAct, ClinicOutside: ToAct, ClinicExport: ToOpen, ClinicImport: ToAct, PatientExport: ToOpen}

// AsksAgain says whether a factor has to have been shown shortly before something is done, or looked at, by the right.
func AsksAgain(r Right, acts bool) bool { return again[r] == ToOpen || acts && again[r] == ToAct }

// exports are the rights by which data leaves in bulk.
var exports = []Right{BillExport, AuditExport, DisclosureFile, ClinicExport, PatientExport}

// NeedsSecondFactor says whether nobody may hold the role who has shown a password alone: those who run a clinic or the deployment,
// who help by a grant, and whoever may export (promise second-factor).
func NeedsSecondFactor(role Role) bool {
	switch role {
	case Owner, Manager, Operator, Support:
		return true
	}
	return slices.ContainsFunc(exports, func(r Right) bool { return Holds(role, r) })
}

// AlwaysWorks says whether Changes by the right also work in a clinic that is read-only.
func AlwaysWorks(r Right) bool { return slices.Contains(always, r) }
