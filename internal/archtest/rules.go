package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"almirah/internal/fault"
)

// Rule is one house rule.
type Rule struct {
	Name string
	Find func(*House) []string // one line a breach, saying what to do
}

// Rules are the house rules that the source alone can show.
var Rules = []Rule{
	{"imports point down, and left among the working rooms", Arrows},
	{"the wall clock is asked in clock alone", wallClock},
	{"callers are minted at the doors alone", minting},
	{"databases are opened by the keeping rooms alone", opening},
	{"egress alone dials", dialling},
	{"the job queue is known to jobs and store alone", queue},
	{"files stay short", length},
	{"a package is called after something at a clinic", names},
	{"tests run in parallel", parallel},
	{"SQL is a constant", constantSQL},
	{"sentences are made by words", templates},
	{"no init", inits},
	{"nothing is left for later", later},
	{"every room says what it holds", documented},
	{"logs carry no person", logs},
}

// only finds uses of the named things of a package outside the rooms that may. No names means the import itself.
func only(h *House, path string, names, rooms []string, what string) []string {
	var out []string
	for _, f := range h.Files {
		if f.free() || slices.Contains(rooms, room(f.dir())) {
			continue
		}
		for _, u := range f.uses(path) {
			if slices.Contains(names, u.name) {
				out = append(out, fmt.Sprintf("%s: %s.%s: %s", h.at(u.pos), path[strings.LastIndexByte(path, '/')+1:], u.name, what))
			}
		}
	}
	return out
}

// importing finds imports whose path begins with prefix outside the rooms that may.
func importing(h *House, prefix string, rooms []string, what string) []string {
	var out []string
	for _, f := range h.Files {
		if f.free() || slices.Contains(rooms, room(f.dir())) {
			continue
		}
		for _, s := range f.AST.Imports {
			if path := strings.Trim(s.Path.Value, `"`); path == prefix || strings.HasPrefix(path, prefix+"/") {
				out = append(out, fmt.Sprintf("%s: imports %s: %s", h.at(s.Pos()), path, what))
			}
		}
	}
	return out
}

func wallClock(h *House) []string {
	return only(h, "time", []string{"Now", "Since", "Until"}, []string{"clock"},
		"take a clock.Clock in the constructor and ask it (inside a transaction: tx.Now()), so that a test can turn the clock")
}

func minting(h *House) []string {
	return only(h, Module+"/internal/access", []string{"Mint", "MintHelper"}, []string{"accounts", "jobs", "store"},
		"take the Caller from the door; only accounts (a person, a token, a link), jobs (a clinic's own work) and the doorway itself may say who stands there")
}

func opening(h *House) []string {
	rooms := []string{"store", "vault", "jobs"} // jobs: River's own file on SQLite (decision 0017)
	what := "use the doorway (db.View, db.Change, db.Across); only store, and vault for its key store, open a database"
	out := only(h, "database/sql", []string{"Open", "OpenDB"}, rooms, what)
	for _, path := range []string{"github.com/jackc/pgx/v5", "modernc.org/sqlite"} {
		out = append(out, importing(h, path, append(rooms, "jobs"), what)...)
	}
	return out
}

func dialling(h *House) []string {
	what := "take egress's dialer or client in the constructor and register the host in egress/register.go: what is dialled is what the sub-processor list shows"
	var out []string
	for path, names := range map[string][]string{
		"net":        {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer"},
		"crypto/tls": {"Dial", "DialWithDialer", "Dialer"},
		"net/http":   {"Get", "Post", "PostForm", "Head", "Client", "DefaultClient", "Transport", "DefaultTransport"},
		"net/smtp":   {"Dial", "SendMail", "NewClient"},
	} {
		out = append(out, only(h, path, names, []string{"egress"}, what)...)
	}
	return out
}

func queue(h *House) []string {
	return importing(h, "github.com/riverqueue", []string{"jobs", "store"},
		"write a func in the room's work.go and let jobs register it: a room does not know how its work is queued")
}

func length(h *House) []string {
	var out []string
	for _, f := range h.Files {
		limit := 600
		if f.Test {
			limit = 1000
		}
		if f.Lines > limit {
			out = append(out, fmt.Sprintf("%s has %d lines, %d are allowed: move one subject of it into a file of its own", f.Path, f.Lines, limit))
		}
	}
	return out
}

func names(h *House) []string {
	banned := []string{"util", "utils", "common", "helper", "helpers", "model", "models", "type", "types", "base", "core", "misc", "shared", "lib", "stuff"}
	var out []string
	for _, f := range h.Files {
		name := strings.TrimSuffix(f.AST.Name.Name, "_test")
		folder := f.dir()[strings.LastIndexByte(f.dir(), '/')+1:]
		if slices.Contains(banned, name) || slices.Contains(banned, folder) {
			out = append(out, fmt.Sprintf("%s: package %s says only that it helps: give the code to the room whose subject it is", f.Path, name))
		}
	}
	return out
}

func parallel(h *House) []string {
	var out []string
	for _, f := range h.Files {
		if !f.Test {
			continue
		}
		for _, d := range f.AST.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || fn.Body == nil || !isTest(fn, "T") {
				continue
			}
			if len(fn.Body.List) > 0 && callsParallel(fn.Body.List[0]) {
				continue
			}
			if excused(f, fn) {
				continue
			}
			out = append(out, fmt.Sprintf("%s: %s must begin with t.Parallel(), or say `// not parallel: <reason>` in its first lines", h.at(fn.Pos()), fn.Name.Name))
		}
	}
	return out
}

