// What htmx's attributes cannot say: theme, the connection's light, news on hidden tabs, keys of the composer.
const root = document.documentElement;

document.addEventListener("click", event => {
  const tab = event.target.closest("[data-topic]");
  if (tab) delete tab.dataset.news;
  if (event.target.closest("#theme")) {
    const dark = root.dataset.theme === "dark" || (root.dataset.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  }
  const unwanted = event.target.closest(".chosen button");
  if (unwanted) {
    const input = unwanted.form.querySelector("[type=file]");
    input.value = "";
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.focus();
  }
  // A tap on a bubble answers it, as on a phone; links, buttons and selected text keep their meaning.
  const bubble = event.target.closest(".theirs > .body");
  if (bubble && !event.target.closest("a, button, audio") && getSelection().isCollapsed) {
    bubble.parentElement.querySelector(".answer")?.click();
  }
});

document.addEventListener("keydown", event => {
  const box = event.target.closest(".composer textarea");
  if (box && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (box.value.trim() || box.form.querySelector("[type=file]").files.length) box.form.requestSubmit();
  }
});

document.addEventListener("change", event => {
  const label = event.target.closest(".attach");
  if (label) {
    label.dataset.file = event.target.files[0]?.name ?? "";
    const shown = event.target.form.querySelector(".chosen");
    shown.firstElementChild.textContent = label.dataset.file;
    shown.hidden = !label.dataset.file;
  }
});

// A talk that stood at its end stays there when a card in it grows; the browser alone would hold the old place.
const feeds = [];
document.addEventListener("htmx:before:swap", () => {
  feeds.splice(0, feeds.length, ...[...document.querySelectorAll(".scroll")].filter(feed => feed.scrollTop > -8));
});

document.addEventListener("htmx:after:swap", () => {
  for (const feed of feeds) feed.scrollTop = 0;
  const box = document.querySelector("[data-focus]");
  if (box) {
    delete box.dataset.focus;
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  }
});

document.addEventListener("htmx:sse:after:message", event => {
  const topic = event.detail.message.event;
  for (const tab of document.querySelectorAll(`[data-topic~="${topic}"]:not([aria-current])`)) tab.dataset.news = "";
});

document.addEventListener("htmx:sse:after:connection", () => {
  if (root.dataset.live) htmx.trigger(document.body, "resync"); // a reconnection: something may have been missed
  root.dataset.live = "on";
});
document.addEventListener("htmx:sse:error", () => { root.dataset.live = "off"; });
