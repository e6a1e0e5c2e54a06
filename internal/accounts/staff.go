package accounts

import (
	"cmp"
	"context"
	"slices"
	"time"

	"almirah/internal/access"
	"almirah/internal/audit"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
)

// Staff are the people of the clinic, the longest there first, and the invitations that wait. Somebody whose fields cannot be opened
// is shown as Broken.
func (s *Service) Staff(ctx context.Context, who access.Caller) ([]StaffMember, []Invited, error) {
	if err := owns(who); err != nil {
		return nil, nil, err
	}
	var people []StaffMember
	var waiting []Invited
	err := s.db.Across(ctx, who, access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
		var err error
		if people, err = members(p, who.Clinic()); err != nil {
			return err
		}
		waiting, err = invitations(p, who.Clinic())
		return err
	})
	return people, waiting, err
}

// members reads all rows first and opens them then, with one look at the key store.
func members(p *store.Platform, clinic id.ID) ([]StaffMember, error) {
	rows, err := p.Query(sqlMemberList, clinic)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type sealed struct{ mail, name, phone, job []byte }
	var out []StaffMember
	var cells []sealed
	var ids []id.ID
	for rows.Next() {
		var m StaffMember
		var role string
		var c sealed
		if err := rows.Scan(&m.Person.ID, &role, &m.Provider, &m.Since, &m.Version, &c.mail, &c.name, &c.phone, &c.job); err != nil {
			return nil, err
		}
		m.Role = access.Role(role)
		out, cells, ids = append(out, m), append(cells, c), append(ids, m.Person.ID)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if err := p.Load(ids); err != nil {
		return nil, err
	}
	for i := range out {
		x := &out[i].Person
		err := openPerson(p, x, cells[i].mail, cells[i].name)
		if err == nil {
			x.Phone, err = p.Unseal(x.ID, "person", "phone", x.ID, cells[i].phone)
		}
		if err == nil {
			x.JobTitle, err = p.Unseal(x.ID, "person", "job_title", x.ID, cells[i].job)
		}
		out[i].Broken = err != nil
	}
	return out, nil
}

// Names are the names of everybody who works or worked in the caller's clinic, for histories; who cannot be opened is left out.
func (s *Service) Names(ctx context.Context, who access.Caller) (map[id.ID]string, error) {
	all, err := s.Colleagues(ctx, who)
	out := make(map[id.ID]string, len(all))
	for _, c := range all {
		out[c.ID] = c.Name
	}
	return out, err
}

// Colleague is somebody who works or worked in the clinic, as her colleagues know her.
type Colleague struct {
	ID   id.ID
	Name string
	Role access.Role // the last one
	Left bool        // she works there no more
}

// Colleagues are everybody who works or worked in the caller's clinic, by name; who cannot be opened is left out.
func (s *Service) Colleagues(ctx context.Context, who access.Caller) ([]Colleague, error) {
	if err := owns(who); err != nil {
		return nil, err
	}
	if !who.May(access.ClinicRead) && !who.May(access.Work) {
		return nil, fault.New(fault.Forbidden, "fault.forbidden")
	}
	var out []Colleague
	err := s.db.Across(ctx, Public(id.Zero), access.PlatformRoute, func(_ context.Context, p *store.Platform) error {
		rows, err := p.Query(sqlMemberNames, who.Clinic())
		if err != nil {
			return err
		}
		defer rows.Close()
		var all []Colleague
		var ids []id.ID
		var cells [][]byte
		for rows.Next() {
			var c Colleague
			var role string
			var ended clock.Instant
			var name []byte
			if err := rows.Scan(&c.ID, &role, &ended, &name); err != nil {
				return err
			}
			c.Role, c.Left = access.Role(role), ended != 0
			all, ids, cells = append(all, c), append(ids, c.ID), append(cells, name)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if err := p.Load(ids); err != nil {
			return err
		}
		for i, c := range all {
			if c.Name, err = p.Unseal(c.ID, "person", "name", c.ID, cells[i]); err == nil {
				out = append(out, c)
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b Colleague) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return out, err
}

// standing reads what a person is to the clinic. fault.NotFound when she does not belong there.
func standing(p *store.Platform, clinic, person id.ID) (access.Role, int64, error) {
	var role string
	var version int64
	err := p.Row(sqlMemberGet, clinic, person).Scan(&role, &version)
	if err == store.ErrNoRows {
		return "", 0, fault.Missing()
	}
	return access.Role(role), version, err
}

// keepsOwner refuses to take the last owner away. The owners' rows are held until the end of the passage.
func keepsOwner(p *store.Platform, clinic id.ID) error {
	var n int64
	if err := p.Row(sqlOwnersCount, clinic).Scan(&n); err != nil {
		return err
	}
	if n <= 1 {
		return fault.New(fault.Conflict, "fault.last_owner")
	}
	return nil
}

// SetRole makes the person something else to the clinic; it counts from her next request. fault.Forbidden when the caller may
// not grant or take away such a role, fault.Conflict for the last owner ("fault.last_owner") and for a version that is no longer
// the one ("fault.changed_meanwhile"), fault.NotFound for a person of another clinic.
func (s *Service) SetRole(ctx context.Context, who access.Caller, person id.ID, role access.Role, version int64) error {
	if !role.IsStaff() {
		var f fault.Fields
		f.Add("role", "field.role.invalid")
		return f.Err()
	}
	note := audit.Note{Action: "change-role", Kind: "membership", Subject: person, New: string(role)}
	return s.member(ctx, who, person, version, &note, func(p *store.Platform, now access.Role) (int64, error) {
		if !MayGrant(who.Role(), role) {
			return 0, forbidden()
		}
		note.Old = string(now)
		if now == access.Owner && role != access.Owner {
			if err := keepsOwner(p, who.Clinic()); err != nil {
				return 0, err
			}
		}
		// What she invited others to was hers to grant then; now it may not be.
		if _, err := p.Exec(sqlInvitationBy, who.Clinic(), person, p.Now()); err != nil {
			return 0, err
		}
		return p.Exec(sqlMemberRole, who.Clinic(), person, version, string(role))
	})
}

// SetProvider says which practitioner of the clinic the person is; zero for none. Its faults are those of SetRole.
func (s *Service) SetProvider(ctx context.Context, who access.Caller, person, provider id.ID, version int64) error {
	note := audit.Note{Action: "change-provider", Kind: "membership", Subject: person, New: provider}
	return s.member(ctx, who, person, version, &note, func(p *store.Platform, _ access.Role) (int64, error) {
		return p.Exec(sqlMemberLink, who.Clinic(), person, version, id.Null(provider))
	})
}

// EndMembership takes the person out of the clinic; her sessions there end in the same moment. Its faults are those of SetRole.
func (s *Service) EndMembership(ctx context.Context, who access.Caller, person id.ID, version int64) error {
	note := audit.Note{Action: "leave", Kind: "membership", Subject: person}
	return s.member(ctx, who, person, version, &note, func(p *store.Platform, now access.Role) (int64, error) {
		note.Old = string(now)
		if now == access.Owner {
			if err := keepsOwner(p, who.Clinic()); err != nil {
				return 0, err
			}
		}
		if _, err := p.Exec(sqlInvitationBy, who.Clinic(), person, p.Now()); err != nil {
			return 0, err
		}
		if _, err := p.Exec(sqlSessionLeave, person, who.Clinic()); err != nil {
			return 0, err
		}
		return p.Exec(sqlMemberEnd, who.Clinic(), person, version, p.Now())
	})
}

func forbidden() error { return fault.New(fault.Forbidden, "fault.forbidden") }

// member changes one membership: the platform's chain has the entry with the act itself, the clinic's own right after it.
func (s *Service) member(ctx context.Context, who access.Caller, person id.ID, version int64, note *audit.Note, do func(p *store.Platform, now access.Role) (int64, error)) error {
	if err := owns(who); err != nil {
		return err
	}
	err := s.db.Across(ctx, who, access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
		if _, err := p.Exec(sqlOwnersHold, who.Clinic()); err != nil {
			return err
		}
		now, seen, err := standing(p, who.Clinic(), person)
		if err != nil {
			return err
		}
		if !MayGrant(who.Role(), now) {
			return forbidden()
		}
		if seen != version {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		if _, err := p.Exec(sqlSessionStir, person); err != nil {
			return err
		}
		n, err := do(p, now)
		if err == nil && n != 1 {
			return fault.New(fault.Conflict, "fault.changed_meanwhile")
		}
		mine := *note
		mine.Patient = person // sealed under her own key here, under the clinic's there
		p.Record(mine)
		return err
	})
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.ClinicStaff, func(_ context.Context, tx *store.Tx) error {
		tx.Record(*note)
		return nil
	})
}

const sqlGuessed = `SELECT COUNT(DISTINCT e.person_id) FROM sign_in_event e JOIN membership m ON m.person_id = e.person_id WHERE m.clinic_id = $1 AND m.ended_at = 0 AND e.at > $2 AND e.kind = 'wrong-password'`

// Guessed is for how many of the clinic's people a wrong password was typed within the span. who is the clinic's own work.
func (s *Service) Guessed(ctx context.Context, who access.Caller, within time.Duration) (n int, err error) {
	err = s.db.Across(ctx, who, access.PlatformWork, func(_ context.Context, p *store.Platform) error {
		p.Housekeeping("a count")
		return p.Row(sqlGuessed, who.Clinic(), p.Now().Add(-within)).Scan(&n)
	})
	return n, err
}

// EndSignInsOf ends every sign-in of a person in the caller's clinic, whoever uses it. Its faults are those of SetRole, without versions.
func (s *Service) EndSignInsOf(ctx context.Context, who access.Caller, person id.ID) error {
	err := s.db.Across(ctx, who, access.PlatformMembers, func(_ context.Context, p *store.Platform) error {
		now, _, err := standing(p, who.Clinic(), person)
		if err != nil {
			return err
		}
		if !MayGrant(who.Role(), now) {
			return forbidden()
		}
		if _, err := p.Exec(sqlSessionStir, person); err != nil {
			return err
		}
		if _, err := p.Exec(sqlPersonHold, person); err != nil {
			return err
		}
		p.Record(audit.Note{Action: "end-sessions", Kind: "person", Subject: person, Patient: person})
		_, err = p.Exec(sqlSessionLeave, person, who.Clinic())
		return err
	})
	if err != nil {
		return err
	}
	return s.db.Change(ctx, who, access.ClinicStaff, func(_ context.Context, tx *store.Tx) error {
		tx.Record(audit.Note{Action: "end-sessions", Kind: "membership", Subject: person})
		return nil
	})
}
