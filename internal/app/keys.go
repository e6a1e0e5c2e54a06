package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"almirah/internal/access"
	"almirah/internal/backup"
	"almirah/internal/clock"
	"almirah/internal/egress"
	"almirah/internal/vault"
)

// Keeping is what a deployment is told about services that may keep its root key. Which of them does stands in the root key file; a service that is
// named here and keeps nothing is asked for nothing.
type Keeping struct {
	Vault          string // ALMIRAH_VAULT_URL: address of HashiCorp Vault or OpenBao
	VaultKey       string // ALMIRAH_VAULT_KEY: name of a key of its transit engine
	VaultMount     string // ALMIRAH_VAULT_MOUNT: where the engine is
	VaultToken     string // ALMIRAH_VAULT_TOKEN_FILE: file with the token
	VaultNamespace string // ALMIRAH_VAULT_NAMESPACE
	VaultRoots     string // ALMIRAH_VAULT_CA: file with the authorities by which its certificate is trusted; it may then stand in the own network
	VaultRegion    string // ALMIRAH_VAULT_REGION: for the sub-processor list

	KMSKey     string        // ALMIRAH_KMS_KEY: id or ARN of a key of AWS KMS
	KMSRegion  string        // ALMIRAH_KMS_REGION
	KMS        string        // ALMIRAH_KMS_URL: another address than Amazon's own
	KMSKeyID   string        // ALMIRAH_KMS_KEY_ID, ALMIRAH_KMS_SECRET, ALMIRAH_KMS_SESSION: of the access key
	KMSSecret  string        //
	KMSSession string        //
	Grace      time.Duration // ALMIRAH_KEEPER_GRACE: for how long records open while the service does not answer
}

const (
	vaultProcessor = "key-vault"
	kmsProcessor   = "key-kms"
)

func (c *Config) keeping(get func(string) string, or func(string, string) string, wrong func(string, string)) {
	k := Keeping{Vault: strings.TrimRight(or("ALMIRAH_VAULT_URL", ""), "/"), VaultKey: or("ALMIRAH_VAULT_KEY", ""), VaultMount: or("ALMIRAH_VAULT_MOUNT", "transit"), VaultToken: or("ALMIRAH_VAULT_TOKEN_FILE", ""),
		VaultNamespace: or("ALMIRAH_VAULT_NAMESPACE", ""), VaultRoots: or("ALMIRAH_VAULT_CA", ""), VaultRegion: or("ALMIRAH_VAULT_REGION", "not stated"),
		KMSKey: or("ALMIRAH_KMS_KEY", ""), KMSRegion: or("ALMIRAH_KMS_REGION", ""), KMS: strings.TrimRight(or("ALMIRAH_KMS_URL", ""), "/"), KMSKeyID: or("ALMIRAH_KMS_KEY_ID", ""), KMSSecret: get("ALMIRAH_KMS_SECRET"), KMSSession: get("ALMIRAH_KMS_SESSION")}
	var err error
	if k.Grace, err = time.ParseDuration(or("ALMIRAH_KEEPER_GRACE", vault.DefaultGrace.String())); err != nil || k.Grace < 5*time.Minute || k.Grace > 24*time.Hour {
		wrong("ALMIRAH_KEEPER_GRACE", "write a span from 5m to 24h")
	}
	address := func(name, at string) {
		if u, err := url.Parse(at); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || strings.Trim(u.Path, "/") != "" {
			wrong(name, "write the https:// address of the service, without a path")
		}
	}
	if k.Vault != "" {
		address("ALMIRAH_VAULT_URL", k.Vault)
		if k.VaultKey == "" || k.VaultToken == "" {
			wrong("ALMIRAH_VAULT_*", "name the key and the file with the token (docs/keys.md)")
		}
	}
	if k.KMSKey != "" {
		if k.KMS != "" {
			address("ALMIRAH_KMS_URL", k.KMS)
		} else {
			k.KMS = vault.KMSURL(k.KMSRegion)
		}
		if k.KMSRegion == "" || k.KMSKeyID == "" || k.KMSSecret == "" {
			wrong("ALMIRAH_KMS_*", "write the region, the access key's id and its secret (docs/keys.md)")
		}
	}
	c.Keeping = k
}

