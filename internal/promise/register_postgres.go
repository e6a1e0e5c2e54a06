package promise

// servers: how the program reaches PostgreSQL, what its role may do there, and what an acknowledgement is worth when a server dies.
var servers = []Sentence{
	{
		ID:       "database-roles",
		Applies:  "where the data is in PostgreSQL",
		Text:     "The program reaches the database under a role that may do its own work only: it owns no table, can change none, cannot change the log, and is bound by the fence between clinics.",
		Sources:  []string{"M6"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/store/roles.go", "store.DB.Fenced", "store.DB.Grant"},
		ProvedBy: []string{"store.TestTheSmallRoleDoesItsWorkOnly", "store.TestNoHouseUnderARoleThatSeesAll"},
		Probe:    "database-roles",
		Twins: []Twin{
			{
				Name: "the small role may change the log",
				File: "internal/store/migrations/postgres/00067_retention_fence.sql", // the newest form of the function
				Old:  "audit_leaf, audit_tree FROM %I', app);\n        EXECUTE format('REVOKE SELECT",
				New:  "audit_leaf, audit_tree FROM %I', app);\n        EXECUTE format('GRANT UPDATE, DELETE ON audit_leaf, audit_tree TO %I', app);\n        EXECUTE format('REVOKE SELECT",
				Red:  []string{"store.TestTheSmallRoleDoesItsWorkOnly"},
			},
			{
				Name: "a superuser may serve",
				File: "internal/store/roles.go", Old: "if len(r.Above) > 0 {", New: "if len(r.Above) > 9 {",
				Red: []string{"store.TestNoHouseUnderARoleThatSeesAll"},
			},
		},
	},
	{
		ID:       "database-way",
		Applies:  "where the data is in PostgreSQL on another machine",
		Text:     "The way to the database is encrypted, and the database's certificate and its name are verified before anything is said.",
		Sources:  []string{"M1"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/store/primary.go"},
		ProvedBy: []string{"store.TestTheWayToTheDatabase"},
		Probe:    "database-way",
		Twins: []Twin{
			{
				Name: "any certificate is called verified",
				File: "internal/store/primary.go", Old: "w.Version, w.Verified = tls.VersionName(state.Version), w.Verified && len(state.VerifiedChains) > 0", New: "w.Version, w.Verified = tls.VersionName(state.Version), true",
				Red: []string{"store.TestTheWayToTheDatabase"},
			},
		},
	},
	{
		ID:       "database-twice",
		Applies:  "where the deployment has a second database server",
		Text:     "What was acknowledged is on two servers: when one is lost, no booking goes with it, and a server that comes back with older data is not asked.",
		Sources:  []string{"O1", "S3"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/store/primary.go", "store.DB.Guard"},
		ProvedBy: []string{"store.TestAnUnconfirmedCommitIsNotAcknowledged", "store.TestAServerFromBeforeTheFailoverIsNotAsked"},
		Probe:    "database-twice",
		Twins: []Twin{
			{
				Name: "a commit that no standby confirmed is acknowledged",
				File: "internal/store/primary.go", Old: "if c.CustomData()[unconfirmed] == true {", New: "if c.CustomData()[unconfirmed] == 1 {",
				Red: []string{"store.TestAnUnconfirmedCommitIsNotAcknowledged"},
			},
			{
				Name: "a server from before the failover is asked",
				File: "internal/store/primary.go", Old: "if n < seen {", New: "if n+100 < seen {",
				Red: []string{"store.TestAServerFromBeforeTheFailoverIsNotAsked"},
			},
		},
	},
	{
		ID:       "upgrade-unseen",
		Applies:  "where several processes serve behind a balancer",
		Text:     "An upgrade is not noticed: a process that is told to end first says so to the balancer, serves on until nobody asks it any more, and ends then. No request is bound to one process.",
		Sources:  []string{"S2", "S4"},
		Kind:     Enforced,
		KeptBy:   []string{"internal/app/server.go", "internal/app/postgres.go"},
		ProvedBy: []string{"app.TestARollingRestartFailsNobody", "app.TestBehindAPooler"},
		Probe:    "upgrade-unseen",
		Twins: []Twin{
			{
				Name: "a process ends without saying so",
				File: "internal/app/postgres.go", Old: "return h.draining.Load()", New: "return h.draining.Load() && false",
				Red: []string{"app.TestARollingRestartFailsNobody"},
			},
		},
	},
}
