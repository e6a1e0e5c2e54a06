package razorpay

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
)

type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header is the answer's header.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader notes the status.
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write keeps the answer.
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func readAll(r *http.Request) ([]byte, error) { return io.ReadAll(io.LimitReader(r.Body, 1<<20)) }

type act func(w http.ResponseWriter, body []byte)

// route finds what a call asks for; the kind is what Behave names.
func (s *Server) route(r *http.Request, p []string) (string, act) {
	get, post := r.Method == http.MethodGet, r.Method == http.MethodPost
	q := r.URL.Query()
	switch {
	case post && len(p) == 1 && p[0] == "payment_links":
		return "link", s.makeLink
	case get && len(p) == 1 && p[0] == "payment_links":
		return "look", func(w http.ResponseWriter, _ []byte) { s.findLinks(w, q.Get("reference_id")) }
	case get && len(p) == 2 && p[0] == "payment_links":
		return "look", s.withLink(p[1], func(w http.ResponseWriter, l *link) { answer(w, s.linkJSON(l)) })
	case post && len(p) == 3 && p[0] == "payment_links" && p[2] == "cancel":
		return "cancel", s.withLink(p[1], s.cancel)
	case get && len(p) == 3 && p[0] == "orders" && p[2] == "payments":
		return "look", func(w http.ResponseWriter, _ []byte) {
			list(w, q, s.payments, func(x *payment) bool { return x.order == p[1] }, func(x *payment) (any, int64) { return s.paymentJSON(x), x.created })
		}
	case get && len(p) == 1 && p[0] == "payments":
		return "list", func(w http.ResponseWriter, _ []byte) {
			list(w, q, s.payments, func(*payment) bool { return true }, func(x *payment) (any, int64) { return s.paymentJSON(x), x.created })
		}
	case post && len(p) == 3 && p[0] == "payments" && p[2] == "refund":
		return "refund", func(w http.ResponseWriter, body []byte) {
			s.refund(w, p[1], r.Header.Get("X-Refund-Idempotency"), body)
		}
	case get && len(p) == 3 && p[0] == "payments" && p[2] == "refunds":
		return "refunds", func(w http.ResponseWriter, _ []byte) {
			list(w, q, s.refunds, func(x *refund) bool { return x.of.id == p[1] }, func(x *refund) (any, int64) { return refundJSON(x), x.created })
		}
	case get && len(p) == 1 && p[0] == "refunds":
		return "list", func(w http.ResponseWriter, _ []byte) {
			list(w, q, s.refunds, func(*refund) bool { return true }, func(x *refund) (any, int64) { return refundJSON(x), x.created })
		}
	case get && len(p) == 1 && p[0] == "disputes":
		return "list", func(w http.ResponseWriter, _ []byte) {
			list(w, q, s.disputes, func(*dispute) bool { return true }, func(x *dispute) (any, int64) { return disputeJSON(x), x.created })
		}
	}
	return "", nil
}

