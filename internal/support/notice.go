package support

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/words"
)

// The kinds of notices. The first two stand on every page while they matter; the last two go out by mail to those who want them.
const (
	Planned  = "planned"
	Outage   = "outage"
	Security = "security"
	Product  = "product"
)

// NoticeKinds are all of them.
var NoticeKinds = []string{Planned, Outage, Security, Product}

const (
	aheadOfPlanned = 24 * time.Hour
	noticesFor     = 10 * time.Second // how long a process goes by what it read
	longestTitle   = 120
	longestNotice  = 2000
	mostNotices    = 50
)

const (
	sqlNoticeAdd    = `INSERT INTO service_notice (id, kind, texts, starts_at, ends_at, published_at) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlNoticeList   = `SELECT id, kind, texts, starts_at, ends_at, published_at FROM service_notice WHERE withdrawn_at = 0 ORDER BY published_at DESC, id DESC LIMIT $1`
	sqlNoticeBack   = `UPDATE service_notice SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at = 0`
	sqlNoticeToMail = `SELECT id, kind, texts, mailed_to FROM service_notice WHERE kind IN ('security', 'product') AND withdrawn_at = 0 AND mailed_at = 0 ORDER BY published_at, id LIMIT 1`
	sqlNoticeMailed = `UPDATE service_notice SET mailed_to = $2, mailed_at = $3 WHERE id = $1`
	sqlNoticeOld    = `DELETE FROM service_notice WHERE published_at <= $1 AND (mailed_at > 0 OR kind IN ('planned', 'outage') OR withdrawn_at > 0)`
)

// Text is what a notice says in one language.
type Text struct {
	Title string `json:"title"`
	Words string `json:"words"`
}

// Notice is something that the operator tells everybody.
type Notice struct {
	ID          id.ID
	Kind        string
	Texts       map[string]Text // by language; English is always there
	StartsAt    clock.Instant
	EndsAt      clock.Instant
	PublishedAt clock.Instant
}

// In is the notice in a language, in English where it was not written in that one.
func (n Notice) In(language string) Text {
	if t, ok := n.Texts[language]; ok {
		return t
	}
	return n.Texts["en"]
}

// Matters says whether the notice stands on every page at that moment.
func (n Notice) Matters(now clock.Instant) bool {
	switch n.Kind {
	case Planned:
		return now >= n.StartsAt.Add(-aheadOfPlanned) && now < n.EndsAt
	case Outage:
		return now >= n.StartsAt && now < n.EndsAt
	}
	return false
}

func (n *Notice) check() error {
	var f fault.Fields
	if !slices.Contains(NoticeKinds, n.Kind) {
		f.Add("kind", "field.kind.needed")
	}
	for _, l := range words.Languages() {
		t := n.Texts[l.Code]
		t.Title, t.Words = strings.Join(strings.Fields(t.Title), " "), strings.TrimSpace(strings.ReplaceAll(t.Words, "\r\n", "\n"))
		if t.Title == "" && t.Words == "" && l.Code != "en" {
			delete(n.Texts, l.Code)
			continue
		}
		if k := utf8.RuneCountInString(t.Title); k == 0 || k > longestTitle {
			f.AddWith("title_"+l.Code, "field.notice.title", map[string]any{"Most": longestTitle})
		}
		if k := utf8.RuneCountInString(t.Words); k == 0 || k > longestNotice {
			f.AddWith("words_"+l.Code, "field.notice.words", map[string]any{"Most": longestNotice})
		}
		n.Texts[l.Code] = t
	}
	if n.StartsAt <= 0 {
		f.Add("starts", "field.notice.starts")
	}
	if span := n.EndsAt.Sub(n.StartsAt); n.StartsAt > 0 && (span <= 0 || span > 30*24*time.Hour) {
		f.Add("hours", "field.notice.hours")
	}
	return f.Err()
}

// Publish tells everybody. fault.Invalid names wrong fields: "kind", "starts", "hours", "title_en" and so on.
func (s *Service) Publish(ctx context.Context, who access.Caller, n Notice) (id.ID, error) {
	if err := n.check(); err != nil {
		return id.Zero, err
	}
	texts, err := json.Marshal(n.Texts)
	if err != nil {
		return id.Zero, err
	}
	err = s.db.Across(ctx, who, access.PlatformNotice, func(_ context.Context, p *store.Platform) error {
		n.ID = p.NewID()
		p.Record(audit.Note{Action: "publish", Kind: "service-notice", Subject: n.ID, New: n.Texts})
		_, err := p.Exec(sqlNoticeAdd, n.ID, n.Kind, string(texts), n.StartsAt, n.EndsAt, p.Now())
		return err
	})
	s.forget()
	return n.ID, err
}

// Withdraw takes a notice back: it stands nowhere any more, and goes to nobody else.
func (s *Service) Withdraw(ctx context.Context, who access.Caller, one id.ID) error {
	defer s.forget()
	return s.db.Across(ctx, who, access.PlatformNotice, func(_ context.Context, p *store.Platform) error {
		p.Record(audit.Note{Action: "withdraw", Kind: "service-notice", Subject: one})
		return p.Must(sqlNoticeBack, one, p.Now())
	})
}

func (s *Service) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = time.Time{}
}

// Notices are what was told lately, the newest first, as this process read it at most ten seconds ago.
func (s *Service) Notices(ctx context.Context) ([]Notice, error) {
	now := s.db.Clock().Now()
	s.mu.Lock()
	if age := now.Sub(s.read); !s.read.IsZero() && age >= 0 && age < noticesFor {
		defer s.mu.Unlock()
		return s.notices, nil
	}
	s.mu.Unlock()
	var out []Notice
	err := s.db.Across(ctx, accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		out = nil
		rows, err := p.Query(sqlNoticeList, mostNotices)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n Notice
			var texts string
			if err := rows.Scan(&n.ID, &n.Kind, &texts, &n.StartsAt, &n.EndsAt, &n.PublishedAt); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(texts), &n.Texts); err != nil {
				return err
			}
			out = append(out, n)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notices, s.read = out, now
	return out, nil
}

// Current are the notices that stand on every page now.
func (s *Service) Current(ctx context.Context) ([]Notice, error) {
	all, err := s.Notices(ctx)
	now := clock.At(s.db.Clock().Now())
	var out []Notice
	for _, n := range all {
		if n.Matters(now) {
			out = append(out, n)
		}
	}
	return out, err
}

// lettersAtOnce is how many letters of a list one passage writes.
const lettersAtOnce = 200

// MailNotices writes the next letters of a list; who is the platform's own work. How far it came is written with them, so that nobody gets
// one twice and nobody is left out.
func (s *Service) MailNotices(ctx context.Context, who access.Caller) error {
	for {
		more := false
		err := s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("letters of a list; that the notice was published is recorded")
			more = false
			var n Notice
			var texts string
			var after id.ID
			err := p.Row(sqlNoticeToMail).Scan(&n.ID, &n.Kind, &texts, &after)
			if err == store.ErrNoRows {
				return nil
			}
			if err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(texts), &n.Texts); err != nil {
				return err
			}
			last, err := accounts.MailList(p, n.Kind, after, lettersAtOnce, "/app/me", func(language string) accounts.Written {
				t := n.In(language)
				return accounts.Written{Title: t.Title, Words: t.Words}
			})
			if err != nil {
				return err
			}
			done := clock.Instant(0)
			if last.IsZero() {
				last, done = after, p.Now()
			}
			more = true
			return p.Must(sqlNoticeMailed, n.ID, id.Null(last), done)
		})
		if err != nil || !more {
			return err
		}
	}
}
