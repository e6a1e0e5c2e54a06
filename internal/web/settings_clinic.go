package web

import (
	"bytes"
	"errors"
	"image"
	_ "image/jpeg" // a logo may be one
	_ "image/png"  // or one of these
	"io"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/scheduling"
)

// The clinic's own settings: its profile, and what patients see of it.

// settings starts a settings page: the entry of the menu that is marked, and the right that lets somebody change what it shows.
func (s *Site) settings(v *Visit, current string, edit access.Right) SettingsPage {
	page := SettingsPage{Shell: s.staffShell(v, "nav.settings"), Menu: SettingsMenu(current, v.Who.May, v.Clinic.Has), CanEdit: v.Who.May(edit), Version: v.Clinic.Version}
	if v.Who.Helps() { // she looks, and only at what was lent
		page.Menu, page.CanEdit = lentMenu(current, v.Clinic.Has), false
	}
	return page
}

// answer leads on after a settings form, or shows the page again: typed puts back what was typed, and the version is
// the present one, so that who has read that somebody else was faster can decide anew.
func (s *Site) answer(w http.ResponseWriter, v *Visit, err error, to, name string, again func() (Page, error)) error {
	if err == nil {
		http.Redirect(w, v.Request, to, http.StatusSeeOther)
		return nil
	}
	if !refusal(err) {
		return err
	}
	page, bad := again()
	if bad != nil {
		return bad
	}
	return s.views.Render(w, report(w, page.shell(), err), name, page)
}

func settingsHome(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.views.Render(w, http.StatusOK, "settings", &SettingsHome{s.settings(v, "", access.ClinicSettings)})
}

func keysPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page := &KeysSettings{SettingsPage: s.settings(v, "settings.keys", access.ClinicRead), Keys: v.Signed.Person.Shortcuts}
	page.Version = v.Signed.Person.Version // the form changes the account, not the clinic
	return s.views.Render(w, http.StatusOK, "settings-keys", page)
}

// houseColour is what the colour field shows while a clinic has none of its own: browsers know no empty colour.
const houseColour = "#2f5d86"

func clinicPage(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.views.Render(w, http.StatusOK, "settings-clinic", s.clinicSettings(v, v.Clinic.Profile()))
}

func (s *Site) clinicSettings(v *Visit, p clinics.Profile) *ClinicSettings {
	page := &ClinicSettings{SettingsPage: s.settings(v, "settings.clinic", access.ClinicSettings), ClinicName: p.Name, LegalName: p.LegalEntity,
		ContactName: p.Contact, ContactEmail: p.Email, ContactPhone: p.Phone, Country: p.Country, Zone: p.Zone, Currency: p.Currency, Colour: p.Colour,
		HasLogo: v.Clinic.LogoType != "", Spoken: map[string]bool{}, Jurisdiction: p.Jurisdiction, Region: p.Region}
	page.TaxNumber = strings.ReplaceAll(p.TaxNumbers, "\n", ", ") // one line holds them all
	page.Address1, page.Address2, page.City, page.PostalCode, page.State = addressFields(p.Address)
	page.Countries, page.Zones = countryOptions(v.Tongue, p.Country), zoneOptions(p.Zone)
	for i, l := range p.Languages {
		page.Spoken[l] = true
		if i == 0 {
			page.DefaultLanguage = l
		}
	}
	page.Jurisdictions = page.Choices("jurisdiction.", p.Jurisdiction, clinics.Jurisdictions()...)
	page.Regions = page.Choices("region.", p.Region, clinics.Regions()...)
	if page.Colour == "" {
		page.Colour = houseColour
	}
	return page
}

// cityLine takes "Bengaluru 560038, Karnataka" apart.
var cityLine = regexp.MustCompile(`^(.*?)(?: ([^ ,]*\d[^ ,]*(?: [^ ,]*\d[^ ,]*)?))?(?:, (.*))?$`)

// addressFields deals the lines of an address out to the fields of the form: addressText puts the same lines together again.
func addressFields(text string) (street, more, city, postal, state string) {
	lines := strings.Split(text, "\n")
	street = lines[0]
	if len(lines) == 1 {
		return street, "", "", "", ""
	}
	more = strings.Join(lines[1:len(lines)-1], ", ")
	m := cityLine.FindStringSubmatch(lines[len(lines)-1])
	if m == nil {
		return street, more, lines[len(lines)-1], "", ""
	}
	return street, more, m[1], m[2], m[3]
}

