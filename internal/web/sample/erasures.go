package sample

import (
	"almirah/internal/privacy"
	"almirah/internal/web"
)

func (m *maker) held(ended bool) []web.HeldRow {
	out := []web.HeldRow{{ID: ident(451), What: m.t.Say("erasure.class.clinical"), Source: "Indian Medical Council Regulations 2002, 1.3.1: three years from the beginning of the treatment", Number: 14, Last: "2036-03-15", Sealed: true},
		{ID: ident(452), What: m.t.Say("erasure.class.prescription"), Source: "Indian Medical Council Regulations 2002, 1.3.1", Number: 3, Last: "2036-03-15", Sealed: true},
		{ID: ident(453), What: m.t.Say("erasure.class.invoice"), Source: "Companies Act 2013, s. 128(5): eight financial years", Number: 6, Last: "2035-03-31"}}
	if ended {
		out[1].Ended = m.at(1, 10)
	}
	return out
}

func (m *maker) carried() []web.Counted {
	return []web.Counted{{What: m.t.Say("channel.email"), Number: 12}, {What: m.t.Say("channel.whatsapp"), Number: 7}}
}

func (m *maker) plan() web.PlanShown {
	out := web.PlanShown{Held: m.held(false), Carried: m.carried(), NoBirth: true}
	for _, x := range []struct {
		room string
		n    int
	}{{"patients", 3}, {"consent", 4}, {"scheduling", 9}, {"messaging", 22}, {"followup", 2}, {"billing", 1}} {
		out.Goes = append(out.Goes, web.Counted{What: m.t.Say("erasure.room." + x.room), Number: x.n})
	}
	return out
}

// askings are what carriers were asked; staff says that a custodian looks, who has the letter.
func (m *maker) askings(staff bool) []web.AskedRow {
	line := func(state privacy.AskState, why string, n int) web.AskedLine {
		x := web.AskedLine{What: m.t.Say("erasure.ask."+string(state), "Days", 30), State: state, Number: n, At: m.at(10, 30)}
		if why != "" {
			x.Why = m.t.Say("erasure.ask.why." + why)
		}
		return x
	}
	sent := line(privacy.AskSent, "", 2)
	if staff {
		sent.Why = m.t.Say("erasure.ask.by", "Name", people[0])
	}
	out := []web.AskedRow{{Carrier: "Twilio", Key: "twilio", Number: 11, States: []web.AskedLine{line(privacy.AskDone, "", 7), line(privacy.AskAbsent, "", 1), line(privacy.AskRefused, "", 1), line(privacy.AskDue, "contract-ended", 2)}},
		{Carrier: "MSG91", Key: "msg91", Number: 4, Waiting: 4, States: []web.AskedLine{line(privacy.AskLetter, "account", 4)}},
		{Carrier: m.t.Say("channel.provider.whatsapp"), Key: "whatsapp", Number: 5, States: []web.AskedLine{line(privacy.AskTerms, "", 5)}},
		{Carrier: m.t.Say("erasure.carrier.smtp"), Key: "smtp", Number: 2, States: []web.AskedLine{sent}}}
	if staff {
		out[1].Letter = privacy.Letter{To: "MSG91", Clinic: "Sunrise Clinic", Day: "2026-11-24", Number: 4}.Text()
	}
	return out
}

func (m *maker) erasurePages() {
	m.add("erasures", "", &web.ErasuresPage{Shell: m.staff(""), Rows: []web.ErasureRow{{ID: ident(441), At: m.at(9, 0), By: "Meera Pillai", Open: 2, Last: "2036-03-15", First: true}, {ID: ident(442), At: m.at(8, 0), By: people[0], First: true, Second: true}, {ID: ident(443), At: m.at(7, 0)}}})
	full := func(sh web.Shell) *web.ErasurePage {
		return &web.ErasurePage{Shell: sh, ID: ident(441), Slug: "sunrise", By: "Meera Pillai", At: m.at(9, 0), Held: m.held(true), Carried: m.carried(), First: m.at(9, 0), Goes: m.at(9, 0).AddDate(0, 0, 30), Address: "https://almirah.example/c/sunrise/erased/" + ident(441),
			Fingerprint: "8f14-e45f-ceea-167a-5a36-dedd-4bea-2543", CanOpen: true}
	}
	asked := full(m.staff(""))
	asked.Askings = m.askings(true)
	m.add("erasure", "", full(m.staff("")))
	m.add("erasure", "asked", asked)
	opened := full(m.staff(""))
	opened.Asked, opened.Second = ident(451), m.at(10, 0)
	opened.Opened = []web.OpenedRecord{{What: m.t.Say("erasure.table.encounter"), Day: "2026-11-20", Fields: []web.RecordField{{Name: m.t.Say("copy.field.body"), Text: "Complaint: Cough\nPlan: Rest"}, {Name: m.t.Say("copy.field.signer"), Text: people[0]}}},
		{What: m.t.Say("erasure.table.file"), Day: "2026-11-20", Fields: []web.RecordField{{Name: m.t.Say("copy.field.content_base64"), Text: m.t.Say("erasure.in_file")}, {Name: m.t.Say("copy.field.name"), Text: "x-ray.pdf"}}}}
	m.add("erasure", "opened", opened)
	wrong := full(m.staff(""))
	wrong.Asked = ident(451)
	wrong.Shell = problems(wrong.Shell, "reason")
	m.add("erasure", "wrong", wrong)
	m.add("colleague-erase", "", &web.ColleagueErasePage{Shell: m.staff(""), ID: ident(7), Name: people[0]})
	m.add("colleague-erase", "elsewhere", &web.ColleagueErasePage{Shell: m.staff(""), ID: ident(7), Name: people[0], Elsewhere: true})
	public := full(m.public())
	public.By = ""
	m.add("erased", "", public)
	told := full(m.public())
	told.By, told.Askings = "", m.askings(false)
	m.add("erased", "asked", told)
}
