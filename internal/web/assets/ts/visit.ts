// A visit: what is written is sent by itself, a moment after the last key and when the page is left. The form works without this.
import { $, $$, ask } from "./desk";

const form = $<HTMLFormElement>("[data-autosave]")!, state = $("[data-state]", form)!;
const version = form.elements.namedItem("version") as HTMLInputElement;
const csrf = $<HTMLMetaElement>("meta[name=csrf]")!.content;
const pause = 2000, longest = 8000;
let dirty = false, since = 0, timer = 0, sending = false, over = false;

const body = () => {
  const data = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
  for (const k of ["do", "find", "template"]) data.delete(k);
  return data;
};
const say = (text: string, bad = false) => { state.textContent = text; state.classList.toggle("grave-ink", bad); };

async function save() {
  clearTimeout(timer);
  if (!dirty || sending || over) return;
  sending = true;
  dirty = false;
  const r = await ask(new URL(form.action).pathname, body());
  sending = false;
  const words = r?.headers.get("Content-Type")?.startsWith("text/plain") ? (await r.text()).trim() : "";
  if (r?.headers.get("X-Version")) { version.value = r.headers.get("X-Version")!; say(words, r.status !== 200); }
  else if (r?.status === 409) met(words);
  else { dirty = true; say(words || form.dataset.failed!, true); timer = setTimeout(save, longest); return; }
  if (dirty) later();
}
/** met says that somebody else wrote meanwhile; the page that shows both is one press away, and nothing is lost. */
function met(words: string) {
  say("", true);
  const a = document.createElement("a");
  a.href = location.pathname;
  a.textContent = words;
  a.addEventListener("click", () => { over = true; });
  state.append(a);
}
const later = () => {
  const now = Date.now();
  if (!since) since = now;
  clearTimeout(timer);
  timer = setTimeout(() => { since = 0; void save(); }, Math.max(0, Math.min(pause, since + longest - now)));
};
form.addEventListener("input", e => {
  if ((e.target as HTMLElement).id === "f-find" || (e.target as HTMLElement).id === "f-template") return;
  dirty = true;
  later();
});
form.addEventListener("submit", () => { over = true; clearTimeout(timer); });

// The page is left: what is not sent yet goes along, also when the laptop is closed.
const leave = () => {
  if (!dirty || over) return;
  const data = body();
  dirty = false;
  void fetch(new URL(form.action).pathname, { method: "POST", body: data, keepalive: data.toString().length < 60_000, headers: { "X-Fragment": "1", "X-CSRF": csrf } })
    .then(r => { const v = r.headers.get("X-Version"); if (v) version.value = v; else if (r.status !== 409) dirty = true; }, () => { dirty = true; });
};
document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
addEventListener("pagehide", leave);

// Diagnoses are looked for while one types.
const find = $<HTMLInputElement>("#f-find", form)!, found = $("[data-found]", form)!;
let asked = "", wait = 0;
find.addEventListener("input", () => {
  clearTimeout(wait);
  asked = find.value.trim();
  if (asked.length < 2) { found.replaceChildren(); return; }
  wait = setTimeout(async () => {
    const text = asked, r = await ask("/app/codes", new URLSearchParams({ find: text }));
    if (r?.ok && asked === text) found.innerHTML = await r.text();
  }, 120);
});
find.addEventListener("keydown", e => {
  if (e.key === "ArrowDown") { e.preventDefault(); $<HTMLElement>("button", found)?.focus(); }
  if (e.key === "Enter") { const b = $<HTMLButtonElement>("button", found); if (b) { e.preventDefault(); b.click(); } }
});
found.addEventListener("keydown", e => {
  const all = $$("button", found), i = all.indexOf(document.activeElement as HTMLElement);
  if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); (all[i + (e.key === "ArrowDown" ? 1 : -1)] ?? find).focus(); }
});
document.body.dataset.ready = "1";
