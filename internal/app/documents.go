package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/policies"
	"almirah/internal/words"
)

// TermsVersion is the version of the terms of use that a new person accepts: the SHA-256 of them, word for word in every language. A changed word is another
// version, and the house does not start before this line says so too.
const TermsVersion = "4b44e39f3ac5af0de97c8bc8027e3d3fad3fc7cfe3fc195e47f50f426575f5b5"

// termsOfUse are the terms of use in every language, in their one form: the paragraphs by the code of the language.
func termsOfUse(book *words.Book) (string, error) {
	all := map[string][]string{}
	for _, l := range words.Languages() {
		t := book.Tongue(l.Code)
		for n := 1; t.Has("terms." + strconv.Itoa(n)); n++ {
			all[l.Code] = append(all[l.Code], t.Say("terms."+strconv.Itoa(n)))
		}
	}
	b, err := json.Marshal(all) // sorted by language
	return string(b), err
}

// versionOf fails where the text is not the one that TermsVersion is the hash of.
func versionOf(use string) error {
	if now := clinics.TextVersion(use); now != TermsVersion {
		return fmt.Errorf("the terms of use are of version %s, and the program asks people to accept version %s: write the first into app.TermsVersion", now, TermsVersion)
	}
	return nil
}

// keepDocuments puts the texts that people and clinics agree to on record, as they are now.
func (h *House) keepDocuments(ctx context.Context) error {
	use, err := termsOfUse(h.Book)
	if err != nil {
		return err
	}
	if err := versionOf(use); err != nil {
		return err
	}
	return h.Accounts.KeepDocuments(ctx, accounts.Operator(), accounts.Document{Kind: accounts.DocumentUse, Text: use}, accounts.Document{Kind: accounts.DocumentPolicy, Text: policies.Sentences()})
}

// tellDocuments writes, once, to the people of a clinic that the terms of use are to change, and to its owners that an agreement which they signed has another text.
func (h *House) tellDocuments(ctx context.Context, who access.Caller, c clinics.Clinic, signed map[string][]string) error {
	now := clock.At(h.Clock.Now())
	var errs []error
	tell := func(notice, path, digest string, owners bool) {
		what := "document:" + digest
		if _, done := h.toldOf.Load(what + c.ID.String()); done { // by this process: the row is there, and need not be tried for each minute
			return
		}
		err := h.Accounts.TellOnce(ctx, who, c.Name, notice, path, what, owners)
		if err == nil {
			h.toldOf.Store(what+c.ID.String(), true)
		}
		errs = append(errs, err)
	}
	for _, d := range h.Accounts.Present() {
		switch {
		case d.Kind == accounts.DocumentUse && d.Digest == TermsVersion && d.From > d.KeptAt && now < d.From:
			tell(accounts.NoticeUse, "/terms/changed", d.Digest, false)
		case d.Kind == accounts.DocumentTerms || d.Kind == accounts.DocumentBAA:
			of := map[string]string{accounts.DocumentTerms: clinics.AgreementTerms, accounts.DocumentBAA: clinics.AgreementBAA}[d.Kind]
			present, _ := clinics.CurrentText(of)
			if was := signed[of]; present.Version == d.Digest && len(was) > 0 && !slices.Contains(was, d.Digest) {
				tell(accounts.NoticeAgreement, "/app/account/agreements/"+of, d.Digest, true)
			}
		}
	}
	return errors.Join(errs...)
}
