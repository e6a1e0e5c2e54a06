package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"almirah/internal/contact"
	"almirah/internal/fault"
)

// The numbers of payment cards stay out (promise H3): what an interface is sent is looked through before anything is done with it.

// keyCard is the sentence about a card's number.
const keyCard = "fault.card_number"

// cardsIn names the fields of a JSON text in which a card's number stands, as they are named in problems: "patient.name".
func cardsIn(data []byte) error {
	var all any
	if err := json.Unmarshal(data, &all); err != nil {
		return nil // what cannot be read is refused for that
	}
	var f fault.Fields
	walk("", all, &f)
	return f.Err()
}

func walk(name string, x any, f *fault.Fields) {
	under := func(part string) string {
		if name == "" {
			return part
		}
		return name + "." + part
	}
	switch x := x.(type) {
	case string:
		if contact.HasCard(x) {
			blank, _ := contact.BlankCards(name)
			f.Add(blank, keyCard)
		}
	case []any:
		for i, y := range x {
			walk(under(strconv.Itoa(i)), y, f)
		}
	case map[string]any:
		var keys []string
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			walk(under(k), x[k], f)
		}
	}
}

// cardsInQuery names the parameters of the address in which a card's number stands.
func cardsInQuery(r *http.Request) error {
	var f fault.Fields
	for name, list := range r.URL.Query() {
		if slices.ContainsFunc(append(list, name), contact.HasCard) {
			blank, _ := contact.BlankCards(name)
			f.Add(blank, keyCard)
		}
	}
	return f.Err()
}
