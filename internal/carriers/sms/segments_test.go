package sms_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"almirah/internal/carriers/sms"
	"almirah/internal/rig/oracle"
)

// texts are the cases in which counting goes wrong, and many by chance in several scripts.
func texts() []string {
	out := []string{
		"", "a", strings.Repeat("a", 160), strings.Repeat("a", 161), strings.Repeat("a", 306), strings.Repeat("a", 307),
		"`", "ç", "Ç", "don’t", "don't", "á", "à", "\f", "\t", "\r\n", "line\nline", strings.Repeat("\r\n", 80), strings.Repeat("\r\n", 81),
		strings.Repeat("€", 80), strings.Repeat("€", 81), strings.Repeat("a", 159) + "€", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 10),
		strings.Repeat("a", 152) + "€" + strings.Repeat("a", 151), strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), strings.Repeat("^{}\\[~]|€", 18),
		strings.Repeat("😀", 35), strings.Repeat("😀", 36), strings.Repeat("अ", 70), strings.Repeat("अ", 71), strings.Repeat("अ", 134), strings.Repeat("अ", 135),
		strings.Repeat("अ", 66) + "😀" + strings.Repeat("अ", 66), strings.Repeat("अ", 66) + "😀" + strings.Repeat("अ", 65), strings.Repeat("ab", 40) + "अ",
		"நாளை காலை 10:00 மணிக்கு உங்கள் சந்திப்பு.", "موعدك غدا الساعة العاشرة", "आपका अपॉइंटमेंट कल सुबह १० बजे है।", "👩‍⚕️ 👨‍👩‍👧‍👦", strings.Repeat("👨‍👩‍👧‍👦", 9),
		"ΔΦΓΛΩΠΨΣΘΞ", "Ελλάδα", "¡¿äöñüàÄÖÑÜ§ÅåÆæßÉéèùìòØø£¥¤", "Ready at 10:00? [yes] ~ |no| {ok}\\", "\u0000", "\u200b", "\u00a0", "e\u0301", "𝄞", "\ufffd",
	}
	dice := rand.New(rand.NewPCG(2026, 11))
	scripts := []string{
		"abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?@£$¥èéùìòÇ\n\r", "abc ^{}\\[~]|€", "abc €", "कखगघ ािी् ०१२ं", "அஆஇ்ாி ௧", "ابتث َُ ١٢ ،",
		"中文字符", "😀🏥💊𝒜 a", "👩‍⚕️ é", "наш приём ", "ਪੰਜਾਬੀ ગુજરાતી বাংলা తెలుగు",
	}
	for range 1500 {
		var b strings.Builder
		letters := []rune(scripts[dice.IntN(len(scripts))])
		if dice.IntN(4) == 0 { // a text in one script with a character of another
			letters = append(letters, []rune(scripts[dice.IntN(len(scripts))])[0])
		}
		for range dice.IntN(480) {
			b.WriteRune(letters[dice.IntN(len(letters))])
		}
		out = append(out, b.String())
	}
	return out
}

func TestPartsAreCountedAsTwilioCountsThem(t *testing.T) {
	t.Parallel()
	list := texts()
	var says []struct {
		Encoding                  string
		Parts, ByCharacter, Units int
		Joined                    bool
	}
	oracle.Ask(t, "sms-segments.mjs", list, &says)
	if len(says) != len(list) {
		t.Fatalf("%d answers for %d texts", len(says), len(list))
	}
	unlike, kinds := 0, map[string]int{}
	for i, text := range list {
		got, want := sms.Count(text), says[i]
		kinds[want.Encoding]++
		if string(got.Encoding) != want.Encoding || got.Parts != want.ByCharacter || got.Units != want.Units {
			t.Errorf("%.60q: %+v, the oracle says %+v", text, got, want)
		}
		if got.Parts != want.Parts {
			unlike++
			if !want.Joined {
				t.Errorf("%.60q: %d parts, the oracle says %d, and no character is made of several", text, got.Parts, want.Parts)
			}
		}
	}
	t.Logf("%d texts (%d GSM-7, %d UCS-2); in %d the oracle moves a joined character into the next part as a whole", len(list), kinds["GSM-7"], kinds["UCS-2"], unlike)
}

// TestLeft holds what the oracle does not say: how much still fits.
func TestLeft(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sms.Segments{
		"":                       {sms.GSM7, 1, 0, 160},
		"Hello":                  {sms.GSM7, 1, 5, 155},
		strings.Repeat("a", 160): {sms.GSM7, 1, 160, 0},
		strings.Repeat("a", 161): {sms.GSM7, 2, 161, 145},
		strings.Repeat("€", 81):  {sms.GSM7, 2, 162, 143}, // 76 in the first part: the 77th would be cut
		strings.Repeat("अ", 70):  {sms.UCS2, 1, 70, 0},
		strings.Repeat("😀", 36):  {sms.UCS2, 2, 72, 61}, // 33 in the first part
		"\xff":                   {sms.UCS2, 1, 1, 69},
		strings.Repeat("a", 152) + "€aaaaaaaaaa": {sms.GSM7, 2, 164, 141},
	} {
		if got := sms.Count(text); got != want {
			t.Errorf("%.40q: %+v, want %+v", text, got, want)
		}
	}
}

func FuzzCount(f *testing.F) {
	for _, s := range texts()[:40] {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := sms.Count(text)
		each, whole := 153, 160
		if s.Encoding == sms.UCS2 {
			each, whole = 67, 70
		}
		switch {
		case s.Parts < 1, s.Left < 0, s.Units < utf8.RuneCountInString(text):
			t.Fatalf("%+v", s)
		case s.Parts == 1 && s.Units+s.Left != whole:
			t.Fatalf("one part: %+v", s)
		case s.Parts > 1 && (s.Units <= whole || s.Units+s.Left > s.Parts*each || s.Units+s.Left < s.Parts*each-s.Parts):
			t.Fatalf("several parts: %+v", s)
		}
	})
}
