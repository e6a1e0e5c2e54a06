package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"almirah/internal/accounts"
	"almirah/internal/api"
	"almirah/internal/archives"
	"almirah/internal/backup"
	"almirah/internal/billing"
	"almirah/internal/carriers/email"
	"almirah/internal/carriers/local"
	"almirah/internal/clinics"
	"almirah/internal/clock"
	"almirah/internal/consent"
	"almirah/internal/datamap"
	"almirah/internal/disclosures"
	"almirah/internal/document"
	"almirah/internal/domains"
	"almirah/internal/egress"
	"almirah/internal/followup"
	"almirah/internal/gateways/demo"
	"almirah/internal/id"
	"almirah/internal/incidents"
	"almirah/internal/insight"
	"almirah/internal/intake"
	"almirah/internal/jobs"
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
	"almirah/internal/vault"
	"almirah/internal/vendors"
	"almirah/internal/visits"
	"almirah/internal/web"
	"almirah/internal/words"
)

// House is the whole program, opened.
type House struct {
	Config   Config
	DB       *store.DB
	Vault    *vault.Vault
	Clock    clock.Clock
	Log      *slog.Logger
	Gate     *egress.Gate
	Book     *words.Book
	Clinics  *clinics.Service
	Accounts *accounts.Service
	Patients *patients.Service
	Consent  *consent.Service
	Policies *policies.Service
	Desk     *scheduling.Desk
	Messages *messaging.Service
	Followup *followup.Service
	Bills    *billing.Service
	Pay      *billing.Gateways
	Press    *document.Press
	Scripts  *prescriptions.Service
	Plans    *subscription.Service
	Intake   *intake.Service
	Visits   *visits.Service
	Watch    *oversight.Service
	Map      *datamap.Service
	Insight  *insight.Service
	Support  *support.Service
	Domains  *domains.Service
	Vendors  *vendors.Service
	Trouble  *incidents.Service
	Given    *disclosures.Service
	Requests *requests.Service
	Programs *programs.Service
	Lives    *retention.Service
	Erasure  *privacy.Service
	Archives *archives.Service
	Jobs     *jobs.Jobs
	Outbox   *local.Outbox // nil outside the demo
	Mail     *email.Carrier
	Backups  *backup.Room

	handler   http.Handler
	bank      *demo.Bank    // the demo's stand-in for a payment gateway; nil outside the demo
	receiving *demoReceiver // the demo's stand-in for a program of the clinic's own; nil outside the demo
	phones    *local.Phones // the demo's, with the stand-ins that reach them; nil outside the demo
	silence   func()        // ends what the phones report by themselves; nil until they do
	toldOf    sync.Map      // which clinics were told of which text by this process
	letters   sync.Map      // the demo's letters about accounts, which belong to no clinic, by id
	limit     *limiter
	started   bool
	asked     atomic.Int64 // requests of people, for rest
	probing   probing
	draining  draining
	held      atomic.Bool // nothing may leave: the database came back from a backup
	backing   backing
	daybook   *daybook // the log of requests; nil where it goes to standard error
	hearing   hearing
	openedAt  time.Time   // when this program was started
	slow      slowWatch   // statements that took long
	errors    *keptErrors // the last errors of the log
	meters    *meters
	lastGood  lastGood // of the checks behind /readyz
	canary    canaryWalks
	forged    forgeries // reports with a wrong signature, for the watch over incidents
	guarding  guarding
	site      *web.Site
	making    sync.WaitGroup  // archives that are being made for a page
	lives     context.Context // ends when the house closes
	end       context.CancelFunc
}

// Options are for tests: a carrier in place of the configured one, and eyes on statements.
type Options struct {
	Carriers []messaging.Carrier
	Wrap     func(messaging.Carrier) messaging.Carrier // round every carrier; nil for none
	Store    store.Options
	Quiet    *messaging.Quiet // the bench is run at any hour; nil for the night
}