// list answers a page of a collection, as count, skip, from and to ask; the newest first, as Razorpay does.
func list[T any](w http.ResponseWriter, q url.Values, all []T, keep func(T) bool, show func(T) (any, int64)) {
	number := func(name string, otherwise int64) int64 {
		if n, err := strconv.ParseInt(q.Get(name), 10, 64); err == nil {
			return n
		}
		return otherwise
	}
	from, to, count, skip := number("from", 0), number("to", 1<<60), number("count", 10), number("skip", 0)
	if count > 100 {
		bad(w, "count", "The count may not be greater than 100.")
		return
	}
	items := []any{}
	for i := len(all) - 1; i >= 0; i-- {
		v, at := show(all[i])
		if !keep(all[i]) || at < from || at > to {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if int64(len(items)) == count {
			break
		}
		items = append(items, v)
	}
	answer(w, map[string]any{"entity": "collection", "count": len(items), "items": items})
}

func (s *Server) withLink(id string, then func(http.ResponseWriter, *link)) act {
	return func(w http.ResponseWriter, _ []byte) {
		for _, l := range s.links {
			if l.id == id {
				then(w, l)
				return
			}
		}
		fail(w, http.StatusBadRequest, "BAD_REQUEST_ERROR", "", "NA", "The id provided does not exist")
	}
}

func (s *Server) findLinks(w http.ResponseWriter, reference string) {
	out := []any{}
	for _, l := range s.links {
		if reference == "" || l.reference == reference {
			out = append(out, s.linkJSON(l))
		}
	}
	answer(w, map[string]any{"payment_links": out})
}

func (s *Server) makeLink(w http.ResponseWriter, body []byte) {
	var in struct {
		Amount         int64             `json:"amount"`
		Currency       string            `json:"currency"`
		AcceptPartial  bool              `json:"accept_partial"`
		FirstMin       int64             `json:"first_min_partial_amount"`
		ExpireBy       int64             `json:"expire_by"`
		Reference      string            `json:"reference_id"`
		Description    string            `json:"description"`
		Customer       map[string]string `json:"customer"`
		Notify         map[string]bool   `json:"notify"`
		ReminderEnable bool              `json:"reminder_enable"`
		Notes          map[string]string `json:"notes"`
		CallbackURL    string            `json:"callback_url"`
		CallbackMethod string            `json:"callback_method"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		bad(w, "", "an extra field is not required and should not be sent")
		return
	}
	now := s.now()
	switch {
	case in.Amount < 100:
		bad(w, "amount", "Order amount less than minimum amount allowed")
	case len(in.Currency) != 3:
		bad(w, "currency", "Currency is not supported")
	case len(in.Reference) > 40:
		bad(w, "reference_id", "The reference id may not be greater than 40 characters.")
	case len(in.Description) > 2048:
		bad(w, "description", "The description may not be greater than 2048 characters.")
	case len(in.Notes) > 15:
		bad(w, "notes", "The notes may not have more than 15 items.")
	case in.ExpireBy != 0 && (in.ExpireBy < now+15*60 || in.ExpireBy > now+183*86400):
		bad(w, "expire_by", "expire_by should be at least 15 minutes after current time and at most six months")
	case in.CallbackURL != "" && in.CallbackMethod != "get":
		bad(w, "callback_method", "The callback method must be get.")
	default:
		for _, l := range s.links {
			if l.reference == in.Reference && in.Reference != "" {
				bad(w, "reference_id", "payment link with given reference_id: "+in.Reference+" already exists")
				return
			}
		}
		l := &link{id: s.name("plink"), order: s.name("order"), reference: in.Reference, currency: in.Currency, description: in.Description, status: "created",
			callback: in.CallbackURL, amount: in.Amount, partial: in.AcceptPartial, expireBy: in.ExpireBy, created: now}
		s.links = append(s.links, l)
		answer(w, s.linkJSON(l))
	}
}

func (s *Server) cancel(w http.ResponseWriter, l *link) {
	switch l.status {
	case "created":
		l.status = "cancelled"
		s.report("payment_link.cancelled", map[string]any{"payment_link": s.linkJSON(l)})
		answer(w, s.linkJSON(l))
	case "paid", "partially_paid":
		bad(w, "", "cannot cancel or expire an already paid/partially paid link")
	default:
		bad(w, "", "cannot cancel or expire an expired link")
	}
}

var refundKey = regexp.MustCompile(`^[A-Za-z0-9_-]{10,}$`)

func (s *Server) refund(w http.ResponseWriter, id, key string, body []byte) {
	var in struct {
		Amount  int64          `json:"amount"`
		Speed   string         `json:"speed"`
		Receipt string         `json:"receipt"`
		Notes   map[string]any `json:"notes"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil {
		bad(w, "", "an extra field is not required and should not be sent")
		return
	}
	if key != "" {
		if !refundKey.MatchString(key) {
			bad(w, "", "The idempotency key is not valid")
			return
		}
		if k, ok := s.keys[key]; ok {
			if k.body != string(body) {
				bad(w, "", "Different request body with the same idempotency key")
				return
			}
			answer(w, refundJSON(k.refund))
			return
		}
	}
	for _, p := range s.payments {
		if p.id != id {
			continue
		}
		if in.Amount == 0 {
			in.Amount = p.amount - p.refunded
		}
		switch {
		case p.status != "captured" && p.status != "refunded":
			bad(w, "", "The payment status should be captured for action to be taken")
		case p.refunded == p.amount:
			bad(w, "", "The payment has been fully refunded already")
		case in.Amount < 100 || in.Amount > p.amount-p.refunded:
			bad(w, "amount", "The refund amount provided is greater than amount captured")
		default:
			r := &refund{id: s.name("rfnd"), receipt: in.Receipt, status: "pending", of: p, amount: in.Amount, created: s.now()}
			s.refunds = append(s.refunds, r)
			p.refunded += in.Amount
			if p.refunded == p.amount {
				p.status = "refunded"
			}
			if key != "" {
				s.keys[key] = keyed{string(body), r}
			}
			s.report("refund.created", map[string]any{"refund": refundJSON(r), "payment": s.paymentJSON(p)})
			answer(w, refundJSON(r))
		}
		return
	}
	bad(w, "", id+" is not a valid id")
}
