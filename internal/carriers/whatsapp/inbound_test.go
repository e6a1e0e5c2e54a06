package whatsapp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"almirah/internal/carriers/whatsapp"
	"almirah/internal/clock"
	"almirah/internal/messaging"
	rig "almirah/internal/rig/whatsapp"
)

var (
	person = rig.Person{Phone: "919876543210", UserID: "IN.13491208655302741918", Name: "आशा Rao 👍"}
	hidden = rig.Person{Phone: "919876543210", UserID: "IN.13491208655302741918", Name: "Asha", Hidden: true}
	known  = messaging.Sender{Phone: "+919876543210", UserID: "IN.13491208655302741918", Name: "आशा Rao 👍"}
)

// hooked reads one post as the door would.
func hooked(d *desk, p rig.Post) ([]messaging.Event, messaging.Answer, error) {
	return whatsapp.Inbound{}.Read(context.Background(), *d.via, messaging.Hook{Method: http.MethodPost, URL: "https://clinic.example/hooks/whatsapp/1", Header: p.Header, Body: p.Body})
}

// one reads a post that holds one event.
func one(t *testing.T, d *desk, c rig.Change) messaging.Event {
	t.Helper()
	events, answer, err := hooked(d, d.server.Pack(c))
	if err != nil || len(events) != 1 || answer.Status != 0 {
		t.Fatalf("%d events, answer %d, %v", len(events), answer.Status, err)
	}
	return events[0]
}

func TestWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	picture := d.server.AddMedia("image/jpeg", []byte("a picture"), "")
	voice := d.server.AddMedia("audio/ogg; codecs=opus", []byte("a voice"), "")
	const ours = "wamid.HBgLOURS="
	media := func(id, kind, name, digest string) []messaging.Media {
		return []messaging.Media{{ID: id, ContentType: kind, FileName: name, SHA256: digest}}
	}
	for name, c := range map[string]struct {
		change rig.Change
		want   messaging.Event
	}{
		"text":             {d.server.Text(person, "नमस्ते, may I come \"later\"?", ""), messaging.Event{From: known, Text: "नमस्ते, may I come \"later\"?"}},
		"an answer":        {d.server.Text(person, "Yes", ours), messaging.Event{From: known, Text: "Yes", ReplyTo: ours}},
		"number hidden":    {d.server.Text(hidden, "Hello", ""), messaging.Event{From: messaging.Sender{UserID: "IN.13491208655302741918", Name: "Asha"}, Text: "Hello"}},
		"quick reply":      {d.server.Touch(person, ours, "confirm:1", "Confirm"), messaging.Event{From: known, Text: "Confirm", Button: "confirm:1", ReplyTo: ours}},
		"button":           {d.server.ButtonReply(person, ours, "cancel:1", "Cancel"), messaging.Event{From: known, Text: "Cancel", Button: "cancel:1", ReplyTo: ours}},
		"list":             {d.server.ListReply(person, ours, "slot:4", "10:00"), messaging.Event{From: known, Text: "10:00", Button: "slot:4", ReplyTo: ours}},
		"image":            {d.server.Attachment(person, "image", picture, "my knee"), messaging.Event{From: known, Text: "my knee", Media: media(picture, "image/jpeg", "", "*")}},
		"audio":            {d.server.Attachment(person, "audio", voice, ""), messaging.Event{From: known, Media: media(voice, "audio/ogg; codecs=opus", "", "*")}},
		"video":            {d.server.Attachment(person, "video", picture, ""), messaging.Event{From: known, Media: media(picture, "image/jpeg", "", "*")}},
		"document":         {d.server.Attachment(person, "document", picture, "report"), messaging.Event{From: known, Text: "report", Media: media(picture, "image/jpeg", "report.pdf", "*")}},
		"sticker":          {d.server.Attachment(person, "sticker", picture, ""), messaging.Event{From: known, Media: media(picture, "image/jpeg", "", "*")}},
		"location":         {d.server.Location(person, "Home", "1 Road", 12.5, 77.25), messaging.Event{From: known, Text: "Home\n1 Road\n12.5, 77.25"}},
		"contact":          {d.server.ContactCard(person, "Dr Iyer", "+91 11 2345"), messaging.Event{From: known, Text: "Dr Iyer\n+91 11 2345"}},
		"reaction":         {d.server.Reaction(person, ours, "👍"), messaging.Event{From: known, Text: "👍", ReplyTo: ours}},
		"reaction gone":    {d.server.Reaction(person, ours, ""), messaging.Event{From: known, ReplyTo: ours}},
		"order":            {d.server.Order(person), messaging.Event{From: known, Text: "2 × checkup"}},
		"unsupported":      {d.server.Unsupported(person), messaging.Event{From: known, Code: "131051", Raw: []byte("*")}},
		"new number":       {d.server.NumberChanged(rig.Person{Phone: "16505551234", Name: "Asha"}, "12195555358"), messaging.Event{Kind: messaging.IdentityNews, From: messaging.Sender{Phone: "+16505551234"}, Text: "+12195555358", Name: "number"}},
		"a kind not known": {with(d.server.Text(person, "x", ""), "messages", map[string]any{"type": "hologram"}), messaging.Event{From: known, Code: "unsupported", Raw: []byte("*")}},
	} {
		want := c.want
		if want.Kind == "" {
			want.Kind = messaging.MessageNews
		}
		got := one(t, d, c.change)
		if got.ProviderID == "" || got.Key != "message:"+got.ProviderID || got.At != clock.At(noon) {
			t.Errorf("%s: id %q, key %q, at %s", name, got.ProviderID, got.Key, got.At.Time())
		}
		if len(want.Raw) > 0 && len(got.Raw) > 0 {
			want.Raw = got.Raw
		}
		if len(want.Media) > 0 && len(got.Media) > 0 {
			if s := got.Media[0].SHA256; s != sumOf("a picture") && s != sumOf("a voice") {
				t.Errorf("%s: digest %q", name, s)
			}
			want.Media[0].SHA256 = got.Media[0].SHA256
		}
		want.Key, want.ProviderID, want.At = got.Key, got.ProviderID, got.At
		if show(got) != show(want) {
			t.Errorf("%s:\n got %s\nwant %s", name, show(got), show(want))
		}
	}
}

