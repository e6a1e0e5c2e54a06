package contact

import "strings"

// Said is what a short answer says about wanting messages.
type Said int

// The answers.
const (
	SaysElse  Said = iota
	SaysStop       // no more of these
	SaysStart      // again, please
)

// The words that stop messages, as people write them: the carriers' English ones, and everyday words of
// the languages that clinics here speak with their patients. "Cancel" is none of them: it is an
// appointment that people cancel. A word counts only when it is all that was written.
var (
	stopWords = words(`stop|stopp|stop all|stopall|stop it|stop please|please stop|unsubscribe|unsub|opt out|optout|quit|end|revoke|no more messages|no more sms|
		रोकें|रोको|रोक दो|बंद|बंद करें|बंद करो|बन्द|बन्द करें|स्टॉप|rokein|roko|band|band karo|band karen|bandh karo|
		நிறுத்து|நிறுத்தவும்|நிறுத்துங்கள்|வேண்டாம்|ஸ்டாப்|niruthu|niruthavum|vendam|
		توقف|إيقاف|ايقاف|أوقف|اوقف|الغاء الاشتراك|إلغاء الاشتراك|
		بند|بند کریں|بند کرو|روکیں|
		বন্ধ|বন্ধ করুন|থামুন|থামান|স্টপ|bondho|bondho korun|
		ఆపు|ఆపండి|ఆపివేయండి|వద్దు|aapandi|vaddu|
		थांबवा|थांबा|बंद करा|thambva|thamba|band kara|
		બંધ|બંધ કરો|રોકો|
		ನಿಲ್ಲಿಸಿ|ನಿಲ್ಲಿಸು|ಬೇಡ|nillisi|beda|
		നിർത്തുക|നിർത്തൂ|വേണ്ട|nirthuka|venda|
		ਬੰਦ|ਬੰਦ ਕਰੋ|ਰੋਕੋ|
		arret|arrêt|arrete|arrêtez|arreter|arrêter|desabonner|désabonner|alto|parar|pare|baja|sair|cancelar suscripcion|abmelden|aufhören|aufhoeren`)
	startWords = words(`start|unstop|resume|subscribe|opt in|optin|yes start|
		शुरू|शुरू करें|शुरू करो|चालू|चालू करें|shuru|shuru karo|chalu|
		தொடங்கு|தொடங்கவும்|தொடரவும்|thodangu|
		ابدأ|ابدا|استئناف|اشتراك|شروع|شروع کریں|
		শুরু|শুরু করুন|চালু|
		ప్రారంభించు|ప్రారంభించండి|
		सुरू|सुरू करा|
		શરૂ|શરૂ કરો|
		ಪ್ರಾರಂಭಿಸಿ|ಆರಂಭಿಸಿ|
		തുടങ്ങുക|ആരംഭിക്കുക|
		ਸ਼ੁਰੂ|ਸ਼ੁਰੂ ਕਰੋ|
		commencer|reprendre|iniciar|empezar|alta|anfangen`)
)

func words(list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Split(list, "|") {
		out[said(w)] = true
	}
	return out
}

// said folds a short answer: case, accents and width do not count, nor does what stands around the words.
func said(s string) string {
	return strings.Join(strings.FieldsFunc(fold(s), func(r rune) bool {
		return strings.ContainsRune(" \t\r\n.,;:!?\"'`*_-–—()[]<>\u201c\u201d\u2018\u2019\u00ab\u00bb/|।॥؟،…\u200b\u200c\u200d\ufeff\u2068\u2069", r)
	}), " ")
}

// StopWord reads whether a message asks for no more messages, or for messages again. Only an answer that
// says nothing else counts: "please stop the bleeding" waits for a person.
func StopWord(text string) Said {
	if len(text) > 120 {
		return SaysElse
	}
	switch w := said(text); {
	case stopWords[w]:
		return SaysStop
	case startWords[w]:
		return SaysStart
	}
	return SaysElse
}
