package messaging

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Proposal is a text that a provider is asked to approve. Its variables are written {{1}}, {{2}} ... in order.
type Proposal struct {
	Name     string
	Language string
	Use      Use
	Body     string
	Buttons  []string // quick replies
	Examples []string // a value for each variable
}

// Verdict is what a provider says of a proposal.
type Verdict struct {
	Name, Language string
	Ref            string // the provider's own id of it
	State          string // lower case: pending, approved, rejected, paused, disabled
	Reason         string
	Class          string // the class that the provider put it in
}

// Drafter is a provider that has to approve what is written to people who have not written first.
type Drafter interface {
	Propose(ctx context.Context, via Connection, p Proposal) (Verdict, error)
	Verdicts(ctx context.Context, via Connection) ([]Verdict, error)
	Retract(ctx context.Context, via Connection, v Verdict) error
}

// Register is a provider that sends only texts which the clinic registered elsewhere, by hand (India's DLT): what is
// registered is entered with its number. Longest is how many characters one value may have.
type Register interface {
	Registered(name string) error
	Longest() int
}

// The states of an approval.
const (
	ApprovalPending  = "pending"
	ApprovalApproved = "approved"
	ApprovalRejected = "rejected"
	ApprovalPaused   = "paused" // by the provider, because people complained; it goes on by itself
)

// Approval is a text of the clinic's at a provider.
type Approval struct {
	ID       id.ID
	Account  id.ID
	Name     string
	Language string
	Kind     Kind
	Version  int64 // of the clinic's text; 0 is the house's own
	Ref      string
	State    string
	Reason   string
	Class    string
	Body     string // the text with {{.Variables}}
	AskedAt  clock.Instant
	StateAt  clock.Instant
	Stale    bool   // the clinic's text has changed since
	Present  string // the clinic's present text, as it would be proposed
	InUse    bool   // messages in this language are sent by it now

	longest int    // how many characters a value may have that is filled in; 0 for any number
	public  string // where links begin
}

// Needed says whether the clinic's present text still has to be asked for, given all approvals of its kind and language:
// none of them has these words, or the provider said no to every one that has.
func Needed(of []Approval) bool {
	for _, a := range of {
		switch {
		case a.State == "" || a.Stale:
		case a.State == ApprovalPending, a.State == ApprovalApproved, a.State == ApprovalPaused:
			return false
		}
	}
	return true
}

const (
	approvalColumns = `id, channel_id, name, language, kind, text, ref, state, reason, class, body, asked_at, state_at`
	sqlApprovalAll  = `SELECT ` + approvalColumns + ` FROM approval WHERE clinic_id = $1 AND channel_id = $2 ORDER BY kind, language, text DESC, name`
	sqlApprovalFor  = `SELECT ` + approvalColumns + ` FROM approval WHERE clinic_id = $1 AND channel_id = $2 AND kind = $3 AND state = 'approved' ORDER BY text DESC, asked_at DESC`
	sqlApprovalGet  = `SELECT ` + approvalColumns + ` FROM approval WHERE clinic_id = $1 AND id = $2`
	sqlApprovalAdd  = `INSERT INTO approval (clinic_id, id, channel_id, name, language, kind, text, ref, state, reason, class, body, asked_at, state_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
	ON CONFLICT (clinic_id, channel_id, name, language) DO NOTHING`
	sqlApprovalSet      = `UPDATE approval SET state = $5, reason = $6, class = CASE WHEN $7 = '' THEN class ELSE $7 END, state_at = $8 WHERE clinic_id = $1 AND channel_id = $2 AND name = $3 AND language = $4`
	sqlApprovalAnswered = `UPDATE approval SET ref = $3, state = CASE WHEN state = 'pending' THEN $4 ELSE state END, reason = CASE WHEN state = 'pending' THEN $5 ELSE reason END,
	class = CASE WHEN $6 = '' OR state <> 'pending' AND class <> '' THEN class ELSE $6 END, state_at = CASE WHEN state = 'pending' THEN $7 ELSE state_at END WHERE clinic_id = $1 AND id = $2`
	sqlApprovalRemove = `DELETE FROM approval WHERE clinic_id = $1 AND id = $2`
)