func addressText(street, more, city, postal, state string) string {
	last := strings.TrimSpace(strings.TrimSpace(city) + " " + strings.TrimSpace(postal))
	if state = strings.TrimSpace(state); state != "" && last != "" {
		last += ", " + state
	} else if state != "" {
		last = state
	}
	var out []string
	for _, l := range []string{street, more, last} {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// clinicFields are the names of the profile's fields in the form.
var clinicFields = map[string]string{"name": "clinic_name", "legal_entity": "legal_name", "address": "address1", "phone": "contact_phone", "email": "contact_email",
	"contact": "contact_name", "tax_numbers": "tax_number", "min_notice": "notice_hours", "horizon": "horizon_days"}

func typedProfile(v *Visit) clinics.Profile {
	f := v.PostForm
	p := clinics.Profile{Name: f.Get("clinic_name"), LegalEntity: f.Get("legal_name"), Phone: f.Get("contact_phone"), Email: f.Get("contact_email"),
		Contact: f.Get("contact_name"), Zone: f.Get("zone"), Country: f.Get("country"), Jurisdiction: f.Get("jurisdiction"), Region: f.Get("region"),
		Currency: f.Get("currency"), Colour: f.Get("colour"),
		Address:    addressText(f.Get("address1"), f.Get("address2"), f.Get("city"), f.Get("postal_code"), f.Get("state")),
		TaxNumbers: f.Get("tax_number")}
	if v.Clinic.Colour == "" && p.Colour == houseColour {
		p.Colour = ""
	}
	if first := f.Get("default_language"); slices.Contains(f["languages"], first) {
		p.Languages = append(p.Languages, first)
	}
	for _, l := range f["languages"] {
		if !slices.Contains(p.Languages, l) {
			p.Languages = append(p.Languages, l)
		}
	}
	return p
}

// upload reads the file of the field; nil when there is none. A file that is no picture, or too large, is named here, before
// anything of the form is saved.
func upload(v *Visit, field string, f *fault.Fields) ([]byte, error) {
	if v.MultipartForm == nil || len(v.MultipartForm.File[field]) == 0 || v.MultipartForm.File[field][0].Size == 0 {
		return nil, nil
	}
	file, err := v.MultipartForm.File[field][0].Open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, clinics.MaxLogo+1))
	if err != nil {
		return nil, err
	}
	if len(data) > clinics.MaxLogo {
		f.Add(field, "field.logo.too_large")
		return nil, nil
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		f.Add(field, "field.logo.kind")
		return nil, nil
	}
	if size.Width > 4000 || size.Height > 4000 {
		f.Add(field, "field.logo.too_large")
		return nil, nil
	}
	if _, _, err = image.Decode(bytes.NewReader(data)); err != nil {
		f.Add(field, "field.logo.broken")
		return nil, nil
	}
	return data, nil
}

func clinicSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.multipart(); err != nil {
		return err
	}
	p := typedProfile(v)
	err := s.saveClinic(v, p)
	return s.answer(w, v, renamed(err, clinicFields), "/app/settings/clinic?done=saved", "settings-clinic", func() (Page, error) {
		page := s.clinicSettings(v, p)
		f := v.PostForm // as typed, not as put together
		page.TaxNumber = f.Get("tax_number")
		page.Address1, page.Address2, page.City, page.PostalCode, page.State = f.Get("address1"), f.Get("address2"), f.Get("city"), f.Get("postal_code"), f.Get("state")
		page.DefaultLanguage = f.Get("default_language")
		return page, nil
	})
}

// multipart is form for a form that carries a file. The file stays in memory: what a patient's report holds is on no disk before it is sealed.
func (v *Visit) multipart() error {
	if strings.HasPrefix(v.Header.Get("Content-Type"), "multipart/form-data") && v.MultipartForm == nil {
		if err := v.ParseMultipartForm(v.body); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) || errors.Is(err, multipart.ErrMessageTooLarge) {
				return fault.New(fault.Invalid, "fault.form_large")
			}
			return fault.New(fault.Invalid, "fault.form_unreadable").Because(err)
		}
	}
	return v.form()
}

// saveClinic looks at everything first and then saves profile and logo: two acts, two entries in the audit log.
func (s *Site) saveClinic(v *Visit, p clinics.Profile) error {
	ctx, version := v.Context(), typedVersion(v, 0)
	var f fault.Fields
	clinics.Check(p, &f)
	logo, err := upload(v, "logo", &f)
	if err != nil {
		return err
	}
	if err := f.Err(); err != nil {
		return err
	}
	if err := s.Clinics.Save(ctx, v.Who, p, version); err != nil {
		return err
	}
	if logo == nil && v.PostForm.Get("remove_logo") == "" {
		return nil
	}
	return s.Clinics.SetLogo(ctx, v.Who, logo)
}

