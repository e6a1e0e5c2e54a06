// Twilio's own npm package: sign = what it would sign, check = whether it accepts what we signed.
// A form comes as a list of [name, value] pairs, so that a name may come twice.
import { readFileSync } from "node:fs";
import twilio from "twilio";
import webhooks from "twilio/lib/webhooks/webhooks.js";

const params = (pairs) => {
  const out = {};
  for (const [name, value] of pairs) {
    if (!(name in out)) out[name] = value;
    else out[name] = [].concat(out[name], value);
  }
  return out;
};
const { sign = [], check = [] } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({
  signed: sign.map((c) => webhooks.getExpectedTwilioSignature(c.token, c.url, params(c.form ?? []))),
  hashes: sign.map((c) => webhooks.getExpectedBodyHash(c.body ?? "")),
  checked: check.map((c) => c.body === undefined || c.body === ""
    ? twilio.validateRequest(c.token, c.signature, c.url, params(c.form ?? []))
    : twilio.validateRequestWithBody(c.token, c.signature, c.url, c.body)),
}));
