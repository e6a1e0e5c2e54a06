package sample

import (
	"time"

	"almirah/internal/web"
)

// walks are pages of the invented patient's walks: one that went well, one that found something, one that is under way.
func (m *maker) walks() {
	step := func(name, state, words string, took time.Duration) web.WalkStep {
		return web.WalkStep{Name: name, State: state, Words: words, Took: took}
	}
	good := web.WalkRow{State: "good", Began: m.at(2, 0), Took: 83 * time.Second, Steps: []web.WalkStep{
		step("clinic", "good", "it was there", 4*time.Millisecond), step("clear", "good", "nothing was left of an earlier walk", 3*time.Millisecond), step("book", "good", "two people booked by the public door", 61*time.Millisecond),
		step("confirm", "good", "by e-mail, round the loop", 412*time.Millisecond), step("remind", "good", "by SMS, round the loop", 71*time.Second), step("stop", "good", "it was heard and answered", 1300*time.Millisecond),
		step("copy", "good", "4812 bytes: every mark of hers, none of the other's", 22*time.Millisecond), step("erase", "good", "in every room; her page is gone; the certificate is genuine", 90*time.Millisecond),
		step("keys", "good", "hers opens nothing, the other's opens", 5*time.Millisecond), step("backup", "good", "41230 rows came back, and her key did not", 4*time.Second), step("search", "good", "6 places, 94371840 bytes; 1 places could not be looked through", 2*time.Second),
		step("archive", "good", "212 rows left, 212 arrived in an empty installation, by the same hash", 3*time.Second), step("tidy", "good", "the other was erased too, and the clinic is empty", 80*time.Millisecond)},
		Places: []web.WalkPlace{{Kind: "backup", Name: "its tables", Looked: true, Bytes: 31 << 20, Words: "41230 rows of 131 tables"}, {Kind: "database", Name: "sqlite", Looked: true, Bytes: 31 << 20, Words: "41230 rows of 131 tables"},
			{Kind: "files", Name: "/var/lib/almirah", Looked: true, Bytes: 62 << 20, Words: "9 files"}, {Kind: "keys", Name: "/etc/almirah/keystore.db", Looked: true, Bytes: 1 << 20, Words: "1 files"}, {Kind: "log", Name: "this program", Looked: true, Bytes: 9000, Words: "61 lines since she came"},
			{Kind: "logs", Name: "ALMIRAH_CANARY_LOGS", Words: "nobody said where this machine keeps logs"}, {Kind: "archive", Name: "of the clinic", Looked: true, Bytes: 2 << 20, Words: "190 members, unpacked"}}}
	bad := good
	bad.State, bad.ByHand, bad.Began = "bad", true, m.at(1, 0)
	bad.Steps = append([]web.WalkStep{}, good.Steps...)
	bad.Steps[10] = step("search", "bad", "found: files, draft.tmp: her name, as it is", 2*time.Second)
	bad.Steps[11] = step("archive", "skipped", "", 0)
	bad.Places = append([]web.WalkPlace{}, good.Places...)
	bad.Places[2].Found = []string{"draft.tmp: her name, as it is"}
	running := web.WalkRow{State: "running", ByHand: true, Began: m.at(9, 0), Steps: append(append([]web.WalkStep{}, good.Steps[:4]...), step("remind", "running", "", 0))}
	broken := web.WalkRow{State: "broken-off", Began: m.at(0, 30), Took: time.Minute, Steps: good.Steps[:3]}
	m.add("platform-walks", "", &web.WalkPage{Shell: m.helper(false), Hour: 2, Walks: []web.WalkRow{good, bad, broken}})
	m.add("platform-walks", "running", &web.WalkPage{Shell: m.helper(false), Hour: 2, Waits: true, Walks: []web.WalkRow{running, good}})
}