// sumOf is a digest as a message carries it.
func sumOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// with changes the first element of a list in the change's value; nil takes a key away.
func with(c rig.Change, list string, change map[string]any) rig.Change {
	first := c.Value[list].([]any)[0].(map[string]any)
	for k, v := range change {
		if v == nil {
			delete(first, k)
			continue
		}
		first[k] = v
	}
	return c
}

func show(e any) string {
	b, _ := json.Marshal(e)
	return string(b)
}

func TestHowFarMessagesCame(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	id := d.Send(t.Context(), d.text(asha), func() error { return nil }).ProviderID
	for status, want := range map[string]messaging.Reached{"sent": messaging.ReachedSent, "delivered": messaging.ReachedDelivered, "read": messaging.ReachedRead, "played": messaging.ReachedRead} {
		e := one(t, d, d.server.Status(id, status, 0))
		if e.Kind != messaging.StateNews || e.Reached != want || e.ProviderID != id || e.Key != fmt.Sprintf("status:%s:%s:%d", id, status, noon.Unix()) || e.At != clock.At(noon) || e.From.Phone != asha || e.Code != "" {
			t.Errorf("%s: %s", status, show(e))
		}
		if priced := status == "sent" || status == "delivered"; priced != (string(e.Pricing) == `{"billable":true,"category":"service","pricing_model":"PMP","type":"regular"}`) {
			t.Errorf("%s: pricing %s", status, e.Pricing)
		}
	}
	for code, permanent := range map[int]bool{131026: true, 131030: true, 130472: true, 131047: false, 131049: false, 131056: false, 190: false, 999: false} {
		e := one(t, d, d.server.Status(id, "failed", code))
		if e.Reached != messaging.ReachedFailed || e.Code != fmt.Sprint(code) || e.Permanent != permanent {
			t.Errorf("%d: %s", code, show(e))
		}
	}
	if e := one(t, d, d.server.Status(id, "teleported", 0)); e.Kind != messaging.Unknown || len(e.Raw) == 0 {
		t.Errorf("a status that is not known: %s", show(e))
	}
	// Who stopped marketing with WhatsApp is heard of by the failure as well.
	events, _, err := hooked(d, d.server.Pack(d.server.Status(id, "failed", 131050)))
	if err != nil || len(events) != 2 || events[0].Permanent || events[1].Kind != messaging.ChoiceNews || !events[1].Stop || events[1].From.Phone != asha || events[0].Key == events[1].Key {
		t.Errorf("131050: %s %v", show(events), err)
	}
	// Times that no calendar has, as strings, as numbers, or missing.
	for _, x := range []struct {
		stamp any
		want  clock.Instant
	}{{"1750263773", 1750263773000000}, {1750263773, 1750263773000000}, {"tomorrow", 0}, {nil, 0}, {"999999999999", 0}, {-5, 0}, {1.5, 0}} {
		if e := one(t, d, with(d.server.Status(id, "read", 0), "statuses", map[string]any{"timestamp": x.stamp})); e.At != x.want || e.Reached != messaging.ReachedRead {
			t.Errorf("%v: %s", x.stamp, show(e))
		}
	}
}

