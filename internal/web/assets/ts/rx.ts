// Writing a prescription: three letters, Enter, the dose, Tab, the days, Enter; Ctrl+Enter signs. The form does all of it without this, slower.
import { $, $$, ask, toast } from "./desk";

const form = $<HTMLFormElement>("[data-rx]")!, live = $("[data-live]", form)!, status = $("[data-status]", form)!, box = $("fieldset.drugs", form)!;
const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
const rows = () => $$("[data-row]", box);
const cell = (row: HTMLElement, name: string) => $<HTMLInputElement>(`[name=${name}-${row.dataset.row}]`, row)!;

// One empty row at the end is enough: the next comes when it is used.
const blank = rows().at(-1)!.cloneNode(true) as HTMLElement;
for (const r of rows().reverse().slice(1)) {
  const next = r.nextElementSibling as HTMLElement | null;
  if (next && !cell(r, "drug").value) next.remove();
}
const last = () => rows().at(-1)!;

function grow(): HTMLElement {
  if (!cell(last(), "drug").value) return last();
  const n = String(Number(last().dataset.row) + 1), r = blank.cloneNode(true) as HTMLElement, old = blank.dataset.row!;
  r.dataset.row = n;
  for (const x of [r, ...$$("*", r)]) for (const a of ["id", "name", "for", "aria-describedby"]) {
    const v = x.getAttribute(a);
    if (v?.endsWith("-" + old)) x.setAttribute(a, v.slice(0, -old.length) + n);
  }
  r.setAttribute("aria-label", blank.getAttribute("aria-label")!.replace(old, n));
  for (const i of $$<HTMLInputElement>("input", r)) { i.value = ""; i.removeAttribute("autofocus"); }
  last().after(r);
  wire(r);
  return r;
}

