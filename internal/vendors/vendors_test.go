package vendors_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/store"
	"almirah/internal/vendors"
)

// The addresses are nobody's (RFC 5737), so that the gate refuses them as private once it let the party through: nothing is dialled.
func list() []egress.Processor {
	return []egress.Processor{
		{ID: "post", Name: "Post & Co", Purpose: "carries e-mail", Categories: []string{"e-mail"}, Region: "India", Place: "IN", Hosts: []string{"192.0.2.1:465"}, Patients: true},
		{ID: "texts", Name: "Texts Inc", Purpose: "carries SMS", Categories: []string{"phone"}, Region: "United States", Place: "US", Hosts: []string{"192.0.2.2:443"}, Patients: true},
		{ID: "cloud", Name: "Cloud", Purpose: "carries e-mail", Categories: []string{"e-mail"}, Region: "as chosen", Hosts: []string{"192.0.2.3:443"}, Patients: true},
		{ID: "keys", Name: "Keys", Purpose: "keeps a key", Categories: []string{"a key"}, Region: "not stated", Hosts: []string{"192.0.2.4:443"}, Vital: true},
		{ID: "near", Name: "Own server", Purpose: "carries e-mail", Categories: []string{"e-mail"}, Region: "not stated", Hosts: []string{"192.0.2.5:25"}, Local: true, Patients: true},
		{ID: "programs", Name: "Own programs", Purpose: "are told", Categories: []string{"ids"}, Region: "where it likes", Chosen: true},
	}
}

type office struct {
	*rig.Base
	gate *egress.Gate
	*vendors.Service
	operator, work access.Caller
}

// process is one process of the house on the database.
func process(b *rig.Base, backup vendors.Target) *office {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	g := egress.New(list(), log, egress.WithClock(b.Clock))
	who := func(r access.Role) access.Caller {
		return access.Mint(id.Zero, id.New(b.Clock.Now()), id.Zero, id.New(b.Clock.Now()), r, access.Running)
	}
	return &office{Base: b, gate: g, Service: vendors.New(b.DB, log, vendors.Options{Gate: g, Mail: "post", Backup: backup}), operator: who(access.Operator), work: who(access.System)}
}

func each(t *testing.T, do func(t *testing.T, o *office)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			do(t, process(rig.New(t, engine, store.Options{}), vendors.Target{}))
		})
	}
}

// closed says whether the gate refuses the party for what is on file.
func (o *office) closed(t *testing.T, party string) bool {
	t.Helper()
	address := ""
	for _, p := range o.gate.List() {
		if p.ID == party && len(p.Hosts) > 0 {
			address = p.Hosts[0]
		}
	}
	conn, err := o.gate.DialContext(party)(t.Context(), "tcp", address)
	if err == nil {
		_ = conn.Close()
		t.Fatalf("%s was reached", party)
	}
	shut := errors.Is(err, egress.ErrClosed)
	if told := o.Shut(party) != ""; told != shut {
		t.Errorf("%s is closed at the gate: %v, and is said to be: %v", party, shut, told)
	}
	return shut
}

func (o *office) day(offset int) clock.Date {
	return clock.DateOf(o.Clock.Now().UTC()).AddDays(offset)
}

func (o *office) record(party string) vendors.Vendor {
	for _, x := range o.States() {
		if x.ID == party {
			return x.Vendor
		}
	}
	return vendors.Vendor{}
}

func (o *office) save(t *testing.T, v vendors.Vendor) {
	t.Helper()
	if v.Safeguard == "" {
		v.Safeguard = vendors.SafeguardNone
	}
	v.Version = o.record(v.Party).Version
	if err := o.Save(t.Context(), o.operator, v); err != nil {
		t.Fatal(err)
	}
}

// TestContractEnds: on its last day a contract is one, the day after the gate is shut, in every process, until a new one is on file. Without any record the party
// stays open; so does one that needs none.
func TestContractEnds(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "vendor-contract-ends")
	each(t, func(t *testing.T, o *office) {
		other := process(o.Base, vendors.Target{})
		if o.closed(t, "post") || other.closed(t, "post") {
			t.Fatal("without a record it is closed")
		}
		o.save(t, vendors.Vendor{Party: "post", Signed: o.day(-30), Ends: o.day(1), Confidential: true, Reviewed: o.day(-30)})
		o.Clock.Move(24 * time.Hour)
		if o.closed(t, "post") || other.closed(t, "post") {
			t.Error("closed on the last day")
		}
		o.Clock.Move(24 * time.Hour)
		if !o.closed(t, "post") || !other.closed(t, "post") {
			t.Error("open the day after the contract ended")
		}
		if o.closed(t, "texts") || o.closed(t, "near") {
			t.Error("another is closed with it")
		}
		refused := int64(0)
		for _, u := range o.gate.Usage() {
			if u.Processor == "post" && u.Day == o.day(0) {
				refused = u.Refused
			}
		}
		if refused != 1 {
			t.Errorf("the refusal is counted %d times", refused)
		}
		o.save(t, vendors.Vendor{Party: "post", Signed: o.day(0), Confidential: true, Reviewed: o.day(-30)})
		if o.closed(t, "post") {
			t.Error("closed with a new contract")
		}
		o.Clock.Move(4 * time.Second)
		if other.closed(t, "post") {
			t.Error("the other process does not hear of the new contract")
		}
	})
}

