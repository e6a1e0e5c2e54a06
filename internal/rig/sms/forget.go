package sms

import (
	"net/http"
	"strings"
)

// Arrives says of a message that it was delivered: only then can it be deleted.
func (tw *Twilio) Arrives(sid string) {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	for _, m := range tw.messages {
		if m.SID == sid {
			m.Status = "delivered"
		}
	}
}

// Deletes has the next deletions answered by do, which says whether it answered; afterwards says that they are carried out all the same, as by a Twilio whose answer is lost.
func (tw *Twilio) Deletes(do func(w http.ResponseWriter) (answered bool), afterwards bool) {
	tw.mu.Lock()
	defer tw.mu.Unlock()
	tw.deletes, tw.deletesAfter = do, afterwards
}

// deletion answers a deletion, after whoever sits between us and Twilio.
func (tw *Twilio) deletion(do func(w http.ResponseWriter, r *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !tw.signedIn(w, r) {
			return
		}
		tw.mu.Lock()
		defer tw.mu.Unlock()
		if tw.deletes == nil {
			do(w, r)
			return
		}
		if tw.deletesAfter {
			do(silent{}, r)
		}
		if !tw.deletes(w) {
			do(w, r)
		}
	}
}

// silent is an answer that gets lost.
type silent struct{}

func (silent) Header() http.Header         { return http.Header{} }
func (silent) Write(b []byte) (int, error) { return len(b), nil }
func (silent) WriteHeader(int)             {}

// remove deletes a message. One that is under way answers as Twilio does: 409 with the code 20009.
func (tw *Twilio) remove(w http.ResponseWriter, r *http.Request) {
	sid, named := strings.CutSuffix(r.PathValue("message"), ".json")
	if named && tw.received[sid] {
		delete(tw.received, sid)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	for i, m := range tw.messages {
		if !named || m.SID != sid {
			continue
		}
		if m.Status == "queued" || m.Status == "accepted" || m.Status == "sending" || m.Status == "sent" {
			problem(w, 409, 20009, "Cannot delete this resource before it is complete")
			return
		}
		tw.messages = append(tw.messages[:i], tw.messages[i+1:]...)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	problem(w, 404, 20404, "The requested resource was not found")
}

// removeMedium deletes a file that somebody sent.
func (tw *Twilio) removeMedium(w http.ResponseWriter, r *http.Request) {
	one := r.PathValue("message") + "/" + strings.TrimSuffix(r.PathValue("media"), ".json")
	if _, ok := tw.media[one]; !ok {
		problem(w, 404, 20404, "The requested resource was not found")
		return
	}
	delete(tw.media, one)
	w.WriteHeader(http.StatusNoContent)
}