func (a *Approval) scan(s scanner) error {
	return s.Scan(&a.ID, &a.Account, &a.Name, &a.Language, &a.Kind, &a.Version, &a.Ref, &a.State, &a.Reason, &a.Class, &a.Body, &a.AskedAt, &a.StateAt)
}

func approvals(v *store.View, text string, args ...any) ([]Approval, error) {
	rows, err := v.Query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Approval
	for rows.Next() {
		var a Approval
		if err := a.scan(rows); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// proposable are the kinds whose texts a provider is asked to approve.
func proposable() []Kind { return append(Kinds(), PaperReady, Reopening) }

// proposableIn are those that the clinic has a use for: papers come with the module that makes them.
func proposableIn(c clinics.Clinic) []Kind {
	return slices.DeleteFunc(proposable(), func(k Kind) bool { return k == PaperReady && !c.Has(clinics.ModulePrescriptions) })
}

// called chooses the approved text for a message over a provider that wants one: in the patient's language, else in
// one of the clinic's. reason says why the message cannot go over this channel. Free words are for whoever has just
// written: an answer to STOP or to "Change".
func (s *Service) called(d *Round, r row, now situation, via Carrier, own *Connection) (*Approval, string, error) {
	_, drafts := via.(Drafter)
	register, registered := via.(Register)
	if own == nil || !drafts && !registered || drafts && (r.kind == StopHeard || r.kind == StartHeard || r.kind == ChangeAsked) {
		return nil, "", nil
	}
	a, err := approved(d, own.ID, r.kind, append([]string{now.tongue.Lang()}, languages(s.book, now.clinic)...))
	if err == nil && a == nil {
		return nil, ReasonNoTemplate, nil
	}
	if err == nil && registered {
		a.longest, a.public = register.Longest(), s.public
	}
	return a, "", err
}

// approved is the newest approved text of the kind in the first of the languages that has one; nil for none.
func approved(d *Round, account id.ID, k Kind, langs []string) (*Approval, error) {
	list, err := d.approvals(account, k)
	if err != nil {
		return nil, err
	}
	for _, l := range langs {
		for i := range list {
			if list[i].Language == l {
				return &list[i], nil
			}
		}
	}
	return nil, nil
}

// call fills the approved text in. A value that is not known is a dash: providers refuse an empty one.
func (a *Approval) call(values map[string]string, k Kind, message id.ID) *Call {
	c := &Call{Name: a.Name, Language: a.Language, Use: k.use()}
	pieces, _, _ := parse(a.Body)
	seen := map[string]bool{}
	for _, p := range pieces {
		if p.variable == "" || seen[p.variable] {
			continue
		}
		seen[p.variable] = true
		for _, text := range standing(a.public, p.variable, a.longest).share(values[p.variable], a.longest) {
			c.Values = append(c.Values, Value{Text: text})
		}
	}
	if k.Choices() {
		for _, b := range choices() {
			c.Payloads = append(c.Payloads, b+":"+message.String())
		}
	}
	return c
}

func (k Kind) use() Use {
	if k == Review || k == Recall || k == Visited {
		return Marketing
	}
	return Utility
}

// numbered writes the variables of a text as a provider counts them.
func numbered(body string) (text string, names []string) {
	pieces, _, _ := parse(body)
	number := map[string]int{}
	var b strings.Builder
	for _, p := range pieces {
		if p.variable == "" {
			b.WriteString(p.text)
			continue
		}
		if number[p.variable] == 0 {
			names = append(names, p.variable)
			number[p.variable] = len(names)
		}
		fmt.Fprintf(&b, "{{%d}}", number[p.variable])
	}
	return b.String(), names
}

// Approvals lists the clinic's texts at the provider of one account, kind by kind and language by language; where there
// is none yet, an Approval without a State says what would be asked for.
func (s *Service) Approvals(ctx context.Context, who access.Caller, account id.ID) ([]Approval, error) {
	var out []Approval
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		a, err := accountOf(v, account)
		if err != nil {
			return err
		}
		list, err := approvals(v, sqlApprovalAll, account)
		if err != nil {
			return err
		}
		all, err := present(v)
		if err != nil {
			return err
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		out = nil
		for _, k := range proposableIn(c) {
			for _, l := range languages(s.book, c) {
				now := s.framed(s.one(all, k, a.Channel, l), c)
				var of []Approval
				best := -1
				for _, x := range list {
					if x.Kind != k || x.Language != l {
						continue
					}
					x.Stale, x.Present = x.Body != now.Body, now.Body
					of = append(of, x)
					if i := len(of) - 1; x.State == ApprovalApproved && (best < 0 || x.Version > of[best].Version || x.Version == of[best].Version && x.AskedAt > of[best].AskedAt) {
						best = i // as sqlApprovalFor sorts them
					}
				}
				if best >= 0 {
					of[best].InUse = true
				}
				if len(of) == 0 {
					of = append(of, Approval{Account: account, Kind: k, Language: l, Version: now.Version, Body: now.Body, Present: now.Body})
				}
				out = append(out, of...)
			}
		}
		return nil
	})
	return out, err
}

func accountOf(v *store.View, one id.ID) (Account, error) {
	a, err := account(v, sqlAccountGet, one)
	if err == nil && a.State == AccountRevoked {
		err = fault.Missing()
	}
	return a, err
}

// wording is the clinic's present text of a kind as it is proposed.
func (s *Service) wording(v *store.View, k Kind, c Channel, lang string, clinic clinics.Clinic) (Template, error) {
	t, err := s.template(v, k, c, lang)
	if err != nil {
		return t, err
	}
	return s.framed(t, clinic), nil
}

// framed is a text as it is proposed: it begins and ends with words of the clinic's own, because providers refuse a text
// that begins or ends with a variable.
func (s *Service) framed(t Template, clinic clinics.Clinic) Template {
	tongue := s.book.Tongue(t.Language)
	name := clinic.Name
	// The clinic's name stands in its own templates as it is.
	t.Body = strings.ReplaceAll(t.Body, "{{.ClinicName}}", strings.NewReplacer("{", "", "}", "").Replace(oneLine(name)))
	// One way to end it is enough: a text that names the word already (in every language of ours it is STOP) says how.
	if t.Kind.Asked() && t.Channel == WhatsApp && !strings.Contains(strings.ToUpper(t.Body), "STOP") {
		t.Body += "\n" + tongue.Say("message.stop.hint")
	}
	pieces, _, _ := parse(t.Body)
	if n := len(pieces); n > 0 && pieces[0].variable != "" {
		t.Body = name + ": " + t.Body
	}
	if n := len(pieces); n > 0 && pieces[n-1].variable != "" {
		t.Body += "\n" + name
	}
	return t
}

// ProposeText asks the provider of the account to approve the clinic's present text of the kind. The answer is usually
// "pending"; what becomes of it is reported later. fault.Invalid over "body" when the provider's rules do not allow it.
func (s *Service) ProposeText(ctx context.Context, who access.Caller, account id.ID, k Kind, lang string) (Approval, error) {
	var p Proposal
	var x Approval
	var conn Connection
	var via Drafter
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		a, err := accountOf(v, account)
		if err != nil {
			return err
		}
		var ok bool
		if via, ok = s.providers[a.Provider].(Drafter); !ok || !s.book.Speaks(lang) || !slices.Contains(proposable(), k) {
			return fault.Missing()
		}
		if conn, err = s.reaching(v, a); err != nil {
			return err
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		t, err := s.wording(v, k, a.Channel, lang, c)
		if err != nil {
			return err
		}
		x = Approval{ID: id.New(v.Now().Time()), Account: account, Kind: k, Language: lang, Version: t.Version, Body: t.Body}
		// A name is used once: a text that was taken away keeps its name at Meta for 30 days.
		x.Name = strings.NewReplacer(".", "_", "-", "_").Replace(fmt.Sprintf("%s_%d_%s", k, t.Version, x.ID.String()[:8]))
		p = s.proposal(x, c)
		return nil
	})
	if err != nil {
		return x, err
	}
	// It is written down before it is asked for: a provider may report its decision before it has answered.
	x.State = ApprovalPending
	if err := s.keepApproval(ctx, who, x, id.Zero); err != nil {
		return x, err
	}
	got, err := via.Propose(ctx, conn, p)
	if err != nil {
		return x, errors.Join(err, s.notAsked(context.WithoutCancel(ctx), who, x.ID))
	}
	x.Ref, x.State, x.Reason, x.Class = got.Ref, got.State, codeOnly(got.Reason), got.Class
	return x, s.answered(context.WithoutCancel(ctx), who, &x)
}

