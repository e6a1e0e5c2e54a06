// The grid of a day: where cards stand, and how they are put elsewhere.
import { $, $$, ask, toast } from "./desk";
import { clockface, fill, type Words } from "./clockface";

export const grid = $("[data-grid]")!;
export const words: Words = JSON.parse(grid.dataset.words!);
export const day = $("main")!.dataset.day!;
const starts = Date.parse(grid.dataset.starts!), rows = Number(grid.dataset.rows), step = Number(grid.dataset.step) / 5;
const face = clockface(words, grid.dataset.zone!);
export const rtl = document.documentElement.dir === "rtl" ? -1 : 1;

/** Place is a practitioner's column, which lives as long as the page, and a row of it. */
export type Place = { col: HTMLElement; row: number };

const at = (row: number) => starts + row * 300_000;
export const label = (row: number) => face(at(row));
export const instant = (row: number) => new Date(at(row)).toISOString().replace(".000", "");
export const all = () => $$("[data-col]", grid);
export const columns = () => all().filter(c => c.offsetParent !== null);
export const lane = (c: HTMLElement) => $(".lane", c)!;
export const name = (c: HTMLElement) => c.dataset.name!;
const number = (el: HTMLElement, letter: string) => Number(new RegExp(`(?:^| )${letter}(\\d+)`).exec(el.className)?.[1] ?? 0);
export const rowOf = (el: HTMLElement) => number(el, "s");
export const placeOf = (el: HTMLElement): Place => ({ col: el.closest<HTMLElement>("[data-col]")!, row: rowOf(el) });
export const who = (el: HTMLElement) => $("bdi", el)?.textContent ?? "";
export const byId = (id: string) => $(`[data-id="${CSS.escape(id)}"]`, grid);

/** rowAt is the row under a point, cut to the clinic's step. */
export function rowAt(y: number) {
  const l = lane(columns()[0]), box = l.getBoundingClientRect();
  const height = parseFloat(getComputedStyle(l).gridAutoRows);
  return Math.max(0, Math.min(rows - 1, Math.floor((y - box.top) / height / step) * step));
}
export const colAt = (x: number) => columns().find(c => { const b = c.getBoundingClientRect(); return x >= b.left && x < b.right; });

export function place(el: HTMLElement, p: Place) {
  const row = Math.max(0, Math.min(rows - number(el, "d"), p.row));
  el.className = el.className.replace(/(^| )s\d+/, `$1s${row}`);
  if (el.closest("[data-col]") !== p.col) lane(p.col).append(el);
  $("time", el)!.textContent = label(row);
  return { col: p.col, row };
}
export const nudge = (el: HTMLElement, dx: number, dy: number) => {
  const p = placeOf(el), cols = columns(), i = cols.indexOf(p.col);
  return i < 0 ? p : place(el, { col: cols[i + dx * rtl] ?? p.col, row: p.row + dy * step });
};

/** tabs gives the grid one tab stop: arrows walk from there. */
export function tabs(to?: HTMLElement) {
  const all = $$("a.a", grid);
  const stop = to ?? all.find(a => a.tabIndex === 0 && a.hasAttribute("tabindex")) ?? all[0];
  for (const a of all) a.tabIndex = a === stop ? 0 : -1;
}

/** asked counts the refreshes; shown says which of them each column shows: an answer that was overtaken is dropped. */
let asked = 0;
const shown = new Map<string, number>();
const put = (col: HTMLElement | null, turn: number, nodes: Iterable<Node>) => {
  if (!col || turn < (shown.get(col.dataset.col!) ?? 0)) return;
  shown.set(col.dataset.col!, turn);
  col.replaceChildren(...nodes);
};

/** held counts the moves that are under way. What arrives meanwhile would take the card out of the hand, so it waits for their end. */
let held = 0, waits = false;
export const hold = () => { held++; };
export const release = async (cols: HTMLElement[] = []) => {
  held--;
  if (waits) cols = all();
  waits = false;
  if (cols[0]) await refresh(cols);
};

/** refresh fetches columns anew, one alone or the whole day at once; the focus stays on the card that has it when they come. */
export async function refresh(cols: HTMLElement[]) {
  if (held) { waits = true; return; }
  const turn = ++asked;
  const one = new Set(cols).size === 1 && cols[0];
  const part = `day=${day}&starts=${encodeURIComponent(grid.dataset.starts!)}&rows=${rows}`;
  const r = await ask(one ? `/app/day/column?${part}&provider=${encodeURIComponent(one.dataset.col!)}` : `/app/day/columns?${part}`);
  if (!r?.ok) { if (r?.status === 401) toast(await r.text()); return; }
  const now = document.createElement("template");
  now.innerHTML = await r.text();
  if (held) { waits = true; return; }
  const focus = (document.activeElement as HTMLElement | null)?.dataset.id;
  const open = $("[aria-current].a", grid)?.dataset.id;
  if (one) put(one, turn, [...now.content.childNodes]);
  else for (const c of $$("[data-col]", now.content)) put($(`[data-col="${CSS.escape(c.dataset.col!)}"]`, grid), turn, [...c.childNodes]);
  if (undo && turn === asked && !(Number(byId(undo.id)?.dataset.v) <= undo.v)) undo.b.remove(); // somebody went on with it: it is no longer ours to take back
  if (focus) byId(focus)?.focus();
  if (open) byId(open)?.setAttribute("aria-current", "true");
  tabs(focus ? byId(focus) ?? undefined : undefined);
  for (const s of $$("#tally .state")) {
    const state = [...s.classList].find(x => x.startsWith("st-"))!;
    const n = $$(`.a.${state}`, grid).length;
    $("b", s)!.textContent = String(n);
    s.hidden = n === 0;
  }
}

export const fillMoving = (el: HTMLElement) => fill(words.moving, { name: who(el) });
export const say = (text: string) => { $("#live")!.textContent = text; };

/** undo is the offer to take the last move back, with the version that the move made. */
let undo: { b: HTMLElement; id: string; v: number } | undefined;
const offer = (text: string, id: string, v: number, from: Place, to: Place) => {
  const b = toast(text, words.undo, () => { const el = byId(id); if (el) void commit(el, to, from, v); })!;
  undo = { b, id, v };
  setTimeout(() => b.remove(), 180_000);
};

/** commit sends a move. A lost race puts the card back and says the server's sentence. made is the version of the move that is taken back: a card that was changed since stays. */
export async function commit(el: HTMLElement, from: Place, to: Place, made?: number) {
  if (from.col === to.col && from.row === to.row) return;
  const id = el.dataset.id!;
  hold();
  el.setAttribute("aria-busy", "true");
  const r = await ask(`/app/appointments/${id}/move`, new URLSearchParams({
    provider: to.col.dataset.col!, starts_at: instant(to.row), version: String(made ?? el.dataset.v),
  }));
  el.removeAttribute("aria-busy");
  if (r?.ok) {
    el.dataset.v = r.headers.get("X-Version") ?? el.dataset.v;
    const text = made ? words.undone : fill(words.moved, { name: who(el), time: label(to.row), provider: name(to.col) });
    if (made) { place(el, to); toast(text); } else offer(text, id, Number(el.dataset.v), from, to);
    say(text);
    await release([from.col, to.col]);
    return;
  }
  if (!made) place(el, from);
  const refused = r?.headers.get("Content-Type")?.startsWith("text/plain") ? await r.text() : r ? words.refused : words.offline_refused;
  toast(refused);
  say(refused);
  await release(r?.status === 409 ? all() : []); // it may stand with anybody now
}
