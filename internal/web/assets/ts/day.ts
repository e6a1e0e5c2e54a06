// The day: drag and keyboard moves, panels, live changes. The page reads and books without it.
import { $, $$, ask, single, toast, unheard } from "./desk";
import { all, byId, colAt, columns, commit, day, fillMoving, grid, hold, instant, label, name, nudge, place, placeOf, refresh, release, rowAt, rowOf, rtl, say, tabs, words, type Place } from "./grid";
import { closePanel, openBooking } from "./booking";

const side = $("[data-side]")!, movable = "canMove" in grid.dataset;

// Panel of one appointment.
async function show(id: string, focus: boolean) {
  const r = await ask("/app/appointments/" + id);
  if (!r?.ok) { toast(r ? words.refused : words.offline_refused); return; }
  side.innerHTML = await r.text();
  for (const a of $$("[aria-current].a", grid)) a.removeAttribute("aria-current");
  byId(id)?.setAttribute("aria-current", "true");
  if (focus) $("h2", side)?.focus();
}
side.addEventListener("click", e => {
  if ((e.target as HTMLElement).closest("[data-close]")) { e.preventDefault(); closePanel(); }
});
side.addEventListener("submit", async e => {
  const form = e.target as HTMLFormElement, panel = form.closest<HTMLElement>("[data-panel]");
  if (!panel || "leave" in form.dataset) return;
  e.preventDefault();
  const data = new URLSearchParams(new FormData(form, e.submitter) as unknown as Record<string, string>);
  const r = await ask(new URL(form.action).pathname, data);
  if (r && r.headers.get("Content-Type")?.startsWith("text/html") && r.status !== 204) side.innerHTML = await r.text();
  else if (r?.ok) { await Promise.all([refresh(all()), show(panel.dataset.panel!, true)]); }
  else toast(r ? await r.text() || words.refused : words.offline_refused);
});

// Drag: a mouse at once, a finger after a long press, so that a swipe still scrolls.
type Drag = { el: HTMLElement; from: Place; dy: number; x: number; y: number; on: boolean; timer: number; id: number };
let drag: Drag | null = null, dragged = false;
const begin = (d: Drag) => {
  const el = byId(d.el.dataset.id!); // the column may have been renewed since the finger came down
  if (!el) { drag = null; return; }
  hold();
  d.el = el;
  d.from = placeOf(el);
  d.on = true;
  d.el.classList.add("dragging");
  d.el.setPointerCapture(d.id);
  navigator.vibrate?.(10);
};
grid.addEventListener("pointerdown", e => {
  const el = (e.target as HTMLElement).closest<HTMLElement>("[data-id]");
  dragged = false;
  if (!el || e.button || !movable || "fixed" in el.dataset || move) return;
  const d: Drag = drag = { el, from: placeOf(el), dy: e.clientY - el.getBoundingClientRect().top, x: e.clientX, y: e.clientY, on: false, timer: 0, id: e.pointerId };
  if (e.pointerType !== "mouse") d.timer = setTimeout(() => { if (drag === d) begin(d); }, 450);
});
grid.addEventListener("pointermove", e => {
  const d = drag;
  if (!d) return;
  const far = Math.hypot(e.clientX - d.x, e.clientY - d.y) > 5;
  if (!d.on) {
    if (!far) return;
    if (e.pointerType !== "mouse") { clearTimeout(d.timer); drag = null; return; }
    begin(d);
    if (!d.on) return;
  }
  const box = grid.getBoundingClientRect();
  if (e.clientY > box.bottom - 30) grid.scrollTop += 12;
  if (e.clientY < box.top + 70) grid.scrollTop -= 12;
  place(d.el, { col: colAt(e.clientX) ?? placeOf(d.el).col, row: rowAt(e.clientY - d.dy + 12) });
});
const drop = (e: PointerEvent) => {
  const d = drag;
  drag = null;
  if (!d) return;
  clearTimeout(d.timer);
  if (!d.on) return;
  dragged = true; // the click that follows a drag is none
  setTimeout(() => { dragged = false; });
  d.el.classList.remove("dragging");
  if (e.type === "pointercancel") place(d.el, d.from); else void commit(d.el, d.from, placeOf(d.el));
  void release();
};
grid.addEventListener("pointerup", drop);
grid.addEventListener("pointercancel", drop);
grid.addEventListener("touchmove", e => { if (drag?.on) e.preventDefault(); }, { passive: false });
grid.addEventListener("contextmenu", e => { if (drag) e.preventDefault(); });
grid.addEventListener("dragstart", e => e.preventDefault());

grid.addEventListener("click", e => {
  const target = e.target as HTMLElement, el = target.closest<HTMLElement>("[data-id]");
  if (dragged) { e.preventDefault(); dragged = false; return; }
  if (el) {
    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    tabs(el);
    void show(el.dataset.id!, e.detail === 0);
    return;
  }
  const c = target.closest<HTMLElement>("[data-col]");
  if (c && target.closest(".lane")) openBooking({ provider: c.dataset.col!, at: instant(rowAt(e.clientY)) });
});

