package web

import (
	"almirah/internal/access"
	"almirah/internal/clinics"
	"almirah/internal/visits"
)

// careRoutes are the pages of the clinical records. Where a clinic keeps none there is no such page, for no role (promises A18, D6).
func careRoutes() []Route {
	const module = clinics.ModuleClinical
	read, write, sign, set, ask := access.VisitRead, access.VisitWrite, access.VisitSign, access.VisitSettings, access.IntakeSettings
	return []Route{
		{Pattern: "POST /app/appointments/{id}/visit", Door: Staff, Right: write, Module: module, Handle: visitBegin},
		{Pattern: "GET /app/visits/{id}", Door: Staff, Right: read, Module: module, Handle: visitPage},
		{Pattern: "POST /app/visits/{id}", Door: Staff, Right: write, Module: module, Handle: visitSave},
		{Pattern: "POST /app/visits/{id}/sign", Door: Staff, Right: sign, Module: module, Handle: visitSign},
		{Pattern: "POST /app/visits/{id}/amend", Door: Staff, Right: sign, Module: module, Handle: visitAmend},
		{Pattern: "POST /app/visits/{id}/asides/{aside}/drop", Door: Staff, Right: write, Module: module, Handle: asideDrop},
		{Pattern: "POST /app/codes", Door: Staff, Right: write, Module: module, Handle: codeHits},
		{Pattern: "GET /app/patients/{id}/visits", Door: Staff, Right: read, Module: module, Handle: patientVisits},
		{Pattern: "POST /app/patients/{id}/health", Door: Staff, Right: write, Module: module, Handle: healthAdd},
		{Pattern: "POST /app/patients/{id}/health/{row}/end", Door: Staff, Right: write, Module: module, Handle: healthEnd},
		{Pattern: "POST /app/patients/{id}/files", Door: Staff, Right: write, Module: module, Body: visits.MostBytes + maxForm, Handle: fileAdd},
		{Pattern: "GET /app/files/{id}", Door: Staff, Right: read, Module: module, Handle: fileGet},
		{Pattern: "POST /app/files/{id}/remove", Door: Staff, Right: write, Module: module, Handle: fileRemove},

		{Pattern: "GET /app/settings/visits", Door: Staff, Right: set, Module: module, Handle: visitTemplates},
		{Pattern: "GET /app/settings/visits/new", Door: Staff, Right: set, Module: module, Handle: visitTemplate},
		{Pattern: "POST /app/settings/visits/new", Door: Staff, Right: set, Module: module, Handle: visitTemplateSave},
		{Pattern: "GET /app/settings/visits/{id}", Door: Staff, Right: set, Module: module, Handle: visitTemplate},
		{Pattern: "POST /app/settings/visits/{id}", Door: Staff, Right: set, Module: module, Handle: visitTemplateSave},
		{Pattern: "GET /app/settings/codes", Door: Staff, Right: set, Module: module, Handle: codesPage},
		{Pattern: "POST /app/settings/codes", Door: Staff, Right: set, Module: module, Body: visits.MostListBytes + maxForm, Handle: codesImport},
		{Pattern: "GET /app/settings/intake", Door: Staff, Right: ask, Module: module, Handle: intakeForms},
		{Pattern: "GET /app/settings/intake/new", Door: Staff, Right: ask, Module: module, Handle: intakeForm},
		{Pattern: "POST /app/settings/intake/new", Door: Staff, Right: ask, Module: module, Handle: intakeFormSave},
		{Pattern: "GET /app/settings/intake/{id}", Door: Staff, Right: ask, Module: module, Handle: intakeForm},
		{Pattern: "POST /app/settings/intake/{id}", Door: Staff, Right: ask, Module: module, Handle: intakeFormSave},

		{Pattern: "GET /m/{token}/intake", Door: Link, Right: access.OwnRead, Module: module, Handle: ownIntake},
		{Pattern: "POST /m/{token}/intake/{form}", Door: Link, Right: access.OwnChange, Module: module, Handle: ownIntakeSave},
	}
}
