// The quick-booking panel: N, four characters, Enter, Enter.
import { $, $$, ask, toast } from "./desk";
import { all, day, grid, refresh, say, words, byId } from "./grid";
import { fill } from "./clockface";

const side = $("[data-side]")!;
let before: HTMLElement | null = null;

export function openBooking(start?: { provider: string; at: string }) {
  const t = $<HTMLTemplateElement>("#book-t");
  if (!t) return;
  before = document.activeElement as HTMLElement | null;
  side.replaceChildren(t.content.cloneNode(true));
  const form = $<HTMLFormElement>("[data-bookform]", side)!, q = $<HTMLInputElement>("[data-q]", form)!, hits = $("[role=listbox]", form)!;
  const slots = $("[data-slots]", form)!, whom = $<HTMLSelectElement>("[data-who]", form)!, service = form.elements.namedItem("service") as HTMLSelectElement;
  const hidden = (n: string) => form.elements.namedItem(n) as HTMLInputElement;
  const fresh = $("[data-new]", form)!, chosen = $("[data-chosen]", form)!, compared = $("[data-alike]", form)!, insist = $("[data-insist]", form)!;
  let last: HTMLElement | undefined; // the time that was pressed last
  let asked = "", shown = "", timer = 0, enters = 0, ready = false, picked = false;
  if (start) whom.value = start.provider;
  q.focus();

  const options = () => $$("[role=option]", hits);
  const selected = () => options().find(o => o.ariaSelected === "true");
  const mark = (o?: HTMLElement) => {
    for (const x of options()) x.ariaSelected = String(x === o);
    o?.scrollIntoView({ block: "nearest" });
    if (o) { o.id ||= "b-o" + options().indexOf(o); q.setAttribute("aria-activedescendant", o.id); }
  };

  async function search() {
    const text = q.value.trim();
    asked = text;
    if (text.length < 2) { hits.replaceChildren(); q.ariaExpanded = "false"; return; }
    const r = await ask("/app/search", new URLSearchParams({ q: text }));
    if (asked !== text) return;
    if (!r?.ok) { enters = 0; return; }
    hits.innerHTML = await r.text();
    shown = text;
    q.ariaExpanded = "true";
    mark(options()[0]);
    if (enters) { enters--; choose(selected()); }
  }
  q.addEventListener("input", () => { enters = 0; clearTimeout(timer); timer = setTimeout(search, 70); });
  q.addEventListener("keydown", e => {
    const all = options(), i = all.indexOf(selected()!);
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      mark(all[(i + (e.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]);
    }
    if (e.key === "Enter") {
      e.preventDefault();
      if (shown === q.value.trim() && shown) choose(selected());
      else if (enters++ === 0) { clearTimeout(timer); void search(); } // who types ahead is not asked to press again
    }
  });
  hits.addEventListener("click", e => choose((e.target as HTMLElement).closest<HTMLElement>("[role=option]") ?? undefined));

  function choose(o?: HTMLElement) {
    if (!o) return;
    picked = true;
    const id = o.dataset.patient!;
    if (!id) enters = 0;
    hidden("patient").value = id;
    hits.replaceChildren();
    compared.hidden = true;
    $<HTMLInputElement>("input", compared)!.checked = false;
    q.closest<HTMLElement>(".field")!.hidden = true;
    chosen.hidden = false;
    $("[data-chosen-name]", chosen)!.textContent = id ? o.dataset.name! : words.new_patient;
    fresh.hidden = !!id;
    if (!id) {
      const typed = q.value.trim(), digits = /^[+\d\s-]+$/.test(typed);
      hidden(digits ? "phone" : "name").value = typed;
      hidden(digits ? "name" : "phone").focus();
    } else $("[data-again]", chosen)!.focus();
    void free(!!id);
  }
  $("[data-again]", form)!.addEventListener("click", () => {
    picked = false;
    enters = 0;
    hidden("patient").value = "";
    chosen.hidden = fresh.hidden = true;
    q.closest<HTMLElement>(".field")!.hidden = false;
    q.select();
  });

  async function free(focus: boolean) {
    ready = false;
    last = undefined; // what was pressed, and what is insisted on, belongs to the choice as it was
    insist.hidden = true;
    hidden("starts_at").value = hidden("provider").value = "";
    slots.setAttribute("aria-busy", "true");
    const ask4 = new URLSearchParams({ service: service.value, provider: whom.value, day, patient: hidden("patient").value });
    if (start && whom.value === start.provider) ask4.set("at", start.at);
    const r = await ask("/app/free?" + ask4);
    slots.removeAttribute("aria-busy");
    if (!r?.ok) { complain(r ? words.refused : words.offline_refused); return; }
    slots.innerHTML = await r.text();
    hidden("key").value = $("[data-key-value]", slots)?.dataset.keyValue ?? "";
    ready = true;
    const first = $<HTMLButtonElement>("button[data-at]", slots);
    if (focus) first?.focus();
    if (enters && focus) { enters = 0; first?.click(); }
  }
  for (const s of [service, whom]) s.addEventListener("change", () => { $("[data-complaint]", form)?.remove(); void free(false); });
  slots.addEventListener("keydown", e => {
    const all = $$("button[data-at]", slots), i = all.indexOf(document.activeElement as HTMLElement);
    const to = e.key === "ArrowDown" ? all[i + 1] : e.key === "ArrowUp" ? all[i - 1] : undefined;
    if (to) { e.preventDefault(); to.focus(); }
  });
  chosen.addEventListener("keydown", e => { if (e.key === "Enter" && picked && !ready && hidden("patient").value) { e.preventDefault(); enters++; } });

  function complain(text: string) {
    let p = $("[data-complaint]", form);
    if (!p) { p = document.createElement("p"); p.className = "say bad"; p.dataset.complaint = ""; p.setAttribute("role", "alert"); slots.before(p); }
    p.textContent = text;
  }

  // Enter in a field presses a form's first button: here it means the time that was pressed before, and in the reason "Book anyway".
  form.addEventListener("keydown", e => {
    const at = e.target as HTMLInputElement;
    if (e.key !== "Enter" || e.isComposing || at.tagName !== "INPUT" || at === q) return;
    const b = at.name === "reason" ? $("button", insist) : last;
    if (b) { e.preventDefault(); b.click(); }
  });
  form.addEventListener("submit", async e => {
    e.preventDefault();
    const b = (e.submitter as HTMLButtonElement | null) ?? $<HTMLButtonElement>("button[data-at]", slots);
    if (b?.dataset.at) { last = b; insist.hidden = true; hidden("starts_at").value = b.dataset.at; hidden("provider").value = b.dataset.provider!; }
    if (!hidden("starts_at").value) return;
    const data = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    if (b?.name) data.set(b.name, b.value);
    form.setAttribute("aria-busy", "true");
    const r = await ask("/app/appointments", data);
    form.removeAttribute("aria-busy");
    if (r?.ok) {
      const text = fill(words.booked, { name: $("[data-chosen-name]", chosen)!.textContent!, time: $("time", last)!.textContent! });
      toast(text);
      say(text);
      side.replaceChildren();
      await refresh(all());
      const card = byId(r.headers.get("X-Appointment") ?? "");
      (card ?? before)?.focus();
      return;
    }
    complain(r?.headers.get("Content-Type")?.startsWith("text/plain") ? await r.text() : r ? words.refused : words.offline_refused);
    if (r?.headers.get("X-Note-Hint")) hidden("note_seen").value = "1";
    if (r?.headers.get("X-Alike")) { compared.hidden = false; $("input", compared)!.focus(); return; }
    if (r?.headers.get("X-May-Insist")) { insist.hidden = false; $("input", insist)!.focus(); }
    else if (r?.status === 409) { start = undefined; await free(true); }
  });
  hidden("note").addEventListener("input", () => { hidden("note_seen").value = ""; }); // what was remarked on was another note
  if (start) void free(false);
}

export function closePanel() {
  if (!side.firstElementChild) return;
  side.replaceChildren();
  for (const a of $$("[aria-current].a", grid)) { a.removeAttribute("aria-current"); a.focus(); }
  before?.focus();
  before = null;
}
