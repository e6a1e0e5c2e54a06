package accounts_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
	"almirah/internal/words"
)

// TestChangedTermsAreAcceptedFirst: a changed text of the terms of use is on record under its hash, announced for thirty days in which nothing is shut, told to each once, and asked for
// at the next sign-in after that; every text stays as it was, and each acceptance names the one that was read.
func TestChangedTermsAreAcceptedFirst(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "documents-archive", "terms-accepted-first")
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h, ctx, op := build(t, b), context.Background(), accounts.Operator()
		in, cookie := h.owner("meera@example.org", "sunrise-two")
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		house := func(text string) *accounts.Service {
			t.Helper()
			s := accounts.New(b.DB, h.Log, accounts.Options{Clinics: h.c, Book: book, PublicURL: "https://almirah.test/", Terms: clinics.TextVersion(text)})
			must(s.KeepDocuments(ctx, op, accounts.Document{Kind: accounts.DocumentUse, Text: text}))
			must(s.KeepDocuments(ctx, op, accounts.Document{Kind: accounts.DocumentUse, Text: text})) // the second start changes nothing
			return s
		}
		session := func(s *accounts.Service) accounts.SignedIn {
			t.Helper()
			got, err := s.Session(ctx, cookie)
			must(err)
			return got
		}
		old, now := "Be kind.\n\nYou can leave.", "Be kind.\n\nYou can leave at any time."
		first := house(old)
		if got := session(first); !got.Outdated || got.Caller.May(access.ClinicRead) {
			t.Fatal("terms that she never read are not asked for")
		}
		must(first.AcceptTerms(ctx, in, clinics.TextVersion(old)))
		if got := session(first); got.Shut() || !got.Caller.May(access.ClinicRead) {
			t.Fatal("accepted, and still shut")
		}

		second := house(now)
		from := b.Clock.Now().Add(accounts.TermsNotice)
		if got := session(second); got.Outdated || got.TermsFrom.Time().Unix() != from.Unix() || !got.Caller.May(access.ClinicRead) {
			t.Errorf("announced terms: from %v, shut %v", got.TermsFrom.Time(), got.Outdated)
		}
		if err := second.AcceptTerms(ctx, in, clinics.TextVersion(old)); !fault.Is(err, fault.Invalid) {
			t.Errorf("the text of before is accepted: %v", err)
		}
		h.collect()
		work := access.Mint(in.Clinic, id.Zero, id.Zero, id.Zero, access.System, access.Care)
		for range 3 {
			must(second.TellOnce(ctx, work, "Sunrise", accounts.NoticeUse, "/terms/changed", "document:"+clinics.TextVersion(now), false))
		}
		if mails := h.collect(); len(mails) != 1 || !strings.Contains(mails[0].text, "/terms/changed") {
			t.Errorf("told by %d mails", len(mails))
		}

		b.Clock.Set(from.Add(time.Second))
		cookie = h.signIn("meera@example.org", good).Cookie
		if got := session(second); !got.Outdated || got.Caller.May(access.ClinicRead) {
			t.Error("thirty days later she goes on without accepting")
		}
		read, known, err := second.LastAccepted(ctx, in)
		must(err)
		if !known || read.Text != old || !read.Genuine() {
			t.Errorf("what she accepted: %+v", read)
		}
		must(second.AcceptTerms(ctx, in, clinics.TextVersion(now)))
		if got := session(second); got.Shut() || got.TermsFrom != 0 || !got.Caller.May(access.ClinicRead) {
			t.Error("accepted, and still shut")
		}

		list, err := second.Documents(ctx)
		must(err)
		var texts []string
		kinds := map[string]bool{}
		for _, d := range list {
			if kinds[d.Kind] = true; d.Kind == accounts.DocumentUse {
				texts = append(texts, d.Text)
			}
			if !d.Genuine() {
				t.Errorf("%s %s is not what its hash says", d.Kind, d.Digest)
			}
		}
		if !slices.Equal(texts, []string{old, now}) || !kinds[accounts.DocumentBAA] || !kinds[accounts.DocumentTerms] || !kinds[accounts.DocumentConfidence] {
			t.Errorf("on record: %q, %v", texts, kinds)
		}
		for _, text := range []string{`UPDATE document_text SET text = 'Be rude.'`, `DELETE FROM document_text`} {
			err := b.DB.Across(ctx, op, access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
				p.Housekeeping("a forgery")
				_, err := p.Exec(text)
				return err
			})
			if err == nil {
				t.Errorf("%s: done", text)
			}
		}
	})
}

// TestDifferences: what changed between two texts is said paragraph by paragraph, and what stayed is not.
func TestDifferences(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "documents-archive")
	for name, x := range map[string]struct {
		old, now string
		want     []accounts.Difference
	}{
		"the same":    {"a b c", "a b c", nil},
		"changed":     {"a b c", "a B c", []accounts.Difference{{Old: "b", New: "B"}}},
		"came":        {"a c", "a b c", []accounts.Difference{{New: "b"}}},
		"went":        {"a b c", "a c", []accounts.Difference{{Old: "b"}}},
		"all new":     {"", "a b", []accounts.Difference{{New: "a"}, {New: "b"}}},
		"two places":  {"a b c d", "A b c D", []accounts.Difference{{Old: "a", New: "A"}, {Old: "d", New: "D"}}},
		"more beside": {"a b z", "a x y z", []accounts.Difference{{Old: "b", New: "x"}, {New: "y"}}},
	} {
		if got := accounts.Differences(strings.Fields(x.old), strings.Fields(x.now)); !slices.Equal(got, x.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
