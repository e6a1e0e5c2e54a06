// Package accounts holds the people who sign in: who they are, how they prove it, where they work and as what, and where
// they are signed in. It is the room that says who stands at the door: every Caller that is not a job's is minted here.
//
// Promises kept here:
//   - A password is kept as an Argon2id hash only, at or above the floor of law-and-security E3, and renewed at the next
//     sign-in when it is weaker than today's.
//   - A session is a random value of which only the hash is stored; it ends after 15 minutes without use (or as the clinic chose) and after 12
//     hours in any case, and at once when the person signs out, is reset, or no longer belongs to the clinic.
//   - Whoever runs a clinic or may export shows two factors, and so does everybody who has a second one or whose clinic asks for it:
//     a code of an app, a passkey, or a recovery code, each used once. Service.look holds it on every request, whatever the way in.
//   - A factor that was shown within ten minutes is asked for again by what could do most harm (access.AsksAgain).
//   - Somebody is told by mail of a sign-in from a new browser, and of every change to her factors.
//   - Sign-up, sign-in and "forgot password" answer alike, and work alike, whether or not the address is known.
//   - Guessing is slowed down by address and by network, across restarts and processes; after 100 wrong passwords in a
//     row only a reset opens the account again.
//   - A link in a mail works once, for a day (an invitation for a week), and for the address that it was sent to.
//   - A clinic always has an owner; nobody grants more than she holds.
//   - Names, addresses, phones, devices and mails are sealed under the person's own key.
package accounts
