package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/billing"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/datamap"
	"almirah/internal/disclosures"
	"almirah/internal/document"
	"almirah/internal/domains"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/followup"
	"almirah/internal/holdings"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/insight"
	"almirah/internal/intake"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/oversight"
	"almirah/internal/patients"
	"almirah/internal/policies"
	"almirah/internal/prescriptions"
	"almirah/internal/privacy"
	"almirah/internal/programs"
	"almirah/internal/requests"
	"almirah/internal/retention"
	"almirah/internal/scheduling"
	"almirah/internal/store"
	"almirah/internal/subscription"
	"almirah/internal/support"
	"almirah/internal/vendors"
	"almirah/internal/visits"
	"almirah/internal/words"
)

// The map of the data is made of what every room declares, what can be reached outside, and how the promises stand.

// rooms are the rooms that own tables, with what they declare of them.
func rooms() []datamap.Room {
	return []datamap.Room{
		{Name: "store", Tables: store.Holdings()},
		{Name: "clinics", Tables: clinics.Holdings()},
		{Name: "accounts", Tables: accounts.Holdings()},
		{Name: "vendors", Tables: vendors.Holdings()},
		{Name: "domains", Tables: domains.Holdings()},
		{Name: "patients", Tables: patients.Holdings()},
		{Name: "consent", Tables: consent.Holdings()},
		{Name: "policies", Tables: policies.Holdings()},
		{Name: "scheduling", Tables: scheduling.Holdings()},
		{Name: "intake", Tables: intake.Holdings()},
		{Name: "visits", Tables: visits.Holdings()},
		{Name: "prescriptions", Tables: prescriptions.Holdings()},
		{Name: "billing", Tables: slices.Concat(billing.Holdings(), billing.GatewayHoldings())},
		{Name: "subscription", Tables: subscription.Holdings()},
		{Name: "messaging", Tables: messaging.Holdings()},
		{Name: "followup", Tables: followup.Holdings()},
		{Name: "programs", Tables: programs.Holdings()},
		{Name: "oversight", Tables: oversight.Holdings()},
		{Name: "datamap", Tables: datamap.Holdings()},
		{Name: "insight", Tables: insight.Holdings()},
		{Name: "support", Tables: support.Holdings()},
		{Name: "incidents", Tables: incidents.Holdings()},
		{Name: "disclosures", Tables: disclosures.Holdings()},
		{Name: "requests", Tables: requests.Holdings()},
		{Name: "retention", Tables: retention.Holdings()},
		{Name: "privacy", Tables: privacy.Holdings()},
		{Name: "archives", Tables: archives.Holdings()},
	}
}

// Holdings are the columns that every room declared.
func Holdings() []holdings.Table {
	var out []holdings.Table
	for _, r := range rooms() {
		out = append(out, r.Tables...)
	}
	return out
}

// onTheMap compares what the rooms declared with the database, and with the map of the data: nothing is served over a column that neither tells of.
func onTheMap(schema map[string][]string) error {
	return errors.Join(holdings.Check(Holdings(), schema), datamap.Complete(rooms()))
}

// partiesOf are the outside parties as the map tells of them.
func partiesOf(list []egress.Processor) []datamap.Party {
	var out []datamap.Party
	for _, p := range list {
		out = append(out, datamap.Party{ID: p.ID, Name: p.Name, Purpose: p.Purpose, Data: p.Categories, Region: p.Region, Safeguard: p.Notes, All: p.ID == backupProcessor})
	}
	return out
}

// mapped are the parties that can be reached now, with what is on file about them.
func (h *House) mapped() []datamap.Party {
	out := partiesOf(h.Gate.List())
	for _, x := range h.Vendors.States() {
		i := slices.IndexFunc(out, func(p datamap.Party) bool { return p.ID == x.ID })
		if i >= 0 && x.Bound() {
			out[i].Contract = &datamap.Contract{Cover: x.Safeguard, Signed: x.Signed, Ends: x.Ends, Reviewed: x.Reviewed, Confidential: x.Confidential, BAA: x.BAA}
		}
	}
	return out
}

// source is what a record is made from now.
func (h *House) source(ctx context.Context, parties []datamap.Party) datamap.Source {
	out := datamap.Source{Rooms: rooms(), Parties: parties, Made: h.Clock.Now()}
	for _, k := range h.Promises(ctx) {
		out.Sentences = append(out.Sentences, datamap.Sentence{Sentence: k.Sentence, Status: k.Status})
	}
	return out
}

// operator is who runs the installation, as a record names it.
func (h *House) runner() datamap.Who {
	e := h.Config.Entity
	out := datamap.Who{Name: e.Name, Contact: e.Contact}
	if e.Address != "" {
		out.Address = []string{e.Address}
	}
	return out
}

func clinicWho(t *words.Tongue, c clinics.Clinic) datamap.Who {
	out := datamap.Who{Name: c.Name, Contact: c.Email, Law: t.Say("jurisdiction." + c.Jurisdiction)}
	if c.LegalEntity != "" && c.LegalEntity != c.Name {
		out.Name = c.LegalEntity + " (" + c.Name + ")"
	}
	for _, l := range strings.Split(c.Address, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out.Address = append(out.Address, l)
		}
	}
	return out
}

