// Package money counts money: whole minor units of a currency (paise, cents, fils) in a 64-bit integer, never a fraction of one and never a
// floating-point number. What does not fit is an error and not another amount. It splits amounts so that no paisa is lost or found, works out taxes,
// prints amounts as the languages of the house do, says them in words, and reads what people type.
package money
