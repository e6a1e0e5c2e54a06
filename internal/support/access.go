package support

import (
	"context"
	"errors"
	"strings"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// gone is the answer to whoever decides about what is no longer to be decided.
func gone() error { return fault.New(fault.Conflict, "fault.grant_gone") }

// said is what the log keeps of a grant.
type said struct {
	Scopes  []string `json:"scopes"`
	Minutes int      `json:"minutes"`
	Reason  string   `json:"reason"`
	Patient string   `json:"patient,omitempty"`
}

func (g Grant) said() said {
	s := said{Scopes: scopeWords(g.Scopes), Minutes: g.Minutes, Reason: g.Reason}
	if !g.Patient.IsZero() {
		s.Patient = g.Patient.String()
	}
	return s
}

// Ask asks the clinic's owners for access; in an emergency, which is an operator's alone, it opens it, and every owner is told before
// anything opens. fault.Invalid names wrong fields; fault.Forbidden when the person helps nobody, or is no operator in an emergency;
// fault.Conflict "fault.asked_already" when something of hers waits or runs there; fault.NotFound for a clinic that is not there.
func (s *Service) Ask(ctx context.Context, in accounts.SignedIn, clinic id.ID, w Wish) (id.ID, error) {
	who, err := s.o.Accounts.Helper(ctx, in)
	if err != nil {
		return id.Zero, err
	}
	if w.Emergency && who.Role() != access.Operator {
		return id.Zero, fault.New(fault.Forbidden, "fault.forbidden")
	}
	if err := w.check(); err != nil {
		return id.Zero, err
	}
	c, err := s.o.Clinics.Get(ctx, accounts.Public(clinic))
	if err != nil {
		return id.Zero, err
	}
	there, err := s.o.Accounts.HelperIn(ctx, in, clinic, access.Grant{}, w.Emergency)
	if err != nil {
		return id.Zero, err
	}
	free := func(v *store.View) error {
		var n int64
		if err := v.Row(sqlGrantWaiting, who.Actor(), v.Now().Add(-askedFor), v.Now()).Scan(&n); err != nil || n == 0 {
			return err
		}
		return fault.New(fault.Conflict, "fault.asked_already")
	}
	if err := s.db.View(ctx, there, access.SupportAsk, func(_ context.Context, v *store.View) error { return free(v) }); err != nil {
		return id.Zero, err
	}
	// The owners are told first: an asking that fails afterwards is a letter too many, an opening without a letter is what must not be.
	notice, action := accounts.NoticeGrantAsked, "ask-access"
	if w.Emergency {
		notice, action = accounts.NoticeGrantEmergency, "break-glass"
	}
	err = s.db.Across(ctx, who, access.PlatformHelp, func(_ context.Context, p *store.Platform) error {
		p.Record(audit.Note{Action: action, Kind: "clinic", Subject: clinic})
		if _, err := p.Exec(sqlAskedAdd, who.Actor(), clinic, p.Now()); err != nil {
			return err
		}
		return accounts.OwnersTold(p, clinic, c.Name, notice, "/app/support/access")
	})
	if err != nil {
		return id.Zero, err
	}
	var one id.ID
	err = s.db.Change(ctx, there, access.SupportAsk, func(_ context.Context, tx *store.Tx) error {
		if err := free(&tx.View); err != nil {
			return err
		}
		one = tx.NewID()
		g := Grant{ID: one, Helper: who.Actor(), HelperName: in.Person.Name, Reason: w.Reason, Scopes: w.Scopes, Minutes: w.Minutes, Emergency: w.Emergency, State: Asked, AskedAt: tx.Now()}
		if w.Emergency {
			g.State, g.DecidedAt, g.EndsAt = Running, tx.Now(), tx.Now().Add(minutes(w.Minutes))
		}
		tx.Record(audit.Note{Action: action, Kind: "grant", Subject: one, New: g.said()})
		return addGrant(tx, g)
	})
	return one, err
}

// Approve lets the helper in from now on, for as long as she asked. patient is whose record she may see, when she asked for one; the clinic
// alone says whose. fault.Invalid with "patient" when it is missing; fault.Conflict "fault.grant_gone" when there is nothing to decide.
func (s *Service) Approve(ctx context.Context, who access.Caller, one, patient id.ID) error {
	return s.decide(ctx, who, one, func(tx *store.Tx, g *Grant) (string, error) {
		if g.Scopes.Has(access.SeePatient) == patient.IsZero() {
			var f fault.Fields
			f.Add("patient", "field.patient.whose")
			return "", f.Err()
		}
		g.State, g.Patient, g.EndsAt = Running, patient, tx.Now().Add(minutes(g.Minutes))
		return "let-in", nil
	})
}

// Refuse says no. Its faults are those of Approve.
func (s *Service) Refuse(ctx context.Context, who access.Caller, one id.ID) error {
	return s.decide(ctx, who, one, func(_ *store.Tx, g *Grant) (string, error) {
		g.State = Refused
		return "refuse-access", nil
	})
}

func (s *Service) decide(ctx context.Context, who access.Caller, one id.ID, how func(tx *store.Tx, g *Grant) (string, error)) error {
	return s.db.Change(ctx, who, access.SupportGrant, func(_ context.Context, tx *store.Tx) error {
		g, err := found(&tx.View, one)
		if err != nil {
			return err
		}
		if !g.Waits(tx.Now()) {
			return gone()
		}
		action, err := how(tx, &g)
		if err != nil {
			return err
		}
		n, err := tx.Exec(sqlGrantDecide, one, g.State, id.Null(g.Patient), tx.Now(), who.Actor(), g.EndsAt, tx.Now().Add(-askedFor))
		if err == nil && n != 1 {
			err = gone()
		}
		tx.Record(audit.Note{Action: action, Kind: "grant", Subject: one, New: g.said()})
		return err
	})
}

func found(v *store.View, one id.ID) (Grant, error) {
	g, err := readGrant(v, one)
	if errors.Is(err, store.ErrNoRows) {
		err = fault.Missing()
	}
	return g, err
}

// End ends a running grant, or takes an asking back, at once: from then on no passage opens under it. Anybody of the clinic who sees the
// banner may, and the helper herself.
func (s *Service) End(ctx context.Context, who access.Caller, one id.ID) error {
	right := access.SupportWatch
	if who.Helps() {
		right = access.SupportAsk
	}
	return s.db.Change(ctx, who, right, func(_ context.Context, tx *store.Tx) error {
		g, err := found(&tx.View, one)
		if err != nil {
			return err
		}
		if who.Helps() && g.Helper != who.Actor() {
			return fault.Missing()
		}
		text, action := sqlGrantEnd, "end-access"
		if g.State == Asked {
			if text, action = sqlGrantBack, "take-back-asking"; !who.Helps() {
				return gone() // an owner refuses it
			}
		}
		n, err := tx.Exec(text, one, tx.Now(), who.Actor())
		if err != nil {
			return err
		}
		if n == 1 {
			tx.Record(audit.Note{Action: action, Kind: "grant", Subject: one})
		}
		return nil // what is over already has ended
	})
}

// Review says that an owner has looked at what was done under an emergency. fault.Conflict when somebody has.
func (s *Service) Review(ctx context.Context, who access.Caller, one id.ID) error {
	return s.db.Change(ctx, who, access.SupportGrant, func(_ context.Context, tx *store.Tx) error {
		if _, err := found(&tx.View, one); err != nil {
			return err
		}
		n, err := tx.Exec(sqlGrantReview, one, tx.Now(), who.Actor())
		if err == nil && n != 1 {
			err = gone()
		}
		tx.Record(audit.Note{Action: "review-access", Kind: "grant", Subject: one})
		return err
	})
}

// Ahead are the grants that everybody in the clinic must know of: those that run or wait, and emergencies that no owner has looked back at.
func (s *Service) Ahead(ctx context.Context, who access.Caller) (out []Grant, now clock.Instant, err error) {
	err = s.db.View(ctx, who, access.SupportWatch, func(_ context.Context, v *store.View) error {
		now = v.Now()
		out, err = grants(v, sqlGrantAhead, v.Now().Add(-keepGrants), v.Now(), v.Now().Add(-askedFor))
		return err
	})
	return out, now, err
}

// Names are the names of those of support who asked the clinic for access, as the clinic's log names them.
func (s *Service) Names(ctx context.Context, who access.Caller) (map[id.ID]string, error) {
	list, _, err := s.Grants(ctx, who)
	out := map[id.ID]string{}
	for _, g := range list {
		if _, newer := out[g.Helper]; !newer && g.HelperName != "" {
			out[g.Helper] = g.HelperName
		}
	}
	return out, err
}

// mostListed is how many grants a page lists.
const mostListed = 100

// Grants are the clinic's grants, the newest first, for everybody in the clinic.
func (s *Service) Grants(ctx context.Context, who access.Caller) (out []Grant, now clock.Instant, err error) {
	err = s.db.View(ctx, who, access.SupportWatch, func(_ context.Context, v *store.View) error {
		now = v.Now()
		out, err = grants(v, sqlGrantRecent, mostListed)
		return err
	})
	return out, now, err
}

// Grant is one grant with everything that was done under it, for the owners. fault.NotFound when the clinic has none of that id.
func (s *Service) Grant(ctx context.Context, who access.Caller, one id.ID) (g Grant, list []Act, now clock.Instant, err error) {
	err = s.db.View(ctx, who, access.SupportGrant, func(_ context.Context, v *store.View) error {
		now = v.Now()
		if g, err = found(v, one); err == nil {
			list, err = acts(v, g)
		}
		return err
	})
	return g, list, now, err
}

// Enter seats the helper's session in the clinic of a grant of hers that runs: the clinic's pages that it opens show her that clinic from
// then on. fault.Forbidden "fault.grant_over" when it does not run.
func (s *Service) Enter(ctx context.Context, in accounts.SignedIn, clinic, one id.ID) error {
	who, err := s.o.Accounts.Helper(ctx, in)
	if err != nil {
		return err
	}
	there, g, now, err := s.mine(ctx, in, clinic, one)
	if err != nil {
		return err
	}
	if !g.Runs(now) {
		return fault.New(fault.Forbidden, "fault.grant_over")
	}
	err = s.db.Change(ctx, there, access.SupportAsk, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "enter", Kind: "grant", Subject: one})
		return nil
	})
	if err != nil {
		return err
	}
	return s.db.Across(ctx, who, access.PlatformHelp, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("where a helper stands; that she entered is in the clinic's own log")
		_, err := p.Exec(sqlSeatTake, in.SessionID, in.Person.ID, clinic, one, p.Now())
		return err
	})
}