// kept is a clinic with the lengths of time that hold for it: those by which its nightly run goes.
type kept struct {
	clinic clinics.Clinic
	life   map[law.Class]law.Span
}

func keptOf(v *store.View) (kept, error) {
	c, err := clinics.Get(v)
	if err != nil {
		return kept{}, err
	}
	g, err := policies.Over(v)
	if err != nil {
		return kept{}, err
	}
	out := kept{c, map[law.Class]law.Span{}}
	for _, k := range law.Classes() {
		out.life[k], _ = g.Spread(c.Jurisdiction, k)
	}
	return out, nil
}

func (h *House) clinicRecord(ctx context.Context, t *words.Tongue, k kept) datamap.Record {
	parties := h.mapped()
	for _, x := range h.Vendors.Allowed(k.clinic) {
		if i := slices.IndexFunc(parties, func(p datamap.Party) bool { return p.ID == x.ID }); i >= 0 && x.Why != "" {
			parties[i].Why = t.Say("vendor.refused." + x.Why)
		}
	}
	return h.source(ctx, parties).Controller(t, clinicWho(t, k.clinic), h.runner(), k.clinic.Jurisdiction, k.clinic.Has, func(c law.Class) law.Span { return k.life[c] })
}

// ClinicMap is the record of processing of the caller's clinic, with its own values.
func (h *House) ClinicMap(ctx context.Context, who access.Caller, t *words.Tongue) (datamap.Record, error) {
	var k kept
	err := h.DB.View(ctx, who, access.RetentionRead, func(_ context.Context, v *store.View) (err error) {
		k, err = keptOf(v)
		return err
	})
	if err != nil {
		return datamap.Record{}, err
	}
	return h.clinicRecord(ctx, t, k), nil
}

// HouseMap is the record of processing of whoever runs the installation. It names so many clinics at most and counts the others; below zero: it names all.
func (h *House) HouseMap(ctx context.Context, t *words.Tongue, most int) (datamap.Record, error) {
	all, err := h.DB.Due(ctx, jobs.Platform(), clock.Instant(1<<63-1), 1_000_000)
	if err != nil {
		return datamap.Record{}, err
	}
	some := all
	if most >= 0 && len(some) > most {
		some = some[:most]
	}
	var named []datamap.Who
	under := map[string]bool{}
	for _, one := range some {
		err := h.DB.View(ctx, jobs.ForClinic(one), access.Work, func(_ context.Context, v *store.View) error {
			c, err := clinics.Get(v)
			if err == nil {
				named = append(named, clinicWho(t, c))
				under[c.Jurisdiction] = true
			}
			return err
		})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return datamap.Record{}, err
		}
	}
	places := slices.DeleteFunc(law.Places(), func(p string) bool { return len(some) == len(all) && !under[p] })
	slices.SortFunc(named, func(a, b datamap.Who) int { return strings.Compare(a.Name, b.Name) })
	return h.source(ctx, h.mapped()).Processor(t, h.runner(), named, len(all), places), nil
}

// datamapVerbs are the verbs about the map of the data.
func datamapVerbs() []verb {
	return []verb{{"datamap", "print the record of processing (GDPR, article 30) of this installation, or of one clinic: --clinic SLUG; --json, --csv; --dictionary: every column as CSV; --language en", (*console).datamap}}
}

func (c *console) datamap(ctx context.Context, args []string) error {
	if has(args, "--dictionary") { // needs no database: it is what the program declares
		return c.sheet(datamap.Dictionary(rooms()))
	}
	return c.with(ctx, false, func(h *House) error {
		lang := value(args, "--language")
		if lang == "" {
			lang = "en"
		}
		if !slices.ContainsFunc(words.Languages(), func(l words.Language) bool { return l.Code == lang }) {
			return fmt.Errorf("there is no language %q", lang)
		}
		t := h.Book.Tongue(lang)
		var r datamap.Record
		var err error
		if slug := value(args, "--clinic"); slug != "" {
			one, bad := h.Clinics.BySlug(ctx, slug)
			if bad != nil {
				return fmt.Errorf("there is no clinic %q", slug)
			}
			r, err = h.mapOf(ctx, t, one)
		} else {
			r, err = h.HouseMap(ctx, t, -1)
		}
		switch {
		case err != nil:
			return err
		case has(args, "--json"):
			out, err := r.JSON()
			if err == nil {
				_, err = c.out.Write(out)
			}
			return err
		case has(args, "--csv"):
			return c.sheet(r.Sheet(t))
		}
		_, err = fmt.Fprint(c.out, r.Text(t))
		return err
	})
}

func (c *console) sheet(s document.Sheet) error {
	_, err := c.out.Write(s.CSV())
	return err
}

// mapOf is ClinicMap for the command line.
func (h *House) mapOf(ctx context.Context, t *words.Tongue, clinic id.ID) (datamap.Record, error) {
	var k kept
	err := h.DB.View(ctx, jobs.ForClinic(clinic), access.Work, func(_ context.Context, v *store.View) (err error) {
		k, err = keptOf(v)
		return err
	})
	if err != nil {
		return datamap.Record{}, err
	}
	return h.clinicRecord(ctx, t, k), nil
}
