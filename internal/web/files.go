package web

import (
	"net/http"
	"strconv"

	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/messaging"
)

// What patients send beside their words: each file is said with what became of it, and handed out as a download that a
// browser opens as nothing of ours.

// talkFiles are the files of a line. Where they are handed out, linkFiles says.
func talkFiles(v *Visit, list []messaging.Attached) (out []TalkFile) {
	for _, a := range list {
		f := TalkFile{ID: a.ID.String(), Kind: wordOf(v, "inbox.file.type.", a.Kind, "other"), Name: a.Name, State: string(a.State), Own: wordOf(v, "own.file.", string(a.State), "gone")}
		switch a.State {
		case messaging.MediaKept:
			f.Kind = wordOf(v, "inbox.file.type.", a.Type, a.Kind)
			f.Size = v.Tongue.Say("inbox.file.kb", "Count", max(1, int(a.Size+999)/1000))
			if a.Size >= 1_000_000 {
				f.Size = v.Tongue.Say("inbox.file.mb", "Count", int(a.Size+500_000)/1_000_000)
			}
		case messaging.MediaLost:
			f.Why = wordOf(v, "inbox.file.lost.", a.Reason, messaging.LostGone)
		default:
			f.Why = wordOf(v, "inbox.file.", string(a.State), string(messaging.MediaUnkept))
		}
		out = append(out, f)
	}
	return out
}

// wordOf says the word of a list, or the other one where the catalogue has none for it.
func wordOf(v *Visit, list, word, otherwise string) string {
	if !v.Tongue.Has(list + word) {
		word = otherwise
	}
	return v.Tongue.Say(list + word)
}

// linkFiles says where the kept files of a conversation are handed out: to staff, by the address of the conversation.
func linkFiles(days []TalkDay, thread string) {
	for _, d := range days {
		for _, l := range d.Lines {
			for i := range l.Files {
				if f := &l.Files[i]; f.State == string(messaging.MediaKept) {
					f.URL = "/app/inbox/" + thread + "/files/" + f.ID
				}
			}
		}
	}
}

func threadFile(s *Site, w http.ResponseWriter, v *Visit) error {
	thread, err := pathThread(v)
	if err != nil {
		return err
	}
	one, err := id.Parse(v.PathValue("file"))
	if err != nil {
		return fault.Missing()
	}
	a, content, err := s.Messages.OpenMedia(v.Context(), v.Who, thread, one)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", a.Type)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Disposition", "attachment; filename="+strconv.Quote(a.FileName(v.Clinic.Location())))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(content)
	return err
}