// mine is a grant of the helper in a clinic, and the caller who carries it. fault.NotFound when it is not hers.
func (s *Service) mine(ctx context.Context, in accounts.SignedIn, clinic, one id.ID) (there access.Caller, g Grant, now clock.Instant, err error) {
	if there, err = s.o.Accounts.HelperIn(ctx, in, clinic, access.Grant{}, false); err != nil {
		return there, g, now, err
	}
	err = s.db.View(ctx, there, access.SupportAsk, func(_ context.Context, v *store.View) error {
		now = v.Now()
		g, err = found(v, one)
		if err == nil && g.Helper != in.Person.ID {
			err = fault.Missing()
		}
		return err
	})
	if err != nil {
		return there, g, now, err
	}
	there, err = s.o.Accounts.HelperIn(ctx, in, clinic, g.Lent(), g.Emergency)
	return there, g, now, err
}

// Seat is the helper in the clinic where her session stands. seated is false when it stands in none. fault.Forbidden "fault.grant_over" when the
// grant has ended meanwhile.
func (s *Service) Seat(ctx context.Context, in accounts.SignedIn) (who access.Caller, g Grant, seated bool, err error) {
	var clinic, one id.ID
	err = s.db.Across(ctx, accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		return p.Row(sqlSeatGet, in.SessionID, in.Person.ID).Scan(&clinic, &one)
	})
	if errors.Is(err, store.ErrNoRows) {
		return who, g, false, nil
	}
	if err != nil {
		return who, g, false, err
	}
	who, g, now, err := s.mine(ctx, in, clinic, one)
	if err == nil && !g.Runs(now) {
		err = fault.New(fault.Forbidden, "fault.grant_over")
	}
	return who, g, err == nil, err
}

