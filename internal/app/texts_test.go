package app

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/patients"
	meta "almirah/internal/rig/whatsapp"
	"almirah/internal/scheduling"
	"almirah/internal/store"
)

// TestAChangedTextWaitsForItsApproval follows one text of the clinic's over real HTTP on both sides: it is changed by its
// page, asked for by the account's, rejected by a report of the provider's, changed, asked for and approved. Patients get
// the words that were approved before until then, and the new ones from then on. Health words in a reminder are noticed.
func TestAChangedTextWaitsForItsApproval(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, engine store.Engine) {
		wa := meta.Start(t, meta.Options{Clock: clock.NewFake(morning), KeepWindow: true})
		h := openHouse(t, engine, Options{}, map[string]string{"ALMIRAH_WHATSAPP_URL": wa.URL()})
		if err := h.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		owner, a := h.signIn(t, ownerMail), wa.Account()
		owner.fill(t, "/app/settings/channels", "/app/settings/channels/whatsapp", url.Values{"phone_number_id": {a.PhoneNumberID}, "business_account_id": {a.BusinessAccountID}, "token": {a.Token},
			"app_secrets": {a.AppSecret}, "sender": {"+15550783881"}, "coexistence": {"no"}, "agreed": {"1"}})
		all, err := h.Messages.Accounts(t.Context(), h.Owner)
		if err != nil || len(all) != 1 {
			t.Fatalf("%v, %d accounts", err, len(all))
		}
		account := all[0]
		page, texts := "/app/settings/messages/confirmation/en?channel=whatsapp", "/app/settings/channels/"+account.ID.String()+"/texts"
		decide := func(ref, verdict, reason string) {
			t.Helper()
			got, err := wa.Deliver(t.Context(), account.HookURL, wa.Pack(wa.Decide(ref, verdict, reason)))
			if err != nil || len(got) != 1 || got[0] != http.StatusOK {
				t.Fatalf("%v %v", err, got)
			}
		}
		ask := func() (ref, name string) {
			t.Helper()
			before := len(wa.Templates())
			owner.fill(t, texts, texts, url.Values{"ask": {"confirmation.en"}})
			list := wa.Templates()
			if len(list) != before+1 {
				t.Fatalf("Meta was asked for %d texts", len(list)-before)
			}
			return list[before].ID, list[before].Name
		}
		shows := func(word string) {
			t.Helper()
			h.until(t, "the page says "+word, func() bool { return strings.Contains(owner.page(t, texts).body, word) })
		}
		people := 0
		day := h.today().AddDays(3)
		free, err := h.Desk.FreeTimes(t.Context(), h.Owner, h.Practice.services[0].ID, h.Practice.providers[0].ID, day, day)
		if err != nil || len(free.Slots) < 4 {
			t.Fatalf("%v, %d times", err, len(free.Slots))
		}
		// confirmed books for somebody with a telephone only, and answers the name of the text that told her.
		confirmed := func() string {
			t.Helper()
			before := len(wa.Messages())
			_, err := h.Desk.Book(t.Context(), access.Mint(h.Clinic.ID, id.Zero, id.Zero, id.Zero, access.Public, access.Care), scheduling.Booking{Service: h.Practice.services[0].ID, Provider: h.Practice.providers[0].ID,
				StartsAt: free.Slots[people].StartsAt, Language: "en", Patient: patients.Draft{Name: "Asha Rao", Phone: "+91984501230" + string(rune('0'+people)), BirthDate: "1980-02-03", Language: "en"}})
			if err != nil {
				t.Fatal(err)
			}
			people++
			h.until(t, "a confirmation is with Meta", func() bool { return len(wa.Messages()) == before+1 })
			body, _ := wa.Messages()[before].Body["template"].(map[string]any)
			name, _ := body["name"].(string)
			return name
		}

		ref, first := ask()
		decide(ref, "APPROVED", "")
		shows("approved")
		if got := confirmed(); got != first {
			t.Fatalf("told by %q, approved is %q", got, first)
		}
		owner.fill(t, page, page, url.Values{"body": {"{{.ClinicName}} buys you sweets on {{.When}}. To change or cancel: {{.ManageURL}}"}, "do": {"save"}})
		shows("messages still use this one")
		ref, second := ask()
		shows("waiting")
		decide(ref, "REJECTED", "PROMOTIONAL")
		shows("The text advertises")
		if got := confirmed(); got != first {
			t.Errorf("after the rejection told by %q, approved is %q and rejected %q", got, first, second)
		}
		owner.fill(t, page, page, url.Values{"body": {"{{.ClinicName}} expects you on {{.When}}. To change or cancel: {{.ManageURL}}"}, "do": {"save"}})
		ref, third := ask()
		if got := confirmed(); got != first {
			t.Errorf("before the decision told by %q, approved is %q", got, first)
		}
		decide(ref, "APPROVED", "")
		h.until(t, "the new text is approved", func() bool {
			list, err := h.Messages.Approvals(t.Context(), h.Owner, account.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range list {
				if x.Name == third {
					return x.State == messaging.ApprovalApproved && x.InUse && !x.Stale
				}
			}
			return false
		})
		if got := confirmed(); got != third {
			t.Errorf("after the approval told by %q, approved is %q", got, third)
		}

		// A reminder goes out with the patient's agreement only: words about health in it are asked about, and nothing is kept.
		reminder := "/app/settings/messages/reminder/en?channel=whatsapp"
		form := owner.page(t, reminder).form(t, reminder)
		form["body"], form["do"] = []string{"{{.ClinicName}}: your diabetes check is on {{.When}}. {{.ManageURL}}."}, []string{"save"}
		got := owner.do(t, "POST", reminder, form, nil)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `id="f-sure"`) || !strings.Contains(got.body, "diabetes") {
			t.Errorf("health words in a reminder: %d %s", got.status, problems(got.body))
		}
		if now, _, err := h.Messages.Template(t.Context(), h.Owner, messaging.Reminder, messaging.WhatsApp, "en"); err != nil || !now.House {
			t.Errorf("it was kept: %v %+v", err, now)
		}
		h.auditVerifies(t)
	})
}
