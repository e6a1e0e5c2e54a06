package store

import (
	"almirah/internal/holdings"
	"almirah/internal/law"
)

func plain(names ...string) []holdings.Column {
	out := make([]holdings.Column, len(names))
	for i, n := range names {
		out[i] = holdings.Column{Name: n, Class: holdings.Plain, Whose: holdings.Nobody}
	}
	return out
}

// Holdings are the columns of the tables that the doorway itself owns.
func Holdings() []holdings.Table {
	return []holdings.Table{
		{Name: "event", Scope: holdings.Clinic, Columns: plain("clinic_id", "id", "kind", "subject_id", "number", "due_at")},
		{Name: "pulse", Scope: holdings.Platform, Columns: plain("clinic_id", "counter", "due_at")},
		{Name: "chore_tour", Scope: holdings.Platform, Columns: plain("name", "behind_id", "noted_at", "holder_id", "held_until")},
		{Name: "audit_leaf", Scope: holdings.Clinic, Columns: plain("clinic_id", "id", "at", "actor_id", "role", "action", "kind", "subject_id", "patient_id", "body", "commitment", "grant_id", "session_id")},
		{Name: "audit_detail", Scope: holdings.Clinic, Keeper: "store", Life: law.Audit, From: holdings.Made, Columns: append(plain("clinic_id", "leaf_id", "owner_id"),
			holdings.Column{Name: "sealed", Class: holdings.Identity, Whose: holdings.Patient, Purpose: "to tell what was changed, seen or told", Keep: "as long as the key of the person it is about", Sealed: true})},
		{Name: "audit_seen", Scope: holdings.Clinic, Columns: plain("clinic_id", "session", "list", "at", "ids")},
		{Name: "audit_pending", Scope: holdings.Platform, Columns: plain("leaf_id", "clinic_id", "body", "commitment")},
		{Name: "audit_tree", Scope: holdings.Platform, Columns: plain("position", "hash", "clinic_id", "leaf_id")},
		{Name: "audit_head", Scope: holdings.Platform, Columns: plain("size", "root", "at", "signed")},
		{Name: "audit_key", Scope: holdings.Platform, Columns: plain("verifier", "accepted_at")},
		{Name: "standing", Scope: holdings.Platform, Columns: plain("clinic_id", "writes_until", "suspended_from")},
		{Name: "probe_result", Scope: holdings.Platform, Columns: plain("id", "status", "evidence", "checked_at", "since")},
		{Name: "probe_spell", Scope: holdings.Platform, Columns: plain("id", "since", "status", "evidence", "checked_at", "times")},
		{Name: "canary_walk", Scope: holdings.Platform, Columns: append(plain("id", "state", "by_hand", "asked_at", "began_at", "beat_at", "ended_at", "steps", "places", "witness"),
			holdings.Column{Name: "marks", Class: holdings.Plain, Whose: holdings.Nobody, Sealed: true})},
		{Name: "restoration", Scope: holdings.Platform, Columns: plain("id", "backup", "taken_at", "restored_at", "settled_at", "uncertain", "released_at")},
		{Name: "backup_mark", Scope: holdings.Platform, Columns: plain("kind", "at", "good_at", "report")},
		{Name: "goose_db_version", Scope: holdings.System, Columns: plain("id", "version_id", "is_applied", "tstamp")},
	}
}
