// On every staff page: the search on top, the menu, the offline banner, single keys.
import { $, $$, ask, single, toast } from "./desk";

// Whether the house answers. What the browser says of its network is only a reason to ask: a house on the same computer, or in the clinic's own
// network, is there without the internet, and a network is no house. While it is away it is asked every three seconds. A refusal is an answer, a
// balancer that reaches nobody (502 to 504) is none.
const offline = $("#offline");
let asking = false;
async function connection() {
  if (!offline || asking) return;
  asking = true;
  while (!(offline.hidden = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5_000) }).then(r => r.status < 500, () => false))) await new Promise(go => setTimeout(go, 3_000));
  asking = false;
}
for (const e of ["offline", "online", "unheard"]) addEventListener(e, connection);
if (!navigator.onLine) void connection();

// Live search: the form beneath works without it.
for (const input of $$<HTMLInputElement>("[data-find]")) {
  const hits = input.closest("search,form")?.querySelector<HTMLElement>("[data-hits]") ?? $("[data-hits]")!;
  let last: AbortController | undefined, timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    last?.abort();
    const q = input.value.trim();
    if (q.length < 2) { hits.replaceChildren(); return; }
    timer = setTimeout(async () => {
      last = new AbortController();
      const r = await ask("/app/search", new URLSearchParams({ links: "1", q }), last.signal);
      if (r?.ok) hits.innerHTML = await r.text();
    }, 90);
  });
  input.addEventListener("keydown", e => {
    if (e.key === "Escape") hits.replaceChildren();
    if (e.key === "ArrowDown") { e.preventDefault(); $<HTMLElement>("a", hits)?.focus(); }
    const first = $<HTMLAnchorElement>("a", hits);
    if (e.key === "Enter" && first) { e.preventDefault(); first.click(); }
  });
  hits.addEventListener("keydown", e => {
    const all = $$<HTMLElement>("a", hits), i = all.indexOf(document.activeElement as HTMLElement);
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      (all[i + (e.key === "ArrowDown" ? 1 : -1)] ?? input).focus();
    }
    if (e.key === "Escape") { hits.replaceChildren(); input.focus(); }
  });
  document.addEventListener("click", e => { if (!hits.contains(e.target as Node) && e.target !== input) hits.replaceChildren(); });
}

// Menus close when something else is chosen.
document.addEventListener("click", e => {
  for (const m of $$<HTMLDetailsElement>("[data-menu][open]")) if (!m.contains(e.target as Node)) m.open = false;
});
document.addEventListener("keydown", e => {
  const menu = $<HTMLDetailsElement>("[data-menu][open]");
  if (e.key === "Escape" && menu) { menu.open = false; $("summary", menu)?.focus(); }
  if (!single(e)) return;
  if (e.key === "/") { e.preventDefault(); $("#find")?.focus(); }
  if (e.key === "n" && !document.querySelector("[data-grid],[data-key=n]")) $<HTMLAnchorElement>("a[data-book]")?.click();
  if (e.key === "r") $<HTMLAnchorElement>("a[data-prescribe]")?.click();
});

// Copy a link.
for (const b of $$<HTMLButtonElement>("[data-copy]")) {
  b.hidden = false;
  b.addEventListener("click", async () => {
    const field = document.getElementById(b.dataset.copy!) as HTMLInputElement;
    field.select();
    try { await navigator.clipboard.writeText(field.value); toast(b.dataset.said!); } catch { /* it stays selected, to be copied by hand */ }
  });
}

// Who of support looks at the clinic: asked for every ten seconds while the page is seen.
const watched = $("#watched[data-watch]");
if (watched) {
  const look = async () => {
    if (document.hidden) return;
    const r = await ask("/app/support/banner");
    if (!r?.ok) return;
    const next = document.createElement("template");
    next.innerHTML = await r.text();
    if (next.content.textContent !== watched.textContent) watched.replaceChildren(next.content); // what stays is not said again
  };
  setInterval(look, 10_000);
  document.addEventListener("visibilitychange", look);
}
