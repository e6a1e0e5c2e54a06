package web

import (
	"net/http"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/vendors"
)

// The outside parties: what is on file about each (operators), which of them a clinic allows (its owner), and what went to whom (everybody).

func vendorRoutes() []Route {
	return []Route{
		{Pattern: "GET /platform/vendors", Door: Platform, Right: access.PlatformVendors, Handle: platformVendors},
		{Pattern: "POST /platform/vendors", Door: Platform, Right: access.PlatformVendors, Handle: platformSaveVendor},
		{Pattern: "GET /app/settings/outside", Door: Staff, Right: access.ClinicOutside, Handle: outsidePage},
		{Pattern: "POST /app/settings/outside", Door: Staff, Right: access.ClinicOutside, Handle: outsideSave},
	}
}

// VendorRow is one party with what is on file.
type VendorRow struct {
	ID, Name, Purpose, Region string
	Place                     string // code; empty: not stated
	Free                      bool   // needs no contract
	Missing                   string // "contract", "confidentiality" or empty
	Shut                      string // why it is closed; empty: open
	Signed, Ends, Reviewed    clock.Date
	Safeguard                 string
	BAA, Patients             bool
}

// PlatformVendors is /platform/vendors, the page "platform-vendors".
type PlatformVendors struct {
	Shell
	Rows       []VendorRow
	Party      string // whose form stands below; empty: nobody needs one
	PartyName  string
	Typed      vendors.Vendor
	Safeguards []Option
}

func (s *Site) platformVendors(v *Visit) (*PlatformVendors, error) {
	page := &PlatformVendors{Shell: s.platformShell(v, "platform.vendors")}
	wanted := v.URL.Query().Get("party")
	if f := v.PostForm; f != nil {
		wanted = f.Get("party")
	}
	for _, x := range s.parties() {
		page.Rows = append(page.Rows, VendorRow{ID: x.ID, Name: Declared(v.Tongue, x.Name), Purpose: Declared(v.Tongue, x.Purpose), Region: Declared(v.Tongue, x.Region), Place: x.Place, Free: !x.Bound(), Missing: x.Missing(), Shut: x.Shut,
			Signed: x.Signed, Ends: x.Ends, Reviewed: x.Reviewed, Safeguard: x.Safeguard, BAA: x.BAA, Patients: x.Patients})
		if x.Bound() && (page.Party == "" || x.ID == wanted) {
			page.Party, page.PartyName, page.Typed = x.ID, Declared(v.Tongue, x.Name), x.Vendor
		}
	}
	if f := v.PostForm; f != nil {
		now := page.Typed.Version
		page.Typed = typedVendor(v)
		page.Typed.Version = now
	}
	for _, g := range vendors.Safeguards() {
		page.Safeguards = append(page.Safeguards, Option{Value: g, Label: v.Tongue.Say("vendor.safeguard." + g), On: g == page.Typed.Safeguard})
	}
	return page, nil
}

// parties are the outside parties with what is on file; none where nothing is kept.
func (s *Site) parties() []vendors.State {
	if s.Vendors == nil {
		return nil
	}
	return s.Vendors.States()
}

func typedVendor(v *Visit) vendors.Vendor {
	f := v.PostForm
	day := func(name string) clock.Date { return clock.Date(strings.TrimSpace(f.Get(name))) }
	return vendors.Vendor{Party: f.Get("party"), Signed: day("signed"), Ends: day("ends"), Safeguard: f.Get("safeguard"), Confidential: f.Get("confidential") != "", BAA: f.Get("baa") != "",
		Reviewed: day("reviewed"), Note: f.Get("note"), Version: typedVersion(v, 0)}
}

func platformVendors(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.platformVendors(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "platform-vendors", page)
}

func platformSaveVendor(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if s.Vendors == nil {
		return fault.Missing()
	}
	err := s.Vendors.Save(v.Context(), v.Who, typedVendor(v))
	return s.answer(w, v, err, "/platform/vendors?done=saved", "platform-vendors", func() (Page, error) { return s.platformVendors(v) })
}

