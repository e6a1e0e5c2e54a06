package promise

import "slices"

// Register is the policy in the order in which its page is read.
var Register = slices.Concat(
	access,
	signin,
	account,
	booking,
	patients,
	care,
	moneys,
	gateways,
	prescriptions,
	messages,
	talk,
	inbound,
	followups,
	insights,
	helping,
	troubled,
	requested,
	duties,
	givenAway,
	ownPrograms,
	outsiders,
	protection,
	domain,
	backups,
	keys,
	servers,
	lives,
	record,
	ledgers,
	policied,
	clauses,
	ahead,
)
