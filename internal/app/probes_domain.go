package app

import (
	"context"
	"fmt"
	"net/http"

	"almirah/internal/clinics"
	"almirah/internal/id"
	"almirah/internal/store"
)

// ownNames asks the handler under a name that is nobody's, and for the staff's pages under the names that clinics have.
func (p probe) ownNames(ctx context.Context) (string, error) {
	asked := func(host, path string) (int, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Config.PublicURL+path, http.NoBody)
		if err != nil {
			return 0, err
		}
		r.Host, r.RemoteAddr = host, "127.0.0.1:0"
		out := &page{header: http.Header{}, status: http.StatusOK}
		p.handler.ServeHTTP(out, r)
		return out.status, nil
	}
	slugs, err := p.slugs(ctx)
	if err != nil {
		return "", err
	}
	for _, slug := range append(slugs, "") {
		if got, err := asked("nobody.invalid", "/c/"+slug); err != nil || got != http.StatusMisdirectedRequest {
			return "", fmt.Errorf("a page is shown under a name that is nobody's: status %d %w", got, firstOf(err))
		}
	}
	n := 0
	err = p.each(ctx, func(v *store.View, _ id.ID) error {
		c, err := clinics.Get(v)
		if err != nil || c.Host == "" {
			return err
		}
		n++
		if _, _, err := p.Domains.Of(context.WithoutCancel(ctx), c.Host); err != nil {
			return fmt.Errorf("links of a clinic begin with a name that is not served: %w", err)
		}
		return nil
	})
	return fmt.Sprintf("nothing is shown under a name that is nobody's; %d clinics have a name of their own", n), err
}