// TestReviewIsYearly: twelve months after the last look at its security a party is open, the day after it is closed.
func TestReviewIsYearly(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "vendor-review-yearly")
	each(t, func(t *testing.T, o *office) {
		o.save(t, vendors.Vendor{Party: "texts", Signed: o.day(0), Confidential: true, Reviewed: o.day(0)})
		o.Clock.Set(o.Clock.Now().UTC().AddDate(1, 0, 0))
		if o.closed(t, "texts") {
			t.Error("closed twelve months after the review")
		}
		o.Clock.Move(24 * time.Hour)
		if !o.closed(t, "texts") {
			t.Error("open a day later")
		}
		if o.closed(t, "keys") {
			t.Error("what keeps the house's own key is closed")
		}
	})
}

// TestRecordsAreRead: what is missing is said; wrong fields are named; nobody writes over somebody else's change, and nobody but an operator writes.
func TestRecordsAreRead(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "vendors-bound")
	each(t, func(t *testing.T, o *office) {
		missing := func() map[string]string {
			out := map[string]string{}
			for _, x := range vendors.Unbound(o.States()) {
				out[x.ID] = x.Missing()
			}
			return out
		}
		if got := missing(); len(got) != 4 || got["post"] != "contract" || got["near"] != "" || got["programs"] != "" {
			t.Errorf("missing: %v", got)
		}
		good := vendors.Vendor{Party: "post", Signed: o.day(-3), Safeguard: vendors.SafeguardClauses, Reviewed: o.day(-3), Note: "shelf 4"}
		o.save(t, good)
		if got := missing(); got["post"] != "confidentiality" {
			t.Errorf("without confidentiality: %v", got)
		}
		good.Confidential = true
		o.save(t, good)
		if _, there := missing()["post"]; there || o.record("post").Note != "shelf 4" {
			t.Error("bound, and still missing")
		}
		if err := o.Save(t.Context(), o.operator, good); !fault.Is(err, fault.Conflict) {
			t.Errorf("over a change that was not seen: %v", err)
		}
		err := o.Save(t.Context(), o.operator, vendors.Vendor{Party: "texts", Signed: o.day(2), Ends: "soon", Safeguard: "luck", Reviewed: ""})
		var f *fault.Fault
		if !errors.As(err, &f) || len(f.Fields) != 4 {
			t.Errorf("wrong fields: %v", err)
		}
		good.Version = o.record("post").Version
		if err := o.Save(t.Context(), o.As(access.Owner), good); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an owner of a clinic writes: %v", err)
		}
		for _, party := range []string{"near", "programs", "nobody"} {
			good.Party = party
			if err := o.Save(t.Context(), o.operator, good); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", party, err)
			}
		}
	})
}

func clinicIn(region, law, outside string) clinics.Clinic {
	return clinics.Clinic{Region: region, Jurisdiction: law, Outside: outside}
}

// TestHIPAAAsksForAnAgreement: a party without a Business Associate Agreement gets nothing of a clinic under HIPAA, and all of another's.
func TestHIPAAAsksForAnAgreement(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "vendor-baa")
	o := process(rig.New(t, store.SQLite, store.Options{}), vendors.Target{})
	us, in := clinicIn("US", "US", clinics.OutsideAnyone), clinicIn("IN", "IN", clinics.OutsideAnyone)
	o.Fresh()
	if o.Refused(us, "texts", "") != vendors.NoBAA || o.Refused(clinicIn("US", "US-CA", clinics.OutsideAnyone), "texts", "") != vendors.NoBAA {
		t.Error("without any record it gets patients' data")
	}
	if o.Refused(in, "texts", "") != "" || o.Refused(us, "near", "") != "" || o.Refused(us, "keys", "") != "" {
		t.Error("more is refused than the law asks")
	}
	v := vendors.Vendor{Party: "texts", Signed: o.day(0), Confidential: true, Reviewed: o.day(0)}
	o.save(t, v)
	o.Fresh()
	if o.Refused(us, "texts", "") != vendors.NoBAA {
		t.Error("a contract alone is taken for the agreement")
	}
	v.BAA = true
	o.save(t, v)
	o.Fresh()
	if o.Refused(us, "texts", "") != "" {
		t.Error("refused with the agreement")
	}
}