func (k Keeping) masked() []string {
	return []string{"ALMIRAH_VAULT_URL=" + k.Vault, "ALMIRAH_VAULT_KEY=" + k.VaultKey, "ALMIRAH_VAULT_MOUNT=" + k.VaultMount, "ALMIRAH_VAULT_TOKEN_FILE=" + k.VaultToken, "ALMIRAH_VAULT_CA=" + k.VaultRoots,
		"ALMIRAH_KMS_KEY=" + k.KMSKey, "ALMIRAH_KMS_REGION=" + k.KMSRegion, "ALMIRAH_KMS_URL=" + k.KMS, "ALMIRAH_KMS_KEY_ID=" + k.KMSKeyID, "ALMIRAH_KMS_SECRET=" + hidden(k.KMSSecret), "ALMIRAH_KEEPER_GRACE=" + k.Grace.String()}
}

// processors are the services for the list: they get a wrapped or unwrapped root key, and nothing about anybody.
func (k Keeping) processors() (out []egress.Processor) {
	what := []string{"the key above all other keys of this deployment; nothing about a person"}
	if u, err := url.Parse(k.Vault); err == nil && k.Vault != "" {
		out = append(out, egress.Processor{ID: vaultProcessor, Name: "Key service (Vault) at " + u.Hostname(), Purpose: "keeps the key that opens this deployment’s keys", Categories: what, Vital: true, Region: k.VaultRegion,
			Hosts: []string{hostOf(u)}, Local: u.Scheme == "http" || k.VaultRoots != "", Adapter: "vault"})
	}
	if u, err := url.Parse(k.KMS); err == nil && k.KMSKey != "" {
		out = append(out, egress.Processor{ID: kmsProcessor, Name: "Amazon Web Services (KMS)", Purpose: "keeps the key that opens this deployment’s keys", Categories: what, Vital: true, Region: k.KMSRegion,
			Hosts: []string{hostOf(u)}, Local: u.Scheme == "http", Adapter: "vault"})
	}
	return out
}

// roots are the authorities by which Vault's certificate is trusted; nil for the system's.
func (k Keeping) roots() (*x509.CertPool, error) {
	if k.VaultRoots == "" {
		return nil, nil
	}
	text, err := os.ReadFile(k.VaultRoots)
	if err != nil {
		return nil, fmt.Errorf("ALMIRAH_VAULT_CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ALMIRAH_VAULT_CA: %s holds no certificate in PEM", k.VaultRoots)
	}
	return pool, nil
}

