package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/archives"
	"almirah/internal/clinics"
	"almirah/internal/consent"
	"almirah/internal/egress"
	"almirah/internal/id"
	"almirah/internal/law"
	"almirah/internal/messaging"
	"almirah/internal/oversight"
	"almirah/internal/privacy"
	"almirah/internal/programs"
	"almirah/internal/requests"
	"almirah/internal/store"
	"almirah/internal/web"
	"almirah/internal/words"
)

// Live checks of what is promised about people's requests, the clinics' own programs, what leaves and arrives, and the policy in every browser. What they
// count in the database is counted in the rooms (probe.go); what they ask of the pages is asked of the running handler.

// probesOfPeople are the checks of this file by the name that the register gives them.
func probesOfPeople() map[string]liveLook {
	return map[string]liveLook{
		"request-free":           probe.noFee,
		"request-authority":      probe.authorityNamed,
		"request-copy-at-once":   probe.copiedAtOnce,
		"request-restriction":    probe.restrictedAtOnce,
		"request-statement":      probe.statementsStand,
		"request-contact-proved": probe.contactsProved,
		"who-looked":             probe.looksFiled,
		"new-purpose-asked":      probe.askedFirst,
		"token-scopes":           probe.scopes,
		"webhooks-thin":          probe.thinTellings,
		"webhooks-again":         probe.toldAgain,
		"webhooks-guarded":       probe.guardedHosts,
		"webhooks-held":          probe.heldTellings,
		"erasure-plan":           probe.plansRuled,
		"export-signed":          probe.archivesSigned,
		"export-arrives":         probe.arrivals,
		"export-person":          probe.copiesNamed,
		"list-import":            probe.listsTaken,
		"policy-languages":       probe.everyLanguage,
		"cookies-blocked":        probe.blockedCookies,
		"browser-storage":        probe.storage,
		"preferences-chosen":     probe.preferencesChosen,
	}
}

// days is how far back the looks at the log go: a break is seen within minutes, and a look stays short.
const days = 48 * time.Hour

// zero runs a count of a room over each clinic: what is wrong must be none. what names the things that were looked at.
func (p probe) zero(ctx context.Context, what, wrong string, count func(v *store.View) (bad, looked int64, err error)) (string, error) {
	all := int64(0)
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		bad, looked, err := count(v)
		if all += looked; err == nil && bad > 0 {
			err = fmt.Errorf("%d %s", bad, wrong)
		}
		return err
	})
	return fmt.Sprintf("looked at %d %s in %d clinics", all, what, len(p.clinics)), err
}

// routed says whether the page is there for every clinic, by that right.
func routed(pattern string, right access.Right) bool {
	return slices.ContainsFunc(web.Routes(), func(r web.Route) bool { return r.Pattern == pattern && r.Right == right && r.Module == "" })
}

// fees are parts of column names with room for money, asking the tables in which people's requests stand.
var (
	fees   = []string{"fee", "price", "amount", "cost", "charge", "currency", "paid", "invoice", "payment"}
	asking = []string{"data_request", "data_statement", "nominee", "link_asked", "request_setting", "contact_proof"}
)

// noFee looks through the columns of the real tables, and through what a person is told.
func (p probe) noFee(ctx context.Context) (string, error) {
	schema, err := p.DB.Schema(ctx)
	if err != nil {
		return "", err
	}
	n := 0
	for table, columns := range schema {
		own := slices.Contains(asking, table)
		for _, c := range columns {
			switch {
			case !own && (strings.Contains(c, "data_request") || strings.Contains(c, "request_asked")):
				return "", fmt.Errorf("the column %s.%s shows who asked about her data", table, c)
			case own && slices.ContainsFunc(fees, func(part string) bool { return strings.Contains(c, part) }):
				return "", fmt.Errorf("there is a place for a fee: %s.%s", table, c)
			case own:
				n++
			}
		}
	}
	err = p.letters(ctx, func(letter, _, free string) error {
		if !strings.Contains(letter, free) {
			return errors.New("a letter does not say that asking costs nothing")
		}
		return nil
	})
	return fmt.Sprintf("none of %d columns of people's requests has room for a fee, and the letters say that asking is free", n), err
}

// letters hands out the letter of a refusal as some clinics would write it, in every language.
func (p probe) letters(ctx context.Context, see func(letter, authority, free string) error) error {
	return p.each(ctx, func(v *store.View, _ id.ID) error {
		c, err := clinics.Get(v)
		if err != nil {
			return err
		}
		for _, l := range words.Languages() {
			if err := see(requests.Refusing(p.Book, l.Code, c, v.Now())); err != nil {
				return err
			}
		}
		return nil
	})
}

