// Package egress is the only room that may dial out. Its register is the list of
// sub-processors that the public page prints: who gets data, which data, for what, in which
// region, and under which host names. A dialer is handed out per processor and reaches
// nothing but the hosts listed for it, so the printed list and the open doors are one thing.
//
// Promises kept here: no data goes to a party that is not on the list; no address that a
// stranger chose (a webhook, a redirect, a name server that changes its answer) leads into
// the operator's own network, because the address of the connection itself is checked; the
// list says how much went where.
package egress
