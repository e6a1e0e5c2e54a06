// At the door: a password can be looked at while it is typed, a passkey is asked for, and recovery codes are printed. Every form works
// without this, but for passkeys, which browsers hand to scripts alone.
const all = <T extends Element>(what: string) => [...document.querySelectorAll<T>(what)];

for (const input of all<HTMLInputElement>("input[type=password]")) {
  const b = document.createElement("button"), { show = "", hide = "" } = document.body.dataset;
  b.type = "button";
  b.className = "link";
  b.textContent = show;
  b.setAttribute("aria-controls", input.id);
  b.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    b.textContent = shown ? show : hide;
  });
  input.after(b);
}

for (const b of all<HTMLButtonElement>("[data-print]")) {
  b.hidden = false;
  b.addEventListener("click", () => print());
}

const bytes = (s: string) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
const text = (b: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// A passkey is made for a host name: where the page was reached by another, there is none to ask for.
const here = (name = "") => "PublicKeyCredential" in window && (location.hostname === name || location.hostname.endsWith("." + name));

const ask = async (form: HTMLFormElement, url: string) => {
  const csrf = (form.elements.namedItem("csrf") as HTMLInputElement).value;
  const r = await fetch(url, { method: "POST", headers: { "X-CSRF": csrf } });
  if (!r.ok) throw new Error(await r.text());
  return (await r.json()).publicKey;
};

const field = (form: HTMLFormElement, name: string) => form.elements.namedItem(name) as HTMLInputElement;

const run = (form: HTMLFormElement, what: () => Promise<void>) => {
  const failed = form.querySelector<HTMLElement>("[role=alert]");
  form.addEventListener("submit", async e => {
    e.preventDefault();
    if (failed) failed.hidden = true;
    try { await what(); } catch { if (failed) failed.hidden = false; return; }
    form.submit();
  });
};

for (const form of all<HTMLFormElement>("form[data-passkey]")) {
  if (!here(form.dataset.name)) continue;
  form.hidden = false;
  run(form, async () => {
    const o = await ask(form, form.dataset.passkey!);
    const got = await navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: (o.allowCredentials ?? []).map((c: any) => ({ ...c, id: bytes(c.id) })) } }) as PublicKeyCredential;
    const r = got.response as AuthenticatorAssertionResponse;
    field(form, "proof_passkey").value = JSON.stringify({ id: got.id, rawId: text(got.rawId), type: got.type, clientExtensionResults: {}, response: {
      clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: r.userHandle ? text(r.userHandle) : undefined } });
  });
}

for (const part of all<HTMLElement>("[data-host]")) part.hidden = !here(part.dataset.host);

for (const form of all<HTMLFormElement>("form[data-make]")) {
  if (!here(form.dataset.name)) continue;
  run(form, async () => {
    const o = await ask(form, form.dataset.make!);
    const made = await navigator.credentials.create({ publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: (o.excludeCredentials ?? []).map((c: any) => ({ ...c, id: bytes(c.id) })) } }) as PublicKeyCredential;
    const r = made.response as AuthenticatorAttestationResponse;
    field(form, "made").value = JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, clientExtensionResults: {}, response: {
      clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports?.() ?? [] } });
  });
}