// Open opens every room. It fails, with a sentence that says what to do, when the keys are
// missing, the database does not answer, or a column of it was declared by no room. It does not
// listen and starts no work: Run does.
func Open(ctx context.Context, c Config, clk clock.Clock, log *slog.Logger, o Options) (*House, error) {
	if c.Demo {
		clk = &demoClock{Clock: clk}
	}
	h := &House{Config: c, Clock: clk, openedAt: clk.Now()}
	h.lives, h.end = context.WithCancel(context.Background())
	var err error
	if h.daybook, err = openDaybook(c.Requests, clk, func(err error) { h.Log.Error("lines of the log of requests are lost", "error", err) }); err != nil {
		return nil, err
	}
	h.Log, h.errors = newLog(log.Handler(), h.daybook)
	if err := h.open(ctx, o); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *House) open(ctx context.Context, o Options) (err error) {
	c := h.Config
	if err := h.asOwner(ctx); err != nil {
		return err
	}
	// Opening the vault replays its journal first: what was erased stays erased, whatever was restored.
	if h.Gate, err = c.gate(h); err != nil {
		return err
	}
	keepers, err := c.Keeping.keepers(h.Gate, h.Clock)
	if err != nil {
		return err
	}
	if h.Vault, err = vault.Open(ctx, vault.Config{RootKeyFile: c.Keys, StoreURL: c.KeystoreURL, JournalFile: c.KeyJournal, Keepers: keepers, Grace: c.Keeping.Grace}, h.Clock); err != nil {
		return err
	}
	if o.Store.Slow == nil {
		o.Store.Slow = h.slow.add
	}
	o.Store.Paid = o.Store.Paid || len(c.Plans.List) > 0
	if h.DB, err = store.Open(ctx, c.DatabaseURL, h.Vault, h.Clock, h.Log, o.Store); err != nil {
		return err
	}
	from, to, err := h.DB.Migrate(ctx, nil)
	if err != nil {
		return err
	}
	if from != to {
		h.Log.Info("schema upgraded", "from", from, "to", to)
	}
	if err := h.DB.Fenced(ctx); err != nil {
		return err
	}
	schema, err := h.DB.Schema(ctx)
	if err != nil {
		return err
	}
	if err := onTheMap(schema); err != nil {
		return fmt.Errorf("the database holds what no room declared, so nothing is served:\n%w", err)
	}
	if err := h.Vault.OpenClinic(ctx, id.Zero); err != nil {
		return err
	}
	if err := h.readHeld(ctx); err != nil {
		return err
	}
	if h.Book, err = words.Load(); err != nil {
		return err
	}
	return h.rooms(o, keepers)
}

