package accounts

import (
	"context"
	"slices"

	"almirah/internal/access"
	"almirah/internal/id"
	"almirah/internal/store"
)

// mailNotice tells whoever runs a clinic of something about the service that needs her (F11, Q2).
const mailNotice = "notice-"

// The notices. Their words are at account.mail.notice-<word>.
const (
	NoticeChannelPaused = "channel-paused"  // a provider refuses the clinic's account: messages wait
	NoticePlanWeek      = "plan-week"       // the time that is paid for, or tried, ends in a week
	NoticePlanDay       = "plan-day"        // in a day
	NoticePlanEnded     = "plan-ended"      // it has ended: grace begins
	NoticePlanSoon      = "plan-soon"       // in three days the clinic becomes read-only
	NoticePlanStopped   = "plan-stopped"    // it is
	NoticePlanFailed    = "plan-failed"     // a payment was refused
	NoticeTokens        = "tokens-ending"   // a token of the clinic's own programs ends within a fortnight
	NoticeWebhooks      = "webhook-stopped" // an address that is told what happened answers no more
	NoticeHead          = "audit-head"      // the newest head of the audit log, for whoever keeps it

	NoticeGrantAsked       = "grant-asked"       // support asks to see something of the clinic
	NoticeGrantEmergency   = "grant-emergency"   // an operator looks without having been let in
	NoticeTransferOffered  = "transfer-offered"  // the clinic is offered to the reader
	NoticeTransferAccepted = "transfer-accepted" // somebody accepted the clinic
	NoticeTransferDone     = "transfer-done"     // the clinic has a new owner
	NoticeIncident         = "incident"          // something went wrong at the clinic, or may have
	NoticeRequest          = "request"           // what somebody asked about her data waits for its answer
	NoticeYoung            = "young"             // data of a child was found for whom nobody speaks
	NoticePlatformIncident = "platform-incident" // something went wrong at the platform, for its operators
	NoticeDomainWorks      = "domain-works"      // the clinic's own host name is served
	NoticeDomainFails      = "domain-fails"      // it leads elsewhere, or has lost its proof
	NoticeRetention        = "retention"         // something of the clinic goes because its time is over
	NoticeClosing          = "closing"           // an owner closes the clinic
	NoticeClosingSoon      = "closing-soon"      // it is destroyed in two days
	NoticeClosingStopped   = "closing-stopped"   // it stays
	NoticeSuspendSoon      = "suspend-soon"      // the operator will suspend the clinic
	NoticeSuspended        = "suspended"         // it is suspended
	NoticeSuspendLifted    = "suspend-lifted"    // it is suspended no longer
	NoticeDomainLost       = "domain-lost"       // it is served no longer

	NoticeTerms     = "terms"     // the privacy terms of the clinic are to change
	NoticeUse       = "use"       // the terms of use are to change
	NoticeAgreement = "agreement" // an agreement that the clinic signed has another text

	NoticeTicketAnswered = "ticket-answered" // support answered
)

// TellOwners writes a mail to each owner of the clinic: what happened, what to do, and where. The mail names the clinic
// and no patient. who is the clinic's own work; path is where on our own site it can be put right.
func (s *Service) TellOwners(ctx context.Context, who access.Caller, clinicName, notice, path string) error {
	return s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("owners are told; what they are told of is recorded where it happened")
		return OwnersTold(p, who.Clinic(), clinicName, notice, path)
	})
}

// TellHead writes the newest head of the audit log to people who work in the clinic. It says nothing about anybody.
func (s *Service) TellHead(ctx context.Context, who access.Caller, clinicName, head string, to []id.ID) error {
	return s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("the head of the log is mailed; who wants it is recorded where it was chosen")
		people, err := members(p, who.Clinic())
		if err != nil {
			return err
		}
		for _, m := range people {
			if !slices.Contains(to, m.Person.ID) {
				continue
			}
			if err := plan(p, m.Person.ID, letter{Kind: mailNotice + NoticeHead, Link: "/app/audit/checks", Clinic: clinicName, Head: head}, false); err != nil {
				return err
			}
		}
		return nil
	})
}

// OwnersTold is TellOwners inside the passage that is its reason, so that there is no act without the notice.
func OwnersTold(p *store.Platform, clinic id.ID, clinicName, notice, path string) error {
	people, err := members(p, clinic)
	if err != nil {
		return err
	}
	for _, m := range people {
		if m.Role != access.Owner {
			continue
		}
		if err := plan(p, m.Person.ID, letter{Kind: mailNotice + notice, Link: path, Clinic: clinicName}, false); err != nil {
			return err
		}
	}
	return nil
}

// Told writes such a mail to one person.
func Told(p *store.Platform, person id.ID, clinicName, notice, path string) error {
	return plan(p, person, letter{Kind: mailNotice + notice, Link: path, Clinic: clinicName}, false)
}

const sqlOperators = `SELECT person_id FROM helper WHERE role = 'operator' AND ended_at = 0 ORDER BY added_at`

// OperatorsTold writes such a mail to every operator, inside the passage that is its reason.
func OperatorsTold(p *store.Platform, notice, path string) error {
	rows, err := p.Query(sqlOperators)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []id.ID
	for rows.Next() {
		var one id.ID
		if err := rows.Scan(&one); err != nil {
			return err
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for _, one := range all {
		if err := Told(p, one, "", notice, path); err != nil {
			return err
		}
	}
	return nil
}
