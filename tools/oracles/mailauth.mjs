// Reads {mails: {name: raw in base64}, records: {name: TXT}}: what npm mailauth says about the
// DKIM signatures of each mail.
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';

const { mails, records } = JSON.parse(await text(process.stdin));
const { dkimVerify } = createRequire(import.meta.url)('mailauth');
const resolver = async (name, type) => {
  const found = type === 'TXT' && records[name];
  if (!found) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  return [found.match(/.{1,255}/g)];
};
const said = {};
for (const [name, raw] of Object.entries(mails)) {
  const { results } = await dkimVerify(Buffer.from(raw, 'base64'), { resolver });
  said[name] = results.map((r) => ({ result: r.status?.result, comment: r.status?.comment || '', domain: r.signingDomain, selector: r.selector, algorithm: r.algo, format: r.format }));
}
console.log(JSON.stringify(said));