// The search: what is typed ahead of the answer is kept; Enter takes the first, or the marked one.
function wire(row: HTMLElement) {
  const q = cell(row, "drug"), hits = $("[data-hits]", row)!;
  let timer = 0, asked = "";
  const options = () => $$("[role=option]", hits);
  const marked = () => options().find(o => o.ariaSelected === "true") ?? options()[0];
  const close = () => { hits.replaceChildren(); q.ariaExpanded = "false"; };
  async function search(): Promise<void> {
    const text = asked = q.value.trim();
    if (!text) { close(); return; }
    const r = await ask("/app/drugs?q=" + encodeURIComponent(text));
    if (asked !== text || !r?.ok) return;
    hits.innerHTML = await r.text();
    hits.dataset.of = text;
    q.ariaExpanded = "true";
    if (options()[0]) options()[0].ariaSelected = "true";
  }
  hits.id = "hits-" + row.dataset.row;
  q.setAttribute("role", "combobox");
  q.setAttribute("aria-controls", hits.id);
  q.ariaExpanded = "false";
  q.addEventListener("input", () => {
    for (const n of ["form", "route"]) cell(row, n).value = "";
    $("[data-form]", row)!.textContent = "";
    clearTimeout(timer);
    timer = setTimeout(search, 60);
  });
  q.addEventListener("keydown", e => {
    const all = options(), i = all.indexOf(marked()!);
    if (e.key === "Escape") close();
    if ((e.key === "ArrowDown" || e.key === "ArrowUp") && all.length) {
      e.preventDefault();
      const to = all[(i + (e.key === "ArrowDown" ? 1 : all.length - 1)) % all.length];
      for (const o of all) o.ariaSelected = String(o === to);
      to.scrollIntoView({ block: "nearest" });
    }
    if (e.key !== "Enter" || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    if (!q.value.trim()) return;
    clearTimeout(timer);
    const typed = q.value.trim();
    cell(row, "dose").focus(); // who types ahead is not kept waiting
    if (cell(row, "form").value) return;
    void (hits.dataset.of === typed && options().length ? Promise.resolve() : search()).then(() => take(marked()));
  });
  hits.addEventListener("mousedown", e => e.preventDefault());
  hits.addEventListener("click", e => { take((e.target as HTMLElement).closest<HTMLElement>("[role=option]") ?? undefined); cell(row, "dose").focus(); });
  q.addEventListener("blur", () => setTimeout(close, 150));

  function take(o?: HTMLElement) {
    close();
    if (!o) { toast(form.dataset.none!); return; }
    if (o.dataset.set) { q.value = ""; void withSet(o.dataset.set); return; }
    q.value = o.dataset.generic!;
    cell(row, "strength").value = o.dataset.strength!;
    cell(row, "form").value = o.dataset.form!;
    cell(row, "route").value = o.dataset.route!;
    $("[data-form]", row)!.textContent = o.dataset.form!;
    const timing = cell(row, "timing") as unknown as HTMLSelectElement;
    if (!timing.value) timing.value = o.dataset.food!;
    grow();
    soon();
  }
  cell(row, "days").addEventListener("keydown", e => {
    if (e.key !== "Enter" || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    cell(grow(), "drug").focus();
    void save();
  });
  cell(row, "dose").addEventListener("keydown", e => {
    if (e.key !== "Enter" || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    cell(row, "days").focus();
  });
}
rows().forEach(wire);

// Saving: a moment after the last key, one at a time. What the house says is shown anew, but never under somebody who types a reason.
// An answer that was lost leaves the page behind what we saved: the house then says which version holds, and only then we take it over.
let timer = 0, running: Promise<boolean> | null = null, dirty = false, leaving = false, unheard = false;
const soon = () => { dirty = true; clearTimeout(timer); timer = setTimeout(() => void save(), 900); };
async function save(): Promise<boolean> {
  clearTimeout(timer);
  while (running) await running;
  if (!dirty || leaving || !rows().some(r => cell(r, "drug").value)) return true;
  running = once().catch(() => { // the answer broke off
    dirty = unheard = true;
    status.textContent = form.dataset.unsaved!;
    return false;
  });
  const ok = await running;
  running = null;
  return ok;
}
async function once(): Promise<boolean> {
  dirty = false;
  status.textContent = form.dataset.saving!;
  const data = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
  data.set("do", "save");
  const r = await ask(form.action, data), now = r?.headers.get("X-Version");
  if (r?.status === 409 && now && unheard) {
    unheard = false;
    holds(now);
    return once();
  }
  if (!r?.ok) {
    unheard ||= !r || r.status >= 500;
    dirty = true;
    status.textContent = r?.headers.get("Content-Type")?.startsWith("text/plain") ? await r.text() : form.dataset.unsaved!;
    return false;
  }
  unheard = false;
  holds(now!);
  const html = await r.text();
  if (!live.contains(document.activeElement)) live.innerHTML = html;
  status.textContent = form.dataset.saved!;
  return true;
}
function holds(version: string) {
  if (field("version").value === "0") history.replaceState(null, "", "/app/prescriptions/" + field("id").value);
  for (const v of $$<HTMLInputElement>("input[name=version]")) v.value = version;
}
form.addEventListener("input", soon);
live.addEventListener("change", () => void save());

async function withSet(id: string) {
  dirty = true;
  if (!await save()) return;
  submit($<HTMLButtonElement>(`button[value="set ${id}"]`, form));
}
function submit(b: HTMLButtonElement | null) {
  if (!b || leaving) return;
  const ready = unheard ? save() : running ?? Promise.resolve(true);
  leaving = true;
  clearTimeout(timer);
  void ready.then(() => {
    unheard = true; // who comes back to this page has not heard the answer
    form.requestSubmit(b);
  });
}
form.addEventListener("submit", e => {
  if (leaving) return;
  e.preventDefault();
  submit(e.submitter as HTMLButtonElement | null);
});
document.addEventListener("keydown", e => {
  if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey)) return;
  e.preventDefault();
  submit($<HTMLButtonElement>("[data-sign]", form));
});
addEventListener("pageshow", () => { leaving = false; });
document.body.dataset.ready = "1";
