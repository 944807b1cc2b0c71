// <script src=".../f/NAME/embed.js" async></script> puts the Leadwire form where the script stands. If the page has
// its own <form data-leadwire="NAME">, that one is sent without leaving the page instead.
(() => {
  const script = document.currentScript;
  const base = script.src.replace(/\/embed\.js.*$/, "");
  const name = decodeURIComponent(base.split("/").pop());
  const where = { _page: location.href, _referrer: document.referrer };

  function frame() {
    const query = new URLSearchParams({ embed: 1, ...where });
    for (const [key, value] of new URLSearchParams(location.search)) if (key.startsWith("utm_")) query.set(key, value);
    const lang = script.dataset.lang || document.documentElement.lang;
    if (lang) query.set("lang", lang);
    const iframe = document.createElement("iframe");
    Object.assign(iframe, { src: base + "?" + query, title: script.dataset.title || "Form", height: 560 });
    Object.assign(iframe.style, { width: "100%", border: 0, colorScheme: "normal" });
    addEventListener("message", ({ source, data }) => {
      if (source === iframe.contentWindow && data?.leadwire) iframe.height = Math.min(+data.height || 560, 5000);
    });
    script.after(iframe);
  }

  function tell(form, text, role) {
    const place = form.querySelector("[data-status]") || form.appendChild(document.createElement("p"));
    place.dataset.status = "";
    place.setAttribute("role", role);
    place.textContent = text;
  }

  async function send(form) {
    const body = new FormData(form);
    const key = crypto.getRandomValues(new Uint32Array(4)).join("-");
    for (const [field, value] of Object.entries({ ...where, _key: key })) body.set(field, value);
    for (let wait = 1; ; wait = Math.min(wait * 2, 60)) {
      tell(form, "…", "status");
      try {
        const answer = await fetch(base, { method: "POST", body, headers: { Accept: "application/json" } });
        const said = await answer.json();
        if (answer.ok) {
          form.reset();
          form.dispatchEvent(new CustomEvent("leadwire:sent", { bubbles: true, detail: said }));
          return tell(form, [said.text, said.receipt, said.confirm].filter(Boolean).join(" "), "status");
        }
        tell(form, said.error || Object.values(said.errors).flat().join(" "), "alert");
        if (answer.status !== 429 && answer.status < 500) return;
      } catch { /* no connection: once more */ }
      await new Promise((done) => setTimeout(done, wait * 1000));
    }
  }

  function start() {
    const forms = document.querySelectorAll(`form[data-leadwire="${CSS.escape(name)}"]`);
    for (const form of forms)
      form.onsubmit = (event) => {
        event.preventDefault();
        form.sending ??= send(form).finally(() => { form.sending = null; });
      };
    if (!forms.length) frame();
  }
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start); else start();
})();
