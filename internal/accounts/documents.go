package accounts

import (
	"context"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// The texts that people and clinics agree to are kept for ever, each under the SHA-256 of what it says, so that whoever agreed can always read what she
// agreed to and what changed since (promises documents-archive, terms-accepted-first).

const (
	sqlDocumentKeep = `INSERT INTO document_text (digest, kind, text, kept_at, from_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest) DO NOTHING`
	sqlDocumentAll  = `SELECT digest, kind, text, kept_at, from_at FROM document_text ORDER BY kept_at, digest`
	sqlAcceptedLast = `SELECT a.version FROM acceptance a JOIN document_text d ON d.digest = a.version WHERE a.person_id = $1 AND a.document = $2 ORDER BY a.accepted_at DESC, d.kept_at DESC LIMIT 1`

	sqlToldOnce   = `INSERT INTO told_once (what, person_id, at) VALUES ($1, $2, $3) ON CONFLICT (what, person_id) DO NOTHING`
	sqlToldForget = `DELETE FROM told_once WHERE person_id = $1`
)

// The kinds of documents.
const (
	DocumentUse        = "use"        // the terms of use, which people accept
	DocumentPolicy     = "policy"     // the sentences of the policy
	DocumentTerms      = "terms"      // the terms of service, which clinics sign
	DocumentBAA        = "baa"        // the Business Associate Agreement
	DocumentConfidence = "confidence" // the statement of confidentiality, which staff sign
)

// DocumentKinds are the kinds, in the order of the page.
func DocumentKinds() []string {
	return []string{DocumentUse, DocumentPolicy, DocumentTerms, DocumentBAA, DocumentConfidence}
}

// Document is one version of a text.
type Document struct {
	Kind, Digest, Text string
	KeptAt             clock.Instant // since when it is on record here
	From               clock.Instant // from when it is asked for
}

// Genuine says whether the text is what its hash says.
func (d Document) Genuine() bool { return clinics.TextVersion(d.Text) == d.Digest }

// TermsNotice is how long before it is asked for a changed text is announced.
const TermsNotice = 30 * 24 * time.Hour

// signedTexts are the documents of which clinics have the texts.
func signedTexts() []Document {
	var out []Document
	for kind, of := range map[string]string{DocumentTerms: clinics.AgreementTerms, DocumentBAA: clinics.AgreementBAA, DocumentConfidence: clinics.AgreementConfidentiality} {
		if t, ok := clinics.CurrentText(of); ok {
			out = append(out, Document{Kind: kind, Digest: t.Version, Text: t.Text})
		}
	}
	return out
}

// KeepDocuments puts the present texts on record: the first of a kind holds at once, a changed one is announced and asked for thirty days later. more are
// those that this room does not know by itself: the terms of use, whose hash is the version that people accept, and the policy. It is called
// at every start, before anybody is served.
func (s *Service) KeepDocuments(ctx context.Context, who access.Caller, more ...Document) error {
	return s.db.Across(ctx, who, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("texts that are on record are not written again")
		list, err := documents(p)
		if err != nil {
			return err
		}
		var heads []Document
		for _, d := range append(signedTexts(), more...) {
			d.Digest = clinics.TextVersion(d.Text)
			known := slices.IndexFunc(list, func(x Document) bool { return x.Digest == d.Digest })
			if known >= 0 {
				d.From = list[known].From
			} else {
				d.From = p.Now()
				if slices.ContainsFunc(list, func(x Document) bool { return x.Kind == d.Kind }) && d.Kind != DocumentPolicy { // a clinic's policy has a gate of its own
					d.From = p.Now().Add(TermsNotice)
				}
				if _, err := p.Exec(sqlDocumentKeep, d.Digest, d.Kind, d.Text, p.Now(), d.From); err != nil {
					return err
				}
				p.Record(audit.Note{Action: "publish", Kind: "document", Subject: p.NewID(), New: map[string]any{"kind": d.Kind, "digest": d.Digest, "from": d.From}})
			}
			if d.Kind == DocumentUse && d.Digest == s.o.Terms {
				s.asked.Store(int64(d.From))
			}
			if known >= 0 {
				d.KeptAt = list[known].KeptAt
			} else {
				d.KeptAt = p.Now()
			}
			heads = append(heads, Document{Kind: d.Kind, Digest: d.Digest, KeptAt: d.KeptAt, From: d.From})
		}
		s.heads.Store(&heads)
		return nil
	})
}

