package policies

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"sync"

	"almirah/internal/clock"
	"almirah/internal/id"
	"almirah/internal/promise"
)

// Notice is how long before it takes effect a change that weakens is announced, at least. The database holds the same number.
const Notice = 30 * 24 * 60 * 60 * 1_000_000 * clock.Instant(1)

// The gates through which a version came.
const (
	GateFirst     = "first"     // the first of the clinic
	GateStricter  = "stricter"  // nothing in it is weaker: it passed at once
	GateNobody    = "nobody"    // it is weaker, and there was no patient whom it could touch
	GateAnnounced = "announced" // it is weaker, and was announced
)

// Version is one version of a clinic's terms.
type Version struct {
	N           int64
	ID          id.ID
	Digest      string // SHA-256 of what it says, in hexadecimal; see Digest
	Texts       string // the digest of the sentences that were in force
	Terms       Terms
	Gate        string
	By          id.ID // who made it; zero: a change of the installation
	MadeAt      clock.Instant
	NoticedAt   clock.Instant
	EffectiveAt clock.Instant
}

// Digest is the address of a version: the SHA-256 of its terms and its sentences in their one form.
func Digest(t Terms, texts string) string {
	b, err := json.Marshal(struct {
		Terms     Terms           `json:"terms"`
		Sentences json.RawMessage `json:"sentences"`
	}{t.clean(), json.RawMessage(texts)})
	if err != nil { // strings and numbers only
		panic(err)
	}
	return sum(string(b))
}

func sum(text string) string {
	x := sha256.Sum256([]byte(text))
	return hex.EncodeToString(x[:])
}

// said are the sentences that this program promises, by id, in their one form: what is not built yet is no promise.
type said struct{ text, digest string }

var current = sync.OnceValue(func() said {
	all := map[string]string{}
	for _, s := range promise.Register {
		if s.Kind != promise.NotYet {
			all[s.ID] = s.Text
		}
	}
	b, err := json.Marshal(all) // sorted by id
	if err != nil {
		panic(err)
	}
	return said{string(b), sum(string(b))}
})

// Sentences are the sentences that this program promises, by id, as the archive keeps them.
func Sentences() string { return current().text }

// CompareSentences lists which sentences came, went and changed between two archives. One that went weakens; a word that changed does neither,
// because what a sentence does is in the terms.
func CompareSentences(old, now string) ([]Change, error) {
	var a, b map[string]string
	if err := json.Unmarshal([]byte(old), &a); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(now), &b); err != nil {
		return nil, err
	}
	var out []Change
	for _, k := range keys(a, b) {
		was, before := a[k]
		is, after := b[k]
		switch {
		case !after:
			out = append(out, Change{"sentence", k, was, "", Weaker})
		case !before:
			out = append(out, Change{"sentence", k, "", is, Stricter})
		case was != is:
			out = append(out, Change{"sentence", k, was, is, Neutral})
		}
	}
	return out, nil
}

func keys(a, b map[string]string) []string {
	var out []string
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		out = append(out, k)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// dead says whether the version never came into force: a later one was made before its day.
func dead(list []Version, i int) bool {
	return slices.ContainsFunc(list[i+1:], func(w Version) bool { return w.MadeAt < list[i].EffectiveAt })
}

// InForce are the versions that came into force up to a moment, in their order; the last of them holds then.
func InForce(list []Version, at clock.Instant) []Version {
	var out []Version
	for i, v := range list {
		if v.EffectiveAt <= at && !dead(list, i) {
			out = append(out, v)
		}
	}
	return out
}

// Pending is the version that is announced and waits for its day; there is at most one.
func Pending(list []Version, at clock.Instant) (Version, bool) {
	if n := len(list); n > 0 && list[n-1].EffectiveAt > at {
		return list[n-1], true
	}
	return Version{}, false
}
