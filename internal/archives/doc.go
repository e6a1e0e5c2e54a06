// Package archives is how a clinic, or one patient, takes her data along, and how a clinic arrives from another house: one signed file with
// everything in open forms and a form of its own that loses nothing, from which it is brought in again (promises export-whole, export-signed,
// export-person). It knows no table by name but those that it must leave out or treat in a special way, each with its reason: what other rooms
// declare in holdings is carried by itself.
package archives