func (h *House) rooms(o Options, keepers []vault.Keeper) (err error) {
	c := h.Config
	if h.Backups, err = h.backups(keepers); err != nil {
		return err
	}
	carriers := o.Carriers
	switch {
	case len(carriers) > 0:
	case c.Demo:
		h.Outbox = &local.Outbox{}
		carriers = []messaging.Carrier{local.New(h.Outbox, h.Clock, messaging.Email)}
	case c.Mail.Host != "":
		if h.Mail, err = email.New(h.Gate.DialContext(mailProcessor), h.Clock, h.Log, c.Mail); err != nil {
			return err
		}
		carriers = []messaging.Carrier{h.Mail}
	}
	if o.Wrap != nil {
		for i := range carriers {
			carriers[i] = o.Wrap(carriers[i])
		}
	}
	h.Vendors = h.vendors()
	h.Clinics = clinics.New(h.DB, h.Log, clinics.Options{Outside: h.Vendors.Default, Anyone: accounts.Public(id.Zero), HasUpcoming: func(tx *store.Tx) (bool, error) { return scheduling.HasUpcoming(&tx.View) },
		Founded: h.founded, Changed: func(tx *store.Tx, c clinics.Clinic) error { _, err := policies.Reground(tx, c); return err }})
	var seed func(string) []byte // chance, outside the demo
	if c.Demo {
		seed = demoSeed
	}
	h.Accounts = accounts.New(h.DB, h.Log, accounts.Options{Clinics: h.Clinics, Book: h.Book, PublicURL: c.PublicURL, Terms: TermsVersion, Idle: c.Idle, Seed: seed, Confidential: true})
	if err := h.keepDocuments(context.Background()); err != nil {
		return err
	}
	h.Support = support.New(h.DB, h.Log, support.Options{Accounts: h.Accounts, Clinics: h.Clinics})
	h.Domains = h.domains()
	h.Desk = scheduling.New(h.DB, h.Log, prescriptions.EndShares)
	h.Patients = patients.New(h.DB, h.Log, h.Desk.EndSent)
	h.Consent, h.Policies = consent.New(h.DB, h.Log), policies.New(h.DB)
	sender := c.Mail.From
	if sender == "" { // no letter leaves such a house, but a calendar entry needs an organizer where the clinic has no address
		sender = "clinic@example.org"
	}
	loop, loops := h.loops()
	h.Messages = messaging.New(h.DB, h.Log, messaging.Options{Loop: loop, Loops: loops, Book: h.Book, Carriers: carriers, Accounts: append(h.offered(), h.demoProviders()...), Public: c.PublicURL, Sender: sender, Quiet: o.Quiet, Measure: measured, Recipient: h.party, Outside: h.allows()})
	h.Followup, h.Intake, h.Visits = followup.New(h.DB), intake.New(h.DB), visits.New(h.DB)
	h.Watch = oversight.New(h.DB)
	h.Map = datamap.New(h.DB, h.Watch, rooms(), h.mapped)
	h.Trouble = incidents.New(h.DB, h.Log, incidents.Options{Accounts: h.Accounts, Clinics: h.Clinics, Carries: carries})
	h.Given = disclosures.New(h.DB, disclosures.Options{Collect: collectPart, Texts: h.disclosureTexts, Here: h.Accounts.Here})
	h.Requests = requests.New(h.DB, h.Log, requests.Options{Book: h.Book, EndLinks: h.Desk.EndSent, Collect: collectAll, Erase: h.eraseFor, Believed: func(ctx context.Context) (bool, error) { return h.Lives.Believed(ctx) }})
	h.Erasure = h.privacy()
	h.Bills, h.Press = billing.New(h.DB, h.Log), document.ThePress()
	h.Scripts = prescriptions.New(h.DB, h.Book, h.Press, c.PublicURL)
	h.Pay = billing.NewGateways(h.DB, h.Log, billing.GatewaysOptions{Gateways: h.gateways(), HookURL: h.hookURL, Recipient: h.payee, Fresh: h.Vendors.Fresh, Refused: func(c clinics.Clinic, provider string) string { return h.Vendors.Refused(c, provider, "") }})
	asked, err := c.Plans.terms(h.Gate, h.bank)
	if err != nil {
		return err
	}
	h.Plans = subscription.New(h.DB, h.Log, subscription.Options{Terms: asked, Clinics: h.Clinics, Tell: h.Accounts.TellOwners, Back: c.PublicURL + "/app/account/paid"})
	h.startReceiver()
	h.Programs = programs.New(h.DB, h.Log, programs.Options{Accounts: h.Accounts, Reach: h.receiver, Refused: func(c clinics.Clinic) string { return h.Vendors.Refused(c, programsProcessor, "") }})
	h.Lives = retention.New(h.DB, h.Log, retention.Options{Accounts: h.Accounts, Doers: doers, LifeFor: agreedLife, Shortened: policies.ShortenedAt, Head: h.headAt, ForClinic: jobs.ForClinic, Platform: jobs.Platform, Tables: clinicTables(),
		Keep: h.Erasure.KeepAtClosing, Kept: h.Erasure.KeptAtClosing, End: h.Erasure.EndCustodies, Spread: func(ctx context.Context) { h.spread(ctx, true) }})
	h.Insight = insight.New(h.DB, h.Lives.Lives)
	h.Archives = h.archives()
	h.Jobs = jobs.New(h.DB, h.Messages, h.Clock, h.Log, jobs.Options{DatabaseURL: c.DatabaseURL, Chores: h.chores(carriers), Gateways: h.Pay, Programs: h.Programs, Held: h.Held})
	return h.doors()
}

