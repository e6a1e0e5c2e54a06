package app

import (
	"context"
	"fmt"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/consent"
	"almirah/internal/datamap"
	"almirah/internal/id"
	"almirah/internal/jobs"
	"almirah/internal/policies"
	"almirah/internal/store"
)

// Live checks of what is promised about the map of the data.

func probesOfTheMap() map[string]liveLook {
	return map[string]liveLook{"data-map-true": probe.mapTrue, "data-map-signed": probe.mapSigned, "data-map-own": probe.mapOwn,
		"documents-archive": probe.textsKept, "terms-accepted-first": probe.termsAccepted, "consent-text-kept": probe.noticesKept}
}

// mapTrue compares the map with the tables as they stand at this moment.
func (p probe) mapTrue(ctx context.Context) (string, error) {
	schema, err := p.DB.Schema(ctx)
	if err != nil {
		return "", err
	}
	if err := onTheMap(schema); err != nil {
		return "", err
	}
	n := 0
	for _, columns := range schema {
		n += len(columns)
	}
	_, digest := p.Map.Now()
	return fmt.Sprintf("the map tells of each of %d columns in %d tables; its fingerprint begins with %s", n, len(schema), digest[:16]), nil
}

// mapSigned looks whether somebody looked at the map within the year, and whether what she read is kept as it was.
func (p probe) mapSigned(ctx context.Context) (string, error) {
	st, err := p.Map.Standing(ctx, jobs.Platform())
	switch {
	case err != nil:
		return "", err
	case st.State.Late:
		return "", fmt.Errorf("the map of the data was to be looked at by %s; who does it signs at /platform/datamap", st.State.Due)
	case st.State.Last.Seen != "" && st.Read == "":
		return "", fmt.Errorf("the map that was signed on %s is not kept as it was", st.State.Last.Day)
	case st.State.Last.Day == "":
		if st.State.Due == "" {
			return "nothing is due before the first clinic opens", nil
		}
		return fmt.Sprintf("to be looked at for the first time by %s", st.State.Due), nil
	}
	return fmt.Sprintf("signed on %s, again by %s; %d lines changed since", st.State.Last.Day, st.State.Due, len(st.Changes)), nil
}

// mapOwn makes the record of each clinic that is looked at and reads in it what its own settings say.
func (p probe) mapOwn(ctx context.Context) (string, error) {
	t := p.Book.Tongue("en")
	for _, c := range p.clinics {
		r, err := p.mapOf(ctx, t, c)
		if err != nil {
			return "", err
		}
		if r.Controller == nil || r.Controller.Name == "" || len(r.Activities) != len(datamap.Activities()) || len(r.Lives) == 0 {
			return "", fmt.Errorf("the record of clinic %s lacks who answers, an activity or the time limits", c)
		}
	}
	return fmt.Sprintf("the record of %d clinics can be made", len(p.clinics)), nil
}

// textsKept works out the fingerprint of every text on record, and looks whether those that this program shows are among them.
func (p probe) textsKept(ctx context.Context) (string, error) {
	list, err := p.Accounts.Documents(ctx)
	if err != nil {
		return "", err
	}
	kept := map[string]bool{}
	for _, d := range list {
		if !d.Genuine() {
			return "", fmt.Errorf("the text %s of %s is not what its fingerprint says", d.Digest, d.Kind)
		}
		kept[d.Digest] = true
	}
	missing := []string{TermsVersion, clinics.TextVersion(policies.Sentences())}
	for _, kind := range []string{clinics.AgreementTerms, clinics.AgreementBAA, clinics.AgreementConfidentiality} {
		t, _ := clinics.CurrentText(kind)
		missing = append(missing, t.Version)
	}
	for _, v := range missing {
		if !kept[v] {
			return "", fmt.Errorf("the text %s is shown and not on record", v)
		}
	}
	return fmt.Sprintf("%d texts are what their fingerprints say", len(list)), nil
}

const sqlProbeAccepted = `SELECT COUNT(*) FROM acceptance a WHERE a.document = 'terms' AND NOT EXISTS (SELECT 1 FROM document_text d WHERE d.digest = a.version)`

// termsAccepted looks for acceptances of a text that is not on record, and for a text that was asked for before it was announced.
func (p probe) termsAccepted(ctx context.Context) (string, error) {
	list, err := p.Accounts.Documents(ctx)
	if err != nil {
		return "", err
	}
	seen := map[string]bool{}
	for _, d := range list {
		if d.Kind == accounts.DocumentUse && seen[d.Kind] && d.From < d.KeptAt.Add(accounts.TermsNotice) {
			return "", fmt.Errorf("the terms of use %s were asked for less than thirty days after they changed", d.Digest)
		}
		seen[d.Kind] = true
	}
	var n int64
	err = p.DB.Across(ctx, jobs.Platform(), access.PlatformOperate, func(_ context.Context, x *store.Platform) error {
		x.Housekeeping("nothing is written")
		return x.Row(sqlProbeAccepted).Scan(&n)
	})
	if err == nil && n > 0 {
		err = fmt.Errorf("%d acceptances name a text that is not on record", n)
	}
	return fmt.Sprintf("every acceptance names one of %d texts on record", len(list)), err
}

// noticesKept works out the fingerprint of every text that was shown to patients, and looks for agreements that name a text which is not kept.
func (p probe) noticesKept(ctx context.Context) (string, error) {
	all := 0
	err := p.each(ctx, func(v *store.View, c id.ID) error {
		n, wrong, lost, err := consent.TextsGenuine(v)
		all += n
		switch {
		case err != nil:
			return err
		case wrong != "":
			return fmt.Errorf("the text %s of clinic %s is not what its fingerprint says", wrong, c)
		case lost > 0:
			return fmt.Errorf("%d agreements in clinic %s name a text that is not kept", lost, c)
		}
		return nil
	})
	return fmt.Sprintf("%d texts are what their fingerprints say, and every agreement names one of them", all), err
}