// Leave takes the helper's session out of the clinic where it stands.
func (s *Service) Leave(ctx context.Context, in accounts.SignedIn) error {
	who, err := s.o.Accounts.Helper(ctx, in)
	if err != nil {
		return err
	}
	return s.db.Across(ctx, who, access.PlatformHelp, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("where a helper stands")
		_, err := p.Exec(sqlSeatLeave, in.SessionID, in.Person.ID)
		return err
	})
}

// Close ends a grant of the helper's, or takes her asking back.
func (s *Service) Close(ctx context.Context, in accounts.SignedIn, clinic, one id.ID) error {
	there, err := s.o.Accounts.HelperIn(ctx, in, clinic, access.Grant{}, false)
	if err != nil {
		return err
	}
	return s.End(ctx, there, one)
}

// Named is a clinic as support sees it without a grant: its name and nothing else.
type Named struct {
	ID         id.ID
	Name, Slug string
}

// Clinics are the clinics whose address holds what was typed, by name only.
func (s *Service) Clinics(ctx context.Context, who access.Caller, typed string) ([]Named, error) {
	typed = strings.ToLower(strings.Join(strings.Fields(typed), "-"))
	typed = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(typed)
	var out []Named
	err := s.db.Across(ctx, who, access.PlatformHelp, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the names of clinics are public")
		out = nil
		rows, err := p.Query(sqlClinicNames, "%"+typed+"%", 50)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n Named
			if err := rows.Scan(&n.ID, &n.Slug); err != nil {
				return err
			}
			out = append(out, n)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].Name = s.Name(ctx, out[i].ID)
	}
	return out, nil
}

