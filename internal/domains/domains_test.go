package domains_test

import (
	"bytes"
	"context"
	"net/netip"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/domains"
	"almirah/internal/egress"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/promise"
	"almirah/internal/rig"
	"almirah/internal/rig/nameserver"
	"almirah/internal/store"
)

const (
	host  = "book.sunrise-clinic.org"
	ours  = "198.51.100.7"
	canon = "clinic.example.org"
)

// house is a database with a name server beside it.
type house struct {
	*rig.Base
	t       *testing.T
	dns     *nameserver.Server
	clinics *clinics.Service
	domains *domains.Service
}

func open(t *testing.T, b *rig.Base) *house {
	t.Helper()
	h := &house{Base: b, t: t, dns: nameserver.Start(t)}
	h.clinics = clinics.New(b.DB, b.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
	h.domains = domains.New(b.DB, b.Log, domains.Options{Clinics: h.clinics, Names: egress.NewNames(h.dns.Addr), Canonical: canon, Own: []string{canon, "www.almirah.example.org"}})
	h.dns.Lead(canon, ours, "2001:db8::7")
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// claim claims the name for the clinic and sets its records as the page says.
func (h *house) claim(owner access.Caller, name string) domains.Domain {
	h.t.Helper()
	h.must(h.domains.Claim(h.t.Context(), owner, name))
	d, there, err := h.domains.Get(h.t.Context(), owner)
	if h.must(err); !there {
		h.t.Fatal("the claim is not kept")
	}
	return d
}

// looked looks the name up, and says what was found and with which name links begin now.
func (h *house) looked(who access.Caller) (d domains.Domain, links string) {
	h.t.Helper()
	d, err := h.domains.Check(h.t.Context(), who)
	h.must(err)
	c, err := h.clinics.Get(h.t.Context(), who)
	h.must(err)
	return d, c.Host
}

// served says whether the name is the clinic's, after what is remembered of it is forgotten.
func (h *house) served(name string, clinic id.ID) bool {
	h.t.Helper()
	h.Clock.Move(11 * time.Second)
	got, slug, err := h.domains.Of(h.t.Context(), name)
	if fault.Is(err, fault.NotFound) {
		return false
	}
	h.must(err)
	return got == clinic && slug != ""
}

// TestANameIsProvenBeforeItIsServed: each record that is missing or wrong is named; with all of them the name is the clinic's, and its links begin
// with it. What stops to work makes links fall back at once, and is let go after three days; name servers that fall silent change nothing for a
// day.
func TestANameIsProvenBeforeItIsServed(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-domain")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		owner, system := b.As(access.Owner), b.As(access.System)
		d := h.claim(owner, "https://Book.Sunrise-Clinic.org/")
		if d.Host != host || h.served(host, b.Clinic) {
			t.Fatalf("claimed %q, served before it is proven", d.Host)
		}
		step := func(what, problem, links string) domains.Domain {
			t.Helper()
			d, got := h.looked(system)
			if d.Problem != problem || got != links {
				t.Fatalf("%s: problem %q, links by %q; want %q and %q", what, d.Problem, got, problem, links)
			}
			return d
		}
		step("no record", domains.NoName, "")
		h.dns.Lead(host, "203.0.113.9", ours)
		if d := step("another server too", domains.Elsewhere, ""); d.Found != "203.0.113.9" {
			t.Errorf("found %q", d.Found)
		}
		h.dns.Alias(host, canon)
		step("no proof", domains.NoProof, "")
		h.dns.Say(domains.ProofName(host), "almirah=somebodyelses")
		step("a wrong proof", domains.WrongProof, "")
		h.dns.Silence(true)
		step("silence", domains.NoAnswer, "")
		h.dns.Silence(false)
		if h.served(host, b.Clinic) {
			t.Fatal("served without a proof")
		}
		h.dns.Say(domains.ProofName(host), "v=spf1 -all", d.Proof)
		step("proven", "", host)
		if !h.served(host, b.Clinic) {
			t.Fatal("proven, and not served")
		}

		h.dns.Silence(true)
		step("silence for a moment", domains.NoAnswer, host)
		b.Clock.Move(25 * time.Hour)
		step("silence for a day", domains.NoAnswer, "")
		h.dns.Silence(false)
		step("it answers again", "", host)

		h.dns.Lead(host, "203.0.113.9")
		if d := step("it leads elsewhere", domains.Elsewhere, ""); d.LetGo() == 0 || !h.served(host, b.Clinic) {
			t.Error("a name is let go at once")
		}
		h.dns.Alias(host, canon)
		step("it leads here again", "", host)
		h.dns.Say(domains.ProofName(host))
		step("the proof is gone", domains.NoProof, "")
		b.Clock.Move(73 * time.Hour)
		if d := step("the proof is gone for days", domains.NoProof, ""); d.Proven != 0 || h.served(host, b.Clinic) {
			t.Error("a name without a proof is served still")
		}
		h.dns.Say(domains.ProofName(host), d.Proof)
		step("proven again", "", host)

		h.must(h.domains.Remove(t.Context(), owner))
		if c, err := h.clinics.Get(t.Context(), owner); err != nil || c.Host != "" || h.served(host, b.Clinic) {
			t.Errorf("removed, and still there: %q %v", c.Host, err)
		}
		if _, err := h.domains.Check(t.Context(), owner); !fault.Is(err, fault.NotFound) {
			t.Errorf("nothing is claimed: %v", err)
		}
		if err := h.domains.Claim(t.Context(), b.As(access.Manager), host); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a manager claims: %v", err)
		}
	})
}

