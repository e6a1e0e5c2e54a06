// Package picture draws a photo or a scan anew, so that nothing of it is kept but what can be seen: no place, no
// device, no moment, no comment, no small copy of it, and nothing that stands behind its last byte.
//
// What a picture is, its content says, never its name or the type that somebody declared.
package picture