// Keyboard: arrows walk; M takes a card, arrows carry it, Enter puts it down.
let move: { el: HTMLElement; from: Place } | null = null;
const inOrder = (c: HTMLElement) => $$("a.a", c).filter(a => a.offsetParent).sort((a, b) => rowOf(a) - rowOf(b));
function lift(el: HTMLElement) {
  if (!movable || "fixed" in el.dataset) return;
  hold();
  move = { el, from: placeOf(el) };
  el.classList.add("moving");
  say(fillMoving(el));
}
function settle(here: boolean) {
  const m = move!;
  move = null;
  m.el.classList.remove("moving");
  if (here) void commit(m.el, m.from, placeOf(m.el));
  else { place(m.el, m.from); say(words.move_cancelled); }
  void release();
}
document.addEventListener("focusin", e => { if (move && e.target !== move.el) settle(false); }); // a card that is left goes back
grid.addEventListener("keydown", e => {
  const el = (e.target as HTMLElement).closest<HTMLElement>("a.a");
  if (!el) return;
  const dir = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[e.key];
  if (move) {
    const m = move;
    if (dir) {
      e.preventDefault();
      const p = nudge(m.el, dir[0], dir[1]);
      m.el.focus();
      m.el.scrollIntoView({ block: "nearest", inline: "nearest" });
      say(words.at.replace("{time}", label(p.row)).replace("{provider}", name(p.col)));
    } else if (e.key === "Enter" || e.key === "Escape") {
      e.preventDefault();
      e.stopPropagation();
      settle(e.key === "Enter");
      if (e.key === "Escape") m.el.focus();
    }
    return;
  }
  if (dir) {
    e.preventDefault();
    const cols = columns(), p = placeOf(el), at = cols.indexOf(p.col);
    let next: HTMLElement | undefined;
    if (dir[1]) { const all = inOrder(p.col); next = all[all.indexOf(el) + dir[1]]; }
    else for (let c = at + dir[0] * rtl; !next && cols[c]; c += dir[0] * rtl) next = inOrder(cols[c]).sort((a, b) => Math.abs(rowOf(a) - p.row) - Math.abs(rowOf(b) - p.row))[0];
    if (next) { tabs(next); next.focus(); }
    return;
  }
  if (!single(e)) return;
  if (e.key === "m" && el.dataset.id) { e.preventDefault(); lift(el); }
  const to = { a: "arrived", e: "with", o: "completed" }[e.key];
  if (to && el.dataset.id) { e.preventDefault(); e.stopPropagation(); void mark(el, to); }
});
async function mark(el: HTMLElement, to: string) {
  const r = await ask(`/app/appointments/${el.dataset.id}/status`, new URLSearchParams({ version: el.dataset.v!, to }));
  if (!r?.ok) toast(r ? await r.text() || words.refused : words.offline_refused);
  await refresh([el.closest<HTMLElement>("[data-col]")!]);
}
document.addEventListener("keydown", e => {
  if (e.key === "Escape" && !$("dialog[open]")) closePanel();
  if (!single(e)) return;
  const hit = (sel: string) => { const b = $(sel); if (b) { e.preventDefault(); b.click(); } };
  switch (e.key) {
    case "n": e.preventDefault(); openBooking(); break;
    case "z": hit("#toast button"); break;
    case "t": hit('a[href="/app/day"]'); break;
    case "a": case "e": case "o": hit(`[data-key-${e.key}]`); break;
    case "m": { const d = $<HTMLDetailsElement>("[data-panel] details[data-move]"); if (d) { e.preventDefault(); d.open = true; $("input[type=date]", d)?.focus(); } break; }
    case "?": help(); break;
  }
});
function help() {
  if ($("dialog[open]")) return;
  document.body.append($<HTMLTemplateElement>("#keys-t")!.content.cloneNode(true));
  const d = $<HTMLDialogElement>("dialog.helpkeys")!;
  d.addEventListener("close", () => d.remove());
  d.showModal();
}
for (const [sel, act] of [["[data-help]", help], ["[data-print]", () => print()]] as const) {
  const b = $<HTMLButtonElement>(sel); // its place is kept before this script runs: nothing moves
  if (b) { b.disabled = false; b.addEventListener("click", act); }
}
for (const a of $$("a[data-book]")) a.addEventListener("click", e => { if (!e.ctrlKey && !e.metaKey) { e.preventDefault(); openBooking(); } });
for (const a of $$("[data-choose]")) a.addEventListener("click", e => {
  e.preventDefault();
  for (const x of $$("[data-choose]")) x === a ? x.setAttribute("aria-current", "true") : x.removeAttribute("aria-current");
  for (const c of $$("[data-col]", grid)) c.classList.toggle("only", c.dataset.col === a.dataset.choose);
});

// The present moment by the house's clock: that of the desk's computer may be wrong.
const now = $("[data-now] i"), ahead = Date.parse(grid.dataset.asof!) - Date.now();
function tick() {
  const row = Math.floor((Date.now() + ahead - Date.parse(grid.dataset.starts!)) / 300_000);
  if (now) { now.className = "s" + Math.max(0, row); now.parentElement!.hidden = row < 0 || row >= Number(grid.dataset.rows); }
}
if (now) { tick(); setInterval(tick, 30_000); now.scrollIntoView({ block: "center", inline: "nearest" }); scrollTo(0, 0); }

// Changes from other desks. An event's data is "*", a day, or a day and a provider.
const live = new EventSource(`/app/live?day=${day}&since=${grid.dataset.counter}`);
live.addEventListener("change", e => {
  const [when, whose] = String((e as MessageEvent).data).split(" ");
  if (when !== "*" && when !== day) return;
  void refresh(all().filter(c => !whose || c.dataset.col === whose));
});
live.addEventListener("error", unheard);
addEventListener("pagehide", () => live.close());
const chosen = byId($("[data-panel]", side)?.dataset.panel ?? "");
chosen?.setAttribute("aria-current", "true");
chosen?.scrollIntoView({ block: "center", inline: "nearest" });
tabs();
document.body.dataset.ready = "1";