// TestOneNameOneClinic: a claim that is not proven keeps nobody from the name; of two who prove it the first has it, until it is given up. The sweep
// does all that without anybody asking, and forgets what nobody proved in a month.
func TestOneNameOneClinic(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-domain-one")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		ctx := t.Context()
		other := b.Found(t, "moonlight")
		mine, theirs := b.As(access.Owner), b.In(other, access.Owner)
		sweep := func() {
			t.Helper()
			h.must(h.domains.Sweep(ctx, b.As(access.System), func(c id.ID) access.Caller { return b.In(c, access.System) }))
		}
		squatter, owner := h.claim(mine, host), h.claim(theirs, host)
		if squatter.Proof == owner.Proof {
			t.Fatal("two clinics have one proof")
		}
		h.dns.Lead(host, ours)
		h.dns.Say(domains.ProofName(host), owner.Proof)
		b.Clock.Move(16 * time.Minute)
		sweep()
		if !h.served(host, other) {
			t.Fatal("a claim that is not proven keeps the owner from her name")
		}
		h.dns.Say(domains.ProofName(host), owner.Proof, squatter.Proof)
		d, links := h.looked(mine)
		if d.Problem != domains.Taken || links != "" || !h.served(host, other) {
			t.Fatalf("two clinics have one name: %q, links %q", d.Problem, links)
		}
		h.must(h.domains.Remove(ctx, theirs))
		if d, links = h.looked(mine); d.Problem != "" || links != host || !h.served(host, b.Clinic) {
			t.Fatalf("a name that was given up is not free: %q", d.Problem)
		}

		// Whoever only wished for the name takes nothing away with the wish: neither by giving it up, nor by letting it lie.
		kept := func(what string) {
			t.Helper()
			if _, there, err := h.domains.Certificate(ctx, host); err != nil || !there {
				t.Errorf("%s by another clinic took the certificate away: %v", what, err)
			}
		}
		h.must(h.domains.KeepCertificate(ctx, host, []byte("key")))
		h.claim(theirs, host)
		h.must(h.domains.Remove(ctx, theirs))
		kept("a claim given up")
		h.claim(theirs, host)
		b.Clock.Move(31 * 24 * time.Hour)
		sweep()
		kept("a claim that lay for a month")

		h.claim(theirs, "never.moonlight-clinic.org")
		b.Clock.Move(31 * 24 * time.Hour)
		sweep()
		if _, there, err := h.domains.Get(ctx, theirs); err != nil || there {
			t.Errorf("a claim of a month ago is kept: %v", err)
		}
		sweep()
		if d, links := h.looked(mine); d.Problem != "" || links != host {
			t.Errorf("a name that works was lost: %q", d.Problem)
		}
		h.must(h.domains.Remove(ctx, mine))
		if _, there, err := h.domains.Certificate(ctx, host); err != nil || there {
			t.Errorf("whoever had the name gave it up, and its key is kept: %v", err)
		}
	})
}

// TestWhatIsNoName: addresses, names inside a network, names of the deployment and what is no name at all are refused with the field.
func TestWhatIsNoName(t *testing.T) {
	t.Parallel()
	own := []string{canon}
	for typed, want := range map[string]string{
		"Book.Example.ORG.": "book.example.org", "https://book.example.org/": "book.example.org", "münchen-praxis.de": "xn--mnchen-praxis-wob.de", "": "", "localhost": "", "clinic": "", "10.0.0.7": "",
		"[::1]": "", "a.local": "", "x.internal": "", canon: "", "sub." + canon: "", "book.example.org:8443": "", "book.example.org/path": "", "a b.org": "", "-a.example.org": "", "a..org": "", "user@example.org": "",
		"*.example.org": "", "example.org\r\nX: y": "", "a_b.example.org": "", "1.2.3": "",
	} {
		got, err := domains.Parse(typed, own)
		if (err == nil) != (want != "") || err == nil && got != want || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %q %v, want %q", typed, got, err, want)
		}
	}
}

// TestCertificatesAreSealed: what one node keeps another reads; in the database it is sealed, each under its own name.
func TestCertificatesAreSealed(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "own-domain-keys")
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		h := open(t, b)
		ctx := context.Background()
		secret := []byte("-----BEGIN EC PRIVATE KEY-----\nnobody-reads-this\n-----END EC PRIVATE KEY-----\n")
		h.must(h.domains.KeepCertificate(ctx, host, secret))
		db := b.Open(t, store.Options{})
		node := domains.New(db, b.Log, domains.Options{Addresses: []netip.Addr{netip.MustParseAddr(ours)}})
		got, there, err := node.Certificate(ctx, host)
		if h.must(err); !there || !bytes.Equal(got, secret) {
			t.Fatalf("another node reads %q", got)
		}
		var sealed []byte
		h.must(db.Across(ctx, accounts.Operator(), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
			return p.Row("SELECT sealed FROM certificate WHERE name = $1", host).Scan(&sealed)
		}))
		if len(sealed) == 0 || bytes.Contains(sealed, []byte("PRIVATE")) || bytes.Contains(sealed, []byte("nobody-reads")) {
			t.Error("the key of a certificate lies open in the database")
		}
		h.must(db.Across(ctx, accounts.Operator(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
			p.Housekeeping("a test moves what is sealed to another name")
			_, err := p.Exec("UPDATE certificate SET name = 'evil.example.net' WHERE name = $1", host)
			return err
		}))
		if data, there, err := node.Certificate(ctx, "evil.example.net"); err == nil {
			t.Errorf("what was sealed for one name is read as another's: %v %q", there, data)
		}
		h.must(node.DropCertificate(ctx, "evil.example.net"))
		if _, there, err := h.domains.Certificate(ctx, "evil.example.net"); err != nil || there {
			t.Errorf("dropped, and there: %v", err)
		}
		if at, err := node.CertifiedUntil(ctx, host); err != nil || at != 0 {
			t.Errorf("until %d: %v", at, err)
		}
	})
}