// isTest says whether fn is a test that takes *testing.<kind>.
func isTest(fn *ast.FuncDecl, kind string) bool {
	if !strings.HasPrefix(fn.Name.Name, "Test") || fn.Type.Params == nil || len(fn.Type.Params.List) != 1 {
		return false
	}
	star, ok := fn.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	s, ok := star.X.(*ast.SelectorExpr)
	return ok && s.Sel.Name == kind
}

func callsParallel(s ast.Stmt) bool {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return false
	}
	c, ok := e.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := c.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Parallel"
}

// excused says whether a comment of the function, or one before its second statement, gives a reason.
func excused(f *File, fn *ast.FuncDecl) bool {
	until := fn.Body.End()
	if len(fn.Body.List) > 1 {
		until = fn.Body.List[1].Pos()
	}
	from := fn.Pos()
	if fn.Doc != nil {
		from = fn.Doc.Pos()
	}
	for _, g := range f.AST.Comments {
		for _, c := range g.List {
			reason, ok := strings.CutPrefix(c.Text, "// not parallel:")
			if ok && strings.TrimSpace(reason) != "" && c.Pos() >= from && c.Pos() < until {
				return true
			}
		}
	}
	return false
}

var sqlText = regexp.MustCompile(`(?is)^\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s)`)

// constantSQL finds SQL text that is put together at run time. store.In is the only expander; store, vault and backup speak to the
// engines themselves and are read by people.
func constantSQL(h *House) []string {
	what := "write the whole statement as a constant whose name starts with sql and bind values as $2, $3 ...; lists go through store.In"
	var out []string
	for _, f := range h.Files {
		if f.free() || slices.Contains([]string{"store", "vault", "backup"}, room(f.dir())) {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.CallExpr:
				name := called(x)
				if (strings.HasPrefix(name, "Sprint") || strings.HasPrefix(name, "Append") || name == "Replace" || name == "ReplaceAll") && slices.ContainsFunc(x.Args, func(a ast.Expr) bool { return isSQL(a) }) {
					out = append(out, fmt.Sprintf("%s: %s makes SQL: %s", h.at(x.Pos()), name, what))
				}
			case *ast.BinaryExpr:
				if x.Op != token.ADD {
					return true
				}
				parts := summands(x)
				if slices.ContainsFunc(parts, isSQL) {
					for _, p := range parts {
						if !constantPart(p) {
							out = append(out, fmt.Sprintf("%s: a value is joined into SQL: %s", h.at(p.Pos()), what))
						}
					}
				}
				return false
			case *ast.GenDecl:
				if x.Tok == token.CONST { // joined by the compiler
					return false
				}
				if x.Tok == token.VAR {
					for _, s := range x.Specs {
						for _, name := range s.(*ast.ValueSpec).Names {
							if strings.HasPrefix(name.Name, "sql") && len(s.(*ast.ValueSpec).Values) > 0 {
								out = append(out, fmt.Sprintf("%s: %s can change: make it a const, so that it can be prepared on both engines in a test", h.at(name.Pos()), name.Name))
							}
						}
					}
				}
			}
			return true
		})
	}
	return out
}

// isSQL says whether the expression is SQL by its text or by its name.
func isSQL(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.BasicLit:
		if x.Kind != token.STRING {
			return false
		}
		s, err := strconv.Unquote(x.Value)
		return err == nil && sqlText.MatchString(s)
	case *ast.Ident:
		return sqlName.MatchString(x.Name)
	}
	return false
}

var sqlName = regexp.MustCompile(`^sql[A-Z]`)

func constantPart(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return sqlName.MatchString(x.Name)
	case *ast.CallExpr:
		s, ok := x.Fun.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		p, ok := s.X.(*ast.Ident)
		return ok && p.Name == "store" && s.Sel.Name == "In"
	case *ast.ParenExpr:
		return constantPart(x.X)
	}
	return false
}

// summands are the operands of a chain of +.
func summands(e ast.Expr) []ast.Expr {
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.ADD {
		return append(summands(b.X), summands(b.Y)...)
	}
	return []ast.Expr{e}
}

// called is the last name of the called function.
func called(c *ast.CallExpr) string {
	switch x := c.Fun.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

func templates(h *House) []string {
	return importing(h, "text/template", []string{"words"}, "use html/template for a page, words for a sentence: text/template escapes nothing")
}

func inits(h *House) []string {
	var out []string
	for _, f := range h.Files {
		for _, d := range f.AST.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				out = append(out, fmt.Sprintf("%s: init runs unasked: let a constructor do it, and app call the constructor", h.at(fn.Pos())))
			}
		}
	}
	return out
}

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

