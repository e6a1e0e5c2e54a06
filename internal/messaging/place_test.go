package messaging_test

import (
	"fmt"
	"testing"
	"time"

	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/rig"
)

// TestNothingIsSkippedBetweenPages: messages of one moment, and conversations of one moment of which some were read, are
// each listed once, whatever the size of a page.
func TestNothingIsSkippedBetweenPages(t *testing.T) {
	t.Parallel()
	rig.Engines(t, func(t *testing.T, b *rig.Base) {
		x := talking(t, b)
		x.approves()
		const many = 9
		for i := range many {
			x.books("Asha "+letters(i), fmt.Sprintf("+919845040%03d", i), "", time.Duration(50+i)*time.Hour)
		}
		x.tick() // one Change plans them all
		var news []messaging.Event
		for i := range many {
			news = append(news, messaging.Event{Kind: messaging.MessageNews, From: messaging.Sender{Phone: fmt.Sprintf("+919845040%03d", i)}, Text: "When?"})
		}
		x.hears(messaging.SMS, news...)
		all, err := x.messages.Inbox(t.Context(), x.owner, messaging.InboxFilter{})
		if err != nil || len(all) != many {
			t.Fatalf("%v, %d conversations", err, len(all))
		}
		for _, c := range all[:4] {
			if _, err := x.messages.OpenThread(t.Context(), x.owner, c.ID); err != nil {
				t.Fatal(err)
			}
		}
		for size := 1; size <= many+1; size++ {
			messages, talks := map[id.ID]int{}, map[id.ID]int{}
			f := messaging.Filter{Limit: size}
			for {
				list, err := x.messages.Recent(t.Context(), x.owner, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range list {
					messages[m.ID]++
				}
				if len(list) < size {
					break
				}
				f.After = messaging.ParsePlace(list[size-1].Place().String()) // as the page's address carries it
			}
			g := messaging.InboxFilter{Limit: size}
			for read := false; ; {
				list, err := x.messages.Inbox(t.Context(), x.owner, g)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range list {
					talks[c.ID]++
					if read && c.Unread > 0 {
						t.Errorf("pages of %d: an unread conversation comes after a read one", size)
					}
					read = c.Unread == 0
				}
				if len(list) < size {
					break
				}
				g.After = messaging.ParsePlace(list[size-1].Place().String())
			}
			for what, got := range map[string]map[id.ID]int{"messages": messages, "conversations": talks} {
				if len(got) != many {
					t.Errorf("pages of %d: %d %s of %d", size, len(got), what, many)
				}
				for _, n := range got {
					if n != 1 {
						t.Errorf("pages of %d: one of the %s comes %d times", size, what, n)
					}
				}
			}
		}
	})
}
