package web

import (
	"net/http"
	"net/url"
	"strconv"

	"almirah/internal/clock"
	"almirah/internal/fault"
)

// A patient says how her visit was: to the clinic first, and then, if she likes, on the clinic's public review page, which is offered to
// everybody alike and marked as a page of another company (promises G3, R9).

func ownReview(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.ownReview(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "own-review", page)
}

func (s *Site) ownReview(v *Visit) (*OwnReview, error) {
	o, err := s.own(v)
	if err != nil {
		return nil, err
	}
	said, err := s.Followup.Own(v.Context(), v.Who, v.Appointment)
	if err != nil {
		return nil, err
	}
	page := &OwnReview{Shell: s.Shell(v), Token: v.PathValue("token"), Booking: bookingCard(v, o, clock.At(s.Clock.Now())), Can: said.Can, Given: said.Given,
		Changing: v.URL.Query().Get("again") == "1", Stars: said.Said.Stars, Words: said.Said.Words}
	page.Booking.CanMove, page.Booking.CanStop = false, false
	if said.Given { // the clinic first
		page.Host = hostOf(said.Public)
	}
	return page, nil
}

// hostOf is the host of an address as people read it.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func ownReviewed(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	stars, err := strconv.Atoi(v.PostForm.Get("stars"))
	if err != nil {
		stars = 0
	}
	words := v.PostForm.Get("words")
	err = s.Followup.Give(v.Context(), v.Who, v.Appointment, stars, words)
	return s.answer(w, v, err, "/m/"+v.PathValue("token")+"/review", "own-review", func() (Page, error) {
		page, err := s.ownReview(v)
		if err != nil {
			return nil, err
		}
		page.Changing, page.Stars, page.Words = true, stars, words
		return page, nil
	})
}

// ownLeave keeps that she goes on, and sends her there. A form may not lead to another host (the page's own policy says so), so that the answer is
// a page of ours that goes on by itself, without a script.
func ownLeave(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	to, err := s.Followup.Follow(v.Context(), v.Who, v.Appointment)
	if err != nil {
		return err
	}
	w.Header().Set("Refresh", "0; url="+to)
	return s.views.Render(w, http.StatusOK, "own-leave", &OwnLeave{Shell: s.Shell(v), Token: v.PathValue("token"), Host: hostOf(to), URL: to})
}

// reviewsPage lists what patients said.
func reviewsPage(s *Site, w http.ResponseWriter, v *Visit) error {
	page, err := s.reviews(v)
	if err != nil {
		return err
	}
	return s.views.Render(w, http.StatusOK, "reviews", page)
}

func (s *Site) reviews(v *Visit) (*ReviewsPage, error) {
	q := v.URL.Query()
	page := &ReviewsPage{Shell: s.staffShell(v, "nav.messages"), Open: q.Get("open") == "1"}
	var before clock.Instant
	if n, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil && n > 0 {
		before = clock.Instant(n)
	}
	list, err := s.Followup.Said(v.Context(), v.Who, page.Open, before, perPage)
	if err != nil {
		return nil, err
	}
	z := v.Clinic.Location()
	for _, f := range list {
		row := ReviewRow{ID: f.ID.String(), Patient: f.Name.Text, PatientID: f.Patient.String(), AppointmentID: f.Appointment.String(), Stars: f.Stars, Words: f.Words, Unread: f.Broken,
			Broken: f.Name.Broken, At: f.GivenAt.In(z), WentOn: f.FollowedAt > 0, Complaint: f.Complaint(), Seen: int64(f.GivenAt)}
		if f.SettledAt > 0 {
			row.Settled = f.SettledAt.In(z)
		}
		page.Rows = append(page.Rows, row)
	}
	if len(list) == perPage {
		next := url.Values{"before": {strconv.FormatInt(int64(list[len(list)-1].GivenAt), 10)}}
		if page.Open {
			next.Set("open", "1")
		}
		page.Older = "/app/reviews?" + next.Encode()
	}
	return page, nil
}

// reviewSettle says that somebody looked after a complaint.
func reviewSettle(s *Site, w http.ResponseWriter, v *Visit) error {
	if err := v.form(); err != nil {
		return err
	}
	one, err := pathID(v)
	if err != nil {
		return err
	}
	seen, err := strconv.ParseInt(v.PostForm.Get("seen"), 10, 64)
	if err != nil {
		return fault.Missing()
	}
	err = s.Followup.Settle(v.Context(), v.Who, one, clock.Instant(seen))
	return s.answer(w, v, err, "/app/reviews?done=review-settled", "reviews", func() (Page, error) { return s.reviews(v) })
}
