// Package vendors is the operator's record of the outside parties on egress's list: since when and until when there is a contract, how a transfer
// into another country is covered, whether the contract binds to confidentiality, whether a Business Associate Agreement is signed, and when the
// party's security was last looked at. It says which party is closed and why, which parties a clinic allows, and keeps what went to whom.
//
// Promises kept here: a party whose contract is over, or whose security nobody reviewed for a year, gets nothing (I9: vendor.go, asked by the gate at
// every connection); patients' data of a clinic under HIPAA goes to nobody without a Business Associate Agreement (D8: allowed.go); a clinic that wants
// its data in its own region only, or nobody outside at all, has it so (A21, I8: allowed.go); everybody can see what went to whom (use.go).
package vendors
