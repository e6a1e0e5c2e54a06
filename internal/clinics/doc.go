// Package clinics holds the clinic itself: its profile, its public look, where its law and its data are, which
// modules it turned on, and the name under which its public page is found.
//
// Promises kept here: what is off by default stays off until a lead of the clinic turns it on; every change of a
// setting is written down with its old and its new value; the region in which a clinic's data lie does not move by a
// form; a minor is who the clinic's own law calls one; an uploaded logo leaves nothing of the file but its picture.
package clinics
