// Package whatsapp is a stand-in for Meta's WhatsApp Cloud API on this machine: it keeps
// messages, templates with their approval, media and subscriptions, posts signed news, and can
// misbehave on demand. What it takes and posts is held beside Meta's own description and the
// npm package whatsapp-api-js by the tests of internal/carriers/whatsapp. Tests and the demo only.
package whatsapp
