// Package stripe is a stand-in for Stripe's interface on this machine: it keeps Checkout sessions, payments, refunds and disputes with their
// idempotency keys, posts signed reports full of what Stripe tells about people and cards, and can misbehave on demand. The requests that the
// client makes are held beside stripe-mock, Stripe's own, and the signatures beside the npm package stripe, by the tests of
// internal/gateways/stripe. Tests only.
package stripe