func TestJourneysThatGoWrong(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	id := d.Send(t.Context(), d.text(asha), func() error { return nil }).ProviderID
	for name, c := range map[string]struct {
		m    rig.Mischief
		want string // how far, in the order of arrival
		keys int
	}{
		"good":      {rig.Mischief{}, "sent delivered read", 3},
		"skipped":   {rig.Mischief{SkipDelivered: true}, "sent read", 2},
		"reordered": {rig.Mischief{Reorder: true}, "read delivered sent", 3},
		"twice":     {rig.Mischief{Duplicate: true, Batch: true}, "sent delivered read sent delivered read", 3},
		"no number": {rig.Mischief{HidePhone: true, Batch: true}, "sent delivered read", 3},
		"stale":     {rig.Mischief{Shift: -8 * 24 * time.Hour}, "sent delivered read", 3},
		"future":    {rig.Mischief{Shift: 48 * time.Hour}, "sent delivered read", 3},
	} {
		var said []string
		keys := map[string]bool{}
		for _, p := range d.server.Journey(id, c.m) {
			events, _, err := hooked(d, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				said = append(said, string(e.Reached))
				keys[e.Key] = true
				if e.At != clock.At(noon.Add(c.m.Shift)) {
					t.Errorf("%s: at %s", name, e.At.Time())
				}
				if c.m.HidePhone && (e.From.Phone != "" || e.From.UserID == "") {
					t.Errorf("%s: %s", name, show(e.From))
				}
			}
		}
		if got := strings.Join(said, " "); got != c.want || len(keys) != c.keys {
			t.Errorf("%s: %s with %d keys, want %s with %d", name, got, len(keys), c.want, c.keys)
		}
	}
}

