// What the pages do more where scripts are allowed. Without it everything works: pages reload, forms are sent.
"use strict";

// A part that is replaced while something is under way: <div data-live="/tasks/7/events">. The server sends HTML that it
// has escaped; "done" ends it, and the page is loaded once more as it is then.
for (const part of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(part.dataset.live);
  source.addEventListener("message", (event) => { part.innerHTML = event.data; });
  source.addEventListener("done", () => { source.close(); location.reload(); });
}

// A part that shows what a form would mean, as it is typed: <form data-preview="/schedules/next" …> and
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

// One click is one order.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; }, 0);
  });
}
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("form[method=post] button")) button.disabled = false;
});
