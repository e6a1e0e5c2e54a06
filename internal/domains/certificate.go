package domains

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/vault"
)

// Certificates, their keys, the account at the authority and its open questions lie in the database under the names by which the ACME
// client asks for them, sealed by the vault. So every node of a deployment shows the same certificate, and each can answer the question that
// the authority asks another; what is stolen with the database, or with a backup, opens nothing without the root key.

// keepEnded is how long a certificate is kept after its end.
const keepEnded = 7 * 24 * time.Hour

// cell is the place of a name's value: what is sealed for one name cannot be read as another's.
func cell(name string) id.ID {
	sum := sha256.Sum256([]byte(name))
	return id.ID(sum[:16])
}

// Certificate is what was kept under the name; there is false when nothing is.
func (s *Service) Certificate(ctx context.Context, name string) (data []byte, there bool, err error) {
	err = s.db.Across(ctx, accounts.Operator(), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		var sealed []byte
		err := p.Row(sqlCertificateGet, name).Scan(&sealed)
		if errors.Is(err, store.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := p.Unseal(vault.ClinicData, "certificate", "sealed", cell(name), sealed)
		data, there = []byte(text), err == nil
		return err
	})
	return data, there, err
}

// KeepCertificate keeps data under the name.
func (s *Service) KeepCertificate(ctx context.Context, name string, data []byte) error {
	return s.db.Across(ctx, accounts.Operator(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a certificate of the deployment is kept")
		sealed, err := p.Seal(vault.ClinicData, "certificate", "sealed", cell(name), string(data))
		if err != nil {
			return err
		}
		_, err = p.Exec(sqlCertificatePut, name, sealed, p.Now(), ends(data))
		return err
	})
}

// DropCertificate forgets what was kept under the name.
func (s *Service) DropCertificate(ctx context.Context, name string) error {
	return s.db.Across(ctx, accounts.Operator(), access.PlatformOperate, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a certificate of the deployment, or an answer to the authority, is done with")
		_, err := p.Exec(sqlCertificateDrop, name)
		return err
	})
}

// CertifiedUntil is when the certificate of a host ends; zero when there is none yet.
func (s *Service) CertifiedUntil(ctx context.Context, host string) (at clock.Instant, err error) {
	err = s.db.Across(ctx, accounts.Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		err := p.Row(sqlCertificateEnds, host).Scan(&at)
		if errors.Is(err, store.ErrNoRows) {
			return nil
		}
		return err
	})
	return at, err
}

// ends is when the first certificate in the data ends; zero for what holds none.
func ends(data []byte) clock.Instant {
	for len(data) > 0 {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			return 0
		}
		if b.Type != "CERTIFICATE" {
			continue
		}
		if c, err := x509.ParseCertificate(b.Bytes); err == nil {
			return clock.At(c.NotAfter)
		}
	}
	return 0
}