// answered writes down what the provider answered to a proposal. What it reported meanwhile is newer and stays.
func (s *Service) answered(ctx context.Context, who access.Caller, x *Approval) error {
	return s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "judge", Kind: "template", Subject: x.Account, New: map[string]any{"name": x.Name, "language": x.Language, "state": x.State}})
		if err := tx.Must(sqlApprovalAnswered, x.ID, x.Ref, x.State, x.Reason, x.Class, tx.Now()); err != nil {
			return err
		}
		return x.scan(tx.Row(sqlApprovalGet, x.ID))
	})
}

// notAsked takes back a proposal that its provider did not take; one on which it reported all the same stays.
func (s *Service) notAsked(ctx context.Context, who access.Caller, one id.ID) error {
	return s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		var x Approval
		err := x.scan(tx.Row(sqlApprovalGet, one))
		if errors.Is(err, store.ErrNoRows) || err == nil && x.State != ApprovalPending {
			return nil
		}
		if err != nil {
			return err
		}
		tx.Record(audit.Note{Action: "retract", Kind: "template", Subject: one, Old: map[string]any{"kind": x.Kind, "language": x.Language, "name": x.Name}})
		return tx.Must(sqlApprovalRemove, one)
	})
}

// keepApproval writes an approval down; instead is the one that it replaces, zero for none.
func (s *Service) keepApproval(ctx context.Context, who access.Caller, x Approval, instead id.ID) error {
	return s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		if !instead.IsZero() {
			if _, err := tx.Exec(sqlApprovalRemove, instead); err != nil {
				return err
			}
		}
		tx.Record(audit.Note{Action: "propose", Kind: "template", Subject: x.ID, New: map[string]any{"kind": x.Kind, "language": x.Language, "name": x.Name, "state": x.State}})
		n, err := tx.Exec(sqlApprovalAdd, x.ID, x.Account, x.Name, x.Language, string(x.Kind), x.Version, x.Ref, x.State, x.Reason, x.Class, x.Body, tx.Now())
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		return err
	})
}

