package app

import (
	"context"
	"errors"
	"strings"

	"almirah/internal/access"
	"almirah/internal/accounts"
)

// helper lists, adds and ends the people of the platform. The first operator can be added here only; she adds the others at /platform.
func (c *console) helper(ctx context.Context, args []string) error {
	usage := errors.New(`write: almirah helper list, almirah helper add "NAME" EMAIL support|operator, or almirah helper end EMAIL`)
	if len(args) == 0 {
		return usage
	}
	return c.with(ctx, false, func(h *House) error {
		who := accounts.Operator()
		list, err := h.Accounts.Helpers(ctx, who)
		if err != nil {
			return err
		}
		switch {
		case args[0] == "list" && len(args) == 1:
			for _, p := range list {
				c.say("%-10s %s <%s>", p.Role, p.Person.Name, p.Person.Email)
			}
			return nil
		case args[0] == "add" && len(args) == 4:
			link, err := h.Accounts.AddHelper(ctx, who, args[1], args[2], "en", access.Role(args[3]))
			if err != nil {
				return err
			}
			if link == "" {
				c.say("%s helps as %s from now on, with the account that she has.", args[2], args[3])
				return nil
			}
			c.say("%s chooses her password here (the link works once, for a day; it was mailed too, where mail is set up):\n\n  %s%s", args[2], h.Config.PublicURL, link)
			return nil
		case args[0] == "end" && len(args) == 2:
			for _, p := range list {
				if strings.EqualFold(p.Person.Email, args[1]) {
					return h.Accounts.EndHelper(ctx, who, p.Person.ID)
				}
			}
			return errors.New("nobody with this address helps")
		}
		return usage
	})
}
