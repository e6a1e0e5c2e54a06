package messaging

import (
	"context"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/contact"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/patients"
	"almirah/internal/store"
)

// OpenThread opens a conversation and marks it read. fault.NotFound when it is not this clinic's.
func (s *Service) OpenThread(ctx context.Context, who access.Caller, one id.ID) (Thread, error) {
	var out Thread
	err := s.db.Change(ctx, who, access.InboxRead, func(_ context.Context, tx *store.Tx) error {
		x, err := thread(&tx.View, one)
		if err != nil {
			return err
		}
		tx.Housekeeping("a conversation was read")
		if _, err := tx.Exec(sqlThreadRead, one); err != nil {
			return err
		}
		out, err = s.read(&tx.View, x)
		return err
	})
	return out, err
}

// ThreadOf is the patient's conversation, for her page; it is not marked read. Where nobody has
// written yet its ID is zero, and Lines holds what rules sent.
func (s *Service) ThreadOf(ctx context.Context, who access.Caller, patient id.ID) (Thread, error) {
	var out Thread
	right := access.InboxRead
	if who.Role() == access.Patient {
		if right = access.OwnRead; who.Patient() != patient {
			return out, fault.Missing()
		}
	}
	err := s.db.View(ctx, who, right, func(_ context.Context, v *store.View) error {
		list, err := threads(v, sqlThreadBy, patient)
		if err != nil {
			return err
		}
		x := Summary{Patient: patient, State: ThreadOpen}
		if len(list) > 0 {
			x = list[0]
		}
		if out, err = s.read(v, x); err != nil || right != access.OwnRead {
			return err
		}
		out.Lines = slices.DeleteFunc(out.Lines, func(l Line) bool { return l.Way == LineNote }) // the clinic's own
		out.Assigned, out.Routes = id.Zero, nil
		return nil
	})
	return out, err
}

// read puts a conversation together: what was written, noted and answered, and what rules sent.
func (s *Service) read(v *store.View, x Summary) (Thread, error) {
	out := Thread{Summary: x}
	set, err := setting(v)
	if err != nil {
		return out, err
	}
	out.Content, out.Days = set.Content, set.Days
	var people []correspondent
	if !x.ID.IsZero() {
		if out.Lines, err = posts(v, sqlPostOf, x.ID); err != nil {
			return out, err
		}
		if err := filesOf(v, x.ID, out.Lines); err != nil {
			return out, err
		}
		if people, err = correspondents(v, x.ID); err != nil {
			return out, err
		}
		if err := describe(v, &out.Summary); err != nil {
			return out, err
		}
	}
	if x.Patient.IsZero() {
		if len(people) > 0 {
			if out.IDs, err = patients.Reached(v, contact.Phone(people[0].Phone), contact.Email(people[0].Address)); err != nil {
				return out, err
			}
		}
		names, err := patients.Names(v, out.IDs)
		if err != nil {
			return out, err
		}
		for _, p := range out.IDs {
			out.Candidates = append(out.Candidates, names[p])
		}
		v.Opened("thread", x.ID, id.Zero)
		slices.Reverse(out.Lines)
		return out, nil
	}
	names, err := patients.Names(v, []id.ID{x.Patient})
	if err != nil {
		return out, err
	}
	out.Name = names[x.Patient]
	sent, err := list(v, sqlMessageOfPatient, x.Patient, v.Now().Add(time.Second), id.Zero, 200)
	if err != nil {
		return out, err
	}
	if err := s.join(v, &out, sent); err != nil {
		return out, err
	}
	out.Routes, err = s.routesOf(v, x.Patient, people)
	if x.ID.IsZero() { // nobody has written yet: what rules sent was looked at
		x.ID = x.Patient
	}
	v.Opened("thread", x.ID, x.Patient)
	return out, err
}

// join lays what was sent among what was written. An answer's words stand in its line, its fate in its message.
func (s *Service) join(v *store.View, out *Thread, sent []row) error {
	fate := map[id.ID]row{}
	for _, r := range sent {
		fate[r.id] = r
	}
	said := map[id.ID]bool{}
	for i := range out.Lines {
		l := &out.Lines[i]
		if r, ok := fate[l.Message]; ok && !l.Message.IsZero() {
			l.State, l.Reason, l.Reached, l.ReachedAt = r.state, r.reason, r.reached, r.reachedAt
			said[r.id] = true
		}
	}
	var again []row
	for _, r := range sent {
		if said[r.id] || r.state == Dropped || r.state == Withdrawn {
			continue
		}
		l := Line{ID: r.id, Way: LineAuto, Kind: string(r.kind), Channel: r.channel, At: max(r.createdAt, r.sendAt), Message: r.id, State: r.state, Reason: r.reason, Reached: r.reached, ReachedAt: r.reachedAt}
		if r.state != Planned {
			l.At = r.stateAt
		}
		out.Lines = append(out.Lines, l)
		again = append(again, r)
	}
	if err := s.again(v, out, again); err != nil {
		return err
	}
	slices.SortStableFunc(out.Lines, func(a, b Line) int {
		switch {
		case a.At != b.At:
			if a.At < b.At {
				return -1
			}
			return 1
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	if n := len(out.Lines); n > 200 {
		out.Lines = out.Lines[n-200:]
	}
	return nil
}

// routesOf are the channels by which the patient can be answered now, the one by which she last wrote first.
func (s *Service) routesOf(v *store.View, patient id.ID, people []correspondent) ([]Route, error) {
	phone, email, lang, err := patients.Contact(v, patient)
	if err != nil && !missing(err) {
		return nil, err
	}
	c, err := clinics.Get(v)
	if err != nil {
		return nil, err
	}
	var order []Channel
	for _, p := range people {
		order = append(order, p.kind)
	}
	var out []Route
	seen := map[Channel]bool{}
	for _, ch := range append(order, WhatsApp, SMS, Email) {
		if seen[ch] {
			continue
		}
		seen[ch] = true
		r := Route{Channel: ch, To: contact.Phone(phone).Masked()}
		if ch == Email {
			r.To = contact.Email(email).Masked()
		}
		var last correspondent
		for _, p := range people {
			if p.kind == ch && p.state != AccountRevoked && p.Sender != (Sender{}) {
				last = p
				break
			}
		}
		if m := last.masked(); m != "" {
			r.To = m
		}
		a, err := account(v, sqlAccountFor, string(ch))
		switch {
		case missing(err) && s.carriers[ch] == nil || r.To == "":
			continue
		case missing(err):
			r.Free = true
		case err != nil:
			return nil, err
		case a.State == AccountPaused || s.providers[a.Provider] == nil:
			r.Reason = RoutePaused
		default:
			if err := s.freely(v, &r, a, last, append([]string{lang}, languages(s.book, c)...)); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// freely says whether the account may carry the clinic's own words now, and what opens the conversation otherwise.
func (s *Service) freely(v *store.View, r *Route, a Account, last correspondent, langs []string) error {
	if _, registered := s.providers[a.Provider].(Register); registered {
		r.Reason = RouteTemplate
	} else if _, drafts := s.providers[a.Provider].(Drafter); !drafts {
		r.Free = true
		return nil
	} else if until := last.until(v.Now()); until > 0 && last.channel == a.ID {
		r.Free, r.Until = true, until
		return nil
	} else {
		r.Reason = RouteWindow
	}
	x, err := approved(NewRound(v), a.ID, Reopening, langs)
	if err != nil || x == nil {
		return err
	}
	r.Reason, r.Template, r.Language = "", x.Body, x.Language
	return nil
}
