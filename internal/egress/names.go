package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Why a look-up told nothing.
var (
	ErrNoRecord = errors.New("egress: there is no such name, or it has no such record")
	ErrNoAnswer = errors.New("egress: no name server answers")
)

// lookUp is how long one question to the name servers may take, with its repetitions.
const lookUp = 6 * time.Second

// Names asks the name servers. What leaves is the name that is asked for, and nothing of anybody.
type Names struct{ resolver *net.Resolver }

// NewNames asks the machine's own name servers, or the one at server ("192.0.2.53:53") alone.
func NewNames(server string) *Names {
	r := &net.Resolver{PreferGo: true, StrictErrors: true}
	if server != "" {
		r.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			d := net.Dialer{Timeout: lookUp / 3}
			return d.DialContext(ctx, network, server)
		}
	}
	return &Names{r}
}

// Texts are the TXT records of a name. ErrNoRecord when it has none, ErrNoAnswer when nobody could be asked.
func (n *Names) Texts(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUp)
	defer cancel()
	list, err := n.resolver.LookupTXT(ctx, rooted(name))
	return list, told(err)
}

// Addresses are the addresses to which a name leads in the end, in order; its errors are those of Texts.
func (n *Names) Addresses(ctx context.Context, name string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUp)
	defer cancel()
	list, err := n.resolver.LookupNetIP(ctx, "ip", rooted(name))
	if err != nil {
		return nil, told(err)
	}
	for i := range list {
		list[i] = list[i].Unmap()
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list), nil
}

// rooted keeps the search list of the machine out of it.
func rooted(name string) string { return strings.TrimSuffix(name, ".") + "." }

func told(err error) error {
	var d *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &d) && d.IsNotFound:
		return ErrNoRecord
	}
	return ErrNoAnswer
}
