// Package words holds every sentence that a person can read, in each language that the house
// speaks, and says dates, times, money and ages the way that language says them.
//
// Sentences live in catalogue/<language>/<area>.json as flat objects: key -> text with
// {{.Name}} placeholders, or key -> {"one": ..., "other": ...} where the number {{.Count}}
// decides. A sentence that a language does not have yet is said in English. A key that no
// language has is said in brackets, which fails the tests.
//
// Digits are always Latin, because a dose or an hour must never be ambiguous, and months are
// always words, because 4/5 is two different days.
package words
