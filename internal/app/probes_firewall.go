package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/jobs"
	"almirah/internal/law"
	"almirah/internal/vendors"
)

// probesOfOutsiders are the live checks of who outside may get something.
func probesOfOutsiders() map[string]liveLook {
	return map[string]liveLook{
		"vendors-closed":   probe.vendorsClosed,
		"vendors-reviewed": probe.vendorsReviewed,
		"vendors-bound":    probe.vendorsBound,
		"clinic-regions":   probe.clinicRegions,
		"vendor-use":       probe.vendorUse,
		"egress-quiet":     probe.egressQuiet,
		"vendor-baa":       probe.vendorAgreements,
		"nobody-outside":   probe.nobodyOutside,
	}
}

// vendorsClosed knocks at the gate of every party that has to be closed.
func (p probe) vendorsClosed(ctx context.Context) (string, error) {
	n := 0
	for _, x := range p.Vendors.States() {
		if x.Shut == "" || len(x.Hosts) == 0 {
			continue
		}
		conn, err := p.Gate.DialContext(x.ID)(egress.Looking(ctx), "tcp", strings.Replace(x.Hosts[0], "*.", "www.", 1))
		if err == nil {
			_ = conn.Close()
		}
		if !errors.Is(err, egress.ErrClosed) && !errors.Is(err, egress.ErrHeld) {
			return "", fmt.Errorf("%s is reached though it is closed (%s)", x.ID, x.Shut)
		}
		n++
	}
	return fmt.Sprintf("%d parties are listed; %d are closed, and the gate refuses them", len(p.Gate.List()), n), nil
}

func (p probe) vendorsReviewed(context.Context) (string, error) {
	n := 0
	for _, x := range p.Vendors.States() {
		if x.Version > 0 && x.Closed(clock.DateOf(p.Clock.Now().UTC())) == vendors.ReviewLate {
			return "", fmt.Errorf("the security of %s was reviewed last on %s; it is closed until it is reviewed again (/platform/vendors)", x.ID, x.Reviewed)
		}
		if x.Version > 0 {
			n++
		}
	}
	return fmt.Sprintf("%d records, each with a review in the last twelve months", n), nil
}

func (p probe) vendorsBound(context.Context) (string, error) {
	list, n := p.Vendors.States(), 0
	for _, x := range list {
		if !x.Bound() {
			continue
		}
		if what := x.Missing(); what != "" {
			return "", fmt.Errorf("no %s is on record for %s (/platform/vendors)", what, x.ID)
		}
		if x.Closed(clock.DateOf(p.Clock.Now().UTC())) == vendors.ContractEnded {
			return "", fmt.Errorf("the contract with %s ended on %s (/platform/vendors)", x.ID, x.Ends)
		}
		n++
	}
	return fmt.Sprintf("%d parties that need a contract, each with one on record", n), nil
}

// clinicRegions asks whether parties of another region than a clinic chose are refused, and compares what clinics chose with where backups go.
func (p probe) clinicRegions(ctx context.Context) (string, error) {
	if _, err := p.refusesAll(ctx, func(c clinics.Clinic, x vendors.State) bool {
		return c.Outside == clinics.OutsideRegion && !x.Chosen && !x.Local && !law.Within(x.Place, c.Region)
	}, "though it lies outside of the region that the clinic chose", "clinics that chose their region"); err != nil {
		return "", err
	}
	for _, c := range p.clinics {
		found, err := p.Vendors.Check(ctx, jobs.ForClinic(c))
		if err != nil {
			return "", err
		}
		for _, x := range found {
			if x.What == "backups" {
				return "", fmt.Errorf("the backups go to a place that a clinic does not allow (%s)", x.Why)
			}
		}
	}
	return fmt.Sprintf("looked at %d clinics", len(p.clinics)), nil
}

// vendorUse reads the numbers on the page.
func (p probe) vendorUse(ctx context.Context) (string, error) {
	got, err := p.ask(ctx, http.MethodGet, "/trust", nil)
	if err != nil {
		return "", err
	}
	if len(p.Gate.List()) > 0 && (got.status != http.StatusOK || !strings.Contains(got.body.String(), `id="vendor-use"`)) {
		return "", errors.New("the policy page does not show what went to whom")
	}
	used, err := p.Vendors.Used(ctx)
	return fmt.Sprintf("%d parties had something to do with this installation in the last 30 days", len(used)), err
}

// egressQuiet looks for attempts that were refused today or yesterday. A host that a clinic entered itself is the clinic's own matter.
func (p probe) egressQuiet(ctx context.Context) (string, error) {
	if p.Held() {
		return "after a restore everything is held, and refused", nil
	}
	if err := p.Vendors.Flush(ctx, jobs.Platform()); err != nil {
		return "", err
	}
	list, err := p.Vendors.By(ctx, clock.DateOf(p.Clock.Now().UTC()).AddDays(-1))
	if err != nil {
		return "", err
	}
	for _, u := range list {
		if u.Refused > 0 && u.Processor != programsProcessor {
			return "", fmt.Errorf("%d attempts in the name of %s were refused on %s", u.Refused, u.Processor, u.Day)
		}
	}
	return "nothing was refused today or yesterday", nil
}

// vendorAgreements asks, for each clinic under HIPAA, whether what decides about its messages refuses every party without an agreement on record.
func (p probe) vendorAgreements(ctx context.Context) (string, error) {
	return p.refusesAll(ctx, func(c clinics.Clinic, x vendors.State) bool {
		return x.Patients && x.Bound() && !x.BAA && law.HIPAA(c.Jurisdiction)
	}, "without a Business Associate Agreement on record", "clinics under HIPAA")
}

// nobodyOutside asks the same for each clinic that wants nobody outside.
func (p probe) nobodyOutside(ctx context.Context) (string, error) {
	return p.refusesAll(ctx, func(c clinics.Clinic, _ vendors.State) bool { return c.Outside == clinics.OutsideNobody }, "though nobody outside may get anything", "clinics that allow nobody outside")
}

// refusesAll asks the three places that decide before anything is dialled: messages, payments and programs.
func (p probe) refusesAll(ctx context.Context, must func(clinics.Clinic, vendors.State) bool, how, whom string) (string, error) {
	p.Vendors.Fresh()
	n := 0
	for _, one := range p.clinics {
		c, err := p.Clinics.Get(ctx, accounts.Public(one))
		if err != nil {
			return "", err
		}
		any, open := letThrough(c, p.Vendors.States(), must, p.Vendors.Refused, p.allows().Refused)
		if open != "" {
			return "", fmt.Errorf("%s would get something of a clinic, %s", open, how)
		}
		if any {
			n++
		}
	}
	return fmt.Sprintf("%d %s", n, whom), nil
}

// letThrough says whether there is a party that must get nothing of the clinic, and names one that one of those who decide does not refuse.
func letThrough(c clinics.Clinic, list []vendors.State, must func(clinics.Clinic, vendors.State) bool, refused ...func(c clinics.Clinic, party, place string) string) (any bool, open string) {
	for _, x := range list {
		if !must(c, x) {
			continue
		}
		any = true
		for _, says := range refused {
			if says(c, x.ID, "") == "" {
				return any, x.ID
			}
		}
	}
	return any, ""
}
