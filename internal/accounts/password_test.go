package accounts

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/argon2"

	"almirah/internal/access"
	"almirah/internal/fault"
	"almirah/internal/promise"
	"almirah/internal/words"
)

func plainService() *Service {
	return &Service{o: Options{Product: "Almirah"}, hashes: newHasher(), blocked: blocklist()}
}

func TestTheHashKeepsTheFloor(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "password-hashed")
	h := newHasher()
	one, err := h.hash(context.Background(), "correct pony battery staple")
	if err != nil {
		t.Fatal(err)
	}
	two, _ := h.hash(context.Background(), "correct pony battery staple")
	p, salt, tag, err := parsePHC(one)
	if err != nil || !strings.HasPrefix(one, "$argon2id$v=19$m=47104,t=1,p=1$") {
		t.Fatalf("%s, %v", one, err)
	}
	// OWASP: these pairs of memory and passes are equivalent floors; the hash must reach one of them.
	reached := false
	for memory, passes := range map[uint32]uint32{47104: 1, 19456: 2, 12288: 3, 9216: 4, 7168: 5} {
		reached = reached || p.memory >= memory && p.time >= passes
	}
	if !reached || p.threads != 1 || len(salt) < 16 || len(tag) < 32 {
		t.Fatalf("weaker than the floor: %+v, salt %d, tag %d", p, len(salt), len(tag))
	}
	if one == two {
		t.Fatal("two hashes share a salt")
	}
	for password, want := range map[string]bool{"correct pony battery staple": true, "correct pony battery stapl": false, "": false} {
		if ok, weak, err := h.matches(context.Background(), one, password); ok != want || weak || err != nil {
			t.Errorf("%q: %v, weak %v, %v", password, ok, weak, err)
		}
	}
}

func weakHash(password string, p params) string {
	salt := []byte("sixteen byte salt")[:16]
	return phc(p, salt, argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, tagSize))
}

func TestAWeakHashIsKnownAndAStrangeOneRefused(t *testing.T) {
	t.Parallel()
	h := newHasher()
	ctx := context.Background()
	for _, p := range []params{{19456, 1, 1}, {46000, 1, 1}} {
		if ok, weak, _ := h.matches(ctx, weakHash("correct pony battery staple", p), "correct pony battery staple"); !ok || !weak {
			t.Errorf("%+v: ok %v, weak %v", p, ok, weak)
		}
	}
	good := weakHash("correct pony battery staple", today)
	b := base64.RawStdEncoding
	for name, s := range map[string]string{
		"argon2i":   strings.Replace(good, "argon2id", "argon2i", 1),
		"bcrypt":    "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"version":   strings.Replace(good, "v=19", "v=16", 1),
		"much":      strings.Replace(good, "m=47104", "m=4294967295", 1),
		"no passes": strings.Replace(good, "t=1", "t=0", 1),
		"lanes":     strings.Replace(good, "p=1", "p=200", 1),
		"spelling":  strings.Replace(good, "m=47104", "m=047104", 1),
		"empty":     "", "short tag": phc(today, make([]byte, 16), make([]byte, 4)), "no base64": "$argon2id$v=19$m=47104,t=1,p=1$!$" + b.EncodeToString(make([]byte, 32)),
	} {
		if _, _, _, err := parsePHC(s); err == nil {
			t.Errorf("%s is read", name)
		}
		if ok, _, err := h.matches(ctx, s, "correct pony battery staple"); ok || err != nil {
			t.Errorf("%s matches: %v", name, err)
		}
	}
	if ok, _, _ := h.matches(ctx, decoy(), ""); ok {
		t.Error("the decoy has a password")
	}
}

func TestHashesTakeTurns(t *testing.T) {
	t.Parallel()
	h := &hasher{seats: make(chan struct{}, 1)}
	h.seats <- struct{}{}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Fatalf("no seat was free: %v", err)
	}
	if _, _, err := h.matches(ctx, decoy(), "x"); !errors.Is(err, context.Canceled) {
		t.Fatalf("no seat was free: %v", err)
	}
	<-h.seats
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := h.hash(context.Background(), "x"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(h.seats) != 0 {
		t.Fatal("a seat was kept")
	}
}

