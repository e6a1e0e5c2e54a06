package app

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/programs"
)

// demoPrograms has the demo clinic tell a program of its own what happens, which shows what it was told on a page, and let another one in.
func (h *House) demoPrograms(ctx context.Context, owner access.Caller) error {
	if h.receiving == nil {
		return nil
	}
	secret, one, err := h.Programs.AddEndpoint(ctx, owner, programs.EndpointDraft{URL: "https://" + demoReceiverHost + "/almirah",
		Events: programs.AppointmentBooked | programs.AppointmentMoved | programs.AppointmentCancelled | programs.PatientCreated})
	if err != nil {
		return err
	}
	if err := h.receiving.keep(secret); err != nil {
		return err
	}
	if err := h.Programs.Test(ctx, owner, one); err != nil {
		return err
	}
	_, _, err = h.Programs.MakeToken(ctx, owner, programs.TokenDraft{Name: "Clinic website", Scopes: access.ProgramCalendar | access.ProgramAppointments, Days: 90})
	return err
}
