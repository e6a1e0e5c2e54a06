// Package law is the one table of what the laws that a clinic can stand under ask of it in numbers: by when a person's request is answered
// and a breach told, how long records have to be kept at least, and from which age a person decides for herself. Every row names where it
// stands. Where the house promises more than a law asks, the shorter time counts; where it has no table for a country, the strictest
// row does. None of this is legal advice. It is pure: it knows no clinic and reads no database.
package law
