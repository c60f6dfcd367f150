// What keys can reach: data of figures as tables once they are opened, and no stop at what need not be scrolled.
(() => {
  const table = (text) => {
    const lines = text.split("\n").map((line) => line.split("\t"));
    const made = document.createElement("table"), head = made.createTHead().insertRow(), body = made.createTBody();
    lines[0].forEach((title) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = title;
      head.append(cell);
    });
    lines.slice(1).forEach((line) => {
      const row = body.insertRow();
      line.forEach((said) => { row.insertCell().textContent = said; });
    });
    return made;
  };

  const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    if (target.querySelector("a, button, input, summary")) { target.removeAttribute("tabindex"); return; }
    const scrolls = target.scrollWidth > target.clientWidth + 1 || target.scrollHeight > target.clientHeight + 1;
    if (scrolls) target.tabIndex = 0; else target.removeAttribute("tabindex");
  }));
  const watch = (box) => {
    watcher.observe(box);
    if (box.firstElementChild) watcher.observe(box.firstElementChild);
  };

  document.querySelectorAll("details.data").forEach((part) => part.addEventListener("toggle", () => {
    if (!part.open) return;
    part.querySelectorAll("pre").forEach((plain) => {
      const box = document.createElement("div");
      box.className = "scroll";
      box.setAttribute("role", "region");
      const of = part.closest("figure").querySelector("h2").textContent;
      box.setAttribute("aria-label", `Data of ${of}: ${plain.previousElementSibling.textContent}`);
      box.append(table(plain.textContent));
      plain.replaceWith(box);
      watch(box);
    });
  }));
  document.querySelectorAll(".scroll").forEach(watch);
})();
