package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/intake"
)

// What patients are asked before a visit: the clinic makes the forms, a patient answers and signs on the page of her own link.

func intakeForms(s *Site, w http.ResponseWriter, v *Visit) error {
	list, err := s.Intake.Forms(v.Context(), v.Who)
	if err != nil {
		return err
	}
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return err
	}
	page := &IntakeSettings{SettingsPage: s.settings(v, "settings.intake", access.IntakeSettings)}
	for _, f := range list {
		row := IntakeFormRow{ID: f.ID.String(), Name: f.Body.Title, Kind: f.Body.Kind, Retired: f.RetiredAt > 0}
		for _, x := range roster.Services {
			if x.ID == f.Service {
				row.Service = x.Name
			}
		}
		page.Rows = append(page.Rows, row)
	}
	return s.views.Render(w, http.StatusOK, "settings-intake", page)
}

// intakeFormOf is the form of the address; at ".../new" an empty one of the kind that is asked for.
func (s *Site) intakeFormOf(v *Visit) (intake.Form, error) {
	if v.PathValue("id") == "" {
		kind := v.URL.Query().Get("kind")
		if kind != intake.Consent {
			kind = intake.Questions
		}
		return intake.Form{Body: intake.Body{Kind: kind}}, nil
	}
	one, err := pathID(v)
	if err != nil {
		return intake.Form{}, err
	}
	list, err := s.Intake.Forms(v.Context(), v.Who)
	if err != nil {
		return intake.Form{}, err
	}
	i := slices.IndexFunc(list, func(f intake.Form) bool { return f.ID == one })
	if i < 0 {
		return intake.Form{}, fault.Missing()
	}
	return list[i], nil
}

// spareQuestions is how many empty questions a form of the settings shows below those that are there.
const spareQuestions = 4

func (s *Site) intakeFormSettings(v *Visit, f intake.Form) (*IntakeFormSettings, error) {
	roster, err := s.Desk.Roster(v.Context(), v.Who)
	if err != nil {
		return nil, err
	}
	page := &IntakeFormSettings{SettingsPage: s.settings(v, "settings.intake", access.IntakeSettings), Kind: f.Body.Kind, FormTitle: f.Body.Title, Text: f.Body.Text, Retired: f.RetiredAt > 0, Hash: f.Hash}
	page.Version = f.Version
	if !f.ID.IsZero() {
		page.ID = f.ID.String()
	}
	page.Services = []Option{{Label: v.Tongue.Say("intake.every_service"), On: f.Service.IsZero()}}
	for _, x := range roster.Services {
		if x.RetiredAt == 0 || x.ID == f.Service {
			page.Services = append(page.Services, Option{Value: x.ID.String(), Label: x.Name, On: x.ID == f.Service})
		}
	}
	if f.Body.Kind == intake.Consent {
		return page, nil
	}
	all := f.Body.Questions
	for range spareQuestions {
		if len(all) < intake.MostQuestions {
			all = append(all, intake.Question{Kind: intake.Text})
		}
	}
	for i, q := range all {
		page.Questions = append(page.Questions, QuestionForm{Number: i + 1, ID: q.ID, Label: q.Label, Options: strings.Join(q.Options, "\n"), Must: q.Must,
			Kinds: page.Choices("intake.kind.", q.Kind, intake.QuestionKinds()...)})
	}
	return page, nil
}

func intakeForm(s *Site, w http.ResponseWriter, v *Visit) error {
	f, err := s.intakeFormOf(v)
	if err != nil {
		return err
	}
	page, err := s.intakeFormSettings(v, f)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-intake-form", page)
}

func intakeFormSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	p := v.PostForm
	f := intake.Form{Version: typedVersion(v, 0), Body: intake.Body{Kind: p.Get("kind"), Title: p.Get("title"), Text: p.Get("text")}}
	if text := p.Get("service"); text != "" {
		one, err := id.Parse(text)
		if err != nil {
			return fault.Missing()
		}
		f.Service = one
	}
	if v.PathValue("id") != "" {
		one, err := pathID(v)
		if err != nil {
			return err
		}
		f.ID = one
	}
	for i := 1; i <= intake.MostQuestions; i++ {
		n := strconv.Itoa(i)
		if p.Get("label-"+n) == "" {
			continue
		}
		f.Body.Questions = append(f.Body.Questions, intake.Question{ID: p.Get("q-" + n), Label: p.Get("label-" + n), Kind: p.Get("kind-" + n),
			Options: strings.Split(strings.ReplaceAll(p.Get("options-"+n), "\r", ""), "\n"), Must: p.Get("must-"+n) != ""})
	}
	_, err := s.Intake.Save(v.Context(), v.Who, f, p.Get("retired") != "")
	return s.answer(w, v, err, "/app/settings/intake?done=settings_saved", "settings-intake-form", func() (Page, error) {
		if !f.ID.IsZero() {
			there, err := s.intakeFormOf(v)
			if err != nil {
				return nil, err
			}
			f.Version, f.Hash = there.Version, there.Hash
		}
		return s.intakeFormSettings(v, f)
	})
}

