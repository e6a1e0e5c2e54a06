// The inbox: keys, the window that runs out, ready replies, and what comes in from elsewhere. Links and forms do all of it without this.
import { $, $$, ask, single, toast, unheard } from "./desk";
import { fill } from "./clockface";

const main = $("[data-inbox]")!, said = main.dataset as Record<string, string>;
const ahead = Date.parse(said.asof) - Date.now(); // the house's clock: that of the desk's computer may be wrong
const part = (name: string, from: ParentNode = document) => $(`[data-part="${name}"]`, from);
const fields = "select,textarea,input:not([type=radio])";

/** put swaps a part for a newer one. What is being typed stays, and so do the focus, what was opened and the channel that was chosen. */
function put(name: string, from: ParentNode) {
  const old = part(name), fresh = part(name, from), at = document.activeElement as HTMLElement | null;
  if (!old || !fresh || (old.contains(at) && at!.matches(fields))) return;
  "pending" in fresh.dataset ? (old.dataset.pending = "") : delete old.dataset.pending;
  const id = old.contains(at) ? at!.id : "", by = $<HTMLInputElement>("input[name=channel]:checked", old)?.value;
  const open = $$<HTMLDetailsElement>("details[open]", old).map(d => d.id);
  old.replaceChildren(...fresh.childNodes);
  for (const d of open) { const x = d && document.getElementById(d) as HTMLDetailsElement | null; if (x) x.open = true; }
  const way = by && $<HTMLInputElement>(`input[name=channel][value="${CSS.escape(by)}"]`, old);
  if (way) way.checked = true;
  if (id) document.getElementById(id)?.focus({ preventScroll: true });
}

const stamp = (from: ParentNode) => $(`#t-${said.thread}`, from)?.dataset.stamp ?? "";
const heard = () => $$(".ln.in").length;

/** once fetches the list anew, and the conversation only where something in it may have changed: each look at it is written down. */
async function once(sure: boolean) {
  const r = await ask(said.rows);
  if (!r?.ok) { if (r?.status === 401) toast(await r.text()); return; }
  const list = document.createElement("template");
  list.innerHTML = await r.text();
  const before = stamp(document), now = stamp(list.content), news = $$(".talk.new").length;
  $(`#t-${said.thread}`, list.content)?.setAttribute("aria-current", "page");
  put("rows", list.content);
  const nav = part("nav", list.content), menu = $('.menu a[href="/app/inbox"]');
  if (nav && menu) menu.replaceChildren(...nav.childNodes);
  if ($$(".talk.new").length > news) tell();
  if (said.live && (sure || before !== now || "pending" in part("lines")!.dataset)) {
    const t = await ask(said.live);
    if (t?.ok) {
      const fresh = document.createElement("template"), lines = heard();
      fresh.innerHTML = await t.text();
      for (const name of ["acts", "lines", "routes"]) put(name, fresh.content);
      if (heard() > lines) tell();
    }
  }
  tick();
}
const tell = () => { $("#live")!.textContent = said.news; };

let busy = false, again = false, sureAgain = false;
async function refresh(sure = false) {
  again = true;
  sureAgain ||= sure;
  if (busy || document.hidden) return; // nobody sees it: reading now would mark it read
  busy = true;
  while (again) { again = false; const s = sureAgain; sureAgain = false; await once(s); }
  busy = false;
}
document.addEventListener("visibilitychange", () => { if (again) void refresh(); });
const live = new EventSource("/app/live?since=" + said.counter);
live.addEventListener("change", () => void refresh());
live.addEventListener("error", unheard);
addEventListener("pagehide", () => live.close());

// How long an answer may still go. When the window shuts, the way that is open then is fetched.
function tick() {
  for (const x of $$("[data-until]", main)) {
    const left = Math.floor((Date.parse(x.dataset.until!) - Date.now() - ahead) / 60_000), out = $("[data-left]", x);
    if (left < 0) {
      if ("gate" in x.dataset) { if (!x.hidden) { x.hidden = true; void refresh(true); } }
      else { x.textContent = said.over; x.className = "tag over"; }
      x.removeAttribute("data-until");
    } else if (out) out.textContent = fill(left < 60 ? said.minutes : said.hours, { h: String(Math.floor(left / 60)), m: String(left % 60) });
    x.classList.toggle("soon", left >= 0 && left < 60);
  }
}
tick();
setInterval(tick, 20_000);
addEventListener("focus", tick); // a sleeping computer misses its intervals

// A ready reply goes to where the cursor stands.
main.addEventListener("click", e => {
  const b = (e.target as HTMLElement).closest<HTMLElement>("[data-insert]"), text = $<HTMLTextAreaElement>("#f-text");
  if (!b || !text) return;
  e.preventDefault();
  b.closest("details")!.open = false;
  const way = $<HTMLInputElement>("input[name=channel]:not([data-shut])", main);
  if (!text.offsetParent && way) way.checked = true;
  text.focus();
  text.setRangeText(b.dataset.insert!, text.selectionStart, text.selectionEnd, "end");
});

// Keys: J and K walk, the letters of the buttons press them.
const rows = () => $$<HTMLAnchorElement>("a.talk", main);
function walk(by: number) {
  const all = rows(), i = all.indexOf(document.activeElement as HTMLAnchorElement);
  const to = all[i < 0 ? (by > 0 ? 0 : all.length - 1) : i + by];
  to?.focus();
  to?.scrollIntoView({ block: "nearest" });
}
function help() {
  if ($("dialog[open]")) return;
  document.body.append($<HTMLTemplateElement>("#keys-t")!.content.cloneNode(true));
  const d = $<HTMLDialogElement>("dialog.helpkeys")!;
  d.addEventListener("close", () => d.remove());
  d.showModal();
}
for (const b of $$<HTMLButtonElement>("[data-help]")) { b.disabled = false; b.addEventListener("click", help); }
document.addEventListener("keydown", e => {
  const at = document.activeElement as HTMLElement | null;
  if (e.key === "Escape" && at?.matches(fields) && main.contains(at)) { at.blur(); return; } // so that the keys work again
  if (!single(e) || e.shiftKey && e.key !== "?" || $("dialog[open]")) return;
  const it = e.key.length === 1 && /[a-z]/.test(e.key) ? $(`[data-key="${e.key}"]`, main) : null;
  if (e.key === "?") { e.preventDefault(); help(); }
  else if (it?.matches("textarea")) {
    e.preventDefault();
    if (it.offsetParent) it.focus(); else $(".offer button,.ways input", main)?.focus(); // nothing can be typed: the offer stands in its place
  } else if (it?.matches("summary")) { e.preventDefault(); (it.parentElement as HTMLDetailsElement).open = true; $("textarea", it.parentElement!)?.focus(); }
  else if (it) { e.preventDefault(); it.click(); }
  else if (!said.thread && (e.key === "j" || e.key === "k")) { e.preventDefault(); walk(e.key === "j" ? 1 : -1); }
});

// On a narrow page nothing scrolls by itself: the newest lines are shown first.
const last = $$(".ln", main).at(-1);
if (said.thread && last && !$(".say,#problems") && matchMedia("(max-width:1000px)").matches) last.scrollIntoView({ block: "center" });
document.body.dataset.ready = "1";