// TestOnlyItsOwnRegion: a clinic that wants its region only has what is stated to lie there, and nothing that nobody stated; a region that the clinic chose at a
// cloud counts; the backups must lie there, too.
func TestOnlyItsOwnRegion(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "region")
	b := rig.New(t, store.SQLite, store.Options{})
	o := process(b, vendors.Target{Name: "bucket", Place: "US", There: true})
	o.Fresh()
	c := clinicIn("IN", "IN", clinics.OutsideRegion)
	for _, x := range []struct{ party, place, want string }{
		{"post", "", ""}, {"texts", "", vendors.OutOfArea}, {"cloud", "", vendors.OutOfArea}, {"cloud", "IN", ""}, {"cloud", "US", vendors.OutOfArea}, {"near", "", ""}, {"near", "US", vendors.OutOfArea},
		{"programs", "", ""}, {"local", "", ""},
	} {
		if got := o.Refused(c, x.party, x.place); got != x.want {
			t.Errorf("%s in %q: %q, want %q", x.party, x.place, got, x.want)
		}
	}
	if o.Refused(clinicIn("EU", "EU", clinics.OutsideRegion), "cloud", "DE") != "" {
		t.Error("Germany does not lie in the European Union")
	}
	err := o.Choose(t.Context(), b.As(access.Owner), clinics.OutsideRegion, 1)
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Key != "field.outside.backups" {
		t.Errorf("a choice that the backups break: %v", err)
	}
	near := process(b, vendors.Target{Name: "/mnt/second", There: true})
	if err := near.Choose(t.Context(), b.As(access.Owner), clinics.OutsideRegion, 1); err != nil {
		t.Fatal(err)
	}
	if err := near.Choose(t.Context(), b.As(access.Manager), clinics.OutsideAnyone, 2); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a manager chooses: %v", err)
	}
	// The configuration changed under the clinic: it is said.
	found, err := o.Check(t.Context(), b.As(access.System))
	if err != nil || len(found) != 1 || found[0].What != "backups" || found[0].Why != vendors.OutOfArea {
		t.Errorf("%v %v", found, err)
	}
	if got := o.Default(clinics.Profile{Region: "IN", Jurisdiction: "IN"}); got != clinics.OutsideAnyone {
		t.Errorf("a new clinic allows %s where not everything lies in its region", got)
	}
}

// TestNobodyOutside: a clinic that wants nobody outside has nobody, not in its region and not in the operator's own network; what leads nowhere outside works.
func TestNobodyOutside(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "nobody-outside")
	o := process(rig.New(t, store.SQLite, store.Options{}), vendors.Target{})
	o.Fresh()
	c := clinicIn("IN", "IN", clinics.OutsideNobody)
	for _, p := range list() {
		if o.Refused(c, p.ID, "IN") != vendors.Nobody {
			t.Errorf("%s gets something", p.ID)
		}
	}
	if o.Refused(c, "desk", "") != "" {
		t.Error("the desk is refused")
	}
}

// TestUseIsKept: what several processes counted adds up, stays after they ended, and is let go after forty days; a count that cannot be kept is not lost.
func TestUseIsKept(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "vendor-use-shown")
	each(t, func(t *testing.T, o *office) {
		other := process(o.Base, vendors.Target{})
		refuse := func(p *office, times int) {
			for range times {
				if _, err := p.gate.DialContext("nobody")(t.Context(), "tcp", "192.0.2.9:443"); err == nil {
					t.Fatal("reached")
				}
			}
			if err := p.Flush(t.Context(), p.work); err != nil {
				t.Fatal(err)
			}
		}
		refuse(o, 2)
		refuse(other, 3)
		refuse(o, 1)
		o.Clock.Move(24 * time.Hour)
		refuse(other, 1)
		got, err := process(o.Base, vendors.Target{}).Used(t.Context())
		if err != nil || len(got) != 1 || got[0].Party != "unlisted" || got[0].Refused != 7 || got[0].Days != 2 || got[0].Last != o.day(0) {
			t.Errorf("%+v %v", got, err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := o.gate.DialContext("nobody")(egress.Looking(t.Context()), "tcp", "192.0.2.9:443"); err == nil || len(o.gate.Take()) != 0 {
			t.Error("a look of the house's own is counted")
		}
		_, _ = o.gate.DialContext("nobody")(t.Context(), "tcp", "192.0.2.9:443")
		if err := o.Flush(ended, o.work); err == nil {
			t.Fatal("kept after the end")
		}
		if left := o.gate.Take(); len(left) != 1 || left[0].Refused != 1 {
			t.Errorf("what could not be kept is lost: %v", left)
		}
		o.Clock.Move(50 * 24 * time.Hour)
		refuse(o, 1)
		if all, err := o.By(t.Context(), "2000-01-01"); err != nil || len(all) != 1 {
			t.Errorf("after fifty days: %v %v", all, err)
		}
	})
}
