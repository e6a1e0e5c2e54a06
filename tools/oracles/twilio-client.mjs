// Twilio's own npm client, let loose on a server on loopback: what it makes of the answers tells
// whether the server answers as Twilio does.
import { readFileSync } from "node:fs";
import twilio from "twilio";

const { base, sid, user, password, to, from, bad } = JSON.parse(readFileSync(0, "utf8"));

// The client writes the provider's hosts itself; every request is turned to base.
const httpClient = {
  async request(o) {
    const u = new URL(o.uri);
    const to = new URL(base);
    u.protocol = to.protocol;
    u.host = to.host;
    for (const [k, v] of Object.entries(o.params ?? {})) u.searchParams.set(k, v);
    const headers = { ...o.headers };
    if (o.username) headers.Authorization = "Basic " + Buffer.from(`${o.username}:${o.password}`).toString("base64");
    let body;
    if (o.data) {
      const form = new URLSearchParams();
      for (const [k, v] of Object.entries(o.data)) if (v !== undefined) form.append(k, v);
      body = form.toString();
      headers["Content-Type"] = "application/x-www-form-urlencoded";
    }
    const res = await fetch(u, { method: o.method.toUpperCase(), headers, body });
    return { statusCode: res.status, headers: Object.fromEntries(res.headers), body: await res.json() };
  },
};
const client = twilio(user, password, { accountSid: sid, httpClient });
const refused = async (p) => p.then(() => ({}), (e) => ({ code: e.code, status: e.status }));
const out = {};
const m = await client.messages.create({ to, from, body: "Tuesday 10:00", validityPeriod: 3600 });
out.created = { sid: m.sid, status: m.status, parts: m.numSegments, dated: m.dateCreated instanceof Date && !isNaN(m.dateCreated), direction: m.direction };
const again = await client.messages(m.sid).fetch();
out.fetched = { sid: again.sid, to: again.to };
const account = await client.api.v2010.accounts(sid).fetch();
out.account = { status: account.status, type: account.type };
const line = await client.lookups.v2.phoneNumbers(to).fetch({ fields: "line_type_intelligence" });
out.line = { valid: line.valid, type: line.lineTypeIntelligence?.type, carrier: (line.lineTypeIntelligence?.carrierName ?? line.lineTypeIntelligence?.carrier_name) };
out.badNumber = await refused(client.messages.create({ to: bad, from, body: "x" }));
out.tooLong = await refused(client.messages.create({ to, from, body: "x".repeat(1601) }));
out.wrongToken = await refused(twilio(user, "wrong", { accountSid: sid, httpClient }).messages.create({ to, from, body: "x" }));
process.stdout.write(JSON.stringify(out));
