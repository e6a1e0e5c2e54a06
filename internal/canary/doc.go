// Package canary makes marks: invented names, telephone numbers, addresses and words that occur nowhere else, and finds them again in whatever bytes they may have got
// into, as they are and in the spellings that programs give them. The walk of the invented patient stands on it (promise synthetic-gone), and so do tests that look
// through everything that the program wrote.
//
// It is pure: it opens no file and knows no table.
package canary
