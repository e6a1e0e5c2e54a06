package app

import (
	"context"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/acme/autocert"

	"almirah/internal/domains"
	"almirah/internal/egress"
	"almirah/internal/fault"
)

// Owning is what the settings say about host names of clinics' own.
type Owning struct {
	Offered   bool         // ALMIRAH_DOMAINS: on, off; without it on where certificates are fetched, and in the demo
	Addresses []netip.Addr // ALMIRAH_ADDRESSES: at which the deployment is reached, besides those of its name
	NameSrv   string       // ALMIRAH_DNS: "host:port" of the name server to ask; the machine's own when empty
}

func (c *Config) owning(or func(string, string) string, wrong func(string, string)) {
	switch or("ALMIRAH_DOMAINS", "") {
	case "":
		c.Owning.Offered = c.Certifying.On
	case "on":
		c.Owning.Offered = true
	case "off":
	default:
		wrong("ALMIRAH_DOMAINS", "write on, where a proxy in front has certificates for clinics' own names, or off")
	}
	for _, a := range strings.Split(or("ALMIRAH_ADDRESSES", ""), ",") {
		if a = strings.TrimSpace(a); a == "" {
			continue
		}
		at, err := netip.ParseAddr(a)
		if err != nil {
			wrong("ALMIRAH_ADDRESSES", "write the addresses at which this deployment is reached, such as 198.51.100.7, divided by commas")
			continue
		}
		c.Owning.Addresses = append(c.Owning.Addresses, at.Unmap())
	}
	if c.NameSrv = or("ALMIRAH_DNS", ""); c.NameSrv != "" {
		if _, err := netip.ParseAddrPort(c.NameSrv); err != nil {
			wrong("ALMIRAH_DNS", "write address and port of a name server, such as 192.0.2.53:53")
		}
	}
}

func (h *House) domains() *domains.Service {
	c := h.Config
	o := domains.Options{Clinics: h.Clinics, Addresses: c.Owning.Addresses}
	if hosts, err := newHosts(c, nil, nil); err == nil {
		o.Canonical, o.Own = hosts.names[0], hosts.names
	}
	if c.Owning.Offered || c.Demo {
		o.Names = egress.NewNames(c.NameSrv)
	}
	return domains.New(h.DB, h.Log, o)
}

// sealedCache keeps certificates in the database, for every node. What an earlier release kept in files beside the root key is taken over
// when it is asked for.
type sealedCache struct {
	room  *domains.Service
	files autocert.DirCache
}

func (h *House) certificates() sealedCache {
	return sealedCache{h.Domains, autocert.DirCache(filepath.Join(filepath.Dir(h.Config.Keys), "certificates"))}
}

// Get is autocert.Cache's.
func (c sealedCache) Get(ctx context.Context, name string) ([]byte, error) {
	data, there, err := c.room.Certificate(ctx, name)
	if err != nil || there {
		return data, err
	}
	if data, err = c.files.Get(ctx, name); err != nil {
		return nil, autocert.ErrCacheMiss
	}
	return data, c.room.KeepCertificate(ctx, name, data)
}

// Put is autocert.Cache's.
func (c sealedCache) Put(ctx context.Context, name string, data []byte) error {
	return c.room.KeepCertificate(ctx, name, data)
}

// Delete is autocert.Cache's.
func (c sealedCache) Delete(ctx context.Context, name string) error {
	if err := c.files.Delete(ctx, name); err != nil {
		return err
	}
	return c.room.DropCertificate(ctx, name)
}

// certifiable says for which names a certificate is asked: the deployment's own, and those that clinics have proven.
func (h *House) certifiable(ctx context.Context, host string) error {
	if autocert.HostWhitelist(h.Config.Names...)(ctx, host) == nil {
		return nil
	}
	_, _, err := h.Domains.Of(ctx, hostOnly(host))
	return err
}

// known tells a proxy that fetches certificates by itself whether the name is one of ours: 200, or 404.
func (h *House) known(w http.ResponseWriter, r *http.Request) {
	switch err := h.certifiable(r.Context(), hostOnly(r.URL.Query().Get("domain"))); {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case fault.Is(err, fault.NotFound):
		w.WriteHeader(http.StatusNotFound)
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}
