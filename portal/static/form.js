// The hosted form with a script: what was sent stays in this browser until a receipt has come.
// One idempotency key per content, so that sending twice is the same as sending once.

const form = document.querySelector("form[data-form]");
const store = "leadwire:" + (form?.dataset.form ?? "");
const WAITS = [1, 2, 5, 10, 30, 60]; // seconds between tries

const kept = {
  load() { try { return JSON.parse(localStorage.getItem(store)); } catch { return null; } },
  save(value) { try { localStorage.setItem(store, JSON.stringify(value)); } catch { /* private mode: memory only */ } },
  drop() { try { localStorage.removeItem(store); } catch { /* nothing was kept */ } },
};

const sleep = (seconds) => new Promise((done) => {
  const wake = () => { clearTimeout(timer); removeEventListener("online", wake); done(); };
  const timer = setTimeout(wake, seconds * 1000);
  addEventListener("online", wake);
});

function say(text, isKept = false) {
  const status = form.querySelector("[data-status]");
  status.textContent = text;
  status.toggleAttribute("data-kept", isKept);
}

const texts = (data) => [...data].filter(([, value]) => typeof value === "string");
const content = (pairs) => JSON.stringify(pairs.filter(([name]) => !name.startsWith("_")));
const hasFiles = (data) => [...data.values()].some((value) => typeof value !== "string" && value.size > 0);

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The server's answer, or null when it has to be asked again. */
async function post(data) {
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
    const body = await answer.json();
    if (answer.ok || ![429, 500, 502, 503, 504].includes(answer.status)) return { status: answer.status, body };
    return { again: Number(answer.headers.get("Retry-After")) || 0 };
  } catch {
    return { again: 0 };
  }
}

async function deliver(data) {
  say(form.dataset.sending);
  for (let tries = 0; ; tries++) {
    const answer = await post(data);
    if (answer.status) return answer;
    say(form.dataset.kept, true);
    await sleep(Math.max(answer.again, WAITS[Math.min(tries, WAITS.length - 1)]));
  }
}

function showErrors(errors, heading) {
  for (const place of form.querySelectorAll("[data-error]")) {
    const sentences = errors[place.dataset.error] ?? [];
    place.textContent = sentences.join(" ");
    place.hidden = !sentences.length;
    const field = document.getElementById("f-" + place.dataset.error);
    if (sentences.length) field?.setAttribute("aria-invalid", "true"); else field?.removeAttribute("aria-invalid");
  }
  const summary = document.querySelector("[data-summary]");
  summary.hidden = !heading;
  summary.querySelector("h2").textContent = heading;
  summary.querySelector("ul").replaceChildren(...Object.entries(errors).map(([name, sentences]) => {
    const label = form.querySelector(`[data-error="${name}"]`)?.dataset.label ?? name;
    const link = Object.assign(document.createElement("a"), { href: "#f-" + name, textContent: label });
    const item = document.createElement("li");
    item.append(link, ": " + sentences.join(" "));
    return item;
  }));
  if (heading) summary.focus();
}

function thank({ receipt, text, track, telegram, confirm }) {
  const page = document.querySelector("[data-thanks]").content.cloneNode(true);
  page.querySelector("[data-receipt]").textContent = receipt;
  page.querySelector("[data-text]").textContent = text;
  const further = page.querySelector("[data-confirm]");
  further.textContent = confirm ?? "";
  further.parentElement.hidden = !confirm;
  for (const [name, href] of Object.entries({ track, telegram })) {
    const link = page.querySelector(`[data-${name}]`);
    link.href = href ?? "";
    link.parentElement.hidden = !href;
  }
  const title = page.querySelector("h1");
  document.getElementById("main").replaceChildren(page);
  document.title = `${title.textContent}: ${receipt}`;
  title.focus();
}

let last = null; // the content that the key belongs to

async function send() {
  const button = form.querySelector("button");
  if (button.getAttribute("aria-disabled") === "true") return;
  let data = new FormData(form);
  if (last !== null && last !== content(texts(data))) form.elements._key.value = newKey();
  data = new FormData(form);
  last = content(texts(data));
  kept.save({ pairs: texts(data), files: hasFiles(data) });
  button.setAttribute("aria-disabled", "true");
  const { status, body } = await deliver(data);
  button.removeAttribute("aria-disabled");
  say("");
  kept.drop();
  if (status === 200) return thank(body);
  showErrors(body.errors ?? {}, body.errors ? form.dataset.mend : body.error);
}

/** Put back what an earlier visit could not send, and send it now. */
function resume() {
  const { pairs, files } = kept.load() ?? {};
  if (!pairs) return;
  for (const [name, value] of pairs) {
    const field = form.elements[name];
    if (field?.type === "checkbox") field.checked = true; else if (field && field.type !== "file") field.value = value;
  }
  last = content(pairs);
  if (files) say(form.dataset.keptFiles, true); else send();
}

function tellHeight() {
  const height = Math.ceil(document.querySelector("main").getBoundingClientRect().bottom) + 8;
  parent.postMessage({ leadwire: "height", height }, "*"); // a number is no secret
}

if (form) {
  form.noValidate = true; // the server's sentences are in the visitor's language and stay on the page
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  resume();
}
document.querySelector("[data-summary]:not([hidden])")?.focus();
if (parent !== window) new ResizeObserver(tellHeight).observe(document.body);