// The switches of the public page: what patients see of the clinic, and of each practitioner beside the name (promises A10, C4).
var (
	clinicShows   = []string{"phone", "email"}
	providerShows = []string{"speciality", "qualification", "registration", "about"}
)

func publicPage(s *Site, w http.ResponseWriter, v *Visit) error {
	r, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-public", s.publicSettings(v, r, nil))
}

// publicSettings is the page as things are, or as the form says.
func (s *Site) publicSettings(v *Visit, r scheduling.Roster, typed map[string][]string) *PublicSettings {
	c := r.Clinic
	page := &PublicSettings{SettingsPage: s.settings(v, "settings.public", access.ClinicSettings), Share: shareAt(c.Reach(s.PublicURL), s.PublicURL, c.Slug), Open: c.Online}
	page.Version = c.Version
	shown := map[string]bool{"phone": c.ShowPhone, "email": c.ShowEmail}
	if typed != nil {
		page.Open = len(typed["open"]) > 0
		shown = ticked(typed["show"])
	}
	for _, name := range clinicShows {
		page.Fields = append(page.Fields, PublicField{Name: name, On: shown[name]})
	}
	for _, p := range r.Providers {
		if p.RetiredAt > 0 {
			continue
		}
		x := PublicProvider{ID: p.ID.String(), Name: p.Name, Version: p.Version}
		on := map[string]bool{"speciality": p.ShowSpeciality, "qualification": p.ShowQualification, "registration": p.ShowRegistration, "about": p.ShowAbout}
		if typed != nil {
			on = ticked(typed["show-"+x.ID])
		}
		for _, name := range providerShows {
			x.Fields = append(x.Fields, PublicField{Name: name, On: on[name]})
		}
		page.Providers = append(page.Providers, x)
	}
	return page
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func ticked(list []string) map[string]bool {
	out := map[string]bool{}
	for _, x := range list {
		out[x] = true
	}
	return out
}

func publicSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	r, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return err
	}
	err = s.savePublic(v, r)
	return s.answer(w, v, renamed(err, clinicFields), "/app/settings/public?done=saved", "settings-public", func() (Page, error) {
		now, err := s.Desk.Roster(v.Context(), v.Who) // the clinic's part may be saved already
		return s.publicSettings(v, now, v.PostForm), err
	})
}

// savePublic saves the clinic's part and then each practitioner whose switches the form changes. One who is not as the page showed
// her is found out before anything is written.
func (s *Site) savePublic(v *Visit, r scheduling.Roster) error {
	var changed []scheduling.Provider
	for _, p := range r.Providers {
		one := p.ID.String()
		was, on := p, ticked(v.PostForm["show-"+one])
		p.ShowSpeciality, p.ShowQualification, p.ShowRegistration, p.ShowAbout = on["speciality"], on["qualification"], on["registration"], on["about"]
		same := was.ShowSpeciality == p.ShowSpeciality && was.ShowQualification == p.ShowQualification && was.ShowRegistration == p.ShowRegistration && was.ShowAbout == p.ShowAbout
		if p.RetiredAt > 0 || p.Broken || same {
			continue
		}
		if v.PostForm.Get("version-"+one) != strconv.FormatInt(p.Version, 10) {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		changed = append(changed, p)
	}
	rules, shown := r.Clinic.Rules(), ticked(v.PostForm["show"])
	rules.Online, rules.ShowPhone, rules.ShowEmail = v.PostForm.Get("open") != "", shown["phone"], shown["email"]
	if err := s.Clinics.SaveRules(v.Context(), v.Who, rules, typedVersion(v, 0)); err != nil {
		return err
	}
	if len(changed) == 0 {
		return nil
	}
	return s.Desk.SaveProvider(v.Context(), v.Who, changed...)
}

// wrongFields adds the wrong fields of err to f, under their names in the form. It answers what is no fault about fields.
func wrongFields(f *fault.Fields, err error, names map[string]string) error {
	var x *fault.Fault
	if !errors.As(renamed(err, names), &x) || len(x.Fields) == 0 {
		return err
	}
	for _, field := range x.Fields {
		if !f.Has(field.Name) {
			f.AddWith(field.Name, field.Key, field.Args)
		}
	}
	return nil
}
