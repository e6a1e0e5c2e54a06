// Package api is the public JSON door: what a clinic offers, its free times, and booking, for
// sites and programs of the clinic's own. It shows nothing that the public page does not show
// and can do nothing that the page cannot (it cannot overbook; it names no patient). Described
// at /api/v1/openapi.json; errors are RFC 9457 problem documents.
package api