// Name is what a clinic calls itself in public; empty when there is none.
func (s *Service) Name(ctx context.Context, clinic id.ID) string {
	c, err := s.o.Clinics.Get(ctx, accounts.Public(clinic))
	if err != nil {
		return ""
	}
	return c.Name
}

// Asking is a clinic that the helper asked lately, with her grants there.
type Asking struct {
	Clinic Named
	Grants []Grant
}

// Mine are the helper's grants, by clinic, the clinic that she asked last first.
func (s *Service) Mine(ctx context.Context, in accounts.SignedIn) (out []Asking, now clock.Instant, err error) {
	who, err := s.o.Accounts.Helper(ctx, in)
	if err != nil {
		return nil, 0, err
	}
	var list []id.ID
	err = s.db.Across(ctx, who, access.PlatformHelp, func(_ context.Context, p *store.Platform) error {
		now, list = p.Now(), nil
		rows, err := p.Query(sqlAskedList, who.Actor())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c id.ID
			if err := rows.Scan(&c); err != nil {
				return err
			}
			list = append(list, c)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, now, err
	}
	for _, c := range list {
		x, err := s.AskedOf(ctx, in, c)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, now, err
		}
		out = append(out, x)
	}
	return out, now, nil
}

// AskedOf are the helper's own grants in a clinic, the newest first. fault.NotFound for a clinic that is not there.
func (s *Service) AskedOf(ctx context.Context, in accounts.SignedIn, clinic id.ID) (Asking, error) {
	out := Asking{Clinic: Named{ID: clinic}}
	c, err := s.o.Clinics.Get(ctx, accounts.Public(clinic))
	if err != nil {
		return out, err
	}
	out.Clinic.Name, out.Clinic.Slug = c.Name, c.Slug
	there, err := s.o.Accounts.HelperIn(ctx, in, clinic, access.Grant{}, false)
	if err != nil {
		return out, err
	}
	err = s.db.View(ctx, there, access.SupportAsk, func(_ context.Context, v *store.View) error {
		out.Grants, err = grants(v, sqlGrantMine, in.Person.ID, 20)
		return err
	})
	return out, err
}

// clinicName is for letters.
func (s *Service) clinicName(ctx context.Context, clinic id.ID) string {
	if n := s.Name(ctx, clinic); n != "" {
		return n
	}
	return "?"
}
