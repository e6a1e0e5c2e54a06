package web

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// How early and how late patients can book, and when they are reminded.

func bookingPage(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.views.Render(w, http.StatusOK, "settings-booking", s.bookingSettings(v, v.Clinic.Rules()))
}

func (s *Site) bookingSettings(v *Visit, r clinics.Rules) *BookingSettings {
	return &BookingSettings{SettingsPage: s.settings(v, "settings.booking", access.ClinicSettings), NoticeHours: strconv.FormatFloat(r.MinNotice.Hours(), 'f', -1, 64),
		HorizonDays: strconv.Itoa(r.Horizon), Step: strconv.Itoa(int(r.Step / time.Minute))}
}

// hoursTyped reads hours, halves and quarters of them too; what is no number is -1 hour, which the room refuses.
func hoursTyped(text string) time.Duration {
	n, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(text), ",", "."), 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > 10_000 {
		return -time.Hour
	}
	return time.Duration(math.Round(n*60)) * time.Minute
}

func bookingSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	f := v.PostForm
	r := v.Clinic.Rules()
	r.MinNotice, r.Horizon, r.Step = hoursTyped(f.Get("notice_hours")), whole(f.Get("horizon_days")), time.Duration(whole(f.Get("step")))*time.Minute
	var wrong fault.Fields
	unkept(v, &wrong, "daily_cap", "change_hours")
	err := wrong.Err()
	if err == nil {
		err = s.Clinics.SaveRules(v.Context(), v.Who, r, typedVersion(v, 0))
	}
	return s.answer(w, v, renamed(err, clinicFields), "/app/settings/booking?done=saved", "settings-booking", func() (Page, error) {
		page := s.bookingSettings(v, r)
		page.NoticeHours, page.HorizonDays, page.Step, page.DailyCap, page.ChangeHours = f.Get("notice_hours"), f.Get("horizon_days"), f.Get("step"), f.Get("daily_cap"), f.Get("change_hours")
		return page, nil
	})
}

func remindersPage(s *Site, w http.ResponseWriter, v *Visit) error {
	rules, err := s.Followup.Rules(v.Context(), v.Who)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "settings-reminders", s.reminderSettings(v, rules))
}

func (s *Site) reminderSettings(v *Visit, rules []followup.Rule) *ReminderSettings {
	night := messaging.Night()
	page := &ReminderSettings{SettingsPage: s.settings(v, "settings.reminders", access.MessageSettings), Confirm: true, QuietFrom: night.From.Clock(), QuietTo: night.To.Clock(),
		NewChannel: string(messaging.Email)}
	for _, r := range rules {
		if !r.Fixed() {
			page.Rules = append(page.Rules, ReminderRule{ID: r.ID.String(), HoursBefore: (r.Minutes + 30) / 60, Channel: string(r.Channel), On: r.Active})
		}
	}
	return page
}

// reminderFields are the names of a rule's fields in the form.
var reminderFields = map[string]string{"minutes": "new_hours", "channel": "new_channel"}

func remindersSave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	rules, err := s.Followup.Rules(v.Context(), v.Who)
	if err != nil {
		return err
	}
	f := v.PostForm
	err = s.saveReminders(v, rules)
	return s.answer(w, v, renamed(err, reminderFields), "/app/settings/reminders?done=saved", "settings-reminders", func() (Page, error) {
		page := s.reminderSettings(v, rules)
		page.NewHours = f.Get("new_hours")
		page.QuietFrom, page.QuietTo = f.Get("quiet_from"), f.Get("quiet_to")
		on := ticked(f["rule"])
		for i := range page.Rules {
			page.Rules[i].On = on[page.Rules[i].ID]
		}
		return page, nil
	})
}

// saveReminders adds the new rule first, because it alone can be wrong, and then switches the others.
func (s *Site) saveReminders(v *Visit, rules []followup.Rule) error {
	f := v.PostForm
	var wrong fault.Fields
	night := messaging.Night()
	for _, x := range []struct {
		field string
		is    clock.Minute
	}{{"quiet_from", night.From}, {"quiet_to", night.To}} {
		if t := f.Get(x.field); t != "" && t != x.is.Clock() {
			wrong.Add(x.field, "field.quiet.fixed")
		}
	}
	if f.Has("new_hours") && f.Get("confirm") == "" {
		wrong.Add("confirm", "rule.fixed")
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	on := chosen(f["rule"])
	for _, one := range on {
		if !slices.ContainsFunc(rules, func(r followup.Rule) bool { return r.ID == one }) {
			return fault.Missing()
		}
	}
	if strings.TrimSpace(f.Get("new_hours")) != "" {
		d := followup.Draft{Channel: messaging.Channel(f.Get("new_channel")), Minutes: int(hoursTyped(f.Get("new_hours")) / time.Minute), Active: true}
		if d.Channel != messaging.Email && !slices.Contains(s.Messages.Channels(), d.Channel) {
			d.Channel = "" // a channel without a carrier would remind nobody
		}
		if _, err := s.Followup.Add(v.Context(), v.Who, d); err != nil {
			return err
		}
	}
	for _, r := range rules {
		active := slices.ContainsFunc(on, func(one id.ID) bool { return one == r.ID })
		if r.Fixed() || active == r.Active {
			continue
		}
		if err := s.Followup.Save(v.Context(), v.Who, r.ID, followup.Draft{Channel: r.Channel, Minutes: r.Minutes, Active: active}, r.Version); err != nil {
			return err
		}
	}
	return nil
}