func (h *House) doors() error {
	address := addressOf(h.Config.Proxies)
	h.limit = newLimiter(h.Config.PublicLimit, h.Clock, address)
	var code func(string, int64) string
	if h.Config.Demo {
		code = h.demoCode
	}
	site, err := web.NewSite(web.Deps{DemoCode: code, DB: h.DB, Clinics: h.Clinics, Accounts: h.Accounts, Patients: h.Patients, Consent: h.Consent, Policies: h.Policies, Desk: h.Desk, Messages: h.Messages,
		Followup: h.Followup, Intake: h.Intake, Visits: h.Visits, Insight: h.Insight, Support: h.Support, Domains: h.Domains, Vendors: h.Vendors, Operating: h.operating, Trouble: h.Trouble, Given: h.Given, Lives: h.Lives, TellClinics: h.tellClinics, Requests: h.Requests, HandOver: h.handRequest, StaffNames: h.staffNames, Scripts: h.Scripts, Plans: h.Plans, Programs: h.Programs, Archives: h.Archives, Bills: h.Bills, Pay: h.Pay, Press: h.Press, Book: h.Book, Clock: h.Clock, Log: h.Log, PublicURL: h.Config.PublicURL, Demo: h.Config.Demo, DemoLogins: demoLogins(h.Config.Demo),
		Outbox: h.delivered(), Received: h.received(), Phones: h.demoPhones(), Processors: h.Gate.List, Promises: h.Promises, Spells: h.Spells, LookNow: h.Probe, Limit: h.limit.Wait, Address: address, Close: h.erase, EraseColleague: h.eraseColleague, Erasure: h.Erasure, ErasureKey: h.Vault.CertificateKey, Backups: h.Backups.State, BackupsNow: h.backing.state, Walks: h.walkPage, WalkNow: h.askForWalk, Release: h.Release, Alone: h.single, Entity: web.Entity(h.Config.Entity), Ledger: h.ledger(), Watch: h.Watch, Map: h.Map, ClinicMap: h.ClinicMap, HouseMap: h.HouseMap})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", h.ready)
	h.witnessed(mux)
	h.site, h.meters = site, newMeters(h)
	mux.HandleFunc("GET /metrics", h.operators(h.meters.show.ServeHTTP))
	mux.HandleFunc("GET /operate", h.operators(h.operate))
	mux.HandleFunc("GET /domains/known", h.operators(h.known))
	if h.bank != nil {
		mux.Handle(demo.Path, h.bank)
	}
	api.New(h.Clinics, h.Desk, h.Messages, h.Book, h.Log, api.Options{Payments: h.Pay, Programs: h.Programs, Patients: h.Patients, Bills: h.Bills, Held: h.Held, Clock: h.Clock, PublicURL: h.Config.PublicURL, Limit: h.limit.Wait, Address: address, Forged: h.forged.add}).Mount(mux)
	site.Mount(mux)
	secure := strings.HasPrefix(h.Config.PublicURL, "https://")
	named, err := newHosts(h.Config, mux, h.Domains.Of)
	if err != nil {
		return err
	}
	h.handler = h.visitors(guard(named, secure, h.Clock, h.Log, proxied(h.Config.Proxies), h.meters.answered), address)
	return nil
}

// head is the newest head of the audit log as somebody keeps it outside; empty before the first.
func (h *House) head(ctx context.Context) (string, error) {
	x, err := h.DB.Head(ctx, accounts.Operator())
	if err != nil || x.Size == 0 {
		return "", err
	}
	return x.String(), nil
}

// Handler answers every route of the house.
func (h *House) Handler() http.Handler { return h.handler }

// delivered is what the local carriers took, for the demo's outbox page; nil outside the demo.
func (h *House) delivered() func() []web.Delivered {
	if h.Outbox == nil {
		return nil
	}
	return func() []web.Delivered {
		var out []web.Delivered
		for _, m := range h.Outbox.List() {
			d := web.Delivered{ID: m.ID.String(), Channel: string(m.Channel), Subject: m.Subject, Text: m.Text, HTML: m.HTML, ICS: string(m.ICS), At: m.At}
			_, d.Account = h.letters.Load(m.ID)
			for _, x := range m.Headers {
				switch x.Name {
				case "To":
					d.To = x.Value
				case "From":
					d.From = x.Value
				case "List-Unsubscribe":
					d.UnsubscribeURL = strings.Trim(x.Value, "<>")
				}
			}
			out = append(out, d)
		}
		return out
	}
}

// Start begins the house's own work: queue, ticks, sending.
func (h *House) Start(ctx context.Context) error {
	if err := h.Settle(ctx, func(string, ...any) {}); err != nil {
		return err
	}
	if err := h.Jobs.Start(ctx); err != nil {
		return err
	}
	h.started = true
	h.keepUse(ctx)
	h.keepBackups(ctx)
	h.keepHearing(ctx)
	h.ring(ctx)
	return nil
}

// Run starts the work and serves until ctx ends. ready is told where it listens.
func (h *House) Run(ctx context.Context, ready func(net.Addr)) error {
	if err := h.Start(ctx); err != nil {
		return err
	}
	go h.rest(ctx)
	certifier := h.Config.manager(h.Gate, h.certificates(), h.certifiable)
	return listen(ctx, h.Config, h.counting(h.handler), certifier, &h.draining, ready, h.Log)
}

// Close ends work and closes every room, whatever was opened.
func (h *House) Close() error {
	var errs []error
	if h.silence != nil {
		h.silence()
	}
	h.end()
	h.making.Wait()
	h.backing.end()
	h.hearing.end()
	if h.started {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		errs = append(errs, h.Jobs.Stop(ctx))
		h.guarding.end(h.flushUse)
	}
	h.daybook.end()
	if h.DB != nil {
		errs = append(errs, h.DB.Close())
	}
	if h.Vault != nil {
		errs = append(errs, h.Vault.Close())
	}
	return errors.Join(errs...)
}