// authorityNamed reads the letter of a refusal, and the page on which a person asks.
func (p probe) authorityNamed(ctx context.Context) (string, error) {
	if err := p.letters(ctx, complains); err != nil {
		return "", err
	}
	slugs, err := p.slugs(ctx)
	if err != nil {
		return "", err
	}
	for _, slug := range slugs {
		one, err := p.Clinics.BySlug(ctx, slug)
		if err != nil {
			return "", err
		}
		c, err := p.Clinics.Get(ctx, accounts.Public(one))
		if err != nil {
			return "", err
		}
		got, err := p.ask(ctx, http.MethodGet, "/c/"+url.PathEscape(slug)+"/privacy/request", nil)
		if err != nil {
			return "", err
		}
		if a := law.Complaints(c.Jurisdiction); got.status != http.StatusOK || !strings.Contains(got.body.String(), htmlText(a.Name)) {
			return "", errors.New("the page on which a person asks does not name the authority of the clinic's law")
		}
	}
	return fmt.Sprintf("letters and pages of %d clinics name the authority of their law", len(slugs)), nil
}

func complains(letter, authority, _ string) error {
	if authority == "" || !strings.Contains(letter, authority) {
		return errors.New("a letter of a refusal does not name the authority")
	}
	return nil
}

// copiedAtOnce looks for copies that were asked for and waited, and asks every room for what it holds of somebody who is not there: what comes then would
// be somebody else's.
func (p probe) copiedAtOnce(ctx context.Context) (string, error) {
	for _, x := range []struct {
		pattern string
		right   access.Right
	}{{"GET /m/{token}/data/copy", access.OwnRead}, {"GET /m/{token}/data/copy.json", access.OwnRead}, {"POST /m/{token}/data/copy", access.OwnChange}} {
		if !routed(x.pattern, x.right) {
			return "", fmt.Errorf("%s is not there for every clinic", x.pattern)
		}
	}
	if _, err := p.zero(ctx, "copies", "copies were asked for and not made at once", func(v *store.View) (int64, int64, error) { return requests.Lingering(v, law.Access) }); err != nil {
		return "", err
	}
	return p.nobodys(ctx)
}

// nobodys asks every room for what it holds of somebody who is not there.
func (p probe) nobodys(ctx context.Context) (string, error) {
	err := p.each(ctx, func(v *store.View, _ id.ID) error {
		held, err := collectAll(v, v.NewID())
		if err != nil {
			return err
		}
		for table, rows := range held {
			if len(rows) > 0 {
				return fmt.Errorf("a copy of somebody who is not there holds rows of the table %s", table)
			}
		}
		return nil
	})
	return fmt.Sprintf("in %d clinics the copy of somebody who is not there is empty, and nobody waited for a copy", len(p.clinics)), err
}

// restrictedAtOnce looks for a stop that waited, and for messages behind one.
func (p probe) restrictedAtOnce(ctx context.Context) (string, error) {
	if _, err := p.zero(ctx, "stops", "stops of every use were not done at once", func(v *store.View) (int64, int64, error) { return requests.Lingering(v, law.Restriction) }); err != nil {
		return "", err
	}
	return p.zero(ctx, "messages of this week", "messages went to patients who had stopped every use", func(v *store.View) (int64, int64, error) { return consent.Overridden(v, p.ago(week)) })
}

// statementsStand looks for statements that are not there any more, or stand beside nothing.
func (p probe) statementsStand(ctx context.Context) (string, error) {
	return p.zero(ctx, "statements", "statements have vanished, lie open, or stand beside nothing", func(v *store.View) (int64, int64, error) { return requests.Unstated(v, p.ago(days)) })
}

func (p probe) contactsProved(ctx context.Context) (string, error) {
	return p.zero(ctx, "addresses", "addresses came on file without their code, or codes were tried too often", func(v *store.View) (int64, int64, error) { return requests.Unproved(v, p.ago(days)) })
}

// looksFiled looks whether each of the newest entries stands where the person whom it concerns finds it.
func (p probe) looksFiled(ctx context.Context) (string, error) {
	if !routed("GET /m/{token}/data/looked", access.OwnRead) {
		return "", errors.New("nobody can see who looked")
	}
	return p.zero(ctx, "entries of the log", "entries of the log stand under somebody else than they are about", store.Misfiled)
}

