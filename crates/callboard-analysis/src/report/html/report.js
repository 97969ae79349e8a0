"use strict";
(() => {
  const all = [...document.querySelectorAll(".scenario")];
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const fold = document.getElementById("fold");
  const buttons = [...document.querySelectorAll("[data-show]")];
  let show = "";

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const scenario of all) {
      const fits = (!show || scenario.dataset.verdict === show) && words.every((word) => scenario.dataset.search.includes(word));
      scenario.hidden = !fits;
      n += fits ? 1 : 0;
    }
    found.textContent = n === all.length ? "" : n === 0 ? "Nothing fits." : `${n} of ${all.length} scenarios`;
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      show = button.dataset.show;
      buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      filter();
    });
  }
  search.addEventListener("input", filter);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      search.focus();
    }
  });

  fold.addEventListener("click", () => {
    const open = all.some((scenario) => !scenario.hidden && !scenario.open);
    all.filter((scenario) => !scenario.hidden).forEach((scenario) => { scenario.open = open; });
    fold.textContent = open ? "Fold all" : "Unfold all";
  });

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // A page opened from a file may have no clipboard: a selection works everywhere.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const label = button.dataset.label || (button.dataset.label = button.textContent);
    await copy(button.parentElement.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  });

  function unfoldTarget() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") target.open = true;
  }
  addEventListener("hashchange", unfoldTarget);
  unfoldTarget();

  const save = document.getElementById("save");
  const data = document.getElementById("data");
  save.hidden = !data;
  save.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([data.textContent], { type: "application/json" }));
    link.download = "callboard-run.json";
    link.click();
    URL.revokeObjectURL(link.href);
  });

  let before = [];
  addEventListener("beforeprint", () => {
    before = [...document.querySelectorAll("details:not([open])")].filter((details) => details.closest(".scenario"));
    before.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => before.forEach((details) => { details.open = false; }));

  document.querySelector(".tools").hidden = false;
})();
