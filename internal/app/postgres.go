package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"almirah/internal/jobs"
	"almirah/internal/store"
	"almirah/internal/vault"
	"almirah/internal/web"
)

// Servers is what a deployment on PostgreSQL, or on several machines, is told besides its address.
type Servers struct {
	OwnerURL         string        // ALMIRAH_DATABASE_OWNER_URL: of whoever owns the tables, straight to the server; for upgrades alone
	KeystoreOwnerURL string        // ALMIRAH_KEYSTORE_OWNER_URL: the same for a key store on PostgreSQL
	Standby          bool          // ALMIRAH_DATABASE_STANDBY: a commit must wait for a second server
	Drain            time.Duration // ALMIRAH_DRAIN: how long a process that was told to end goes on serving while it says that it is not ready
}

// longestDrain is less than what supervisors give a program to end.
const longestDrain = time.Minute

func (c *Config) servers(or func(string, string) string, wrong func(string, string)) {
	s := &c.Servers
	onPostgres := func(raw string) bool {
		u, err := url.Parse(raw)
		return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
	}
	if s.OwnerURL = or("ALMIRAH_DATABASE_OWNER_URL", ""); s.OwnerURL != "" && !(onPostgres(s.OwnerURL) && onPostgres(c.DatabaseURL)) {
		wrong("ALMIRAH_DATABASE_OWNER_URL", "write postgres://owner:password@host/name, for the database of ALMIRAH_DATABASE_URL")
	}
	derived := ""
	if s.OwnerURL != "" && c.KeystoreURL == keystoreFor(c.DatabaseURL, c.Keys) {
		derived = keystoreFor(s.OwnerURL, c.Keys)
	}
	if s.KeystoreOwnerURL = or("ALMIRAH_KEYSTORE_OWNER_URL", derived); s.KeystoreOwnerURL != "" && !(onPostgres(s.KeystoreOwnerURL) && onPostgres(c.KeystoreURL)) {
		wrong("ALMIRAH_KEYSTORE_OWNER_URL", "write postgres://owner:password@host/name, for the key store of ALMIRAH_KEYSTORE_URL")
	}
	otherwise := "off"
	if u, err := url.Parse(c.DatabaseURL); err == nil && onPostgres(c.DatabaseURL) && (strings.Contains(u.Host, ",") || strings.Contains(u.Query().Get("host"), ",")) {
		otherwise = "required"
	}
	switch or("ALMIRAH_DATABASE_STANDBY", otherwise) {
	case "required":
		s.Standby = true
	case "off":
	default:
		wrong("ALMIRAH_DATABASE_STANDBY", "write required (no booking is acknowledged before a second server has it) or off")
	}
	var err error
	if s.Drain, err = time.ParseDuration(or("ALMIRAH_DRAIN", "0s")); err != nil || s.Drain < 0 || s.Drain > longestDrain {
		wrong("ALMIRAH_DRAIN", "write a span up to 1m, such as 10s: longer than the balancer takes to notice that this process is not ready")
	}
}

func (s Servers) masked(mask func(string) string) []string {
	standby := "off"
	if s.Standby {
		standby = "required"
	}
	shown := func(raw string) string {
		if raw == "" {
			return ""
		}
		return mask(raw)
	}
	return []string{"ALMIRAH_DATABASE_OWNER_URL=" + shown(s.OwnerURL), "ALMIRAH_KEYSTORE_OWNER_URL=" + shown(s.KeystoreOwnerURL), "ALMIRAH_DATABASE_STANDBY=" + standby, "ALMIRAH_DRAIN=" + s.Drain.String()}
}

// asOwner brings the key store, the tables and the queue up to date under the role that owns them, where the deployment names it, and gives the small roles
// what they need.
func (h *House) asOwner(ctx context.Context) (err error) {
	c := h.Config
	if c.KeystoreOwnerURL != "" {
		if err := vault.Prepare(ctx, c.KeystoreOwnerURL, c.KeystoreURL, h.Clock); err != nil {
			return err
		}
	}
	if c.OwnerURL == "" {
		return nil
	}
	db, err := store.Open(ctx, c.OwnerURL, nil, h.Clock, h.Log, store.Options{Readers: 1, Writers: 2})
	if err != nil {
		return fmt.Errorf("ALMIRAH_DATABASE_OWNER_URL: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return h.upgrade(ctx, db, c.OwnerURL)
}

func (h *House) upgrade(ctx context.Context, db *store.DB, address string) error {
	from, to, err := db.Migrate(ctx, nil)
	if err != nil {
		return err
	}
	if from != to {
		h.Log.Info("schema upgraded", "from", from, "to", to)
	}
	if err := jobs.Prepare(ctx, db, address, h.Log); err != nil {
		return err
	}
	return db.Grant(ctx)
}

// draining says that this process was told to end.
type draining struct{ atomic.Bool }

// ending says that nobody should be sent to this process any more.
func (h *House) ending() bool { return h.draining.Load() }

// postgresChecks are for readiness: whether the fence between clinics holds, whether the way is encrypted, and whether a second server has what is acknowledged.
func (h *House) postgresChecks(ctx context.Context, add func(name string, err error, state, words string)) {
	if h.ending() {
		add("process", nil, web.WatchBad, "told to end")
	}
	if h.DB.Engine() != store.Postgres {
		return
	}
	r, err := h.DB.Role(ctx)
	if err == nil {
		err = h.DB.FencedFor(ctx, r)
	}
	add("fence", err, web.WatchGood, "")
	switch {
	case err != nil:
		return
	case !r.Small():
		add("role", nil, web.WatchLate, strings.Join(r.More, ", ")+"; docs/postgresql.md has a smaller one")
	default:
		add("role", nil, web.WatchGood, "")
	}
	switch w, err := h.DB.Way(ctx); {
	case err != nil:
		add("way", err, "", "")
	case !w.Local && !w.Verified:
		add("way", nil, web.WatchLate, "the server's certificate is not asked for: sslmode=verify-full")
	default:
		add("way", nil, web.WatchGood, "")
	}
	if !h.Config.Standby {
		return
	}
	switch k, err := h.DB.Keeping(ctx); {
	case err != nil:
		add("standby", err, "", "")
	case !k.Twice():
		add("standby", nil, web.WatchLate, "what is acknowledged is on one server alone")
	default:
		add("standby", nil, web.WatchGood, "")
	}
}

// postgres is the verb for the roles: what a superuser runs, printed, so that no superuser's password ever comes to this program.
func (c *console) postgresRoles(_ context.Context, args []string) error {
	cfg, _, err := c.configured(false)
	if err != nil {
		return err
	}
	u, err := url.Parse(cfg.DatabaseURL)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") || strings.Trim(u.Path, "/") == "" {
		return errors.New("ALMIRAH_DATABASE_URL names no database of PostgreSQL: write postgres://almirah_app@host/almirah")
	}
	database := strings.Trim(u.Path, "/")
	owner := database + "_owner"
	if o, err := url.Parse(cfg.OwnerURL); err == nil && o.User.Username() != "" {
		owner = o.User.Username()
	}
	c.say("%s", store.RolesText(database, owner))
	return nil
}
