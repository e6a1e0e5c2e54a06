package archtest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"almirah/internal/access"
	"almirah/internal/promise"
)

var update = flag.Bool("update", false, "write the generated pages again")

// source is this repository, parsed once for all rules.
var source = sync.OnceValues(func() (*House, error) {
	top, err := Top()
	if err != nil {
		return nil, err
	}
	return Load(top)
})

func TestHouseRules(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "same-rules-at-every-door", "request-log")
	h, err := source()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Rules {
		t.Run(strings.ReplaceAll(r.Name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			for _, breach := range r.Find(h) {
				t.Error(breach)
			}
		})
	}
}

func TestRights(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "roles-and-rights")
	h, err := source()
	if err != nil {
		t.Fatal(err)
	}
	for _, breach := range Rights(h, access.Table) {
		t.Error(breach)
	}
}

// TestOperatorStandsOutside: whoever runs the platform, or helps a clinic, holds no right over a clinic's people or schedule.
func TestOperatorStandsOutside(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "operator-outside")
	for _, row := range access.Table {
		for _, area := range []string{"own.", "clinic.", "schedule.", "patient.", "message.", "audit."} {
			if !strings.HasPrefix(string(row.Right), area) {
				continue
			}
			for _, outside := range []access.Role{access.Operator, access.Support} {
				if access.Holds(outside, row.Right) {
					t.Errorf("%s holds %s: take it out of the row; what concerns one clinic is given by that clinic", outside, row.Right)
				}
			}
		}
	}
}

// TestThereIsNoPurposeForAdvertising holds the closed list of purposes: a new one is a new promise to patients.
func TestThereIsNoPurposeForAdvertising(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "no-advertising")
	h, err := source()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"Care": "care", "Running": "running", "Own": "own", "Security": "security",
		"Helping": "helping", "Emergency": "emergency"} // support under a grant of the clinic, and without one (promises support-by-grant, support-emergency)
	got := constants(h, "access", "Purpose")
	for name, text := range got {
		if want[name] != text {
			t.Errorf("access.%s is a new purpose: enter it in the policy first (internal/promise), with what patients are asked, then here", name)
		}
	}
	if len(got) < len(want) {
		t.Errorf("found the purposes %v, want %v", got, want)
	}
}

// TestWhoMay is the golden test of the rights table: whoever changes it changes a page that people read.
func TestWhoMay(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "roles-and-rights")
	top, err := Top()
	if err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(top, "docs", "who-may.md")
	got := WhoMay(access.Table, access.AllRoles)
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Fatal("docs/who-may.md does not say what internal/access/table.go says. If the change of rights is meant, run: go test ./internal/archtest -run TestWhoMay -update")
	}
}

