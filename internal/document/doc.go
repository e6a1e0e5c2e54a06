// Package document makes papers: it shapes text of any script, breaks it into lines, sets lines, tables and pictures
// on pages, and writes them as PDF; and it writes sheets (CSV) that a spreadsheet opens without running anything.
//
// It knows text and pages and nothing of clinics: what stands on a prescription is laid out in prescriptions, on an
// invoice in billing. It is pure: no clock, no store, no network; the same input gives the same bytes.
//
// It keeps these promises: text that is copied out of a paper is the text that went in, in Devanagari, Tamil, Arabic and
// Latin; a paper carries no script, no reference to anything outside it and no person in its metadata; a name with
// marks that turn the direction of text cannot move what stands beside it; a cell of a sheet is never a formula.
package document