func (p probe) askedFirst(ctx context.Context) (string, error) {
	return p.zero(ctx, "messages of this week", "messages served a purpose to which nobody had said yes", func(v *store.View) (int64, int64, error) { return consent.Unasked(v, p.ago(week)) })
}

// dangerous are rights that no token may lend.
var dangerous = []access.Right{access.PatientDelete, access.PatientExport, access.BillExport, access.ClinicStaff, access.ClinicSettings, access.ClinicModules, access.ClinicAccount, access.ClinicImport,
	access.MessageAccounts, access.GatewayAccounts, access.HeldOpen, access.AuditRead, access.PlatformOperate}

// scopes looks at what tokens open and what programs did, and tries a token that nobody made.
func (p probe) scopes(ctx context.Context) (string, error) {
	for _, s := range access.ProgramScopes {
		for _, r := range s.Rights() {
			if slices.Contains(dangerous, r) {
				return "", fmt.Errorf("a token lends the right %s", r)
			}
		}
	}
	if _, err := p.zero(ctx, "tokens and acts", "tokens open what is no scope, or programs did what no token lends", func(v *store.View) (int64, int64, error) { return programs.Overreach(v, p.ago(days)) }); err != nil {
		return "", err
	}
	made := map[string]string{"Authorization": "Bearer " + strings.Repeat("A", 64)}
	for path, as := range map[string][]int{"/api/v1/patients?q=a": {http.StatusUnauthorized, http.StatusServiceUnavailable}, "/app/day": {http.StatusSeeOther, http.StatusFound, http.StatusUnauthorized}} {
		got, err := p.ask(ctx, http.MethodGet, path, made)
		if err != nil {
			return "", err
		}
		if !slices.Contains(as, got.status) {
			return "", fmt.Errorf("a token that nobody made was answered with %d", got.status)
		}
	}
	return fmt.Sprintf("tokens of %d clinics open %d named things and none else; a made-up token opened nothing", len(p.clinics), len(access.ProgramScopes)), nil
}

// thinTellings looks at the kinds of tellings, at the body of a made-up one, and for each host that is told anything on its clinic's policy page.
func (p probe) thinTellings(ctx context.Context) (string, error) {
	if err := programs.Thin(programs.MadeUp(p.Clock.Now())); err != nil {
		return "", err
	}
	if _, err := p.zero(ctx, "tellings", "tellings are of a kind that is no word of the list", func(v *store.View) (int64, int64, error) { return programs.Wordy(v, p.ago(week)) }); err != nil {
		return "", err
	}
	n := 0
	_, err := p.policies(ctx, func(c clinics.Clinic, got *page) error {
		hosts, err := p.Programs.Hosts(ctx, accounts.Public(c.ID))
		if err != nil {
			return err
		}
		for _, h := range hosts {
			if n++; !strings.Contains(got.body.String(), htmlText(h)) {
				return errors.New("a host that is told of changes does not stand on its clinic's policy page")
			}
		}
		return nil
	})
	return fmt.Sprintf("%d hosts stand on the policy pages of their clinics; a made-up telling holds ids alone", n), err
}

// toldAgain looks for tellings and addresses that nobody looked after. Chores of the clinics' own have a day.
func (p probe) toldAgain(ctx context.Context) (string, error) {
	return p.zero(ctx, "tellings and addresses", "tellings were given up early or forgotten, or addresses fail and nobody was told", func(v *store.View) (int64, int64, error) {
		return programs.Slack(v, p.ago(week), p.ago(26*time.Hour), p.Held())
	})
}

// guardedHosts looks at the addresses that clinics entered, and tries ways into the own network.
func (p probe) guardedHosts(ctx context.Context) (string, error) {
	said, err := p.zero(ctx, "addresses", "addresses of programs are no public names", programs.Exposed)
	if err != nil {
		return "", err
	}
	for _, x := range [][2]string{{"127.0.0.1:1", "https://127.0.0.1:1/"}, {"localhost:1", "https://localhost:1/"}, {"[::1]:1", "https://[::1]:1/"}, {"books.invalid:443", "http://books.invalid/"}, {"books.invalid:443", "https://elsewhere.invalid/"}} {
		r, err := http.NewRequestWithContext(egress.Looking(ctx), http.MethodPost, x[1], http.NoBody)
		if err != nil {
			return "", err
		}
		res, err := p.Gate.Receiver(programsProcessor, x[0]).RoundTrip(r)
		if err == nil {
			_ = res.Body.Close()
		}
		if !errors.Is(err, egress.ErrNotListed) && !errors.Is(err, egress.ErrPlain) && !errors.Is(err, egress.ErrHeld) && !errors.Is(err, egress.ErrClosed) {
			return "", errors.New("an address that a clinic could enter leads into the own network, or elsewhere")
		}
	}
	return said + "; five ways into the own network were refused", nil
}