// OutsideChoice is one of the three choices.
type OutsideChoice struct {
	Value string
	On    bool
}

// OutsideRow is a party, and why it gets nothing of the clinic's.
type OutsideRow struct{ Name, Purpose, Region, Why string }

// OutsideSettings is /app/settings/outside, the page "settings-outside".
type OutsideSettings struct {
	SettingsPage
	Choices []OutsideChoice
	Area    string // the clinic's own region, in words
	Rows    []OutsideRow
	Policy  string
}

func (s *Site) outsideSettings(v *Visit) (*OutsideSettings, error) {
	c, err := s.Clinics.Get(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &OutsideSettings{SettingsPage: s.settings(v, "settings.parties", access.ClinicOutside), Area: v.Tongue.Say("region." + c.Region), Policy: "/c/" + c.Slug + "/privacy"}
	page.Version = c.Version
	on := c.Outside
	if v.PostForm != nil {
		on = v.PostForm.Get("outside")
	}
	for _, x := range clinics.OutsideChoices() {
		page.Choices = append(page.Choices, OutsideChoice{x, x == on})
	}
	if s.Vendors == nil {
		return page, nil
	}
	for _, x := range s.Vendors.Allowed(c) {
		page.Rows = append(page.Rows, OutsideRow{Name: Declared(v.Tongue, x.Name), Purpose: Declared(v.Tongue, x.Purpose), Region: Declared(v.Tongue, x.Region), Why: x.Why})
	}
	return page, nil
}

func outsidePage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.outsideSettings(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-outside", page)
}

func outsideSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	if s.Vendors == nil {
		return fault.Missing()
	}
	err := s.Vendors.Choose(v.Context(), v.Who, v.PostForm.Get("outside"), typedVersion(v, 0))
	return s.answer(w, v, err, "/app/settings/outside?done=saved", "settings-outside", func() (Page, error) { return s.outsideSettings(v) })
}

// Barred is a provider that the clinic's own choice, or the law, keeps from being offered.
type Barred struct{ Name, Why string }

// VendorUse is what went to one party in the last thirty days.
type VendorUse struct {
	Name                  string
	Missing               string // "contract", "confidentiality" or empty
	Shut                  string // why it is closed
	Until                 clock.Date
	Calls, Refused, Bytes string // as they are read
	Days                  int
	Last                  clock.Date // empty: nothing went there
}

// VendorUses are the rows of the template "vendor-use", with what the clinic allows where the page is a clinic's.
type VendorUses struct {
	Rows    []VendorUse
	Outside string // of the clinic; empty on the page of the installation
	Area    string // its region, in words
}

// vendorUses sums up what went to whom. Numbers that cannot be read fail nothing else of the page.
func (s *Site) vendorUses(v *Visit) VendorUses {
	var out VendorUses
	if s.Vendors == nil {
		return out
	}
	if v.Clinic.Slug != "" {
		out.Outside, out.Area = v.Clinic.Outside, v.Tongue.Say("region."+v.Clinic.Region)
	}
	list, err := s.Vendors.Used(v.Context())
	if err != nil {
		s.Log.Error("policy: what went to whom cannot be read", "error", err)
	}
	used := map[string]vendors.Total{}
	for _, t := range list {
		used[t.Party] = t
	}
	row := func(name string, t vendors.Total) VendorUse {
		return VendorUse{Name: name, Calls: v.Tongue.Number(t.Calls), Refused: v.Tongue.Number(t.Refused), Bytes: (&OperatePage{}).Size(t.Sent + t.Received), Days: t.Days, Last: t.Last}
	}
	for _, x := range s.Vendors.States() {
		r := row(Declared(v.Tongue, x.Name), used[x.ID])
		if x.Bound() {
			r.Missing, r.Shut, r.Until = x.Missing(), x.Shut, x.Ends
		}
		out.Rows = append(out.Rows, r)
	}
	if t, there := used["unlisted"]; there {
		out.Rows = append(out.Rows, row(v.Tongue.Say("vendor.unlisted"), t))
	}
	return out
}
