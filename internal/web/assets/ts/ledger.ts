// On every page of an owner or a manager: this browser keeps the newest checkpoint of the audit log and takes a newer one only with
// the proof that it continues the one before. What it keeps is declared beside the cookies.
import { $ } from "./desk";
import { bytes, continues, read, same, signed, type Checkpoint } from "./consistency";

const name = "almirah-log";
const every = 10 * 60e3; // between two looks
const patience = 2 * 24 * 3600e3; // how long the log may not be shown before this says so

type Kept = { note: string; key: string; at: number; bad?: { why: Why; note: string } };
type Why = "rewritten" | "other" | "unsigned" | "silent";

const words = $("#ledger")!.dataset;

function kept(): Kept | null {
  try { return JSON.parse(localStorage.getItem(name) ?? "null"); } catch { return null; }
}
function keep(k: Kept | null) {
  try { k ? localStorage.setItem(name, JSON.stringify(k)) : localStorage.removeItem(name); } catch { /* a browser that keeps nothing is no witness */ }
}

function alarm(why: Why) {
  if ($("#ledger-alarm")) return;
  const box = document.createElement("div");
  box.id = "ledger-alarm";
  box.className = "say bad";
  box.setAttribute("role", "alert");
  const said = document.createElement("b"), link = document.createElement("a");
  said.textContent = words[why]!;
  link.href = "/app/audit/checks";
  link.textContent = words.what!;
  box.append(said, " ", link);
  $("main")?.prepend(box);
}

/** judge looks at a checkpoint beside the one that is kept: why it is bad, or nothing. */
async function judge(mine: Kept, note: string, now: Checkpoint): Promise<Why | null | undefined> {
  const before = read(mine.note);
  if (!before) return null; // what was kept is damaged: begin again
  if (now.log !== before.log) return "other";
  if (await signed(now, mine.key) === false) return "unsigned";
  if (now.size < before.size) return "rewritten";
  if (now.size === before.size) return same(now.root, before.root) ? null : "rewritten";
  const r = await fetch(`/trust/consistency?from=${before.size}&to=${now.size}`);
  if (r.status === 503 || r.status === 429) return undefined;
  if (!r.ok) return "rewritten";
  const proof = ((await r.json()).proof ?? []) as string[];
  return await continues(before.size, before.root, now.size, now.root, proof.map(bytes)) ? null : "rewritten";
}

async function look(mine: Kept | null): Promise<Kept | null> {
  const r = await fetch("/trust/checkpoint");
  const note = r.ok ? await r.text() : "";
  const now = note ? read(note) : null;
  if (!now) {
    if (mine && Date.now() - mine.at > patience) alarm("silent");
    return mine;
  }
  if (!mine) {
    const k = await fetch("/trust/key");
    if (!k.ok) return null;
    return { note, key: (await k.text()).trim(), at: Date.now() };
  }
  const why = await judge(mine, note, now);
  if (why === undefined) return mine;
  return why ? { ...mine, bad: { why, note } } : { note, key: mine.key, at: Date.now() };
}

async function main() {
  if (!crypto.subtle) return; // a page without encryption cannot be a witness
  const page = $("[data-ledger]");
  let mine = kept();
  if (!mine?.bad && (!mine || page || Date.now() - mine.at > every)) {
    try { mine = await look(mine); } catch { /* no connection: the next page looks again */ }
    keep(mine);
  }
  if (mine?.bad) alarm(mine.bad.why);
  if (!page) return;
  page.hidden = !mine;
  if (!mine) return;
  const shown = $("[data-ledger-kept]", page)!, again = $("[data-ledger-reset]", page)!;
  const head = read(mine.note);
  shown.textContent = head ? `${head.size} ${head.text.split("\n")[2]}` : "";
  again.hidden = !mine.bad;
  again.onclick = () => { keep(null); location.reload(); };
}

void main();
