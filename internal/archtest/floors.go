package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// The floors of the house, from the ground up. A room imports rooms of lower floors; what it may import of its own floor stands beside each.
var (
	ground  = []string{"id", "words", "access", "promise", "holdings", "audit", "fault", "clock", "law", "money", "contact", "document", "picture", "canary"} // each other
	keeping = map[string][]string{"store": {"vault"}, "vault": {"egress"}, "backup": {"store", "vault", "egress"}, "egress": nil}
	work    = []string{ // each imports those before it
		"clinics", "accounts", "vendors", "domains", "patients", "consent", "policies", "scheduling", "intake", "visits", "prescriptions", "billing", "subscription", "messaging", "followup", "programs", "oversight",
		"insight", "support", "incidents", "disclosures", "retention", "privacy", "requests", "archives",
	}
	// handover is the moment at which a message leaves, which the carriers have in common (decision 29).
	handover = "carriers/handover"

	doors = map[string][]string{"web": nil, "api": nil, "fhir": nil, "jobs": {"journeys"}, "journeys": nil, "carriers": nil, "gateways": nil}
)

// floor is 0 for the ground, 4 for the top, 5 for what stands on it, -1 for a room that is not on the plan.
func floor(room string) int {
	first, _, _ := strings.Cut(room, "/")
	_, kept := keeping[first]
	_, door := doors[first]
	switch {
	case slices.Contains(ground, first):
		return 0
	case kept:
		return 1
	case slices.Contains(work, first):
		return 2
	case door:
		return 3
	case first == "app":
		return 4
	case first == "cmd" || first == "rig" || first == "archtest":
		return 5
	}
	return -1
}

// mayImport says why the room from may not import the room to; empty when it may.
func mayImport(from, to string) string {
	if from == to {
		return ""
	}
	a, b := floor(from), floor(to)
	switch {
	case a < 0 || b < 0:
		strange := from
		if a >= 0 {
			strange = to
		}
		return fmt.Sprintf("the room %q is not on the plan; put it on its floor in internal/archtest/floors.go and say why in docs/decisions", strange)
	case a == 5 && from == "cmd", from == "rig", from == "archtest":
		return ""
	case to == "rig" || to == "archtest" || to == "cmd":
		return fmt.Sprintf("%s is for tests only; move what is needed into a room of the house", to)
	case a > b, a == 0 && b == 0:
		return ""
	case a < b:
		return fmt.Sprintf("%s stands on a lower floor than %s: let %s call down, or announce an event and let journeys act on it", from, to, to)
	case a == 1 && slices.Contains(keeping[from], to):
		return ""
	case a == 1:
		return fmt.Sprintf("among the keeping rooms only store->vault, vault->egress and backup->store,vault,egress are allowed: hand %s in from app", to)
	case a == 2 && slices.Index(work, to) < slices.Index(work, from):
		return ""
	case a == 2:
		return fmt.Sprintf("%s stands to the right of %s: let %s call %s's inside.go, or announce an event and let journeys act on it", to, from, to, from)
	case a == 3 && slices.Contains(doors[from], to):
		return ""
	case strings.HasPrefix(from, "carriers/") && to == handover:
		return ""
	}
	return "between doors only jobs imports journeys: let app hand the one to the other"
}

// Arrows finds imports that point up, or to the right on the WORK floor.
func Arrows(h *House) []string {
	var out []string
	for _, f := range h.Files {
		from := room(f.dir())
		if f.Test || from == "" {
			continue
		}
		for _, s := range f.AST.Imports {
			path := strings.Trim(s.Path.Value, `"`)
			to, ours := strings.CutPrefix(path, Module+"/")
			if !ours {
				continue
			}
			if why := mayImport(from, room(to)); why != "" {
				out = append(out, fmt.Sprintf("%s: %s imports %s: %s", h.at(s.Pos()), from, room(to), why))
			}
		}
		if floor(from) < 0 {
			out = append(out, fmt.Sprintf("%s: %s", f.Path, mayImport(from, "id")))
		}
	}
	return out
}
