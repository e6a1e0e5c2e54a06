// Package web is the door for people: the pages of staff, of patients and of the public.
//
// A page is a typed struct (view_*.go) that embeds Shell, a template of the same subject in
// templates/, and a handler that fills the struct. Templates call nothing but words, dates,
// money and asset addresses: what a page shows is in its struct, and what a struct holds was
// read under a right. Public pages run no script; staff pages run our own.
//
// Kept here: a page is rendered whole before the first byte goes out, so a broken row never
// leaves half a page; every POST form carries the CSRF token (M8); names and free text are
// isolated from the direction of the page; nothing is styled or scripted inline, so the
// content security policy can forbid both.
package web
