package messaging_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
)

// shelf is where the files lie that people sent by the talker's channel.
type shelf struct {
	asked []string
	files map[string]messaging.Fetched
}

// Bring makes drafting a provider at which files lie.
func (d *drafting) Bring(_ context.Context, _ messaging.Connection, m messaging.Media, most int64) messaging.Fetched {
	d.shelf.asked = append(d.shelf.asked, m.ID)
	f, ok := d.shelf.files[m.ID]
	switch {
	case !ok:
		return messaging.Fetched{Outcome: messaging.Refused, Code: "100"}
	case int64(len(f.Body)) > most:
		return messaging.Fetched{Outcome: messaging.Refused, Code: "size"}
	}
	return f
}

// photo is a picture as a telephone sends it, with words of where it was taken and something behind its end.
func photo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	comment := "\xff\xfe\x00\x17taken at 12.97, 77.59"
	return []byte(string(b.Bytes()[:2]) + comment + string(b.Bytes()[2:]) + "<script>behind</script>")
}

// fetches has every file fetched that is due, and answers how many were.
func (x *talk) fetches() int {
	x.t.Helper()
	due, err := x.messages.DueMedia(x.t.Context(), x.system, 100)
	if err != nil {
		x.t.Fatal(err)
	}
	for _, one := range due {
		if err := x.messages.FetchMedia(x.t.Context(), x.system, one); err != nil {
			x.t.Fatal(err)
		}
	}
	return len(due)
}

// files are the files of the patient's conversation, in the order in which they came.
func (x *talk) files(patient id.ID) (out []messaging.Attached) {
	x.t.Helper()
	for _, l := range x.thread(patient).Lines {
		out = append(out, l.Files...)
	}
	return out
}

func (x *talk) keeps(c messaging.Content, days int) {
	x.t.Helper()
	now, err := x.messages.Setting(x.t.Context(), x.owner)
	if err != nil {
		x.t.Fatal(err)
	}
	now.Content, now.Days = c, days
	if err := x.messages.SaveSetting(x.t.Context(), x.owner, now); err != nil {
		x.t.Fatal(err)
	}
}

func (x *talk) sends(from string, media ...messaging.Media) {
	x.t.Helper()
	x.hears(messaging.WhatsApp, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: from}, Media: media})
}

var (
	voice = []byte("OggS\x00\x02 and so on OpusHead and the sound of a voice")
	paper = []byte("%PDF-1.7 a report that stays as it is")
)

func shelved(t *testing.T) map[string]messaging.Fetched {
	take := func(b []byte) messaging.Fetched { return messaging.Fetched{Outcome: messaging.Accepted, Body: b} }
	return map[string]messaging.Fetched{"1": take(photo(t)), "2": take(voice), "3": take(paper), "4": take([]byte("<html>no picture</html>")), "5": take(photo(t)[:90]),
		"7": take(bytes.Repeat([]byte("x"), messaging.MostMedia+1))}
}

