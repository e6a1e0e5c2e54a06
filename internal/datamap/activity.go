package datamap

import (
	"fmt"
	"slices"

	"almirah/internal/clinics"
	"almirah/internal/holdings"
)

// Room is a room with the tables that it owns.
type Room struct {
	Name   string
	Tables []holdings.Table
}

// The grounds on which the law lets data be used. Their words are at datamap.ground.<ground>.
const (
	GroundCare     = "care"     // the patient came to be treated, or to be given a time
	GroundContract = "contract" // somebody agreed to work here, or to use the platform
	GroundConsent  = "consent"  // she said yes, and may say no
	GroundLaw      = "law"      // a law asks for it
	GroundInterest = "interest" // to keep data safe and the house running, where nobody's own interests weigh more
)

// Activity is one line of the record: a kind of work for which data of people is held. Its words are at datamap.activity.<key> (what it is called)
// and datamap.activity.<key>.why (what it is for).
type Activity struct {
	Key     string
	Rooms   []string
	Grounds []string
	Module  string // without which a clinic does not do it; empty: every clinic does
}

// Activities are all of them, in the order of the record. Every room that holds something about people belongs to one.
func Activities() []Activity {
	return []Activity{
		{Key: "patients", Rooms: []string{"patients"}, Grounds: []string{GroundCare}},
		{Key: "appointments", Rooms: []string{"scheduling"}, Grounds: []string{GroundCare}},
		{Key: "care", Rooms: []string{"visits", "intake"}, Grounds: []string{GroundCare, GroundLaw}, Module: clinics.ModuleClinical},
		{Key: "prescriptions", Rooms: []string{"prescriptions"}, Grounds: []string{GroundCare, GroundLaw}, Module: clinics.ModulePrescriptions},
		{Key: "bills", Rooms: []string{"billing"}, Grounds: []string{GroundContract, GroundLaw}, Module: clinics.ModuleBilling},
		{Key: "messages", Rooms: []string{"messaging"}, Grounds: []string{GroundCare, GroundConsent}},
		{Key: "followups", Rooms: []string{"followup"}, Grounds: []string{GroundConsent}},
		{Key: "consents", Rooms: []string{"consent", "policies"}, Grounds: []string{GroundLaw}},
		{Key: "requests", Rooms: []string{"requests", "privacy", "retention", "archives"}, Grounds: []string{GroundLaw}},
		{Key: "disclosures", Rooms: []string{"disclosures"}, Grounds: []string{GroundLaw}},
		{Key: "figures", Rooms: []string{"insight"}, Grounds: []string{GroundInterest}},
		{Key: "staff", Rooms: []string{"accounts"}, Grounds: []string{GroundContract, GroundInterest}},
		{Key: "log", Rooms: []string{"store", "oversight", "datamap"}, Grounds: []string{GroundLaw, GroundInterest}},
		{Key: "incidents", Rooms: []string{"incidents"}, Grounds: []string{GroundLaw}},
		{Key: "support", Rooms: []string{"support"}, Grounds: []string{GroundContract}},
		{Key: "clinic", Rooms: []string{"clinics", "domains", "programs", "subscription", "vendors"}, Grounds: []string{GroundContract}},
	}
}

// Complete compares the activities with the rooms. Its error lists every room with something about people that belongs to no activity or to two, and every
// activity of a room that is not there.
func Complete(rooms []Room) error {
	var out []string
	for _, r := range rooms {
		n := 0
		for _, a := range Activities() {
			if slices.Contains(a.Rooms, r.Name) {
				n++
			}
		}
		if n > 1 || n == 0 && slices.ContainsFunc(r.Tables, holdings.Table.Personal) {
			out = append(out, fmt.Sprintf("the room %s belongs to %d activities of the data map: name it in exactly one of internal/datamap/activity.go", r.Name, n))
		}
	}
	for _, a := range Activities() {
		for _, name := range a.Rooms {
			if !slices.ContainsFunc(rooms, func(r Room) bool { return r.Name == name }) {
				out = append(out, fmt.Sprintf("the activity %s names the room %s, which holds nothing", a.Key, name))
			}
		}
	}
	if len(out) > 0 {
		return fmt.Errorf("datamap: %s", joined(out))
	}
	return nil
}

// tables are those of the activity.
func (a Activity) tables(rooms []Room) []holdings.Table {
	var out []holdings.Table
	for _, r := range rooms {
		if slices.Contains(a.Rooms, r.Name) {
			out = append(out, r.Tables...)
		}
	}
	return out
}

// of is the activity of a room; empty for a room that holds nothing about people.
func of(room string) string {
	for _, a := range Activities() {
		if slices.Contains(a.Rooms, room) {
			return a.Key
		}
	}
	return ""
}
