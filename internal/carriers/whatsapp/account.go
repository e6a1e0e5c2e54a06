package whatsapp

import (
	"context"
	"net/http"
	"net/url"

	"almirah/internal/messaging"
)

// Number is what Meta says of a clinic's number.
type Number struct {
	Display string // as people see it, such as "+91 98765 43210"
	Name    string // the verified name
	Quality string // GREEN, YELLOW, RED, or UNKNOWN
}

// Test asks Meta for the number of a connection, which shows that token and number belong
// together. It sends nothing. It fails with a fault of call.
func (c *Carrier) Test(ctx context.Context, via messaging.Connection) (Number, error) {
	a, err := opened(&via)
	if err != nil {
		return Number{}, err
	}
	var got struct {
		ID      string `json:"id"`
		Display string `json:"display_phone_number"`
		Name    string `json:"verified_name"`
		Quality string `json:"quality_rating"`
	}
	err = c.call(ctx, a, http.MethodGet, []string{a.PhoneNumberID}, url.Values{"fields": {"id,display_phone_number,verified_name,quality_rating"}}, nil, &got)
	if err != nil {
		return Number{}, err
	}
	if got.ID != a.PhoneNumberID || got.Display == "" { // the id of something else
		return Number{}, unanswered("number")
	}
	return Number{got.Display, got.Name, got.Quality}, nil
}

// Subscribe asks Meta to post the account's news, to the connection's own HookURL if it has one
// (Meta calls that address at once to verify it), else to the address of the app. Asking twice
// changes nothing. It fails with a fault of call.
func (c *Carrier) Subscribe(ctx context.Context, via messaging.Connection) error {
	a, err := opened(&via)
	if err != nil {
		return err
	}
	in := map[string]string{}
	if via.HookURL != "" {
		in["override_callback_uri"], in["verify_token"] = via.HookURL, a.VerifyToken
	}
	var got succeeded
	if err := c.call(ctx, a, http.MethodPost, []string{a.BusinessAccountID, "subscribed_apps"}, nil, in, &got); err != nil {
		return err
	}
	return got.err()
}

// Listen is Subscribe to the connection's own address.
func (c *Carrier) Listen(ctx context.Context, via messaging.Connection) error {
	return c.Subscribe(ctx, via)
}

// Listening asks Meta where it posts the account's news to. An app that posts to another address posts elsewhere. It fails
// with a fault of call.
func (c *Carrier) Listening(ctx context.Context, via messaging.Connection) (bool, error) {
	a, err := opened(&via)
	if err != nil {
		return false, err
	}
	var got struct {
		Data []struct {
			To string `json:"override_callback_uri"`
		} `json:"data"`
	}
	if err := c.call(ctx, a, http.MethodGet, []string{a.BusinessAccountID, "subscribed_apps"}, nil, nil, &got); err != nil {
		return false, err
	}
	for _, app := range got.Data {
		if app.To == via.HookURL {
			return true, nil
		}
	}
	return false, nil
}

// MarkRead shows the sender of a message that it was read. It fails with a fault of call.
func (c *Carrier) MarkRead(ctx context.Context, via messaging.Connection, providerID string) error {
	a, err := opened(&via)
	if err != nil {
		return err
	}
	var got succeeded
	in := map[string]string{"messaging_product": "whatsapp", "status": "read", "message_id": providerID}
	if err := c.call(ctx, a, http.MethodPost, []string{a.PhoneNumberID, "messages"}, nil, in, &got); err != nil {
		return err
	}
	return got.err()
}
