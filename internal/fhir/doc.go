// Package fhir writes what a clinic keeps as resources of FHIR R4, for the archives in which clinics and patients take their data along. It reads opened
// rows and no table: which rows, whose and under which right is the archives' matter. What FHIR has no place for stands in the archive's own form, which
// loses nothing (promise export-open-forms).
package fhir
