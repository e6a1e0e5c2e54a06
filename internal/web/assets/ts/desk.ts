// What every staff page's script needs: asking the server, saying things, and knowing keys.

export const $ = <T extends HTMLElement>(sel: string, from: ParentNode = document) => from.querySelector<T>(sel);
export const $$ = <T extends HTMLElement>(sel: string, from: ParentNode = document) => [...from.querySelectorAll<T>(sel)];

const csrf = $<HTMLMetaElement>("meta[name=csrf]")?.content ?? "";

/** ask fetches a fragment, or posts a form; null when there is no connection. */
export async function ask(url: string, form?: URLSearchParams, signal?: AbortSignal): Promise<Response | null> {
  try {
    return await fetch(url, { method: form ? "POST" : "GET", body: form, signal, headers: { "X-Fragment": "1", "X-CSRF": csrf } });
  } catch {
    if (!signal?.aborted) unheard();
    return null;
  }
}

/** unheard has the page find out whether the house answers at all. */
export const unheard = () => dispatchEvent(new Event("unheard"));

/** toast says something at the foot of the page, with one thing to do about it, whose button it answers. */
export function toast(words: string, label?: string, act?: () => void) {
  const box = $("#toast")!;
  box.replaceChildren(words);
  if (!label) return;
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = label;
  b.onclick = () => { box.replaceChildren(); act!(); };
  box.append(b);
  return b;
}

/** typing says whether a key goes into a field, so that it is no shortcut. */
export const typing = (e: Event) => !!(e.target as HTMLElement).closest?.("input,textarea,select,[contenteditable]");

/** single says whether e is a single-letter shortcut, which a person may have switched off. */
export const single = (e: KeyboardEvent) => !typing(e) && !e.ctrlKey && !e.metaKey && !e.altKey && "keys" in document.body.dataset;
