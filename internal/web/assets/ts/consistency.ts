// The proof that a log only grew (RFC 6962, section 2.1.2; checked as in RFC 9162, section 2.1.4.2). Nothing here knows the page.

export type Hash = Uint8Array<ArrayBuffer>;

export const bytes = (b64: string): Hash => Uint8Array.from(atob(b64), c => c.charCodeAt(0));

export const same = (a: Hash, b: Hash) => a.length === b.length && a.every((x, i) => x === b[i]);

async function node(left: Hash, right: Hash): Promise<Hash> {
  const both = new Uint8Array(1 + left.length + right.length);
  both[0] = 1;
  both.set(left, 1);
  both.set(right, 1 + left.length);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", both));
}

const odd = (n: number) => n % 2 === 1;
const half = (n: number) => Math.floor(n / 2); // not >>, which ends at 2^31

/** continues says whether the log of size `to` with the hash `toRoot` begins with the log of size `from` with the hash `fromRoot`. */
export async function continues(from: number, fromRoot: Hash, to: number, toRoot: Hash, proof: Hash[]): Promise<boolean> {
  if (from < 1 || from > to) return false;
  if (from === to) return proof.length === 0 && same(fromRoot, toRoot);
  let fn = from - 1, sn = to - 1;
  while (odd(fn)) { fn = half(fn); sn = half(sn); }
  const path = fn === 0 ? [fromRoot, ...proof] : proof; // a complete tree is its own first step
  if (!path.length) return false;
  let fr = path[0], sr = path[0];
  for (const c of path.slice(1)) {
    if (sn === 0) return false;
    if (odd(fn) || fn === sn) {
      fr = await node(c, fr);
      sr = await node(c, sr);
      while (!odd(fn) && fn !== 0) { fn = half(fn); sn = half(sn); }
    } else {
      sr = await node(sr, c);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && same(fr, fromRoot) && same(sr, toRoot);
}

export type Checkpoint = { log: string; size: number; root: Hash; text: string; signature?: Hash };

/** read takes a checkpoint apart; null when it is none. */
export function read(note: string): Checkpoint | null {
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1), lines = text.split("\n");
  const size = Number(lines[1]);
  if (cut < 0 || !Number.isSafeInteger(size) || size < 0) return null;
  let root: Hash;
  try { root = bytes(lines[2]); } catch { return null; }
  if (root.length !== 32) return null;
  const line = note.slice(cut + 2).split("\n").find(l => l.startsWith("\u2014 " + lines[0] + " "));
  return { log: lines[0], size, root, text, signature: line ? bytes(line.slice(line.lastIndexOf(" ") + 1)) : undefined };
}

/** signed says whether the key ("NAME+HASH+KEY") signed the checkpoint; null where this browser knows no Ed25519. */
export async function signed(c: Checkpoint, key: string): Promise<boolean | null> {
  if (!c.signature || c.signature.length !== 68) return false;
  try {
    const raw = bytes(key.split("+").slice(2).join("+")); // the key itself may hold a plus
    const k = await crypto.subtle.importKey("raw", raw.slice(1), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", k, c.signature.slice(4), new TextEncoder().encode(c.text));
  } catch {
    return null;
  }
}