// ownIntake shows a patient what is asked before her visit, and what she signed.
func ownIntake(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.ownIntake(v)
	if err != nil {
		return err
	}
	if v.URL.Query().Get("saved") == "1" {
		page.Flash = v.Tongue.Say("intake.saved")
	}
	return s.views.Render(w, http.StatusOK, "own-intake", page)
}

func (s *Site) ownIntake(v *Visit) (*OwnIntake, error) {
	o, err := s.Intake.Before(v.Context(), v.Who, v.Appointment)
	if err != nil {
		return nil, err
	}
	if len(o.Forms) == 0 {
		return nil, fault.Missing()
	}
	a, err := s.own(v)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	page := &OwnIntake{Shell: s.Shell(v), Token: v.PathValue("token"), At: a.StartsAt.In(z), Minor: o.Minor, Open: o.Open, Done: o.Open == 0}
	for _, g := range o.Guardians {
		page.Guardians = append(page.Guardians, Option{Value: g.ID.String(), Label: g.Name})
	}
	for _, f := range o.Forms {
		own := OwnForm{ID: f.Form.String(), Kind: f.Body.Kind, Heading: f.Body.Title, Text: f.Body.Text, Hash: f.Hash, Name: f.Name, Changed: f.Changed, Begun: f.Version > 0}
		if f.Signed > 0 {
			own.Signed = f.Signed.In(z)
		}
		for _, q := range f.Body.Questions {
			own.Questions = append(own.Questions, ownQuestion(v, page, own.ID, q, f.Answers[q.ID]))
		}
		page.Forms = append(page.Forms, own)
	}
	return page, nil
}

// ownQuestion makes the input of a question. The clinic's words are its label, so that it needs no sentence of ours.
func ownQuestion(v *Visit, page *OwnIntake, form string, q intake.Question, answer string) OwnQuestion {
	f := page.Field("a-"+q.ID, "", answer).Unmarked().On(form)
	f.Must = q.Must
	switch q.Kind {
	case intake.Text:
		f = f.Text(2)
	case intake.Number:
		f.Mode, f.Narrow, f.Max = "decimal", true, 20
	case intake.Date:
		f = f.As("date").Short()
	case intake.YesNo:
		f = f.Choose([]Option{{Label: ""}, {Value: "yes", Label: v.Tongue.Say("intake.yes"), On: answer == "yes"}, {Value: "no", Label: v.Tongue.Say("intake.no"), On: answer == "no"}})
	case intake.Choice:
		list := []Option{{Label: ""}}
		for _, o := range q.Options {
			list = append(list, Option{Value: o, Label: o, On: o == answer})
		}
		f = f.Choose(list)
	}
	return OwnQuestion{Field: f, Kind: q.Kind, Label: q.Label, Said: answerWords(v, q.Kind, answer)}
}

func ownIntakeSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	form, err := id.Parse(v.PathValue("form"))
	if err != nil {
		return fault.Missing()
	}
	p := v.PostForm
	r := intake.Reply{Form: form, Hash: p.Get("hash"), Answers: intake.Answers{}, Sign: p.Get("do") == "sign", Name: p.Get("signed_name"), Agreed: p.Get("agreed") != ""}
	if text := p.Get("guardian"); text != "" {
		if r.Guardian, err = id.Parse(text); err != nil {
			return fault.Missing()
		}
	}
	for name := range p {
		if q, ok := strings.CutPrefix(name, "a-"); ok {
			r.Answers[q] = p.Get(name)
		}
	}
	err = s.Intake.Reply(v.Context(), v.Who, v.Appointment, r)
	return s.answer(w, v, err, "/m/"+v.PathValue("token")+"/intake?saved=1", "own-intake", func() (Page, error) {
		return s.ownIntakeAgain(v, r, err)
	})
}

// ownIntakeAgain is the page with what was typed into one of its forms, and what is wrong with it.
func (s *Site) ownIntakeAgain(v *Visit, r intake.Reply, refused error) (Page, error) {
	page, err := s.ownIntake(v)
	if err != nil {
		return nil, err
	}
	wrong := &Shell{Tongue: v.Tongue}
	wrong.Report(refused)
	for i := range page.Forms {
		f := &page.Forms[i]
		if f.ID != r.Form.String() || !f.Signed.IsZero() {
			continue
		}
		f.Name, f.Agreed, f.Guardian, f.Wrong = r.Name, r.Agreed, r.Guardian.String(), true
		for j := range f.Questions {
			q := &f.Questions[j]
			q.Field.Value = r.Answers[strings.TrimPrefix(q.Field.Name, "a-")]
			for k := range q.Field.Options {
				q.Field.Options[k].On = q.Field.Options[k].Value == q.Field.Value
			}
			q.Field.ID, q.Field.Error = "f-"+q.Field.Name, wrong.problem(q.Field.Name) // the error summary finds it by its name
		}
	}
	return page, nil
}

// intakeOpen is how many forms wait for the patient of a link, and whether there are any.
func (s *Site) intakeOpen(v *Visit) (open int, any bool, err error) {
	if !v.Clinic.Has(clinics.ModuleClinical) {
		return 0, false, nil
	}
	o, err := s.Intake.Before(v.Context(), v.Who, v.Appointment)
	return o.Open, len(o.Forms) > 0, err
}
