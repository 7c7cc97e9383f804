"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const label = document.querySelector(".filter");
  const input = label.querySelector("input");
  label.hidden = false;

  // What is folded is inert: with scripts, a browser reads `noscript` as one text. It becomes part of
  // the page when somebody asks for it, and otherwise while the browser has nothing else to do.
  const copies = (from) => {
    for (const paste of all(".paste", from)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      const what = paste.querySelector("p");
      if (what) button.setAttribute("aria-label", "Copy: " + what.textContent);
      button.addEventListener("click", async () => {
        const text = paste.querySelector("pre").textContent;
        try {
          await navigator.clipboard.writeText(text);
          button.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(paste.querySelector("pre"));
          button.textContent = "Selected";
        }
        setTimeout(() => (button.textContent = "Copy"), 1500);
      });
      paste.append(button);
    }
  };
  const show = (inert) => {
    const shown = document.createElement("template");
    shown.innerHTML = inert.textContent;
    copies(shown.content);
    inert.replaceWith(shown.content);
  };
  const showAll = (from = document) => all("noscript", from).forEach(show);
  const soon = window.requestIdleCallback ?? ((then) => setTimeout(() => then({ timeRemaining: () => 8 }), 20));
  const showSome = (time) => {
    let next;
    while (time.timeRemaining() > 4 && (next = document.querySelector("noscript"))) show(next);
    if (document.querySelector("noscript")) soon(showSome);
  };
  copies(document);
  addEventListener("load", () => setTimeout(() => soon(showSome), 300));
  addEventListener("beforeprint", () => showAll());
  document.addEventListener("click", (event) => {
    const summary = event.target.closest?.("summary");
    if (summary) showAll(summary.parentElement);
  }, true);

  document.addEventListener("toggle", (event) => event.target.open && showAll(event.target), true);

  let rows;
  const groups = all("#promises ~ details");
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!rows) {
      showAll();
      rows = all("[data-row]").map((row) => ({ row, text: row.textContent.toLowerCase() }));
    }
    for (const item of rows) item.row.hidden = !words.every((word) => item.text.includes(word));
    for (const group of groups) {
      group.hidden = words.length > 0 && !group.querySelector("tr[data-row]:not([hidden])");
    }
  };
  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 60);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target !== input) {
      event.preventDefault();
      input.focus();
    } else if (event.key === "Escape" && event.target === input) {
      input.value = "";
      apply();
      input.blur();
    }
  });

  for (const folds of all(".folds")) folds.hidden = false;
  for (const button of all("[data-fold]")) {
    button.addEventListener("click", () => {
      const open = button.dataset.fold === "open";
      if (open) showAll(document.querySelector(".findings"));
      for (const one of all(".finding details")) one.open = open;
    });
  }

  const go = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    let target = document.getElementById(id);
    if (!target && all("noscript").some((inert) => inert.textContent.includes(`id="${id}"`))) {
      showAll();
      target = document.getElementById(id);
      // So that it becomes the target of the address, too.
      location.replace(location.hash);
    }
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const inner = target.querySelector(":scope > details") ?? target;
    if (inner.tagName === "DETAILS") {
      showAll(inner);
      inner.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", go);
  if (location.hash) go();
})();