func TestOtherNews(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	template := d.server.AddTemplate("reminder", "en", "UTILITY", "Hello {{1}}, please come.")
	for name, c := range map[string]struct {
		change rig.Change
		want   messaging.Event
	}{
		"stop":        {d.server.Preference(person, "stop"), messaging.Event{Kind: messaging.ChoiceNews, From: known, Stop: true, Class: "marketing_messages"}},
		"resume":      {d.server.Preference(hidden, "resume"), messaging.Event{Kind: messaging.ChoiceNews, From: messaging.Sender{UserID: known.UserID, Name: "Asha"}, Class: "marketing_messages"}},
		"approved":    {d.server.Decide(template, "APPROVED", ""), messaging.Event{Kind: messaging.TemplateNews, ProviderID: template, Name: "reminder", Lang: "en", Status: "approved", Class: "utility"}},
		"rejected":    {d.server.Decide(template, "REJECTED", "INVALID_FORMAT"), messaging.Event{Kind: messaging.TemplateNews, ProviderID: template, Name: "reminder", Lang: "en", Status: "rejected", Reason: "INVALID_FORMAT", Class: "utility"}},
		"paused":      {d.server.Decide(template, "PAUSED", ""), messaging.Event{Kind: messaging.TemplateNews, ProviderID: template, Name: "reminder", Lang: "en", Status: "paused", Class: "utility"}},
		"reclassed":   {d.server.Reclass(template, "MARKETING"), messaging.Event{Kind: messaging.TemplateNews, ProviderID: template, Name: "reminder", Lang: "en", Class: "marketing"}},
		"quality":     {d.server.Rate(template, "RED"), messaging.Event{Kind: messaging.TemplateNews, ProviderID: template, Name: "reminder", Lang: "en", Status: "quality", Reason: "red"}},
		"number":      {d.server.News("phone_number_quality_update", map[string]any{"display_phone_number": "15550783881", "event": "DOWNGRADE", "current_limit": "TIER_250"}), messaging.Event{Kind: messaging.AccountNews, Name: "phone_number_quality_update", Status: "downgrade", Reason: "tier_250"}},
		"ban":         {d.server.News("account_update", map[string]any{"event": "DISABLED_UPDATE", "ban_info": map[string]any{"waba_ban_state": "DISABLE"}}), messaging.Event{Kind: messaging.AccountNews, Name: "account_update", Status: "disabled_update", Reason: "disable"}},
		"violation":   {d.server.News("account_update", map[string]any{"event": "ACCOUNT_VIOLATION", "violation_info": map[string]any{"violation_type": "SPAM"}}), messaging.Event{Kind: messaging.AccountNews, Name: "account_update", Status: "account_violation", Reason: "spam"}},
		"restriction": {d.server.News("account_update", map[string]any{"event": "ACCOUNT_RESTRICTION", "restriction_info": []any{map[string]any{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING"}}}), messaging.Event{Kind: messaging.AccountNews, Name: "account_update", Status: "account_restriction", Reason: "restricted_biz_initiated_messaging"}},
		"limits":      {d.server.News("business_capability_update", map[string]any{"max_daily_conversation_per_phone": 250, "max_phone_numbers_per_business": 2}), messaging.Event{Kind: messaging.AccountNews, Name: "business_capability_update", Status: "limits", Reason: "250"}},
		"new limits":  {d.server.News("business_capability_update", map[string]any{"max_daily_conversations_per_business": "TIER_2K"}), messaging.Event{Kind: messaging.AccountNews, Name: "business_capability_update", Status: "limits", Reason: "tier_2k"}},
		"new id":      {d.server.UserIDChanged(person, "IN.2"), messaging.Event{Kind: messaging.IdentityNews, From: messaging.Sender{Phone: known.Phone, UserID: known.UserID}, Text: "IN.2", Name: "user_id"}},
		"new id, as a note": {with(d.server.NumberChanged(hidden, "1"), "messages", map[string]any{"system": map[string]any{"type": "user_changed_user_id", "user_id": "IN.2", "previous_user_id": "IN.1", "body": "x"}}),
			messaging.Event{Kind: messaging.IdentityNews, From: messaging.Sender{UserID: "IN.1"}, Text: "IN.2", Name: "user_id"}},
		"stop, as a note": {with(d.server.NumberChanged(rig.Person{Phone: "919876543210"}, "1"), "messages", map[string]any{"system": map[string]any{"type": "user_preference_changed", "marketing": "stop"}}),
			messaging.Event{Kind: messaging.ChoiceNews, From: messaging.Sender{Phone: known.Phone}, Stop: true, Class: "marketing_messages"}},
		"trouble of the number": {valued(d.server.Text(person, "x", ""), map[string]any{"messages": nil, "contacts": nil, "errors": []any{map[string]any{"code": 130429, "title": "Rate limit hit"}}}),
			messaging.Event{Kind: messaging.AccountNews, Name: "errors", Status: "error", Code: "130429"}},

		"a field not known":    {d.server.News("history", map[string]any{"x": 1}), messaging.Event{Kind: messaging.Unknown, Name: "history", Raw: []byte("*")}},
		"a preference not":     {with(d.server.Preference(person, "stop"), "user_preferences", map[string]any{"value": "perhaps"}), messaging.Event{Kind: messaging.Unknown, Name: "user_preferences", Raw: []byte("*")}},
		"a note not known":     {with(d.server.NumberChanged(person, "1"), "messages", map[string]any{"system": map[string]any{"type": "other"}}), messaging.Event{Kind: messaging.Unknown, Name: "messages.0", Raw: []byte("*")}},
		"a group":              {with(d.server.Text(person, "x", ""), "messages", map[string]any{"group_id": "Y2FwaV9"}), messaging.Event{Kind: messaging.Unknown, Name: "messages.0", Raw: []byte("*")}},
		"a message that isn't": {valued(d.server.Text(person, "x", ""), map[string]any{"messages": []any{7}}), messaging.Event{Kind: messaging.Unknown, Name: "messages.0", Raw: []byte("*")}},
		"an empty value":       {valued(d.server.Text(person, "x", ""), map[string]any{"messages": nil, "contacts": nil}), messaging.Event{Kind: messaging.Unknown, Name: "messages", Raw: []byte("*")}},
		"no template name":     {d.server.News("message_template_status_update", map[string]any{"event": "APPROVED"}), messaging.Event{Kind: messaging.Unknown, Name: "message_template_status_update", Raw: []byte("*")}},
		"no event":             {d.server.News("account_update", map[string]any{}), messaging.Event{Kind: messaging.Unknown, Name: "account_update", Raw: []byte("*")}},
	} {
		want, got := c.want, one(t, d, c.change)
		if got.Key == "" || len(got.Key) > 250 {
			t.Errorf("%s: key %q", name, got.Key)
		}
		if got.Kind != messaging.Unknown && got.At != clock.At(noon) && name != "trouble of the number" {
			t.Errorf("%s: at %s", name, got.At.Time())
		}
		if again := one(t, d, c.change); again.Key != got.Key {
			t.Errorf("%s: the same news has two keys", name)
		}
		want.Key, want.At = got.Key, got.At
		if want.ProviderID == "" {
			want.ProviderID = got.ProviderID
		}
		if len(want.Raw) > 0 && json.Valid(got.Raw) {
			want.Raw = got.Raw
		}
		if show(got) != show(want) {
			t.Errorf("%s:\n got %s\nwant %s", name, show(got), show(want))
		}
	}
	// The same words at another time are other news: approved, paused, approved again.
	first := one(t, d, d.server.Decide(template, "APPROVED", ""))
	d.clock.Move(time.Hour)
	if again := one(t, d, d.server.Decide(template, "APPROVED", "")); again.Key == first.Key {
		t.Error("two approvals have one key")
	}
}

// valued changes the value of a change; nil takes a key away.
func valued(c rig.Change, change map[string]any) rig.Change {
	for k, v := range change {
		if v == nil {
			delete(c.Value, k)
			continue
		}
		c.Value[k] = v
	}
	return c
}

func TestForgeries(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	good := d.server.Pack(d.server.Text(person, "Hello", ""))
	stranger := rig.Start(t, rig.Options{AppSecret: "ffffffffffffffffffffffffffffffff"})
	otherAccount := rig.Start(t, rig.Options{BusinessAccountID: "999999999999"})
	otherNumber := rig.Start(t, rig.Options{PhoneNumberID: "999999999999"})
	changed := func(change func(*rig.Post)) rig.Post {
		p := rig.Post{Header: good.Header.Clone(), Body: bytes.Clone(good.Body)}
		change(&p)
		return p
	}
	for name, p := range map[string]rig.Post{
		"no signature":     changed(func(p *rig.Post) { p.Header.Del("X-Hub-Signature-256") }),
		"empty signature":  changed(func(p *rig.Post) { p.Header.Set("X-Hub-Signature-256", "sha256=") }),
		"half a signature": changed(func(p *rig.Post) { p.Header.Set("X-Hub-Signature-256", p.Header.Get("X-Hub-Signature-256")[:40]) }),
		"two signatures":   changed(func(p *rig.Post) { p.Header.Add("X-Hub-Signature-256", p.Header.Get("X-Hub-Signature-256")) }),
		"the old kind": changed(func(p *rig.Post) {
			p.Header.Set("X-Hub-Signature-256", strings.Replace(p.Header.Get("X-Hub-Signature-256"), "sha256", "sha1", 1))
		}),
		"a changed byte":     changed(func(p *rig.Post) { p.Body[len(p.Body)/2] ^= 1 }),
		"a byte more":        changed(func(p *rig.Post) { p.Body = append(p.Body, ' ') }),
		"another secret":     stranger.Pack(stranger.Text(person, "Hello", "")),
		"another account":    otherAccount.Pack(otherAccount.Text(person, "Hello", "")),
		"another number":     otherNumber.Pack(otherNumber.Text(person, "Hello", "")),
		"no number":          d.server.Pack(valued(d.server.Text(person, "Hello", ""), map[string]any{"metadata": nil})),
		"a strange number":   d.server.Pack(valued(d.server.Text(person, "Hello", ""), map[string]any{"metadata": "106540352242922"})),
		"another among ours": d.server.Pack(d.server.Text(person, "Hello", ""), otherNumber.Text(person, "Hello", "")),
		"template elsewhere": otherAccount.Pack(otherAccount.News("account_update", map[string]any{"event": "x"})),
		"another preference": otherNumber.Pack(otherNumber.Preference(person, "stop")),
	} {
		events, answer, err := hooked(d, p)
		if !errors.Is(err, messaging.ErrForged) || len(events) != 0 || answer.Status != http.StatusForbidden {
			t.Errorf("%s: %d events, %d, %v", name, len(events), answer.Status, err)
		}
	}
	if events, _, err := hooked(d, good); err != nil || len(events) != 1 {
		t.Errorf("the good one: %d, %v", len(events), err)
	}
	for name, h := range map[string]messaging.Hook{
		"PUT":         {Method: http.MethodPut, Header: good.Header, Body: good.Body},
		"too big":     {Method: http.MethodPost, Header: good.Header, Body: make([]byte, whatsapp.MaxHook+1)},
		"no JSON":     post(d.server.Sign("x")),
		"no object":   post(d.server.Sign(map[string]any{"entry": []any{map[string]any{"id": "419561257915477"}}})),
		"no entry":    post(d.server.Sign(map[string]any{"object": "whatsapp_business_account"})),
		"wrong types": post(d.server.Sign(map[string]any{"object": 7, "entry": "x"})),
	} {
		if events, _, err := (whatsapp.Inbound{}).Read(t.Context(), *d.via, h); !errors.Is(err, messaging.ErrUnreadable) || len(events) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Without credentials nothing is believed.
	if _, _, err := (whatsapp.Inbound{}).Read(t.Context(), messaging.Connection{}, post(good)); !errors.Is(err, messaging.ErrForged) {
		t.Errorf("no credentials: %v", err)
	}
}

func post(p rig.Post) messaging.Hook {
	return messaging.Hook{Method: http.MethodPost, Header: p.Header, Body: p.Body}
}

func TestTwoSecretsLiveAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	var c whatsapp.Credentials
	if err := json.Unmarshal(d.via.Credentials, &c); err != nil {
		t.Fatal(err)
	}
	for name, secrets := range map[string][]string{"first": {c.AppSecrets[0], "another-secret-of-32-characters-"}, "second": {"another-secret-of-32-characters-", c.AppSecrets[0]}} {
		x := c
		x.AppSecrets = secrets
		via := *d.via
		via.Credentials, _ = json.Marshal(x)
		if events, _, err := (whatsapp.Inbound{}).Read(t.Context(), via, post(d.server.Pack(d.server.Text(person, "Hello", "")))); err != nil || len(events) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQuestion(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	const hook = "https://clinic.example/hooks/whatsapp/0197"
	ask := func(url string) (messaging.Answer, error) {
		events, answer, err := whatsapp.Inbound{}.Read(t.Context(), *d.via, messaging.Hook{Method: http.MethodGet, URL: url})
		if len(events) != 0 {
			t.Error("a question is no news")
		}
		return answer, err
	}
	answer, err := ask(d.server.Question(hook, "1158201444"))
	if err != nil || answer.Status != 200 || string(answer.Body) != "1158201444" || !strings.HasPrefix(answer.ContentType, "text/plain") {
		t.Errorf("%d %q %q %v", answer.Status, answer.Body, answer.ContentType, err)
	}
	for name, c := range map[string]struct {
		url  string
		want error
	}{
		"another token":       {strings.Replace(d.server.Question(hook, "1"), "hub.verify_token=v", "hub.verify_token=w", 1), messaging.ErrForged},
		"no token":            {hook + "?hub.mode=subscribe&hub.challenge=1", messaging.ErrForged},
		"another mode":        {strings.Replace(d.server.Question(hook, "1"), "subscribe", "unsubscribe", 1), messaging.ErrForged},
		"nothing":             {hook, messaging.ErrForged},
		"no address":          {"://", messaging.ErrUnreadable},
		"no challenge":        {d.server.Question(hook, ""), messaging.ErrUnreadable},
		"a page as challenge": {d.server.Question(hook, "<script>alert(1)</script>"), messaging.ErrUnreadable},
	} {
		if answer, err := ask(c.url); !errors.Is(err, c.want) || len(answer.Body) != 0 {
			t.Errorf("%s: %q %v", name, answer.Body, err)
		}
	}
}

// TestOverTheWire lets the stand-in post over HTTP, everything twice, and once more a week later:
// the keys are what makes that harmless.
func TestOverTheWire(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	seen := map[string]int{}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		events, answer, err := whatsapp.Inbound{}.Read(r.Context(), *d.via, messaging.Hook{Method: r.Method, URL: r.URL.String(), Header: r.Header, Body: body})
		if err != nil {
			w.WriteHeader(answer.Status)
			return
		}
		for _, e := range events {
			seen[e.Key]++
		}
	}))
	defer hook.Close()
	id := d.Send(t.Context(), d.text(asha), func() error { return nil }).ProviderID
	posts := d.server.Journey(id, rig.Mischief{Duplicate: true, Reorder: true})
	posts = append(posts, d.server.Pack(d.server.Text(person, "Hello", ""), d.server.Preference(person, "stop")))
	statuses, err := d.server.Deliver(t.Context(), hook.URL, posts...)
	if err != nil || len(statuses) != 7 {
		t.Fatalf("%v %v", statuses, err)
	}
	d.clock.Move(7 * 24 * time.Hour)
	if _, err := d.server.Replay(t.Context(), hook.URL); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 5 {
		t.Errorf("%d keys, want 5: %v", len(seen), seen)
	}
	for key, n := range seen {
		if n < 2 {
			t.Errorf("%s came %d times", key, n)
		}
	}
}

func TestABigBatch(t *testing.T) {
	t.Parallel()
	d := open(t, rig.Options{}, whatsapp.Options{})
	var all []rig.Change
	for range 1000 {
		all = append(all, d.server.Text(person, "Hello", ""))
	}
	events, _, err := hooked(d, d.server.Pack(all...))
	if err != nil || len(events) != 1000 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	// Several in one value, and people who are told apart by their numbers.
	c := d.server.Text(person, "Hello", "")
	other := d.server.Text(rig.Person{Phone: "14155550100", Name: "Ben"}, "Hi", "")
	for _, list := range []string{"contacts", "messages"} {
		c.Value[list] = append(c.Value[list].([]any), other.Value[list].([]any)...)
	}
	events, _, err = hooked(d, d.server.Pack(c))
	if err != nil || len(events) != 2 || events[0].From != known || events[1].From != (messaging.Sender{Phone: "+14155550100", Name: "Ben"}) {
		t.Errorf("%s %v", show(events), err)
	}
	// A number that is not the wa_id: with one contact there is no doubt who it is.
	c = with(d.server.Text(person, "Hello", ""), "messages", map[string]any{"from": "5215512345678", "from_user_id": nil})
	if e := one(t, d, c); e.From != (messaging.Sender{Phone: "+5215512345678", UserID: known.UserID, Name: known.Name}) {
		t.Errorf("%s", show(e.From))
	}
	// Neither number nor id.
	c = valued(with(d.server.Text(person, "Hello", ""), "messages", map[string]any{"from": nil, "from_user_id": nil}), map[string]any{"contacts": nil})
	if e := one(t, d, c); e.From != (messaging.Sender{}) || e.Text != "Hello" {
		t.Errorf("%s", show(e))
	}
	// A contact in a strange form does not lose the message.
	c = valued(d.server.Text(person, "Hello", ""), map[string]any{"contacts": []any{7}})
	if e := one(t, d, c); e.From.Phone != known.Phone || e.Text != "Hello" {
		t.Errorf("%s", show(e))
	}
}
