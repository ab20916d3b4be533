// Optional enhancements. Without scripts everything works too: pages are reloaded and forms are sent.
"use strict";

// Dates within sentences are not broken after a hyphen.
const keepDates = (root) => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (/\d{4}-\d\d-\d\d/.test(node.data) && !node.parentElement.closest("pre, code, svg, option, .time")) found.push(node);
  }
  for (const node of found) {
    const parts = node.data.split(/(?<!\d)(\d{4}-\d\d-\d\d)(?!\d)/);
    node.replaceWith(...parts.map((text, index) => {
      if (index % 2 === 0) return text;
      const date = document.createElement("span");
      date.className = "time";
      date.textContent = text;
      return date;
    }));
  }
};
keepDates(document.getElementById("main"));

// Live parts: <div data-live="/tasks/7/events">. The server sends escaped HTML that replaces the part. The event "done"
// ends the stream, and the page is reloaded. The browser connects again by itself, except after an error page.
for (const part of document.querySelectorAll("[data-live]")) {
  const listen = () => {
    const source = new EventSource(part.dataset.live);
    source.addEventListener("message", (event) => { part.innerHTML = event.data; keepDates(part); });
    source.addEventListener("done", () => { source.close(); location.reload(); });
    source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000); });
  };
  listen();
}

// Parts that change while a run is under way: <div id="runs" data-refresh>. The page is fetched again every few seconds,
// and its part replaces this one, but not while the user is in it.
const refresh = async (id) => {
  const part = document.getElementById(id);
  const isUsed = () => document.hidden || part.contains(document.activeElement) || part.querySelector("button:disabled");
  if (!isUsed()) {
    const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
    // After the end of the session, the answer is the log-in page.
    if (answer && answer.redirected) return location.reload();
    const page = answer && answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page && page.getElementById(id);
    if (next && !isUsed()) {
      part.replaceWith(document.adoptNode(next));
      keepDates(next);
    }
  }
  if ("refresh" in document.getElementById(id).dataset) setTimeout(refresh, 3000, id);
};
for (const part of document.querySelectorAll("[data-refresh]")) setTimeout(refresh, 3000, part.id);

// On a phone the menu scrolls: the link to this page must be visible.
const here = document.querySelector(".site-nav [aria-current]");
if (here) here.parentNode.scrollLeft = here.offsetLeft - here.parentNode.clientWidth / 2;

// A button that copies the address of the page: <p data-copy="…" data-copied="…">. It needs a secure context. The page
// does not have it, since it would be of no use without scripts.
for (const place of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = place.dataset.copy;
  place.insertBefore(button, place.lastElementChild);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(location.href);
    button.textContent = place.dataset.copied;
  });
}

// Previews of a form while the user types: <form data-preview="/schedules/next" …> and
// <output data-preview-of="form-id">.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const output = document.querySelector(`[data-preview-of="${form.id}"]`);
  let last = "";
  let waiting = 0;
  const show = async () => {
    const fields = new URLSearchParams(new FormData(form));
    fields.delete("form_token");
    const query = fields.toString();
    if (query === last) return;
    last = query;
    const answer = await fetch(`${form.dataset.preview}?${query}`, { credentials: "same-origin" });
    if (answer.ok && query === last) output.innerHTML = await answer.text();
  };
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 250); });
  form.addEventListener("change", show);
}

// Suggestions while the user types: <input data-suggest="/registrations/suggestions">. The server sends escaped options.
for (const input of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("datalist");
  list.id = "suggestions";
  input.after(list);
  input.setAttribute("list", list.id);
  let waiting = 0;
  let last = new AbortController();
  const show = async () => {
    const typed = input.value.trim();
    if (typed.length < 2) return;
    last.abort();
    last = new AbortController();
    const path = `${input.dataset.suggest}?q=${encodeURIComponent(typed)}`;
    try {
      const answer = await fetch(path, { credentials: "same-origin", signal: last.signal });
      // After the end of the session, the answer is the log-in page.
      if (answer.ok && !answer.redirected) list.innerHTML = await answer.text();
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 200); });
}

// A double click must not send a form twice.
addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  for (const button of event.target.querySelectorAll("button")) setTimeout(() => { button.disabled = true; }, 0);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("form[method=post] button")) button.disabled = false;
});
