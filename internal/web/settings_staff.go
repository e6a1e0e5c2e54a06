package web

import (
	"net/http"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// The people of the clinic: who they are to it, who is invited, and what each role may do.

func staffPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.staff(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-staff", page)
}

func (s *Site) staff(v *Visit) (*StaffSettings, error) {
	people, waiting, err := s.Accounts.Staff(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &StaffSettings{SettingsPage: s.settings(v, "settings.staff", access.ClinicStaff), InviteRole: access.FrontDesk}
	z := v.Clinic.Location()
	names := map[id.ID]string{}
	for _, m := range people {
		names[m.Person.ID] = m.Person.Name
		row := StaffRow{ID: m.Person.ID.String(), Name: m.Person.Name, Email: m.Person.Email, JobTitle: m.Person.JobTitle, Role: m.Role,
			Version: m.Version, Since: clock.DateOf(m.Since.In(z)), Self: m.Person.ID == v.Signed.Person.ID, CanEdit: accounts.MayGrant(v.Who.Role(), m.Role)}
		if m.Broken {
			row.Name = v.Tongue.Say("day.broken")
		}
		page.People = append(page.People, row)
	}
	all, err := s.Accounts.Colleagues(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.Left && accounts.MayGrant(v.Who.Role(), c.Role) {
			page.Former = append(page.Former, FormerRow{c.ID.String(), c.Name})
		}
	}
	for _, x := range waiting {
		page.Invitations = append(page.Invitations, InvitationRow{ID: x.ID.String(), Email: x.Email, By: names[x.By], Role: x.Role, Expires: x.Expires.In(z)})
	}
	for _, r := range access.StaffRoles {
		if accounts.MayGrant(v.Who.Role(), r) {
			page.Roles = append(page.Roles, r)
		}
		page.Rights = append(page.Rights, RoleWords{Role: r, Rights: rightsOf(v, r)})
	}
	return page, nil
}

// rightsOf says what the role may do, in the language of the page where the table has been translated.
func rightsOf(v *Visit, r access.Role) []string {
	var out []string
	for _, row := range access.Table {
		if !access.Holds(r, row.Right) || platform(row.Right) {
			continue
		}
		if key := "right." + string(row.Right); v.Tongue.Has(key) {
			out = append(out, v.Tongue.Say(key))
		} else {
			out = append(out, row.Words)
		}
	}
	return out
}

func platform(r access.Right) bool { return len(r) > 9 && r[:9] == "platform." }

// staffDone leads on after an act of the page, or shows the page again with why not.
func (s *Site) staffDone(w http.ResponseWriter, v *Visit, err error, word string) error {
	return s.answer(w, v, err, "/app/settings/staff?done="+word, "settings-staff", func() (Page, error) {
		page, err := s.staff(v)
		if err == nil {
			page.Email = v.PostForm.Get("email")
			if role := access.Role(v.PostForm.Get("role")); page.Email != "" && role.IsStaff() {
				page.InviteRole = role
			}
		}
		return page, err
	})
}

func staffInvite(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	return s.staffDone(w, v, s.Accounts.Invite(v.Context(), v.Who, v.PostForm.Get("email"), access.Role(v.PostForm.Get("role")), id.Zero), "invited")
}

func staffWithdraw(s *Site, w http.ResponseWriter, v *Visit) error {
	one, err := id.Parse(v.PathValue("invitation"))
	if err != nil {
		return fault.Missing()
	}
	if err := v.form(); err != nil {
		return err
	}
	return s.staffDone(w, v, s.Accounts.Withdraw(v.Context(), v.Who, one), "withdrawn")
}

// member is the person of the address, with the version of her membership that the form was made from.
func member(v *Visit) (id.ID, int64, error) {
	one, err := id.Parse(v.PathValue("person"))
	if err != nil {
		return id.Zero, 0, fault.Missing()
	}
	if err := v.form(); err != nil {
		return id.Zero, 0, err
	}
	return one, typedVersion(v, 0), nil
}

func staffRole(s *Site, w http.ResponseWriter, v *Visit) error {
	one, version, err := member(v)
	if err != nil {
		return err
	}
	return s.staffDone(w, v, s.Accounts.SetRole(v.Context(), v.Who, one, access.Role(v.PostForm.Get("role")), version), "role")
}

func staffEnd(s *Site, w http.ResponseWriter, v *Visit) error {
	one, version, err := member(v)
	if err != nil {
		return err
	}
	return s.staffDone(w, v, s.Accounts.EndMembership(v.Context(), v.Who, one, version), "ended")
}
