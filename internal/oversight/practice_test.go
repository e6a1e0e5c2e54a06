package oversight_test

import (
	"almirah/internal/patients"
	"almirah/internal/rig/practice"
	"almirah/internal/scheduling"
)

func scheduled(p *practice.Practice, days int, name string) scheduling.Booking {
	return scheduling.Booking{Service: p.Service, Provider: p.Providers[0], StartsAt: p.At(days, "10:00"), Patient: patients.Draft{Name: name, Phone: "+919845012345", BirthDate: "1980-02-03"}}
}