// TestFilesOfPatients: what a patient sends is fetched where the clinic keeps content, is what its bytes are whatever it is called,
// is shown with what became of it, and ends with the words beside it.
func TestFilesOfPatients(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "patients-files")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.whatsapp.shelf.files = shelved(t)
		a := x.books("Asha Rao", asha, "", 50*time.Hour)

		// The clinic keeps nothing: that there was a file is all that is noted, and nobody is asked for it.
		x.sends(asha, messaging.Media{ID: "1", ContentType: "image/jpeg", FileName: "my knee.jpg"})
		if n, f := x.fetches(), x.files(a.Patient); n != 0 || len(f) != 1 || f[0].State != messaging.MediaUnkept || f[0].Name != "" || len(x.whatsapp.shelf.asked) != 0 {
			t.Fatalf("kept nothing: %d due, %+v", n, f)
		}

		x.keeps(messaging.ContentDays, 30)
		x.sends(asha, messaging.Media{ID: "1", ContentType: "image/jpeg"}, messaging.Media{ID: "2", ContentType: "audio/ogg"}, messaging.Media{ID: "3", ContentType: "application/pdf", FileName: "../../report.exe"},
			messaging.Media{ID: "4", ContentType: "image/jpeg"}, messaging.Media{ID: "5", ContentType: "image/jpeg"}, messaging.Media{ID: "6", ContentType: "image/png"}, messaging.Media{ID: "7", ContentType: "audio/ogg"},
			messaging.Media{ID: "8", ContentType: "video/mp4"}, messaging.Media{FileName: "röntgen.jpg", ContentType: "image/jpeg"})
		for _, f := range x.files(a.Patient)[1:8] {
			if f.State != messaging.MediaAsked {
				t.Errorf("before it was fetched: %+v", f)
			}
		}
		if n := x.fetches(); n != 7 {
			t.Errorf("%d were due", n)
		}
		got := x.files(a.Patient)[1:]
		want := []struct {
			state                          messaging.MediaState
			reason, kind, mediaType, named string
		}{{messaging.MediaKept, "", "image", "image/jpeg", ""}, {messaging.MediaKept, "", "audio", "audio/ogg", ""}, {messaging.MediaKept, "", "application", "application/pdf", "../../report.exe"},
			{messaging.MediaLost, messaging.LostKind, "image", "", ""}, {messaging.MediaLost, messaging.LostBroken, "image", "", ""}, {messaging.MediaLost, messaging.LostGone, "image", "", ""},
			{messaging.MediaLost, messaging.LostLarge, "audio", "", ""}, {messaging.MediaLost, messaging.LostKind, "video", "", ""}, {messaging.MediaNamed, "", "image", "", "röntgen.jpg"}}
		for i, w := range want {
			if f := got[i]; f.State != w.state || f.Reason != w.reason || f.Kind != w.kind || f.Type != w.mediaType || f.Name != w.named {
				t.Errorf("file %d: %+v", i+1, f)
			}
		}
		if slices.Contains(x.whatsapp.shelf.asked, "8") {
			t.Error("a video was fetched")
		}
		thread := x.thread(a.Patient).ID
		for i, w := range [][]byte{nil, voice, paper} {
			f, body, err := x.messages.OpenMedia(t.Context(), x.owner, thread, got[i].ID)
			if err != nil {
				t.Fatal(err)
			}
			if w != nil && !bytes.Equal(body, w) {
				t.Errorf("file %d is another one", i+1)
			}
			if w == nil && (bytes.Contains(body, []byte("77.59")) || bytes.Contains(body, []byte("script")) || len(body) == 0) {
				t.Error("the picture tells where it was taken, or carries something behind its end")
			}
			if name := f.FileName(time.UTC); strings.ContainsAny(name, "/\\") || strings.Contains(name, "exe") || !strings.Contains(name, "2026-") {
				t.Errorf("it is handed out as %q", name)
			}
		}
		if _, _, err := x.messages.OpenMedia(t.Context(), x.owner, thread, got[3].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("one that was lost: %v", err)
		}
		if _, _, err := x.messages.OpenMedia(t.Context(), x.owner, got[0].ID, got[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("in another conversation: %v", err)
		}
		if _, _, err := x.messages.OpenMedia(t.Context(), b.As(access.Billing), thread, got[0].ID); !fault.Is(err, fault.Forbidden) {
			t.Errorf("somebody of billing: %v", err)
		}
		x.copied(a.Patient, base64.StdEncoding.EncodeToString(paper))

		// On day 30 they go with the words.
		expire := func() {
			x.do(access.Work, x.system, func(tx *store.Tx) error { _, err := messaging.Keeper{}.Due(tx); return err })
		}
		b.Clock.Move(30*24*time.Hour - time.Minute)
		expire()
		if f := x.files(a.Patient)[1]; f.State != messaging.MediaKept {
			t.Errorf("before the day: %+v", f)
		}
		b.Clock.Move(2 * time.Minute)
		expire()
		for _, f := range x.files(a.Patient)[1:] {
			if f.State != messaging.MediaDeleted || f.Name != "" {
				t.Errorf("after the day: %+v", f)
			}
		}
		if n := x.bytes(); n != 0 {
			t.Errorf("%d rows still hold something", n)
		}

		// A clinic that turns keeping off, and a patient who is deleted.
		x.sends(asha, messaging.Media{ID: "2", ContentType: "audio/ogg"})
		x.fetches()
		x.keeps(messaging.ContentNone, 30)
		if n := x.bytes(); n != 0 {
			t.Errorf("the clinic keeps nothing any more, and %d rows hold something", n)
		}
		x.keeps(messaging.ContentFull, 30)
		x.sends(asha, messaging.Media{ID: "2", ContentType: "audio/ogg"}, messaging.Media{ID: "9", ContentType: "audio/ogg"})
		x.whatsapp.shelf.files["9"] = messaging.Fetched{Outcome: messaging.Later}
		x.fetches()
		x.do(access.PatientDelete, x.owner, func(tx *store.Tx) error { return messaging.Keeper{}.Erase(tx, a.Patient) })
		var rows int
		x.do(access.Work, x.system, func(tx *store.Tx) error {
			tx.Housekeeping("counting")
			return tx.Row(`SELECT COUNT(*) FROM attached WHERE clinic_id = $1`).Scan(&rows)
		})
		if rows != 0 {
			t.Errorf("%d rows are left of somebody who was deleted", rows)
		}
	})
}

// bytes is how many files still hold something that can be opened.
func (x *talk) bytes() (n int) {
	x.t.Helper()
	x.do(access.Work, x.system, func(tx *store.Tx) error {
		tx.Housekeeping("counting")
		return tx.Row(`SELECT COUNT(*) FROM attached WHERE clinic_id = $1 AND (body IS NOT NULL OR about IS NOT NULL)`).Scan(&n)
	})
	return n
}

// copied looks for the content of a file in what is copied out for the patient.
func (x *talk) copied(patient id.ID, content string) {
	x.t.Helper()
	err := x.DB.View(x.t.Context(), x.owner, access.PatientRead, func(_ context.Context, v *store.View) error {
		all, err := messaging.Keeper{}.Collect(v, patient)
		if err == nil && !slices.ContainsFunc(all["attached"], func(l map[string]string) bool { return l["content"] == content }) {
			err = errors.New("the file is not in the copy")
		}
		return err
	})
	if err != nil {
		x.t.Error(err)
	}
}

