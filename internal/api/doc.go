// Package api is the JSON door. Anyone may ask what a clinic offers and when, and book, as on its public page: that part shows nothing that the
// page does not show and can do nothing that the page cannot (it cannot overbook; it names no patient). A program of the clinic's own comes with
// a token and calls the same verbs as the pages, under what the token opens: consents, modules, rights and the log hold as there. Described
// at /api/v1/openapi.json; errors are RFC 9457 problem documents.
package api
