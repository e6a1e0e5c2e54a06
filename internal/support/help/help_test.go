package help_test

import (
	"strings"
	"testing"

	"almirah/internal/promise"
	"almirah/internal/support/help"
	"almirah/internal/words"
)

func shelf(t *testing.T) *help.Shelf {
	t.Helper()
	s, err := help.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tasks are those that a clinic does every day; each has its help.
var tasks = strings.Fields("book reschedule block-time add-patient twice prescription bill day-close reminders answer export add-person roles stop sign-in")

func TestEveryTaskInEveryLanguage(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "help-inside")
	s := shelf(t)
	for _, l := range words.Languages() {
		for _, task := range tasks {
			x, ok := s.Topic(l.Code, task)
			if !ok || x.Title == "" || x.Lead == "" || len(x.Steps) < 2 {
				t.Errorf("%s %s: %+v", l.Code, task, x)
			}
		}
		en, here := s.Topics("en"), s.Topics(l.Code)
		for i, x := range en {
			if here[i].ID != x.ID || len(here[i].Steps) != len(x.Steps) || len(here[i].Notes) != len(x.Notes) {
				t.Errorf("%s: %s has other steps or notes than in English", l.Code, x.ID)
			}
			if l.Code != "en" && here[i].Title == x.Title {
				t.Errorf("%s: %s is not translated", l.Code, x.ID)
			}
		}
	}
	for path, want := range map[string]string{"/app/day": "/app/help/book", "/app/bills/close": "/app/help/day-close", "/app/bills/0192": "/app/help/bill", "/app/settings/staff": "/app/help/add-person", "/app/support/access": "/app/help/support-access", "/app": "/app/help", "/app/daylight": "/app/help"} {
		if got := help.For(path); got != want {
			t.Errorf("the help of %s is %s, want %s", path, got, want)
		}
		if one, ok := strings.CutPrefix(want, "/app/help/"); ok {
			if _, there := s.Topic("en", one); !there {
				t.Errorf("there is no help for %s", one)
			}
		}
	}
}

func TestHelpIsFound(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "help-inside")
	s := shelf(t)
	for _, x := range []struct{ language, typed, want string }{
		{"en", "book", "book"}, {"en", "holid", "block-time"}, {"en", "RECEIPT", "bill"}, {"en", "forgot password", "sign-in"}, {"en", "two records", "twice"}, {"en", "unsubscribe", "stop"},
		{"hi", "छुट्टी", "block-time"}, {"hi", "रसीद", "bill"}, {"hi", "पासव", "sign-in"}, {"hi", "password", "sign-in"},
		{"ta", "விடுப்பு", "block-time"}, {"ta", "ரசீது", "bill"}, {"ta", "கடவுச்", "sign-in"},
		{"ar", "إجازة", "block-time"}, {"ar", "اجازه", "block-time"}, {"ar", "إيصال", "bill"}, {"ar", "كَلِمَة السر", "sign-in"},
		{"xx", "leave", "block-time"},
	} {
		found := s.Find(x.language, x.typed)
		if len(found) == 0 || found[0].ID != x.want {
			t.Errorf("%s: %q finds %v, want %s first", x.language, x.typed, ids(found), x.want)
		}
	}
	for _, nothing := range []string{"", "  ", "!?", "zzzz", strings.Repeat("zz ", 1000)} {
		if found := s.Find("en", nothing); len(found) != 0 {
			t.Errorf("%.10q finds %v", nothing, ids(found))
		}
	}
}

func ids(list []help.Topic) (out []string) {
	for _, x := range list {
		out = append(out, x.ID)
	}
	return out
}

func FuzzFind(f *testing.F) {
	s, err := help.Load()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("book leave", "en")
	f.Add("إجازة", "ar")
	f.Fuzz(func(t *testing.T, typed, language string) {
		for _, x := range s.Find(language, typed) {
			if x.ID == "" || x.Title == "" {
				t.Errorf("%q finds nothing that is there", typed)
			}
		}
	})
}
