// Package policies holds the terms under which a clinic keeps and uses its patients' data: one typed value of parameters, each with an order on it
// that says which of two values is the stricter; every version of them, word for word and for ever; and to which of them each patient agreed.
//
// Promises kept here: earlier versions stay readable and are known by the hash of what they say (I10, R2: version.go). A change that weakens anything is
// recognised by the order and not by anybody's tick, is announced thirty days ahead, and touches only who agreed to it or came after it
// (I3, R3, R4: gate.go). Whoever did not answer stays under the strictest of the terms that she was ever under: For is what every enforcer asks
// (subject.go). What the law wants kept is kept all the same (LifeFor).
//
// Values that are settings of other rooms (what is kept of messages, the modules, what is counted) stay there. Those rooms tell this one of a change
// inside the same Change (Move), and ask it about the patient before they act.
package policies
