package app

import "testing"

// lifeStops are the pages of how long things live: the clinic's plan, a patient's hold, and the platform's suspensions.
func (h *opened) lifeStops(_ testing.TB, patient string) []stop {
	return []stop{
		{pattern: "GET /app/settings/retention", path: "/app/settings/retention", who: ownerMail},
		{pattern: "GET /app/patients/{id}/hold", path: "/app/patients/" + patient + "/hold", who: ownerMail},
		{pattern: "GET /documents", path: "/documents"},
		{pattern: "GET /c/{slug}/privacy/notices", path: "/c/" + demoSlug + "/privacy/notices"},
		{pattern: "GET /documents/{digest}", path: "/documents/" + TermsVersion},
		{pattern: "GET /terms/changed", path: "/terms/changed", who: ownerMail},
		{pattern: "GET /app/settings/datamap", path: "/app/settings/datamap", who: ownerMail},
		{pattern: "GET /platform/datamap", path: "/platform/datamap", who: demoHelpers[1].email},
		{pattern: "GET /platform/suspensions", path: "/platform/suspensions", who: demoHelpers[1].email},
	}
}