// heldTellings looks for tellings about patients who are gone, and for any since a backup was put back.
func (p probe) heldTellings(ctx context.Context) (string, error) {
	r, held, err := p.DB.Held(ctx)
	if err != nil {
		return "", err
	}
	if !held {
		r.RestoredAt = 0
	}
	return p.zero(ctx, "tellings", "tellings are about patients who are gone, or were made since a backup was put back", func(v *store.View) (int64, int64, error) { return programs.Behind(v, r.RestoredAt) })
}

// plansRuled looks for what is held without a rule, and for the page that says so before anybody is erased.
func (p probe) plansRuled(ctx context.Context) (string, error) {
	if !routed("GET /app/patients/{id}/delete", access.PatientDelete) {
		return "", errors.New("nothing is shown before somebody is erased")
	}
	return p.zero(ctx, "things that a law holds", "things are held and nobody can say by which rule", privacy.Unruled)
}

// archivesSigned signs an archive of nobody with the key of this host and tries what must be refused.
func (p probe) archivesSigned(ctx context.Context) (string, error) {
	if _, err := p.zero(ctx, "arrivals", "clinics came by an archive whose key nobody vouched for", func(v *store.View) (int64, int64, error) {
		bad, _, looked, err := archives.Arrivals(v)
		return bad, looked, err
	}); err != nil {
		return "", err
	}
	signer, key, err := p.Vault.LogSigner()
	if err != nil {
		return "", err
	}
	return "an archive of nobody opens with the key of this host; changed and cut off it is refused", archives.Genuine(signer, key, p.Clock.Now())
}

func (p probe) arrivals(ctx context.Context) (string, error) {
	return p.zero(ctx, "arrivals", "clinics opened before they had arrived, or sent something before anybody let go", func(v *store.View) (int64, int64, error) {
		_, bad, looked, err := archives.Arrivals(v)
		return bad, looked, err
	})
}

// copiesNamed looks who made copies of patients; what such a copy holds is what every room says of her.
func (p probe) copiesNamed(ctx context.Context) (string, error) {
	if !routed("POST /app/patients/{id}/copy", access.PatientExport) {
		return "", errors.New("a patient's copy cannot be had")
	}
	if _, err := p.zero(ctx, "copies", "copies of patients were made by nobody, or of somebody else", func(v *store.View) (int64, int64, error) { return archives.Nameless(v, p.ago(days)) }); err != nil {
		return "", err
	}
	return p.nobodys(ctx)
}

func (p probe) listsTaken(ctx context.Context) (string, error) {
	return p.zero(ctx, "lines of lists", "lines of lists made a patient who was here, or before anybody took the list", archives.Hasty)
}