func TestNewPasswords(t *testing.T) {
	t.Parallel()
	s := plainService()
	about := []string{"meera.iyer@sunrise.example", "Meera Iyer", "Sunrise Clinic"}
	for password, want := range map[string]string{
		"blue mango 47 tabla": "",
		"fourteen chars":      "field.password.too_short",
		"fifteen chars 1":     "",
		"नमस्ते दुनिया आज":                            "",
		strings.Repeat("long enough ", 5) + "tail":    "",
		strings.Repeat("blue mango 47 ", 18) + "wxyz": "",
		strings.Repeat("q7 zw", 52):                   "field.password.too_long", // 260
		strings.Repeat("\u0921", 300):                 "field.password.too_long",
		"aaaaaaaaaaaaaaaaaa":                          "field.password.easy",
		"passwordpassword":                            "field.password.easy",
		"P@ssw0rdP@ssw0rd":                            "field.password.easy",
		"Password1234567":                             "field.password.easy",
		"123456789012345":                             "field.password.easy",
		"abcdefghijklmnop":                            "field.password.easy",
		"qwertyuiopasdfgh":                            "field.password.easy",
		"987654321987654":                             "field.password.easy",
		"Om Namah Shivaya 108":                        "field.password.easy",
		"meera.iyer@sunrise":                          "field.password.easy",
		"Meera Iyer Sunrise 1":                        "field.password.easy",
		"almirah-almirah-almirah":                     "field.password.easy",
		"sunrise over blue mango":                     "",
		"":                                            "field.password.too_short",
		"\xff\xfe not text at all":                    "field.password.too_long",
	} {
		var f fault.Fields
		s.checkPassword(password, about, &f)
		var x *fault.Fault
		got := ""
		if errors.As(f.Err(), &x) {
			got = x.Fields[0].Key
		}
		if got != want {
			t.Errorf("%.30q: %q, want %q", password, got, want)
		}
	}
}

func TestOnePasswordTwoKeyboards(t *testing.T) {
	t.Parallel()
	a, _ := composed("cafe\u0301 au lait demain")
	b, _ := composed("caf\u00e9 au lait demain")
	if a != b {
		t.Fatal("composed and decomposed letters give two passwords")
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	text, hash := newSecret()
	if _, got, ok := secretHash(text); !ok || string(got) != string(hash) || len(hash) != 32 {
		t.Fatal("a secret does not come back")
	}
	last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", text[42])
	for name, s := range map[string]string{"cut off": text[:42], "longer": text + "A", "padded": text + "=", "empty": "", "spaces": " " + text[1:],
		"another spelling": text[:42] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last|1]), "newline": text[:42] + "\n"} {
		if _, got, ok := secretHash(s); ok && string(got) == string(hash) {
			t.Errorf("%s is taken for it", name)
		}
	}
	in := SignedIn{CSRF: csrfOf([]byte("secret"), []byte("stored"))}
	if !in.CheckCSRF(in.CSRF) || in.CheckCSRF("") || in.CheckCSRF(in.CSRF+"A") || (SignedIn{}).CheckCSRF("") || len(in.CSRF) != 43 {
		t.Error("the token of forms")
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	var last int64
	for n := int64(1); n <= 120; n++ {
		w := int64(accountRule.wait(n))
		if w < last || w > int64(accountRule.most) || n < accountRule.free && w != 0 || n >= accountRule.free && w == 0 {
			t.Fatalf("after %d tries %d", n, w)
		}
		last = w
	}
	for a, want := range map[string]string{"203.0.113.9": "203.0.113.9", "::ffff:203.0.113.9": "203.0.113.9", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "unknown", "x": "unknown"} {
		if got := Network(a); got != want {
			t.Errorf("%q: %q, want %q", a, got, want)
		}
	}
}

func TestWhoMayGrant(t *testing.T) {
	t.Parallel()
	for _, by := range access.AllRoles {
		for _, role := range access.AllRoles {
			want := role.IsStaff() && (by == access.Owner || by == access.Manager && role != access.Owner)
			if MayGrant(by, role) != want {
				t.Errorf("%s grants %s: %v", by, role, !want)
			}
		}
	}
}

func TestEverySentenceIsThere(t *testing.T) {
	t.Parallel()
	book, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := plainService()
	s.o.Book = book
	for _, kind := range []string{mailVerify, mailKnown, mailReset, mailInvitation} {
		subject, text, page := s.write(letter{Kind: kind, Link: "/x?token=t", Clinic: "<b>Sun</b>", By: "Meera", Role: string(access.FrontDesk)}, Person{Name: "<i>Asha</i>"})
		for _, out := range []string{subject, text, page} {
			if strings.Contains(out, "[") || strings.Contains(out, "]") {
				t.Errorf("%s: a sentence or a value is missing: %s", kind, out)
			}
		}
		if strings.Contains(page, "<b>") || strings.Contains(page, "<i>") || strings.Contains(subject, "\n") {
			t.Errorf("%s: a name is part of the page: %s", kind, page)
		}
	}
	for _, r := range access.StaffRoles {
		if !book.Tongue("en").Has("account.role." + string(r)) {
			t.Errorf("the role %s has no word", r)
		}
	}
}
