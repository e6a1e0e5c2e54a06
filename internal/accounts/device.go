package accounts

import (
	"context"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/store"
)

// mailDevice tells somebody of a sign-in from a browser that she has not used before; mailFactor of a change to how she signs in.
const (
	mailDevice = "new-device"
	mailFactor = "factor"
)

const (
	sqlDeviceSeen  = `UPDATE known_device SET seen_at = $3 WHERE person_id = $1 AND mark = $2`
	sqlDeviceCount = `SELECT COUNT(*) FROM known_device WHERE person_id = $1`
	sqlDeviceAdd   = `INSERT INTO known_device (person_id, mark, first_at, seen_at) VALUES ($1, $2, $3, $3) ON CONFLICT (person_id, mark) DO NOTHING`
)

// noteDevice recognises the browser of a sign-in, or writes it down and tells the person by mail. The very first browser of a person is
// no news. It answers what the browser is to be recognised by from now on; empty when it has that already.
func noteDevice(p *store.Platform, person id.ID, at Device) (mark string, err error) {
	text := at.Mark
	_, hash, given := secretHash(text)
	if given {
		if n, err := p.Exec(sqlDeviceSeen, person, hash, p.Now()); err != nil || n > 0 {
			return "", err
		}
	} else { // a browser that several people share keeps one mark
		text, hash = newSecret()
		mark = text
	}
	var before int64
	if err := p.Row(sqlDeviceCount, person).Scan(&before); err != nil {
		return "", err
	}
	if _, err := p.Exec(sqlDeviceAdd, person, hash, p.Now()); err != nil || before == 0 {
		return mark, err
	}
	if err := noteEvent(p, person, eventDevice); err != nil {
		return "", err
	}
	return mark, plan(p, person, letter{Kind: mailDevice, Link: "/app/me", Device: at.Words(), At: p.Now()}, false)
}

// What went wrong, or was out of the ordinary, at signing in.
const (
	eventWrong    = "wrong-password"
	eventCode     = "wrong-code"
	eventLocked   = "locked"
	eventDevice   = "new-device"
	eventRecovery = "recovery-code"
	eventFactor   = "factor-changed"
)

// SignalKinds are the kinds of signals, in the order in which pages list them.
func SignalKinds() []string {
	return []string{eventWrong, eventCode, eventLocked, eventDevice, eventRecovery, eventFactor}
}

const (
	sqlEventAdd  = `INSERT INTO sign_in_event (id, person_id, kind, at) VALUES ($1, $2, $3, $4)`
	sqlEventList = `SELECT e.kind, e.at, e.person_id FROM sign_in_event e JOIN membership m ON m.person_id = e.person_id
	WHERE m.clinic_id = $1 AND m.ended_at = 0 AND e.at > $2 ORDER BY e.at DESC LIMIT 1000`
	sqlEventCount = `SELECT kind, COUNT(*), SUM(CASE WHEN person_id IS NULL THEN 1 ELSE 0 END) FROM sign_in_event WHERE at > $1 GROUP BY kind`
)

// noteEvent writes down that something happened and when; the zero person is an address that nobody has. No address is written.
func noteEvent(p *store.Platform, person id.ID, kind string) error {
	_, err := p.Exec(sqlEventAdd, p.NewID(), id.Null(person), kind, p.Now())
	return err
}

// Signal is one thing that happened at somebody's sign-in.
type Signal struct {
	Kind   string
	At     clock.Instant
	Person id.ID
}

// Signals are what happened at the sign-ins of the clinic's people since then, the newest first, a thousand at most.
func (s *Service) Signals(ctx context.Context, who access.Caller, since time.Time) ([]Signal, error) {
	if !who.May(access.ClinicSignIn) {
		return nil, forbidden()
	}
	var out []Signal
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		out = nil
		rows, err := p.Query(sqlEventList, who.Clinic(), clock.At(since))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var x Signal
			if err := rows.Scan(&x.Kind, &x.At, &x.Person); err != nil {
				return err
			}
			out = append(out, x)
		}
		return rows.Err()
	})
	return out, err
}

// SignalCount is how often something of a kind happened in the whole deployment, and how often of that at an address that nobody has.
type SignalCount struct {
	Kind       string
	All, Empty int64
}

// SignalCounts are the counts since then, for whoever runs the deployment: no clinic and no person is named.
func (s *Service) SignalCounts(ctx context.Context, since time.Time) ([]SignalCount, error) {
	var out []SignalCount
	err := s.db.Across(ctx, Operator(), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		out = nil
		rows, err := p.Query(sqlEventCount, clock.At(since))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var x SignalCount
			if err := rows.Scan(&x.Kind, &x.All, &x.Empty); err != nil {
				return err
			}
			out = append(out, x)
		}
		return rows.Err()
	})
	slices.SortFunc(out, func(a, b SignalCount) int { return strings.Compare(a.Kind, b.Kind) })
	return out, err
}

// Words names browser and system of a device. The order matters: every browser claims to be an older one as well.
func (d Device) Words() string {
	agent := d.Agent
	find := func(list []string) string {
		for _, x := range list {
			mark, name, _ := strings.Cut(x, "=")
			if strings.Contains(agent, mark) {
				return name
			}
		}
		return ""
	}
	browser := find([]string{"Edg/=Edge", "OPR/=Opera", "SamsungBrowser=Samsung Internet", "Firefox/=Firefox", "FxiOS=Firefox", "CriOS=Chrome", "Chrome/=Chrome", "Safari/=Safari"})
	system := find([]string{"Android=Android", "iPhone=iPhone", "iPad=iPad", "Windows=Windows", "CrOS=ChromeOS", "Mac OS X=Mac", "Linux=Linux"})
	switch words := slices.DeleteFunc([]string{browser, system}, func(s string) bool { return s == "" }); {
	case len(words) > 0:
		return strings.Join(words, ", ")
	case agent == "":
		return "?"
	}
	name, _, _ := strings.Cut(agent, " ")
	if len(name) > 40 {
		name = name[:40]
	}
	return name
}
