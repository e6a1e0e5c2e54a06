package sample

import (
	"almirah/internal/clinics"
	"almirah/internal/vendors"
	"almirah/internal/web"
)

func (m *maker) vendorPages() {
	choices := func(on string) (out []web.OutsideChoice) {
		for _, x := range clinics.OutsideChoices() {
			out = append(out, web.OutsideChoice{Value: x, On: x == on})
		}
		return out
	}
	guards := func(on string) (out []web.Option) {
		for _, x := range vendors.Safeguards() {
			out = append(out, web.Option{Value: x, Label: m.t.Say("vendor.safeguard." + x), On: x == on})
		}
		return out
	}
	rows := []web.VendorRow{
		{ID: "smtp", Name: "Post & Co", Purpose: "carries e-mail: confirmations, reminders, sign-in letters", Region: "India", Place: "IN", Patients: true, Signed: "2026-01-10", Ends: "2027-01-09", Reviewed: "2026-03-01", Safeguard: "none"},
		{ID: "twilio", Name: "Twilio", Purpose: "carries SMS", Region: "United States", Place: "US", Patients: true, Shut: vendors.ReviewLate, Signed: "2024-01-10", Reviewed: "2025-03-01", Safeguard: "clauses", BAA: true},
		{ID: "whatsapp", Name: "Meta (WhatsApp)", Purpose: "carries WhatsApp messages", Region: "United States", Place: "US", Patients: true, Missing: "contract"},
		{ID: "ses", Name: "Amazon Web Services (SES)", Purpose: "carries e-mail", Region: "the region of AWS that the clinic chooses", Patients: true, Missing: "confidentiality", Signed: "2026-01-10", Reviewed: "2026-03-01", Safeguard: "other"},
		{ID: "clinic-programs", Name: "A clinic’s own programs", Purpose: "are told that something happened", Region: "where the clinic runs them", Free: true},
		{ID: "stripe", Name: "Stripe", Purpose: "takes payments", Region: "United States", Place: "US", Shut: vendors.ContractEnded, Signed: "2024-01-10", Ends: "2026-01-09", Reviewed: "2026-03-01", Safeguard: "adequacy"},
	}
	page := &web.PlatformVendors{Shell: m.helper(false), Rows: rows, Party: "smtp", PartyName: "Post & Co", Safeguards: guards("none"),
		Typed: vendors.Vendor{Signed: "2026-01-10", Ends: "2027-01-09", Confidential: true, Reviewed: "2026-03-01", Note: "contracts/post.pdf", Version: 1}}
	m.add("platform-vendors", "", page)
	wrong := *page
	wrong.Shell = problems(wrong.Shell, "signed", "ends", "safeguard", "reviewed", "note")
	m.add("platform-vendors", "wrong", &wrong)
	m.add("platform-vendors", "bare", &web.PlatformVendors{Shell: m.helper(false)})
	m.add("platform-vendors", "unread", &web.PlatformVendors{Shell: m.helper(false), Rows: []web.VendorRow{{ID: "smtp", Name: "Post & Co", Purpose: "carries e-mail", Region: "not stated", Shut: vendors.Unread}}})
	outside := &web.OutsideSettings{SettingsPage: m.settings("settings.parties"), Choices: choices(clinics.OutsideRegion), Area: m.t.Say("region.IN"), Policy: "/c/sunrise/privacy",
		Rows: []web.OutsideRow{{Name: "Post & Co", Purpose: "carries e-mail", Region: "India"}, {Name: "Twilio", Purpose: "carries SMS", Region: "United States", Why: vendors.OutOfArea}, {Name: "Stripe", Purpose: "takes payments", Region: "United States", Why: vendors.NoBAA}, {Name: "Meta", Purpose: "carries WhatsApp messages", Region: "United States", Why: vendors.Nobody}}}
	m.add("settings-outside", "", outside)
	refused := *outside
	refused.Problems = []web.Problem{{Field: "outside", Message: "Type a value that we can use."}}
	m.add("settings-outside", "wrong", &refused)
	m.add("settings-outside", "bare", &web.OutsideSettings{SettingsPage: m.settings("settings.parties"), Choices: choices(clinics.OutsideNobody), Area: m.t.Say("region.IN"), Policy: "/c/sunrise/privacy"})
}

// uses are what a policy page shows of what went to whom.
func (m *maker) uses(outside string) web.VendorUses {
	u := web.VendorUses{Outside: outside, Area: m.t.Say("region.IN"), Rows: []web.VendorUse{
		{Name: "Post & Co", Until: "2027-01-09", Calls: "1,204", Refused: "0", Bytes: "12.4 MB", Days: 30, Last: today}, {Name: "Twilio", Shut: vendors.ContractEnded, Calls: "0", Refused: "7", Bytes: "0 B", Days: 2, Last: today},
		{Name: "Meta (WhatsApp)", Missing: "contract", Calls: "0", Refused: "0", Bytes: "0 B"}, {Name: m.t.Say("vendor.unlisted"), Calls: "0", Refused: "1", Bytes: "0 B", Days: 1, Last: today}}}
	return u
}
