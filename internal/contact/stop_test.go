package contact_test

import (
	"testing"

	"almirah/internal/contact"
	"almirah/internal/promise"
)

// TestStopWords reads the words of twelve languages as people write them, and leaves alone what says more.
func TestStopWords(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "stop-is-heard")
	for said, list := range map[contact.Said][]string{
		contact.SaysStop: {"STOP", "stop", "Stop.", " stop! ", "“Stop”", "ＳＴＯＰ", "s\u200btop", "Please stop", "UNSUBSCRIBE", "opt-out", "Opt out", // English
			"रोकें", "बंद करो।", "बन्द", "band karo", "रोक दो", // Hindi
			"நிறுத்து", "நிறுத்தவும்.", "வேண்டாம்", // Tamil
			"توقف", "إيقاف", "ايقاف", "أَوْقِف", "إلغاء الاشتراك", // Arabic
			"بند کریں", "বন্ধ করুন", "ఆపండి", "थांबवा", "બંધ કરો", "ನಿಲ್ಲಿಸಿ", "നിർത്തുക", "ਬੰਦ ਕਰੋ", // Urdu, Bengali, Telugu, Marathi, Gujarati, Kannada, Malayalam, Punjabi
			"ARRÊT", "arret", "alto", "Parar"},
		contact.SaysStart: {"START", "unstop", "Resume", "शुरू करें", "தொடங்கு", "ابدأ", "শুরু করুন", "ప్రారంభించండి"},
		contact.SaysElse: {"", "?", "Cancel", "cancel my appointment", "stop the bleeding", "please don't stop", "Can I start the tablets?", "stopped", "bandage", "बंद है क्या?", "yes", "1", "👍", "the end of the week",
			"STOP STOP STOP, please call me, I am in pain and the medicine of yesterday does not help at all, what should I do now, doctor?"},
	} {
		for _, text := range list {
			if got := contact.StopWord(text); got != said {
				t.Errorf("%q is read as %d, not %d", text, got, said)
			}
		}
	}
}
