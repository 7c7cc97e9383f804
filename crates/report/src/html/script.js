"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const label = document.querySelector(".filter");
  const input = label.querySelector("input");
  label.hidden = false;
  const rows = all("[data-row]").map((row) => ({ row, text: null }));
  const groups = all("#promises ~ details");
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of rows) {
      if (words.length) item.text ??= item.row.textContent.toLowerCase();
      item.row.hidden = !words.every((word) => item.text.includes(word));
    }
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
      for (const one of all(".finding details")) one.open = button.dataset.fold === "open";
    });
  }
  for (const paste of all(".paste")) {
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
  const go = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const inner = target.querySelector(":scope > details");
    if (inner) inner.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", go);
  if (location.hash) go();
})();