func later(h *House) []string {
	var out []string
	for _, f := range h.Files {
		if room(f.dir()) == "archtest" {
			continue
		}
		for _, g := range f.AST.Comments {
			for _, c := range g.List {
				if unfinished.MatchString(c.Text) {
					out = append(out, fmt.Sprintf("%s: the comment leaves something for later: do it now, or open an issue and take the comment out", h.at(c.Pos())))
				}
			}
		}
	}
	return out
}

func documented(h *House) []string {
	said, files := map[string]bool{}, map[string]bool{}
	for _, f := range h.Files {
		if f.Test {
			continue
		}
		files[f.dir()] = true
		if f.AST.Doc != nil {
			said[f.dir()] = true
		}
	}
	var out []string
	for dir := range files {
		if !said[dir] {
			out = append(out, fmt.Sprintf("%s has no package comment: write doc.go, saying what the room holds and which promises it keeps", dir))
		}
	}
	return out
}

var (
	logCalls   = []string{"Debug", "Info", "Warn", "Error", "DebugContext", "InfoContext", "WarnContext", "ErrorContext"}
	personal   = regexp.MustCompile(`(?i)^(name|full_?name|first_?name|last_?name|patient_?name|phone|e?_?mail|email_?address|address|birth_?date|born|password|token|secret|cookie|note|notes|body|text|query|ip)$`)
	personalIn = regexp.MustCompile(`^(Name|FullName|Phone|Email|Address|BirthDate|Password|Token|Secret|Note|Notes|Body|Text|RemoteAddr)$`)
)

// logs finds log lines that are put together at run time, or that carry what belongs to a person. error values are safe by the rule
// that no error repeats a person's data.
func logs(h *House) []string {
	var out []string
	for _, f := range h.Files {
		if f.free() {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok || !isLog(c) || len(c.Args) == 0 {
				return true
			}
			args := c.Args
			if strings.HasSuffix(called(c), "Context") {
				args = args[1:]
			}
			out = append(out, undeclared(h, args[min(1, len(args)):])...)
			for i, a := range args {
				if i == 0 {
					if l, ok := a.(*ast.BasicLit); !ok || l.Kind != token.STRING {
						out = append(out, fmt.Sprintf("%s: a log message is a constant sentence; give what differs as attributes (ids, counts, kinds)", h.at(a.Pos())))
					}
					continue
				}
				ast.Inspect(a, func(n ast.Node) bool {
					switch x := n.(type) {
					case *ast.BasicLit:
						if s, err := strconv.Unquote(x.Value); err == nil && x.Kind == token.STRING && personal.MatchString(s) {
							out = append(out, fmt.Sprintf("%s: the log attribute %q would hold a person's data: log the id instead", h.at(x.Pos()), s))
						}
					case *ast.SelectorExpr:
						if personalIn.MatchString(x.Sel.Name) && !isPackage(f, x.X) {
							out = append(out, fmt.Sprintf("%s: .%s may hold a person's data: log the id instead", h.at(x.Pos()), x.Sel.Name))
						}
					}
					return true
				})
			}
			return true
		})
	}
	return out
}

// undeclared finds fields of a log line that fault.LogFields does not know. A list that is handed on is looked at where it is written.
func undeclared(h *House, args []ast.Expr) []string {
	var out []string
	for i := 0; i < len(args); i += 2 {
		l, ok := args[i].(*ast.BasicLit)
		if !ok {
			if call, ok := args[i].(*ast.CallExpr); ok && i == len(args)-1 { // append([]any{"carrier", ...}, more...)...
				for _, a := range call.Args {
					if list, ok := a.(*ast.CompositeLit); ok {
						out = append(out, undeclared(h, list.Elts)...)
					}
				}
				continue
			}
			out = append(out, fmt.Sprintf("%s: the name of a log field is a constant word", h.at(args[i].Pos())))
			continue
		}
		name, err := strconv.Unquote(l.Value)
		if _, known := fault.LogFields[name]; err != nil || !known {
			out = append(out, fmt.Sprintf("%s: the log field %s is not declared: say in fault.LogFields what stands in it, or take one that is there", h.at(l.Pos()), l.Value))
		}
	}
	return out
}

// isLog says whether the call writes to a logger: slog itself, or something called log or logger.
func isLog(c *ast.CallExpr) bool {
	s, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(logCalls, s.Sel.Name) {
		return false
	}
	switch x := s.X.(type) {
	case *ast.Ident:
		return slices.Contains([]string{"slog", "log", "logger"}, x.Name)
	case *ast.SelectorExpr:
		return slices.Contains([]string{"log", "logger", "Log", "Logger"}, x.Sel.Name)
	}
	return false
}

func isPackage(f *File, e ast.Expr) bool {
	x, ok := e.(*ast.Ident)
	if !ok {
		return false
	}
	for _, local := range f.imports() {
		if local == x.Name {
			return true
		}
	}
	return false
}
