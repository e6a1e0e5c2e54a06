package store

import (
	"context"
	"strconv"
	"strings"
)

// rowsAtOnce are how many rows one inserting statement is made for: a few lengths, so that a few statements stay prepared.
var rowsAtOnce = [...]int{32, 8, 1}

// flush runs what waits for the commit of a Change on SQLite. Statements with one text run together, in the order in
// which their texts were first used; the rows of a plain INSERT go in by as few statements as rowsAtOnce allows, because
// on SQLite it is the statement that costs and not the row.
func (s *session) flush() error {
	ctx, err := s.quiet()
	if err != nil || len(s.queued) == 0 {
		return err
	}
	var order []string
	of := map[string][][]any{}
	for _, q := range s.queued {
		if of[q.text] == nil {
			order = append(order, q.text)
		}
		of[q.text] = append(of[q.text], q.args)
	}
	s.queued = nil
	for _, text := range order {
		rows := of[text]
		for len(rows) > 0 {
			n := 1
			for _, n = range rowsAtOnce {
				if n <= len(rows) {
					break
				}
			}
			many, width := s.lane.rows(text, n)
			if many == "" {
				n, many, width = 1, text, len(rows[0])
			}
			args := make([]any, 0, n*width)
			for _, r := range rows[:n] {
				args = append(args, r...)
			}
			if err := s.insert(ctx, many, args); err != nil {
				return s.failed(err, text)
			}
			if s.db.watch != nil {
				for _, r := range rows[:n] {
					s.db.watch(text, r)
				}
			}
			rows = rows[n:]
		}
	}
	return nil
}

func (s *session) insert(ctx context.Context, text string, args []any) error {
	st, err := s.lane.prepared(ctx, text)
	if err == nil {
		_, err = st.ExecContext(ctx, args...)
	}
	return err
}

type wide struct {
	text string
	n    int
}

type widened struct {
	text  string
	width int
}

// rows is a plain INSERT of one row as one of n rows, and how many values a row has; empty where the statement is anything else.
func (l *lane) rows(text string, n int) (string, int) {
	w, known := l.wide[wide{text, n}]
	if !known {
		w = widen(text, n)
		if l.wide == nil {
			l.wide = map[wide]widened{}
		}
		l.wide[wide{text, n}] = w
	}
	return w.text, w.width
}

func widen(text string, n int) widened {
	head, values, found := strings.Cut(text, "VALUES (")
	list, whole := strings.CutSuffix(values, ")")
	if !found || !whole || !strings.HasPrefix(text, "INSERT INTO ") || strings.ContainsAny(list, "()") {
		return widened{}
	}
	parts := strings.Split(list, ", ")
	for i, p := range parts {
		if p != "$"+strconv.Itoa(i+1) {
			return widened{}
		}
	}
	var b strings.Builder
	b.WriteString(head + "VALUES ")
	for row := range n {
		if row > 0 {
			b.WriteByte(',')
		}
		for i := range parts {
			b.WriteByte("(,"[min(i, 1)])
			b.WriteString("$" + strconv.Itoa(row*len(parts)+i+1))
		}
		b.WriteByte(')')
	}
	return widened{b.String(), len(parts)}
}
