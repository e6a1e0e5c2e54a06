package web

import "slices"

// Routes are all pages, each with its door and its right. The table of who may open what, and
// the sweep with another clinic's ids, are made from this list: there is no other.
func Routes() []Route {
	all := slices.Concat(
		publicRoutes(),
		accountRoutes(),
		factorRoutes(),
		policyRoutes(),
		staffRoutes(),
		seekRoutes(),
		inboxRoutes(),
		careRoutes(),
		billRoutes(),
		gatewayRoutes(),
		settingsRoutes(),
		auditRoutes(),
		reportRoutes(),
		backupRoutes(),
		domainRoutes(),
		vendorRoutes(),
		archiveRoutes(),
		importRoutes(),
		clinicAccountRoutes(),
		rxRoutes(),
		supportRoutes(),
		programRoutes(),
		platformRoutes(),
		incidentRoutes(),
		disclosureRoutes(),
		requestRoutes(),
		retentionRoutes(),
		erasureRoutes(),
	)
	for i := range all {
		all[i].Lent = lentPages[all[i].Pattern]
	}
	return all
}
