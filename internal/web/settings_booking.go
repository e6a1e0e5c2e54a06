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
	"almirah/internal/fault"
	"almirah/internal/followup"
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
	err := s.Clinics.SaveRules(v.Context(), v.Who, r, typedVersion(v, 0))
	return s.answer(w, v, renamed(err, clinicFields), "/app/settings/booking?done=saved", "settings-booking", func() (Page, error) {
		page := s.bookingSettings(v, r)
		page.NoticeHours, page.HorizonDays, page.Step = f.Get("notice_hours"), f.Get("horizon_days"), f.Get("step")
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
	page := &ReminderSettings{SettingsPage: s.settings(v, "settings.reminders", access.MessageSettings), NewChannel: string(messaging.Email),
		Quiet: v.Tongue.Say("settings.quiet_rule", "From", v.Tongue.Minute(night.From), "To", v.Tongue.Minute(night.To))}
	for _, r := range rules {
		if !r.Fixed() {
			page.Rules = append(page.Rules, ReminderRule{ID: r.ID.String(), Before: r.Minutes, Hours: strconv.Itoa(r.Minutes / 60), Minutes: strconv.Itoa(r.Minutes % 60),
				Channel: string(r.Channel), On: r.Active, Version: r.Version})
		}
	}
	return page
}

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
	return s.answer(w, v, err, "/app/settings/reminders?done=saved", "settings-reminders", func() (Page, error) {
		rules, err := s.Followup.Rules(v.Context(), v.Who) // some may be saved already
		if err != nil {
			return nil, err
		}
		page := s.reminderSettings(v, rules)
		page.NewHours, page.NewMinutes = f.Get("new_hours"), f.Get("new_minutes")
		on := ticked(f["rule"])
		for i := range page.Rules {
			if r := &page.Rules[i]; f.Has("hours-" + r.ID) {
				r.On, r.Hours, r.Minutes = on[r.ID], f.Get("hours-"+r.ID), f.Get("minutes-"+r.ID)
			}
		}
		return page, nil
	})
}

// typedBefore reads hours and minutes as minutes; what is no number is -1, which the room refuses.
func typedBefore(hours, minutes string) int {
	h, m := whole(hours), whole(minutes)
	if h < 0 || m < 0 || h > 10_000 || m > 600_000 {
		return -1
	}
	return h*60 + m
}

// saveReminders changes the rules as the form has them, and then adds the new one. A rule that is not the one that the page showed
// is found out before anything is written.
func (s *Site) saveReminders(v *Visit, rules []followup.Rule) error {
	ctx, f := v.Context(), v.PostForm
	on, off := chosen(f["rule"]), chosen(f["remove"])
	for _, one := range slices.Concat(on, off) {
		if !slices.ContainsFunc(rules, func(r followup.Rule) bool { return r.ID == one }) {
			return fault.Missing()
		}
	}
	type change struct {
		rule   followup.Rule
		draft  followup.Draft
		remove bool
	}
	var changes []change
	for _, r := range rules {
		one := r.ID.String()
		if r.Fixed() || !f.Has("hours-"+one) {
			continue
		}
		c := change{r, followup.Draft{Channel: r.Channel, Minutes: typedBefore(f.Get("hours-"+one), f.Get("minutes-"+one)), Active: slices.Contains(on, r.ID)}, slices.Contains(off, r.ID)}
		if c.draft == (followup.Draft{Channel: r.Channel, Minutes: r.Minutes, Active: r.Active}) && !c.remove {
			continue
		}
		if f.Get("version-"+one) != strconv.FormatInt(r.Version, 10) {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		changes = append(changes, c)
	}
	for _, c := range changes {
		var err error
		if c.remove {
			err = s.Followup.Remove(ctx, v.Who, c.rule.ID, c.rule.Version)
		} else {
			err = s.Followup.Save(ctx, v.Who, c.rule.ID, c.draft, c.rule.Version)
		}
		if err != nil {
			return renamed(err, map[string]string{"minutes": "hours-" + c.rule.ID.String()})
		}
	}
	if strings.TrimSpace(f.Get("new_hours")+f.Get("new_minutes")) == "" {
		return nil
	}
	d := followup.Draft{Channel: messaging.Channel(f.Get("new_channel")), Minutes: typedBefore(f.Get("new_hours"), f.Get("new_minutes")), Active: true}
	if d.Channel != messaging.Email && !slices.Contains(s.Messages.Channels(), d.Channel) {
		d.Channel = "" // a channel without a carrier would remind nobody
	}
	_, err := s.Followup.Add(ctx, v.Who, d)
	return renamed(err, map[string]string{"minutes": "new_hours", "channel": "new_channel"})
}
