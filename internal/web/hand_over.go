package web

import (
	"net/http"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// A clinic goes over to a new owner (promise handed-over).

// HandOverPage is /app/hand-over, the page "hand-over".
type HandOverPage struct {
	Shell
	Under                bool // one is under way that the visitor may see
	From, To             string
	StaysAs              access.Role // empty: she leaves
	Accepted             bool
	Offered, Done, Until time.Time
	Version              int64
	Mine                 bool // the visitor offered it
	ForMe                bool // it is offered to the visitor
	CanConfirm           bool
	CanOffer             bool
	People               []Option
	Roles                []Option
}

func handOverPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.handOver(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "hand-over", page)
}

func (s *Site) handOver(v *Visit) (*HandOverPage, error) {
	t, under, err := s.Accounts.Transfer(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	all, err := s.Accounts.Colleagues(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &HandOverPage{Shell: s.staffShell(v, ""), Under: under, CanOffer: v.Who.Role() == access.Owner}
	typedTo, typedRole := v.PostForm.Get("to"), v.PostForm.Get("stays_as")
	page.People = []Option{{Label: v.Tongue.Say("hand.nobody")}}
	for _, c := range all {
		if c.Left || c.Role == access.Owner {
			continue
		}
		page.People = append(page.People, Option{Value: c.ID.String(), Label: c.Name, On: c.ID.String() == typedTo})
	}
	for _, r := range access.StaffRoles[1:] {
		page.Roles = append(page.Roles, Option{Value: string(r), Label: v.Tongue.Say("account.role." + string(r)), On: string(r) == typedRole})
	}
	page.Roles = append(page.Roles, Option{Value: "leave", Label: v.Tongue.Say("hand.leave"), On: typedRole == "leave"})
	if !under {
		return page, nil
	}
	z := v.Clinic.Location()
	page.From, page.To, page.StaysAs, page.Version = colleagueName(all, t.From), colleagueName(all, t.To), t.StaysAs, t.Version
	page.Mine, page.ForMe, page.Offered = t.From == v.Who.Actor(), t.To == v.Who.Actor(), t.Offered.In(z)
	if page.Accepted = t.Accepted > 0; page.Accepted {
		page.Done, page.Until = t.DoneBy.In(z), t.ConfirmUntil.In(z)
		page.CanConfirm = page.Mine && s.Clock.Now().Before(t.ConfirmUntil.Time())
	}
	return page, nil
}

func colleagueName(all []accounts.Colleague, one id.ID) string {
	for _, c := range all {
		if c.ID == one {
			return c.Name
		}
	}
	return "?"
}

func handOverStep(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f, ctx, name := v.PostForm, v.Context(), v.Clinic.Name
	version := typedVersion(v, 0)
	var err error
	to, done := "/app/hand-over?done=", "saved"
	switch f.Get("step") {
	case "offer":
		heir, bad := id.Parse(f.Get("to"))
		if bad != nil && f.Get("to") != "" {
			return fault.Missing()
		}
		role := access.Role(f.Get("stays_as"))
		if role == "leave" {
			role = ""
		} else if role == "" {
			role = "none" // no role: the form has to say one
		}
		err = s.Accounts.Offer(ctx, v.Who, heir, role, name)
	case "accept":
		err = s.Accounts.Accept(ctx, v.Who, version, name)
	case "confirm":
		err, to, done = s.Accounts.Confirm(ctx, v.Who, version, name), "/choose-clinic?done=", "handed-over"
	case "take-back":
		err = s.Accounts.TakeBack(ctx, v.Who, version)
	default:
		return fault.Missing()
	}
	return s.answer(w, v, err, to+done, "hand-over", func() (Page, error) { return s.handOver(v) })
}
