// The npm package standardwebhooks: sign = the signature that it would send, check = whether a program that uses it accepts what was sent.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const { sign = [], check = [] } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({
  signed: sign.map((c) => new Webhook(c.Secret).sign(c.ID, new Date(c.At * 1000), c.Body)),
  checked: check.map((c) => {
    try {
      new Webhook(c.Secret).verify(c.Body, { "webhook-id": c.ID, "webhook-timestamp": String(c.At), "webhook-signature": c.Signature });
      return true;
    } catch { return false; }
  }),
}));