// TestFilesThatTakeTime: a provider that does not answer is asked again, less and less often; one that refuses the account pauses it, and
// the file waits; what nobody knows any more after 30 days is lost, visibly.
func TestFilesThatTakeTime(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.whatsapp.shelf.files = shelved(t)
		a := x.books("Asha Rao", asha, "", 50*time.Hour)
		x.keeps(messaging.ContentFull, 30)
		first := func() messaging.Attached { t.Helper(); return x.files(a.Patient)[0] }

		x.whatsapp.shelf.files["1"] = messaging.Fetched{Outcome: messaging.Later, Code: "timeout"}
		x.sends(asha, messaging.Media{ID: "1", ContentType: "image/jpeg"})
		if x.fetches() != 1 || first().State != messaging.MediaAsked || x.fetches() != 0 {
			t.Fatalf("%+v", first())
		}
		b.Clock.Move(time.Minute)
		x.whatsapp.shelf.files["1"] = messaging.Fetched{Outcome: messaging.Broken, Code: "190"}
		if x.fetches() != 1 || first().State != messaging.MediaAsked {
			t.Fatalf("%+v", first())
		}
		list, err := x.messages.Accounts(t.Context(), x.owner)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(list, func(a messaging.Account) bool { return a.Channel == messaging.WhatsApp })
		if list[i].State != messaging.AccountPaused || list[i].Reason != "190" {
			t.Errorf("the account is %s %s", list[i].State, list[i].Reason)
		}
		asked := len(x.whatsapp.shelf.asked)
		b.Clock.Move(time.Hour)
		if x.fetches(); len(x.whatsapp.shelf.asked) != asked {
			t.Error("a paused account was asked")
		}
		x.whatsapp.shelf.files["1"] = shelved(t)["1"]
		if err := x.messages.SetAccount(t.Context(), x.owner, list[i].ID, list[i].Version, true); err != nil {
			t.Fatal(err)
		}
		if x.fetches() != 1 || first().State != messaging.MediaKept {
			t.Errorf("after it was resumed: %+v", first())
		}

		// One that is erased, or taken over by another patient, while it is on its way.
		x.whatsapp.shelf.files["2"] = messaging.Fetched{Outcome: messaging.Later}
		x.sends(asha, messaging.Media{ID: "2", ContentType: "audio/ogg"})
		tries := 0
		for ; tries < 30 && x.files(a.Patient)[1].State == messaging.MediaAsked; tries++ {
			x.fetches()
			b.Clock.Move(25 * time.Hour)
		}
		if f := x.files(a.Patient)[1]; f.State != messaging.MediaLost || f.Reason != messaging.LostTries || tries > 12 {
			t.Errorf("%d tries: %+v", tries, f)
		}
		x.sends(asha, messaging.Media{ID: "2", ContentType: "audio/ogg"})
		b.Clock.Move(31 * 24 * time.Hour)
		x.fetches()
		if f := x.files(a.Patient)[2]; f.State != messaging.MediaLost || f.Reason != messaging.LostGone {
			t.Errorf("after thirty days: %+v", f)
		}
	})
}

// TestFilesOfSomebodyUnknown: what comes from a number that nobody has opens with the clinic's key, and with the patient's once it is said who is meant.
func TestFilesOfSomebodyUnknown(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.whatsapp.shelf.files = shelved(t)
		a := x.books("Asha Rao", asha, "", 50*time.Hour)
		x.keeps(messaging.ContentFull, 30)
		x.sends("+919845077777", messaging.Media{ID: "3", ContentType: "application/pdf", FileName: "report.pdf"}, messaging.Media{ID: "2", ContentType: "audio/ogg"})
		due, err := x.messages.DueMedia(t.Context(), x.system, 1)
		if err != nil || len(due) != 1 {
			t.Fatal(due, err)
		}
		if err := x.messages.FetchMedia(t.Context(), x.system, due[0]); err != nil { // the other one comes when she is known
			t.Fatal(err)
		}
		list, err := x.messages.Inbox(t.Context(), x.owner, messaging.InboxFilter{})
		if err != nil || len(list) == 0 {
			t.Fatal(list, err)
		}
		into, err := x.messages.Meant(t.Context(), x.owner, list[0].ID, a.Patient)
		if err != nil {
			t.Fatal(err)
		}
		x.fetches()
		for _, f := range x.files(a.Patient) {
			_, body, err := x.messages.OpenMedia(t.Context(), x.owner, into, f.ID)
			if err != nil || !bytes.Equal(body, voice) && !bytes.Equal(body, paper) {
				t.Errorf("%+v: %d bytes, %v", f, len(body), err)
			}
		}
		if f := x.files(a.Patient); len(f) != 2 || f[0].Name != "report.pdf" {
			t.Errorf("%+v", f)
		}
	})
}
