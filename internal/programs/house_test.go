package programs_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/programs"
	"almirah/internal/rig"
	"almirah/internal/rig/factor"
	"almirah/internal/store"
	"almirah/internal/words"
)

const password = "blue mango 47 tabla"

// request is what the program was sent.
type request struct {
	head http.Header
	body string
	host string
}

// house is a clinic with its owner, and a program of its own that answers as the test says.
type house struct {
	*rig.Base
	t        *testing.T
	accounts *accounts.Service
	programs *programs.Service
	apps     *factor.Phone
	owner    access.Caller
	person   id.ID

	mu     sync.Mutex
	got    []request
	answer func(w http.ResponseWriter, r *http.Request)
	wait   time.Duration // of the client for one answer
	barred string        // why the clinic lets nothing be told outside
}

func open(t *testing.T, b *rig.Base) *house {
	t.Helper()
	h := &house{Base: b, t: t, wait: 5 * time.Second, answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }}
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	cs := clinics.New(b.DB, b.Log, clinics.Options{Anyone: accounts.Public(id.Zero)})
	h.accounts = accounts.New(b.DB, b.Log, accounts.Options{Clinics: cs, Book: book, PublicURL: "https://almirah.test", Terms: "1", Idle: time.Hour})
	h.apps = &factor.Phone{DB: b.DB, Accounts: h.accounts, Clock: b.Clock}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		h.got = append(h.got, request{r.Header.Clone(), string(body), r.Host})
		answer := h.answer
		h.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	h.programs = programs.New(b.DB, b.Log, programs.Options{Accounts: h.accounts, Reach: func(target string) http.RoundTripper {
		if target != "hooks.sunrise.example:443" {
			t.Errorf("a client for %s", target)
		}
		tr := server.Client().Transport.(*http.Transport).Clone()
		tr.TLSClientConfig.InsecureSkipVerify = true // the certificate is of another name; egress verifies, and has tests of its own
		tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		}
		tr.ResponseHeaderTimeout = h.wait
		return tr
	}, Refused: func(clinics.Clinic) string { return h.barred }})
	h.owner = h.As(access.Owner) // who needs no sign-in of her own
	return h
}

// settled is open with an owner who is somebody: the maker of a token is looked up.
func settled(t *testing.T, b *rig.Base) *house {
	t.Helper()
	h := open(t, b)
	h.owner, h.person = h.enrol("owner@example.org", access.Owner)
	return h
}

// enrol adds somebody to the clinic and signs her in.
func (h *house) enrol(mail string, role access.Role) (access.Caller, id.ID) {
	h.t.Helper()
	ctx := context.Background()
	d := accounts.Draft{Name: "Meera " + strings.ToUpper(mail[:1]), Email: mail, Password: password, Terms: "1", Language: "en"}
	if err := h.accounts.Enrol(ctx, h.As(access.Owner), d, role); err != nil {
		h.t.Fatal(err)
	}
	st, err := h.accounts.SignIn(ctx, mail, password, accounts.Device{Agent: "test", Address: "203.0.113.9"}, "")
	if err != nil {
		h.t.Fatal(err)
	}
	in, err := h.accounts.Session(ctx, h.apps.Finish(h.t, mail, st).Cookie)
	if err != nil {
		h.t.Fatal(err)
	}
	return in.Caller, in.Person.ID
}

func (h *house) token(scopes access.ProgramScope, days int) (string, programs.Token) {
	h.t.Helper()
	text, t, err := h.programs.MakeToken(context.Background(), h.owner, programs.TokenDraft{Name: "Clinic website", Scopes: scopes, Days: days})
	if err != nil {
		h.t.Fatal(err)
	}
	return text, t
}

// refused says that the token opens nothing.
func (h *house) refused(text, what string) {
	h.t.Helper()
	_, err := h.programs.Enter(context.Background(), text, "203.0.113.7")
	is(h.t, err, fault.Unauthenticated, "fault.token_refused", what)
}

func is(t *testing.T, err error, k fault.Kind, key, what string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != k || key != "" && f.Key != key {
		t.Errorf("%s: %v", what, err)
	}
}

// endpoint adds the program's address, as it is pasted: with blanks around it.
func (h *house) endpoint(events programs.Event) (secret string, one id.ID) {
	h.t.Helper()
	secret, one, err := h.programs.AddEndpoint(context.Background(), h.owner, programs.EndpointDraft{URL: " https://hooks.sunrise.example/in?key=canary\n", Events: events})
	if err != nil {
		h.t.Fatal(err)
	}
	return secret, one
}

// tell has something happen.
func (h *house) tell(kind programs.Event, subject, patient id.ID) {
	h.t.Helper()
	h.do(func(tx *store.Tx) error {
		return programs.Tell(tx, programs.News{Event: tx.NewID(), Kind: kind, At: tx.Now(), About: func() (id.ID, id.ID, error) { return subject, patient, nil }})
	})
}

func (h *house) do(fn func(tx *store.Tx) error) {
	h.t.Helper()
	err := h.DB.Change(context.Background(), h.As(access.System), access.Work, func(_ context.Context, tx *store.Tx) error {
		tx.Housekeeping("test")
		return fn(tx)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// work does what is due, and answers what the program was sent meanwhile.
func (h *house) work() []request {
	h.t.Helper()
	ctx, who := context.Background(), h.As(access.System)
	h.mu.Lock()
	h.got = nil
	h.mu.Unlock()
	due, err := h.programs.Waiting(ctx, who)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range due {
		if err := h.programs.Work(ctx, who, e); err != nil {
			h.t.Fatal(err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got
}

// look is the address with its tellings.
func (h *house) look(one id.ID) (programs.Endpoint, []programs.Delivery) {
	h.t.Helper()
	e, list, err := h.programs.Endpoint(context.Background(), h.owner, one, 50)
	if err != nil {
		h.t.Fatal(err)
	}
	return e, list
}

func (h *house) answers(status int, head ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(head); i += 2 {
			w.Header().Set(head[i], head[i+1])
		}
		w.WriteHeader(status)
	}
}
