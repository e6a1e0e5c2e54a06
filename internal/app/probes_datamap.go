package app

import (
	"context"
	"fmt"

	"almirah/internal/datamap"
	"almirah/internal/jobs"
)

// Live checks of what is promised about the map of the data.

func probesOfTheMap() map[string]liveLook {
	return map[string]liveLook{"data-map-true": probe.mapTrue, "data-map-signed": probe.mapSigned, "data-map-own": probe.mapOwn}
}

// mapTrue compares the map with the tables as they stand at this moment.
func (p probe) mapTrue(ctx context.Context) (string, error) {
	schema, err := p.DB.Schema(ctx)
	if err != nil {
		return "", err
	}
	if err := onTheMap(schema); err != nil {
		return "", err
	}
	n := 0
	for _, columns := range schema {
		n += len(columns)
	}
	_, digest := p.Map.Now()
	return fmt.Sprintf("the map tells of each of %d columns in %d tables; its fingerprint begins with %s", n, len(schema), digest[:16]), nil
}

// mapSigned looks whether somebody looked at the map within the year, and whether what she read is kept as it was.
func (p probe) mapSigned(ctx context.Context) (string, error) {
	st, err := p.Map.Standing(ctx, jobs.Platform())
	switch {
	case err != nil:
		return "", err
	case st.State.Late:
		return "", fmt.Errorf("the map of the data was to be looked at by %s; who does it signs at /platform/datamap", st.State.Due)
	case st.State.Last.Seen != "" && st.Read == "":
		return "", fmt.Errorf("the map that was signed on %s is not kept as it was", st.State.Last.Day)
	case st.State.Last.Day == "":
		if st.State.Due == "" {
			return "nothing is due before the first clinic opens", nil
		}
		return fmt.Sprintf("to be looked at for the first time by %s", st.State.Due), nil
	}
	return fmt.Sprintf("signed on %s, again by %s; %d lines changed since", st.State.Last.Day, st.State.Due, len(st.Changes)), nil
}

// mapOwn makes the record of each clinic that is looked at and reads in it what its own settings say.
func (p probe) mapOwn(ctx context.Context) (string, error) {
	t := p.Book.Tongue("en")
	for _, c := range p.clinics {
		r, err := p.mapOf(ctx, t, c)
		if err != nil {
			return "", err
		}
		if r.Controller == nil || r.Controller.Name == "" || len(r.Activities) != len(datamap.Activities()) || len(r.Lives) == 0 {
			return "", fmt.Errorf("the record of clinic %s lacks who answers, an activity or the time limits", c)
		}
	}
	return fmt.Sprintf("the record of %d clinics can be made", len(p.clinics)), nil
}