// everyLanguage opens the policy in each language and looks for its sentences there.
func (p probe) everyLanguage(ctx context.Context) (string, error) {
	kept := p.Promises(ctx)
	for _, l := range words.Languages() {
		t := p.Book.Tongue(l.Code)
		got, err := p.ask(ctx, http.MethodGet, "/trust", map[string]string{"Accept-Language": l.Code})
		if err != nil {
			return "", err
		}
		if err := wholeIn(got, t, kept); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d sentences are said in %d languages", len(kept), len(words.Languages())), nil
}

// wholeIn says whether the policy is whole in the language: each sentence has its words there, and one in ten is looked for on the page.
func wholeIn(got *page, t *words.Tongue, kept []web.Kept) error {
	body := got.body.String()
	if got.status != http.StatusOK || !strings.Contains(body, `lang="`+t.Lang()+`"`) {
		return fmt.Errorf("the policy is not there in %s", t.Lang())
	}
	for i, k := range kept {
		text := k.Text
		if key := "promise." + k.ID; t.Lang() != "en" {
			if !t.Has(key) {
				return fmt.Errorf("the sentence %s is not said in %s", k.ID, t.Lang())
			}
			text = t.Say(key)
		}
		if i%10 == 0 && !strings.Contains(body, htmlText(text)) {
			return fmt.Errorf("the sentence %s does not stand on the page in %s", k.ID, t.Lang())
		}
	}
	return nil
}

// blockedCookies comes as a browser that keeps no cookie: pages can be read, and signing in says what blocks it.
func (p probe) blockedCookies(ctx context.Context) (string, error) {
	slugs, err := p.slugs(ctx)
	if err != nil {
		return "", err
	}
	paths := []string{"/", "/sign-in", "/trust"}
	for _, slug := range slugs {
		paths = append(paths, "/c/"+url.PathEscape(slug))
	}
	for _, path := range paths {
		got, err := p.ask(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		if got.status != http.StatusOK {
			return "", fmt.Errorf("a page cannot be read without cookies: status %d", got.status)
		}
	}
	for _, l := range words.Languages() {
		got, err := p.ask(ctx, http.MethodPost, "/sign-in", map[string]string{"Origin": p.Config.PublicURL, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded", "Accept-Language": l.Code})
		if err != nil {
			return "", err
		}
		if got.status != http.StatusForbidden || !strings.Contains(got.body.String(), htmlText(p.Book.Tongue(l.Code).Say("error.cookies.title"))) {
			return "", fmt.Errorf("whoever signs in without cookies is not told what blocks her, in %s", l.Code)
		}
	}
	return fmt.Sprintf("%d pages can be read without a cookie, and signing in says what is missing", len(paths)), nil
}

// stores are the ways in which a script keeps something in a browser.
var stores = regexp.MustCompile(`\b(localStorage|sessionStorage|indexedDB|cookieStore|document\.cookie|caches)\b`)

// storage reads the scripts as they are served, and the list on the policy page.
func (p probe) storage(ctx context.Context) (string, error) {
	scripts := web.Scripts()
	for _, path := range scripts {
		got, err := p.ask(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		body := got.body.String()
		for _, way := range stores.FindAllString(body, -1) {
			if way != "localStorage" || !slices.ContainsFunc(web.Storage(), func(c web.Cookie) bool { return strings.Contains(body, c.Name) }) {
				return "", fmt.Errorf("a script keeps something in browsers that is not on the list: %s", way)
			}
		}
	}
	got, err := p.ask(ctx, http.MethodGet, "/trust", nil)
	if err != nil {
		return "", err
	}
	for _, c := range web.Storage() {
		if !strings.Contains(got.body.String(), htmlText(c.Name)) {
			return "", errors.New("what stays in browsers does not stand on the policy page")
		}
	}
	return fmt.Sprintf("%d scripts keep what is on the list: %d things", len(scripts), len(web.Storage())), nil
}

// preferencesChosen comes with a wish for a language and looks what is remembered: nothing, until it is chosen.
func (p probe) preferencesChosen(ctx context.Context) (string, error) {
	remembered := func(path string) (n int, err error) {
		got, err := p.ask(ctx, http.MethodGet, path, map[string]string{"Accept-Language": "hi"})
		if err != nil {
			return 0, err
		}
		for _, line := range got.header.Values("Set-Cookie") {
			name, rest, _ := strings.Cut(line, "=")
			if name != web.PreferenceCookie {
				continue
			}
			if n++; !strings.Contains(rest, "HttpOnly") || !strings.Contains(rest, "Secure") {
				return n, errors.New("a preference is remembered where scripts can read it")
			}
		}
		return n, nil
	}
	for path, want := range map[string]int{"/": 0, "/sign-in": 0, "/trust": 0, "/trust?lang=hi": 1} {
		n, err := remembered(path)
		if err != nil {
			return "", err
		}
		if n != want {
			return "", fmt.Errorf("%d preferences are remembered where %d were chosen", n, want)
		}
	}
	return "nothing is remembered until it is chosen, and then in one cookie", nil
}

// sentTwice belongs to several-servers.
func (p probe) sentTwice(ctx context.Context) (string, error) {
	return p.zero(ctx, "messages of this week", "messages were handed over twice", func(v *store.View) (int64, int64, error) { return messaging.SentTwice(v, p.ago(week)) })
}

func (p probe) headsMailed(ctx context.Context) (string, error) {
	return p.zero(ctx, "wishes", "people who want the checksum of the record got none for two days", func(v *store.View) (int64, int64, error) { return oversight.Unmailed(v, p.ago(days+2*time.Hour)) })
}
