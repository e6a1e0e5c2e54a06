package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/fault"
)

// homePage is /: what this is and where to sign in.
func homePage(s *Site, w http.ResponseWriter, v *Visit) error {
	return s.views.Render(w, http.StatusOK, "home", &HomePage{Shell: s.Shell(v), Open: true})
}

// favicon answers browsers that ask for the icon by its old name.
func favicon(s *Site, w http.ResponseWriter, v *Visit) error {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	http.Redirect(w, v.Request, s.views.asset("mark.svg"), http.StatusMovedPermanently)
	return nil
}

// robots keeps search engines to the pages that are for everyone. A patient's link must not be found by them.
func robots(_ *Site, w http.ResponseWriter, _ *Visit) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, err := w.Write([]byte("User-agent: *\nDisallow: /app\nDisallow: /m/\nDisallow: /invitation\nDisallow: /reset\nDisallow: /setup\nDisallow: /verify\nDisallow: /api/\n"))
	return err
}

// securityText says where weaknesses are to be reported (RFC 9116); without an address there is no such page.
func securityText(s *Site, w http.ResponseWriter, v *Visit) error {
	to := s.Entity.Security
	if to == "" && s.Entity.Contact != "" {
		to = "mailto:" + s.Entity.Contact
	}
	if to == "" {
		return fault.New(fault.NotFound, "fault.not_found")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	until := s.Clock.Now().UTC().AddDate(0, 6, 0).Truncate(24 * time.Hour)
	also := ""
	if at, own := ownHost(v.Context()); own {
		scheme, _, _ := strings.Cut(s.PublicURL, "://")
		also = "Canonical: " + scheme + "://" + at.Host + "/.well-known/security.txt\n"
	}
	_, err := fmt.Fprintf(w, "Contact: %s\nExpires: %s\nPreferred-Languages: en, hi\nCanonical: %s/.well-known/security.txt\n%sPolicy: %s/trust\n", to, until.Format(time.RFC3339), s.PublicURL, also, s.PublicURL)
	return err
}

// settingsRoutes are the pages on which a clinic decides, its messages, its audit log, and what everyone may read about the house.
func settingsRoutes() []Route {
	read, settings, people := access.ClinicRead, access.ClinicSettings, access.ClinicStaff
	see, plan, texts, own := access.ScheduleRead, access.ScheduleSettings, access.MessageSettings, access.MessageAccounts
	return []Route{
		{Pattern: "GET /{$}", Door: Open, Handle: homePage},
		{Pattern: "GET /favicon.ico", Door: Open, Handle: favicon},
		{Pattern: "GET /robots.txt", Door: Open, Handle: robots},
		{Pattern: "GET /.well-known/security.txt", Door: Open, Handle: securityText},
		{Pattern: "GET /trust", Door: Open, Handle: trustPage},
		{Pattern: "GET /trust/{id}", Door: Open, Handle: proofPage},
		{Pattern: "GET /c/{slug}/privacy", Door: Clinic, Right: access.PublicRead, Handle: privacyPage},

		{Pattern: "GET /app/settings", Door: Staff, Right: read, Handle: settingsHome},
		{Pattern: "GET /app/settings/keys", Door: Staff, Right: read, Handle: keysPage},
		{Pattern: "GET /app/settings/clinic", Door: Staff, Right: read, Handle: clinicPage},
		{Pattern: "POST /app/settings/clinic", Door: Staff, Right: settings, Handle: clinicSave},
		{Pattern: "GET /app/settings/public", Door: Staff, Right: settings, Handle: publicPage},
		{Pattern: "POST /app/settings/public", Door: Staff, Right: settings, Handle: publicSave},

		{Pattern: "GET /app/settings/modules", Door: Staff, Right: read, Handle: modulesPage},
		{Pattern: "GET /app/settings/modules/{module}", Door: Staff, Right: access.ClinicModules, Handle: modulePage},
		{Pattern: "POST /app/settings/modules/{module}", Door: Staff, Right: access.ClinicModules, Handle: moduleSave},

		{Pattern: "GET /app/settings/staff", Door: Staff, Right: people, Handle: staffPage},
		{Pattern: "POST /app/settings/staff/invite", Door: Staff, Right: people, Handle: staffInvite},
		{Pattern: "POST /app/settings/staff/invitations/{invitation}/withdraw", Door: Staff, Right: people, Handle: staffWithdraw},
		{Pattern: "POST /app/settings/staff/{person}/role", Door: Staff, Right: people, Handle: staffRole},
		{Pattern: "POST /app/settings/staff/{person}/end", Door: Staff, Right: people, Handle: staffEnd},

		{Pattern: "GET /app/settings/providers", Door: Staff, Right: see, Handle: providersPage},
		{Pattern: "GET /app/settings/providers/new", Door: Staff, Right: plan, Handle: providerPage},
		{Pattern: "POST /app/settings/providers/new", Door: Staff, Right: plan, Handle: providerSave},
		{Pattern: "GET /app/settings/providers/{id}", Door: Staff, Right: see, Handle: providerPage},
		{Pattern: "POST /app/settings/providers/{id}", Door: Staff, Right: plan, Handle: providerSave},
		{Pattern: "GET /app/settings/providers/{id}/retire", Door: Staff, Right: plan, Handle: retirePage},
		{Pattern: "POST /app/settings/providers/{id}/retire", Door: Staff, Right: plan, Handle: retireSave},
		{Pattern: "POST /app/settings/providers/{id}/return", Door: Staff, Right: plan, Handle: returnSave},

		{Pattern: "GET /app/settings/providers/{id}/hours", Door: Staff, Right: see, Handle: hoursPage},
		{Pattern: "POST /app/settings/providers/{id}/hours", Door: Staff, Right: plan, Handle: weeklySave},
		{Pattern: "POST /app/settings/providers/{id}/changes", Door: Staff, Right: plan, Handle: changeSave},
		{Pattern: "POST /app/settings/providers/{id}/changes/{day}/remove", Door: Staff, Right: plan, Handle: changeRemove},
		{Pattern: "POST /app/settings/providers/{id}/leave", Door: Staff, Right: plan, Handle: leaveSave},
		{Pattern: "POST /app/settings/providers/{id}/leave/{leave}/remove", Door: Staff, Right: plan, Handle: leaveRemove},
		{Pattern: "GET /app/settings/closures", Door: Staff, Right: see, Handle: closuresPage},
		{Pattern: "POST /app/settings/closures", Door: Staff, Right: plan, Handle: closureSave},
		{Pattern: "POST /app/settings/closures/{closure}/remove", Door: Staff, Right: plan, Handle: closureRemove},

		{Pattern: "GET /app/settings/services", Door: Staff, Right: see, Handle: servicesPage},
		{Pattern: "GET /app/settings/services/new", Door: Staff, Right: plan, Handle: servicePage},
		{Pattern: "POST /app/settings/services/new", Door: Staff, Right: plan, Handle: serviceSave},
		{Pattern: "GET /app/settings/services/{id}", Door: Staff, Right: see, Handle: servicePage},
		{Pattern: "POST /app/settings/services/{id}", Door: Staff, Right: plan, Handle: serviceSave},

		{Pattern: "GET /app/settings/booking", Door: Staff, Right: settings, Handle: bookingPage},
		{Pattern: "POST /app/settings/booking", Door: Staff, Right: settings, Handle: bookingSave},
		{Pattern: "GET /app/settings/reminders", Door: Staff, Right: texts, Handle: remindersPage},
		{Pattern: "POST /app/settings/reminders", Door: Staff, Right: texts, Handle: remindersSave},
		{Pattern: "GET /app/settings/followups", Door: Staff, Right: texts, Handle: followupsPage},
		{Pattern: "POST /app/settings/followups/link", Door: Staff, Right: texts, Handle: followupLink},
		{Pattern: "GET /app/settings/followups/new", Door: Staff, Right: texts, Handle: followupPage},
		{Pattern: "POST /app/settings/followups/new", Door: Staff, Right: texts, Handle: followupSave},
		{Pattern: "GET /app/settings/followups/{id}", Door: Staff, Right: texts, Handle: followupPage},
		{Pattern: "POST /app/settings/followups/{id}", Door: Staff, Right: texts, Handle: followupSave},
		{Pattern: "POST /app/settings/followups/{id}/state", Door: Staff, Right: texts, Handle: followupState},
		{Pattern: "POST /app/settings/followups/{id}/remove", Door: Staff, Right: texts, Handle: followupRemove},
		{Pattern: "GET /app/settings/messages", Door: Staff, Right: texts, Handle: templatesPage},
		{Pattern: "GET /app/settings/messages/{kind}/{language}", Door: Staff, Right: texts, Handle: templatePage},
		{Pattern: "POST /app/settings/messages/{kind}/{language}", Door: Staff, Right: texts, Handle: templateSave},
		{Pattern: "GET /app/settings/channels", Door: Staff, Right: texts, Handle: channelsPage},
		{Pattern: "POST /app/settings/channels/{provider}", Door: Staff, Right: own, Handle: channelConnect},
		{Pattern: "POST /app/settings/channels/{id}/test", Door: Staff, Right: own, Handle: channelTest},
		{Pattern: "POST /app/settings/channels/{id}/state", Door: Staff, Right: own, Handle: channelState},
		{Pattern: "GET /app/settings/channels/{id}/revoke", Door: Staff, Right: own, Handle: channelRevokePage},
		{Pattern: "GET /app/settings/channels/{id}/keys", Door: Staff, Right: own, Handle: channelKeysPage},
		{Pattern: "POST /app/settings/channels/{id}/keys", Door: Staff, Right: own, Handle: channelKeysSave},
		{Pattern: "GET /app/settings/channels/{id}/texts", Door: Staff, Right: texts, Handle: textsPage},
		{Pattern: "POST /app/settings/channels/{id}/texts", Door: Staff, Right: texts, Handle: textsSave},
		{Pattern: "GET /app/settings/channels/{id}/texts/{text}/remove", Door: Staff, Right: texts, Handle: textRemovePage},
		{Pattern: "POST /app/settings/channels/{id}/texts/{text}/remove", Door: Staff, Right: texts, Handle: textRemove},
		{Pattern: "POST /app/settings/channels/{id}/revoke", Door: Staff, Right: own, Handle: channelRevoke},

		{Pattern: "GET /app/messages", Door: Staff, Right: access.MessageRead, Handle: messagesPage},
		{Pattern: "GET /app/messages/figures", Door: Staff, Right: access.MessageRead, Handle: figuresPage},
		{Pattern: "GET /app/messages/{id}", Door: Staff, Right: access.MessageRead, Handle: messagePage},
		{Pattern: "POST /app/messages/{id}/settle", Door: Staff, Right: access.MessageSettle, Handle: messageSettle},
		{Pattern: "GET /app/outbox", Door: Staff, Right: access.MessageRead, Handle: outboxPage},
		{Pattern: "GET /app/outbox/calendar/{id}", Door: Staff, Right: access.MessageRead, Handle: outboxCalendar},
		{Pattern: "GET /app/outbox/phone/{phone}", Door: Staff, Right: access.MessageRead, Handle: phonePage},
		{Pattern: "POST /app/outbox/phone/{phone}", Door: Staff, Right: access.MessageRead, Handle: phoneAnswer},
	}
}
