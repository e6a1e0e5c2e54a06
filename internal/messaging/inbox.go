package messaging

import (
	"context"

	"almirah/internal/access"
	"almirah/internal/clock"
	"almirah/internal/fault"
	"almirah/internal/id"
)

// InboxFilter narrows the list of conversations.
type InboxFilter struct {
	Box    Box
	Search string        // a patient's name, number or address; empty for everybody
	Before clock.Instant // conversations whose last line is older; zero for the newest
	Limit  int           // 1 to 100; zero is 50
}

// Inbox lists conversations: unread ones first, then the newest.
func (s *Service) Inbox(ctx context.Context, who access.Caller, f InboxFilter) ([]Summary, error) {
	return nil, nil
}

// OpenThread opens a conversation and marks it read. fault.NotFound when it is not this clinic's.
func (s *Service) OpenThread(ctx context.Context, who access.Caller, thread id.ID) (Thread, error) {
	return Thread{}, fault.Missing()
}

// ThreadOf is the patient's conversation, for her page; it is not marked read. Where nobody has
// written yet its ID is zero, and Lines holds what rules sent.
func (s *Service) ThreadOf(ctx context.Context, who access.Caller, patient id.ID) (Thread, error) {
	return Thread{}, nil
}

// Answer sends an answer now. What went wrong comes back as a fault: a wrong field "text" or "channel";
// fault.Conflict "fault.inbox.window" when the window has closed (the thread then offers the template),
// "fault.inbox.refused" when the provider refused it, "fault.inbox.later" when it cannot take it just now:
// nothing was sent and the text has to be kept in the form. "fault.inbox.uncertain" when it may have gone.
func (s *Service) Answer(ctx context.Context, who access.Caller, thread id.ID, d AnswerDraft) (Line, error) {
	return Line{}, fault.Missing()
}

// Note adds a private note. A wrong field "text".
func (s *Service) Note(ctx context.Context, who access.Caller, thread id.ID, text string) error {
	return fault.Missing()
}

// Assign gives the conversation to a person of the clinic; zero to nobody. fault.Conflict when it was changed meanwhile.
func (s *Service) Assign(ctx context.Context, who access.Caller, thread, person id.ID, version int64) error {
	return fault.Missing()
}

// SetThread closes a conversation or opens it again. Closing deletes what was only kept until then.
func (s *Service) SetThread(ctx context.Context, who access.Caller, thread id.ID, to ThreadState, version int64) error {
	return fault.Missing()
}

// Meant says which patient an unlinked conversation is about; it joins the patient's own conversation, whose id comes back.
func (s *Service) Meant(ctx context.Context, who access.Caller, thread, patient id.ID) (into id.ID, err error) {
	return id.Zero, fault.Missing()
}

// CannedReplies lists the replies that the clinic has ready.
func (s *Service) CannedReplies(ctx context.Context, who access.Caller) ([]Canned, error) {
	return nil, nil
}

// SaveCanned adds a reply (zero ID) or changes one. Wrong fields "title", "body".
func (s *Service) SaveCanned(ctx context.Context, who access.Caller, c Canned) (id.ID, error) {
	return id.Zero, fault.Missing()
}

// RemoveCanned takes a reply away.
func (s *Service) RemoveCanned(ctx context.Context, who access.Caller, one id.ID, version int64) error {
	return fault.Missing()
}

// Setting reads how the clinic converses.
func (s *Service) Setting(ctx context.Context, who access.Caller) (Setting, error) {
	return Setting{Content: ContentNone, Days: 30, Version: 1}, nil
}

// SaveSetting changes how the clinic converses. Wrong fields "content", "days", "ways".
func (s *Service) SaveSetting(ctx context.Context, who access.Caller, x Setting) error {
	return fault.Missing()
}

// Wish is the channel by which the patient wishes to be written to; empty when she has said none.
// Staff may ask about any patient, a patient about herself.
func (s *Service) Wish(ctx context.Context, who access.Caller, patient id.ID) (Channel, error) {
	return "", nil
}

// SetWish notes it; empty takes it back. A wrong field "channel".
func (s *Service) SetWish(ctx context.Context, who access.Caller, patient id.ID, c Channel) error {
	return fault.Missing()
}
