package canary

import (
	"crypto/rand"
	"strings"
	"time"
)

// letters make words that no language has.
const letters = "bcdfghjklmnpqrstvwxz"

// Word is a word of fifteen letters that occurs nowhere else: chance has about as many as there are grains of sand.
func Word() string {
	var b [14]byte
	_, _ = rand.Read(b[:]) // crypto/rand never returns an error
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return "z" + string(b[:])
}

// Marks are what one invented person enters.
type Marks struct {
	Name  string `json:"name"`
	Phone string `json:"phone"` // E.164
	Email string `json:"email"`
	Words string `json:"words"` // free text
}

// List are the marks by what they are.
func (m Marks) List() map[string]string {
	return map[string]string{"name": m.Name, "phone": m.Phone, "email": m.Email, "words": m.Words}
}

// New makes the marks of a person whose telephone is of a country in which it is day, so that she is not woken. night says whether it is night on a wall clock.
func New(now time.Time, night func(time.Time) bool) Marks {
	name := Word()
	return Marks{Name: "Z" + name[1:], Phone: phone(now, night), Email: Word() + "@example.org", Words: Word()}
}

// ranges are where telephones are invented: countries round the globe, so that it is day in one of them, each with the digits behind its code.
var ranges = []struct {
	code, zone string
	start      string // of the digits behind the code
	digits     int    // random ones, behind start
}{
	{"91", "Asia/Kolkata", "98", 8},
	{"44", "Europe/London", "7400", 6},
	{"64", "Pacific/Auckland", "21", 7},
	{"1", "Pacific/Honolulu", "8082", 6},
}

// phone is a number that is formed as one of the country's, in which it is day now and for the next quarter of an hour.
func phone(now time.Time, night func(time.Time) bool) string {
	one := ranges[0]
	for _, r := range ranges {
		z, err := time.LoadLocation(r.zone)
		if err == nil && !night(now.In(z)) && !night(now.Add(15*time.Minute).In(z)) {
			one = r
			break
		}
	}
	var b strings.Builder
	b.WriteString("+" + one.code + one.start)
	var random [16]byte
	_, _ = rand.Read(random[:])
	for _, x := range random[:one.digits] {
		b.WriteByte('0' + x%10)
	}
	return b.String()
}

// national are the digits of a number behind the code of its country.
func national(number string) (string, bool) {
	digits, ok := strings.CutPrefix(number, "+")
	if !ok {
		return "", false
	}
	for _, r := range ranges {
		if n, ok := strings.CutPrefix(digits, r.code); ok {
			return n, true
		}
	}
	return "", false
}