// TestEveryRuleCanFail runs each rule over a file that breaks it, and over one that does not.
func TestEveryRuleCanFail(t *testing.T) {
	t.Parallel()
	long := "// Package x is long.\npackage x\n" + strings.Repeat("\n", 600)
	for _, c := range []struct {
		rule, path, bad, says string
		good, goodPath        string
	}{
		{rule: "imports point", path: "internal/patients/x.go", bad: `package patients; import _ "almirah/internal/scheduling"`, says: "stands to the right of patients",
			good: `package scheduling; import _ "almirah/internal/patients"`, goodPath: "internal/scheduling/x.go"},
		{rule: "imports point", path: "internal/store/x.go", bad: `package store; import _ "almirah/internal/patients"`, says: "lower floor",
			good: `package store; import _ "almirah/internal/vault"`},
		{rule: "imports point", path: "internal/vault/x.go", bad: `package vault; import _ "almirah/internal/store"`, says: "among the keeping rooms"},
		{rule: "imports point", path: "internal/access/x.go", bad: `package access; import _ "almirah/internal/store"`, says: "lower floor",
			good: `package access; import _ "almirah/internal/id"`},
		{rule: "imports point", path: "internal/web/x.go", bad: `package web; import _ "almirah/internal/jobs"`, says: "between doors",
			good: `package jobs; import _ "almirah/internal/journeys"`, goodPath: "internal/jobs/x.go"},
		{rule: "imports point", path: "internal/carriers/email/x.go", bad: `package email; import _ "almirah/internal/carriers/local"`, says: "between doors",
			good: `package email; import _ "almirah/internal/carriers/handover"`},
		{rule: "imports point", path: "internal/web/x.go", bad: `package web; import _ "almirah/internal/carriers/handover"`, says: "between doors",
			good: `package email; import _ "almirah/internal/messaging"`, goodPath: "internal/carriers/email/x.go"},
		{rule: "imports point", path: "internal/web/x.go", bad: `package web; import _ "almirah/internal/rig"`, says: "rig is for tests only",
			good: `package web; import _ "almirah/internal/rig"`, goodPath: "internal/web/x_test.go"},
		{rule: "imports point", path: "internal/web/x.go", bad: `package web; import _ "almirah/internal/app"`, says: "lower floor",
			good: `package main; import _ "almirah/internal/app"`, goodPath: "cmd/almirah/main.go"},
		{rule: "imports point", path: "internal/pharmacy/x.go", bad: `package pharmacy`, says: "not on the plan"},
		{rule: "the wall clock", path: "internal/web/x.go", bad: `package web; import clk "time"; var t = clk.Now()`, says: "take a clock.Clock",
			good: `package web; import "time"; var t = time.NewTicker(time.Second)`},
		{rule: "the wall clock", path: "internal/web/x.go", bad: `package web; import "time"; func f(t time.Time) any { return time.Since(t) }`, says: "time.Since",
			good: `package web; import "time"; var t = time.Now()`, goodPath: "internal/web/x_test.go"},
		{rule: "callers are minted", path: "internal/web/x.go", bad: `package web; import "almirah/internal/access"; var c = access.Mint`, says: "take the Caller from the door",
			good: `package accounts; import "almirah/internal/access"; var c = access.Mint`, goodPath: "internal/accounts/x.go"},
		{rule: "databases are opened", path: "internal/patients/x.go", bad: `package patients; import "database/sql"; var o = sql.Open`, says: "use the doorway",
			good: `package store; import "database/sql"; var o = sql.Open`, goodPath: "internal/store/x.go"},
		{rule: "databases are opened", path: "internal/patients/x.go", bad: `package patients; import _ "github.com/jackc/pgx/v5/pgxpool"`, says: "use the doorway"},
		{rule: "egress alone dials", path: "internal/carriers/email/x.go", bad: `package email; import "net"; var d = net.Dial`, says: "egress's dialer",
			good: `package egress; import "net"; var d = net.Dial`, goodPath: "internal/egress/x.go"},
		{rule: "egress alone dials", path: "internal/web/x.go", bad: `package web; import "net/http"; var c = &http.Client{}`, says: "register the host",
			good: `package web; import "net/http"; var c = &http.Server{}`},
		{rule: "the job queue", path: "internal/scheduling/x.go", bad: `package scheduling; import _ "github.com/riverqueue/river"`, says: "work.go",
			good: `package jobs; import _ "github.com/riverqueue/river"`, goodPath: "internal/jobs/x.go"},
		{rule: "files stay short", path: "internal/x/x.go", bad: long, says: "600 are allowed", good: long, goodPath: "internal/x/x_test.go"},
		{rule: "a package is called", path: "internal/web/util/x.go", bad: `package util`, says: "only that it helps", good: `package web`, goodPath: "internal/web/x.go"},
		{rule: "tests run in parallel", path: "internal/web/x_test.go", bad: "package web\nfunc TestX(t *testing.T) { f(); t.Parallel() }", says: "must begin with t.Parallel()",
			good: "package web\n// not parallel: it sets the environment\nfunc TestX(t *testing.T) { f() }\nfunc TestMain(m *testing.M) {}\nfunc TestY(t *testing.T) { t.Parallel() }\nfunc TestZ(t *testing.T) {\n\t// not parallel: turns a switch\n\tf()\n}"},
		{rule: "tests run in parallel", path: "internal/web/x_test.go", bad: "package web\n// not parallel:\nfunc TestX(t *testing.T) { f() }", says: "must begin with t.Parallel()"},
		{rule: "SQL is a constant", path: "internal/web/x.go", bad: "package web; var s = fmt.Sprintf(`SELECT %s FROM t`, x)", says: "makes SQL",
			good: "package web; const what = `a`; const sqlX = `SELECT ` + what + ` FROM t`; func f() { g(sqlX + store.In(3, 2) + `)`) }"},
		{rule: "SQL is a constant", path: "internal/web/x.go", bad: "package web; func f(n string) { g(`SELECT a FROM t WHERE n = '` + n + `'`) }", says: "joined into SQL"},
		{rule: "SQL is a constant", path: "internal/web/x.go", bad: "package web; func f(n string) { g(sqlFind + n) }", says: "joined into SQL"},
		{rule: "SQL is a constant", path: "internal/web/x.go", bad: "package web; var sqlX = `SELECT 1`", says: "make it a const"},
		{rule: "sentences are made", path: "internal/web/x.go", bad: `package web; import _ "text/template"`, says: "use html/template",
			good: `package web; import _ "html/template"`},
		{rule: "no init", path: "internal/web/x.go", bad: `package web; func init() {}`, says: "init runs unasked", good: `package web; func (t) init() {}`},
		{rule: "nothing is left", path: "internal/web/x.go", bad: "package web\n// TODO: sort\n", says: "for later", good: "package web\n// Todo lists are a page.\n"},
		{rule: "every room says", path: "internal/web/x.go", bad: `package web`, says: "write doc.go", good: "// Package web is the pages.\npackage web\n"},
		{rule: "logs carry no person", path: "internal/web/x.go", bad: `package web; func f() { s.log.Info(fmt.Sprintf("hello %s", n)) }`, says: "constant sentence",
			good: `package web; func f() { s.log.InfoContext(ctx, "sent", "clinic", c.ID, "kind", k); x.Error(n); log.Warn("sent", append([]any{"carrier", c}, more...)...) }`},
		{rule: "logs carry no person", path: "internal/web/x.go", bad: `package web; func f() { s.log.Info("sent", "clinic", c.ID, "colour", k) }`, says: `"colour" is not declared`},
		{rule: "logs carry no person", path: "internal/web/x.go", bad: `package web; func f() { s.log.Info("sent", append([]any{"colour", k}, more...)...) }`, says: `"colour" is not declared`},
		{rule: "logs carry no person", path: "internal/web/x.go", bad: `package web; func f() { slog.Warn("refused", "email", x) }`, says: `"email" would hold`},
		{rule: "logs carry no person", path: "internal/web/x.go", bad: `package web; func f() { log.Error("lost", "who", p.Phone) }`, says: ".Phone may hold"},
	} {
		t.Run(c.rule+" "+c.says, func(t *testing.T) {
			t.Parallel()
			var rule Rule
			for _, r := range Rules {
				if strings.HasPrefix(r.Name, c.rule) {
					rule = r
				}
			}
			if rule.Find == nil {
				t.Fatal("no such rule")
			}
			run := func(path, text string) string {
				h, err := Load(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				if err := h.Add(path, text); err != nil {
					t.Fatal(err)
				}
				return strings.Join(rule.Find(h), "\n")
			}
			if got := run(c.path, c.bad); !strings.Contains(got, c.says) {
				t.Errorf("the bad file passes, or the complaint does not help: %q", got)
			}
			if c.good == "" {
				return
			}
			if c.goodPath == "" {
				c.goodPath = c.path
			}
			if got := run(c.goodPath, c.good); got != "" {
				t.Errorf("the good file is refused: %s", got)
			}
		})
	}
}

func TestRightsCanFail(t *testing.T) {
	t.Parallel()
	const declares = `package access
type Right string
const (
	A Right = "a"
	B Right = "b"
)`
	row := func(r access.Right) access.Row {
		return access.Row{Right: r, Words: "Do it.", Roles: []access.Role{access.Owner}}
	}
	for says, c := range map[string]struct {
		table []access.Row
		uses  string
	}{
		"access.B has no row":           {[]access.Row{row("a")}, "access.A, access.B"},
		"access.B is asked for nowhere": {[]access.Row{row("a"), row("b")}, "access.A, access.A"},
		`the row "c" has no constant`:   {[]access.Row{row("a"), row("b"), row("c")}, "access.A, access.B"},
		`the right "a" has two rows`:    {[]access.Row{row("a"), row("b"), row("a")}, "access.A, access.B"},
		"gives the right to nobody":     {[]access.Row{row("a"), {Right: "b", Words: "x"}}, "access.A, access.B"},
		"":                              {[]access.Row{row("a"), row("b")}, "access.A, access.B"},
	} {
		h, err := Load(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		for path, text := range map[string]string{
			"internal/access/table.go": declares,
			"internal/web/x.go":        "package web\nimport \"almirah/internal/access\"\nvar x, y = " + c.uses,
		} {
			if err := h.Add(path, text); err != nil {
				t.Fatal(err)
			}
		}
		got := strings.Join(Rights(h, c.table), "\n")
		if (says == "") != (got == "") || !strings.Contains(got, says) {
			t.Errorf("want %q, got %q", says, got)
		}
	}
}