// proposal is the text with an example for each variable and the answers under it.
func (s *Service) proposal(x Approval, c clinics.Clinic) Proposal {
	t := s.book.Tongue(x.Language)
	body, names := numbered(x.Body)
	p := Proposal{Name: x.Name, Language: x.Language, Use: x.Kind.use(), Body: body}
	now := s.sample(t, c)
	values := valuesOf(now, s.public, s.public+"/m/example")
	for _, n := range names {
		v := oneLine(values[n])
		if v == "" {
			v = "–"
		}
		p.Examples = append(p.Examples, v)
	}
	if x.Kind.Choices() {
		for _, b := range choices() {
			p.Buttons = append(p.Buttons, t.Say("message.button."+b))
		}
	}
	return p
}

// RegisterText enters the number under which the clinic registered its present text by hand. A number stands for one
// text: that of another kind or language is refused, and the same text's own is entered anew.
// A wrong field "name".
func (s *Service) RegisterText(ctx context.Context, who access.Caller, account id.ID, k Kind, lang, name string) error {
	var x Approval
	var instead id.ID
	name = strings.TrimSpace(name)
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		a, err := accountOf(v, account)
		if err != nil {
			return err
		}
		via, ok := s.providers[a.Provider].(Register)
		if !ok || !s.book.Speaks(lang) || !slices.Contains(proposable(), k) {
			return fault.Missing()
		}
		if err := via.Registered(name); err != nil {
			return err
		}
		list, err := approvals(v, sqlApprovalAll, account)
		if err != nil {
			return err
		}
		instead = id.Zero
		for _, x := range list {
			if x.Name != name {
				continue
			}
			if instead = x.ID; x.Kind != k || x.Language != lang {
				var wrong fault.Fields
				wrong.Add("name", "field.text.number_taken")
				return wrong.Err()
			}
		}
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		t, err := s.wording(v, k, a.Channel, lang, c)
		x = Approval{ID: id.New(v.Now().Time()), Account: account, Kind: k, Language: lang, Version: t.Version, Body: t.Body, Name: name, State: ApprovalApproved}
		return err
	})
	if err != nil {
		return err
	}
	return s.keepApproval(ctx, who, x, instead)
}