// Present are the texts that this program shows, without their words; none before they are on record.
func (s *Service) Present() []Document {
	if p := s.heads.Load(); p != nil {
		return *p
	}
	return nil
}

func documents(p *store.Platform) ([]Document, error) {
	rows, err := p.Query(sqlDocumentAll)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Document
	for rows.Next() {
		var d Document
		if err := rows.Scan(&d.Digest, &d.Kind, &d.Text, &d.KeptAt, &d.From); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// Documents are all texts on record, the oldest first. They are for everybody.
func (s *Service) Documents(ctx context.Context) (out []Document, err error) {
	err = s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) (err error) {
		out, err = documents(p)
		return err
	})
	return out, err
}

// LastAccepted is the text of the terms of use that the person accepted last; ok is false where there is none, or none is on record.
func (s *Service) LastAccepted(ctx context.Context, in SignedIn) (d Document, ok bool, err error) {
	err = s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var version string
		err := p.Row(sqlAcceptedLast, in.Person.ID, documentTerms).Scan(&version)
		if err == store.ErrNoRows {
			return nil
		}
		if err != nil {
			return err
		}
		list, err := documents(p)
		if i := slices.IndexFunc(list, func(x Document) bool { return x.Digest == version }); i >= 0 {
			d, ok = list[i], true
		}
		return err
	})
	return d, ok, err
}

// Difference is a paragraph that came, went or changed; Old or New is empty where it came or went.
type Difference struct{ Old, New string }

// Differences compares two texts paragraph by paragraph. What stands between the same paragraphs on both sides is paired in its order.
func Differences(old, now []string) []Difference {
	common := make([][]int, len(old)+1) // how many paragraphs the ends have in common
	for i := range common {
		common[i] = make([]int, len(now)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			if old[i] == now[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []Difference
	var went, came []string
	flush := func() {
		for k := range max(len(went), len(came)) {
			var d Difference
			if k < len(went) {
				d.Old = went[k]
			}
			if k < len(came) {
				d.New = came[k]
			}
			out = append(out, d)
		}
		went, came = nil, nil
	}
	i, j := 0, 0
	for i < len(old) || j < len(now) {
		switch {
		case i < len(old) && j < len(now) && old[i] == now[j]:
			flush()
			i, j = i+1, j+1
		case j == len(now) || i < len(old) && common[i+1][j] >= common[i][j+1]:
			went, i = append(went, old[i]), i+1
		default:
			came, j = append(came, now[j]), j+1
		}
	}
	flush()
	return out
}

// Paragraphs takes a text apart where an empty line divides it.
func Paragraphs(text string) []string {
	return slices.DeleteFunc(strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n"), func(p string) bool { return strings.TrimSpace(p) == "" })
}

// once says whether the person was not told of this before, and notes that she is told now, in the passage in which the letter is written: neither is there without
// the other, also after a restore.
func once(p *store.Platform, what string, person id.ID) (bool, error) {
	n, err := p.Exec(sqlToldOnce, what, person, p.Now())
	return n > 0, err
}

// TellOnce writes a mail to everybody who works in the clinic, or to its owners alone, at most once to each for what it tells of. what is the name of that
// and never anything about a person.
func (s *Service) TellOnce(ctx context.Context, who access.Caller, clinicName, notice, path, what string, owners bool) error {
	return s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the clinic's people are told; what they are told of is recorded where it happened")
		people, err := members(p, who.Clinic())
		if err != nil {
			return err
		}
		for _, m := range people {
			if owners && m.Role != access.Owner {
				continue
			}
			news, err := once(p, what, m.Person.ID)
			if err != nil {
				return err
			}
			if !news {
				continue
			}
			if err := plan(p, m.Person.ID, letter{Kind: mailNotice + notice, Link: path, Clinic: clinicName}, false); err != nil {
				return err
			}
		}
		return nil
	})
}

// Shut says whether the session opens nothing of a clinic before she signed or accepted something.
func (in SignedIn) Shut() bool { return in.Unsigned || in.Outdated }