// keepers are the services that may have wrapped the root key.
func (k Keeping) keepers(gate *egress.Gate, clk clock.Clock) ([]vault.Keeper, error) {
	var out []vault.Keeper
	if k.Vault != "" {
		one, err := vault.NewTransit(gate.HTTPClient(vaultProcessor), vault.TransitOptions{URL: k.Vault, Mount: k.VaultMount, Key: k.VaultKey, TokenFile: k.VaultToken, Namespace: k.VaultNamespace})
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	if k.KMSKey != "" {
		one, err := vault.NewKMS(gate.HTTPClient(kmsProcessor), clk, vault.KMSOptions{URL: k.KMS, Region: k.KMSRegion, Key: k.KMSKey, KeyID: k.KMSKeyID, Secret: k.KMSSecret, Session: k.KMSSession})
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// gate makes the one way out, by which the keepers are reached before anything else is open.
func (c Config) gate(h *House) (*egress.Gate, error) {
	certifying, err := c.Certifying.trust()
	if err != nil {
		return nil, err
	}
	keeping, err := c.Keeping.roots()
	if err != nil {
		return nil, err
	}
	g := egress.New(processors(c), h.Log, egress.WithClock(h.Clock), egress.WithAuthorities(certifierProcessor, certifying), egress.WithAuthorities(vaultProcessor, keeping))
	g.Hold(func(processor string) bool {
		switch processor {
		case backupProcessor, certifierProcessor, vaultProcessor, kmsProcessor:
			return false
		}
		return h.Held()
	})
	return g, nil
}

// turnKeys replaces what is due, and goes on with what was broken off. It is a chore of every hour; a day needs one turn.
func (h *House) turnKeys(ctx context.Context, _ access.Caller) error {
	due, err := h.Vault.TurnDue(ctx)
	if err != nil || !due {
		return err
	}
	if _, err = h.Vault.Turn(ctx, false, nil); err == nil {
		h.Log.Info("keys were replaced")
	}
	return err
}

// hearing is what this process heard of the root key's keeper last.
type hearing struct {
	mu     sync.Mutex
	words  string
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

const hearEvery = time.Minute

// keepHearing asks the keeper each minute. Each process does so by itself, because each holds keys.
func (h *House) keepHearing(ctx context.Context) {
	h.hearing.end() // of an earlier start
	ctx, h.hearing.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.hearing.ended.Go(func() {
		t := time.NewTicker(hearEvery)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			_ = h.hear(ctx)
		}
	})
}

func (k *hearing) end() {
	if k.cancel != nil {
		k.cancel()
		k.ended.Wait()
	}
}

// hear asks the keeper once and notes what it said.
func (h *House) hear(ctx context.Context) error {
	err := h.Vault.Hear(ctx)
	words := ""
	if err != nil && ctx.Err() == nil {
		words = err.Error()
		h.Log.Error("the root key cannot be read", "error", words)
	}
	h.hearing.mu.Lock()
	h.hearing.words = words
	h.hearing.mu.Unlock()
	return err
}

// rootTrouble says why the root key could not be read at the last try; empty when it could. Records may open all the same: a keeper's answer holds for a while.
func (h *House) rootTrouble() string {
	h.hearing.mu.Lock()
	defer h.hearing.mu.Unlock()
	return h.hearing.words
}

const (
	keyCopiesLive = backup.KeepKeys + time.Hour          // a copy of the key store is deleted within an hour of its second day
	turnLate      = vault.TurnEvery + 6*time.Hour        // a turn of every night that is later is late
	clinicLate    = vault.ClinicLife + 2*vault.TurnEvery // so is a clinic's key that is older
	sheetLate     = 183 * 24 * time.Hour                 // a sheet that nobody tried for half a year
	erasureLate   = vault.TurnEvery + 6*time.Hour        // an erased person's key whose wrapped form still opens
)

// turnGrace is how long a program that was just started, or a key store that was just brought to this version, has to make a turn that is overdue.
const turnGrace = 6 * time.Hour

// turningSince is since when this program could have turned the keys.
func (h *House) turningSince(s vault.Standing) time.Time {
	if at := s.AbleAt.Time(); at.After(h.openedAt) {
		return at
	}
	return h.openedAt
}

// goneBy is when nothing of the last erased person's key is left on this deployment's machines and in its backups; zero when nobody was erased.
func goneBy(s vault.Standing) time.Time {
	switch {
	case s.Erased == 0:
		return time.Time{}
	case s.Waiting > 0:
		return max(s.EpochAt, s.ErasedAt).Time().Add(turnLate + keyCopiesLive)
	}
	return s.TurnAt.Time().Add(keyCopiesLive)
}

// keyWords are for whoever watches: what is late with the keys. bad means that no record opens.
func (h *House) keyWords(ctx context.Context) (words string, late bool, err error) {
	s, err := h.Vault.Standing(ctx)
	if err != nil {
		return "", false, err
	}
	now := h.Clock.Now()
	began := h.turningSince(s)
	var out []string
	say := func(format string, args ...any) { late = true; out = append(out, fmt.Sprintf(format, args...)) }
	if t := h.rootTrouble(); t != "" {
		say("the root key cannot be read: %s", t)
	}
	if age := now.Sub(s.EpochAt.Time()); age > turnLate && now.Sub(began) > turnGrace {
		say("the epoch key is %s old", spanOf(age))
	}
	if old := s.ClinicsOld + s.PeopleOld; old > 0 && now.Sub(s.EpochAt.Time()) > turnLate && now.Sub(began) > turnGrace {
		say("%d keys hang on older ones", old)
	}
	if s.Waiting > 0 && now.Sub(s.WaitingFor.Time()) > erasureLate && now.Sub(began) > turnGrace {
		say("the keys above %d erased people's are not replaced yet", s.Waiting)
	}
	if !late {
		out = append(out, fmt.Sprintf("epoch %d, %s old", s.Epoch, spanOf(now.Sub(s.EpochAt.Time()))))
		if s.Unfinished {
			out = append(out, fmt.Sprintf("turning: %d clinics and %d people to go", s.ClinicsOld, s.PeopleOld))
		}
	}
	return strings.Join(out, "; "), late, nil
}

// spanOf is an age for a person.
func spanOf(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 72*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

var errNoSheet = errors.New("name the file with the two key lines of the escrow sheet: --sheet FILE (typed; destroy the file afterwards)")