// RetractText takes a text away at its provider and here.
func (s *Service) RetractText(ctx context.Context, who access.Caller, one id.ID) error {
	var x Approval
	var conn Connection
	var via Drafter
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		err := x.scan(v.Row(sqlApprovalGet, one))
		if errors.Is(err, store.ErrNoRows) {
			return fault.Missing()
		}
		if err != nil {
			return err
		}
		a, err := accountOf(v, x.Account)
		if err != nil {
			return err
		}
		via, _ = s.providers[a.Provider].(Drafter)
		conn, err = s.reaching(v, a)
		return err
	})
	if err != nil {
		return err
	}
	if via != nil {
		if err := via.Retract(ctx, conn, Verdict{Name: x.Name, Language: x.Language, Ref: x.Ref}); err != nil && !missing(err) {
			return err
		}
	}
	return s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "retract", Kind: "template", Subject: one, Old: map[string]any{"kind": x.Kind, "language": x.Language, "name": x.Name}})
		return tx.Must(sqlApprovalRemove, one)
	})
}

// AskVerdicts asks the provider how its texts stand: for when a report was missed.
func (s *Service) AskVerdicts(ctx context.Context, who access.Caller, account id.ID) error {
	var conn Connection
	var via Drafter
	err := s.db.View(ctx, who, access.MessageSettings, func(_ context.Context, v *store.View) error {
		a, err := accountOf(v, account)
		if err != nil {
			return err
		}
		var ok bool
		if via, ok = s.providers[a.Provider].(Drafter); !ok {
			return fault.Missing()
		}
		conn, err = s.reaching(v, a)
		return err
	})
	if err != nil {
		return err
	}
	list, err := via.Verdicts(ctx, conn)
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.MessageSettings, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "test", Kind: "template", Subject: account})
		for _, v := range list {
			if _, err := tx.Exec(sqlApprovalSet, account, v.Name, v.Language, v.State, codeOnly(v.Reason), v.Class, tx.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// judged takes in what a provider reports of a text. Only an approved one is used from then on.
func judged(tx *store.Tx, account id.ID, e Event) error {
	n, err := tx.Exec(sqlApprovalSet, account, e.Name, e.Lang, e.Status, codeOnly(e.Reason), e.Class, tx.Now())
	if n > 0 {
		tx.Record(audit.Note{Action: "judge", Kind: "template", Subject: account, New: map[string]any{"name": e.Name, "language": e.Lang, "state": e.Status}})
	}
	return err
}
