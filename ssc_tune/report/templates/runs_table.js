// Filters and the table of runs: a page of rows at a time, never all of them.
if (runs) (() => {
  const ROWS = 12;
  const { make, columns, data } = runs;
  const shown = [...columns.values()];
  let first = 0, focused = 0;

  // Filters: words, chosen values, ranges.
  const find = make("input", {
    type: "search", id: "runs-find", placeholder: "such as fixmatch seed 2", autocomplete: "off",
  });
  find.addEventListener("input", () => runs.find(find.value));

  const boxes = (column) => {
    const choose = () => {
      const chosen = inputs.map((input) => input.checked);
      runs.filter(column.key, chosen.includes(true) ? (code) => chosen[code] : null);
      runs.refresh();
    };
    const inputs = column.texts.map(() => make("input", { type: "checkbox" }));
    inputs.forEach((input) => input.addEventListener("change", choose));
    const swatch = (code) => {
      const made = make("i", { class: "swatch", "aria-hidden": "true" });
      data.colours[code].forEach((colour, i) => made.style.setProperty(i ? "--dark" : "--light", colour));
      return made;
    };
    const labels = inputs.map((input, code) => make("label", {}, input, column.texts[code]));
    if (column.key === "method") inputs.forEach((input, code) => input.after(swatch(code)));
    const show = () => {
      const allowed = runs.filters.get(column.key);
      inputs.forEach((input, code) => { input.checked = Boolean(allowed && allowed[code]); });
    };
    return [make("fieldset", {}, make("legend", {}, column.title), ...labels), show];
  };

  const range = (column) => {
    const ends = ["from", "to"].map((end, i) => make("input", {
      type: "text", inputmode: "decimal", size: 7, "aria-label": `${column.title} ${end}`, "data-key": column.key,
      placeholder: column.texts[i ? column.texts.length - 1 : 0],
    }));
    const choose = () => {
      const [low, high] = ends.map((input) => (input.value.trim() ? Number(input.value) : NaN));
      ends.forEach((input, i) => {
        const said = input.value.trim();
        input.setAttribute("aria-invalid", String(Boolean(said) && Number.isNaN(i ? high : low)));
      });
      const open = Number.isNaN(low) && Number.isNaN(high);
      const inside = (value) => !(value < low) && !(value > high);  // an open end is NaN
      const keeps = (code) => inside(column.values[code]) || inside(Number(column.texts[code]));  // as it is shown, too
      runs.filter(column.key, open ? null : keeps);
      runs.refresh();
    };
    ends.forEach((input) => input.addEventListener("input", choose));
    const show = () => {
      if (ends.includes(document.activeElement)) return;
      const allowed = runs.filters.get(column.key);
      ends.forEach((input, i) => {
        const code = allowed ? (i ? allowed.lastIndexOf(1) : allowed.indexOf(1)) : -1;
        input.value = code < 0 ? "" : column.texts[code];
        input.removeAttribute("aria-invalid");
      });
    };
    return [make("fieldset", {}, make("legend", {}, column.title), ends[0], " to ", ends[1]), show];
  };

  const HEAD = ["method", "block", "setting", "status"];
  const several = shown.filter((column) => column.filtered && column.texts.length > 1);
  const made = several.map((column) => [column, ...(column.filtered === "chosen" ? boxes : range)(column)]);
  const parts = (head) => made.filter(([column]) => HEAD.includes(column.key) === head).map(([, part]) => part);
  const total = make("output", { for: "runs-find" });
  const reset = make("button", { type: "button" }, "Show all");
  reset.addEventListener("click", () => { find.value = ""; runs.reset(); });
  const bar = make("div", { class: "runs-bar" },
    make("div", {}, make("label", { for: "runs-find" }, "Find"), find), ...parts(true), make("div", {}, total, reset));
  const more = make("details", { class: "runs-ranges" },
    make("summary", {}, "By hyperparameter, accuracy, loss, noise, time"),
    make("div", { class: "runs-bar" }, ...parts(false)));
  const said = make("p", { class: "runs-named", role: "status" });
  const views = make("div", { class: "runs-views" });

  // The table.
  const heads = shown.map((column) => {
    const arrow = make("span", { "aria-hidden": "true" });
    const button = make("button", { type: "button", title: column.help || null }, column.title, arrow);
    const head = make("th", { scope: "col" }, button);
    button.addEventListener("click", () => {
      const { key, down } = runs.sorted;
      runs.sort(column.key, key === column.key && !down);
    });
    return head;
  });
  const lines = Array.from({ length: ROWS }, () => make("tr", {}, ...shown.map(() => make("td"))));
  const body = make("tbody", {}, ...lines);
  const step = (label, to) => {
    const button = make("button", { type: "button" }, label);
    button.addEventListener("click", () => { turn(to()); show(); });
    return button;
  };
  const last = () => Math.max(0, Math.ceil(runs.order.length / ROWS) - 1) * ROWS;
  const turn = (to) => { first = Math.max(0, Math.min(to, last())); };
  const [back, next] = [-1, 1].map((way) => () => first + way * ROWS);
  const pages = [step("First", () => 0), step("Back", back), step("Next", next), step("Last", last)];
  const where = make("span", { role: "status" });
  const table = make("div", { class: "scroll runs-table" }, make("table", {},
    make("caption", {}, "Runs; a click on a heading sorts"), make("thead", {}, make("tr", {}, ...heads)), body));

  const show = () => {
    const order = runs.order, rows = order.length;
    lines.forEach((line, i) => {
      const row = first + i < rows ? order[first + i] : -1;
      line.hidden = row < 0;
      if (row < 0) return;
      line.dataset.row = row;
      line.tabIndex = i === focused ? 0 : -1;
      line.classList.toggle("named", row === runs.named);
      shown.forEach((column, k) => { line.cells[k].textContent = runs.text(column, row) || "–"; });
    });
    if (rows && !lines.some((line) => !line.hidden && line.tabIndex === 0)) lines[0].tabIndex = 0;
    const end = Math.min(first + ROWS, rows);
    where.textContent = rows ? `${first + 1} to ${end} of ${rows.toLocaleString("en")}` : "no run";
    pages.forEach((button, i) => { button.disabled = i < 2 ? first === 0 : first >= last(); });
  };

  const focus = (i) => {
    focused = i;
    show();
    lines[i].focus({ preventScroll: true });
    lines[i].scrollIntoView({ block: "nearest" });
  };
  body.addEventListener("keydown", (event) => {
    const here = lines.indexOf(event.target.closest("tr")), rows = Math.min(ROWS, runs.order.length - first);
    const moves = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows - 1 };
    if (event.key === "PageDown" || event.key === "PageUp") {
      turn(first + (event.key === "PageDown" ? ROWS : -ROWS));
      focus(0);
    } else if (event.key in moves) {
      const to = moves[event.key];
      if (to >= rows && first < last()) { turn(first + ROWS); focus(0); }
      else if (to < 0 && first > 0) { turn(first - ROWS); focus(ROWS - 1); }
      else focus(Math.max(0, Math.min(to, rows - 1)));
    } else return;
    event.preventDefault();
  });
  const under = (event) => {
    const line = event.target.closest("tr");
    if (line && line.dataset.row) runs.name(Number(line.dataset.row));
  };
  body.addEventListener("focusin", (event) => {
    focused = Math.max(0, lines.indexOf(event.target.closest("tr")));
    under(event);
  });
  body.addEventListener("pointermove", under, { passive: true });
  body.addEventListener("click", under);

  const sorted = () => {
    turn(0);
    focused = 0;
    const { key, down } = runs.sorted;
    heads.forEach((head, k) => {
      const own = shown[k].key === key;
      head.setAttribute("aria-sort", own ? (down ? "descending" : "ascending") : "none");
      head.querySelector("span").textContent = own ? (down ? " ▼" : " ▲") : "";
    });
    show();
  };
  runs.on("sorted", sorted);
  runs.on("picked", () => {
    made.forEach(([, , refreshed]) => refreshed());
    total.textContent = `${runs.order.length.toLocaleString("en")} of ${runs.count.toLocaleString("en")} runs`;
    reset.disabled = !runs.filters.size && !find.value;
    sorted();
  });
  runs.on("named", () => {
    const row = runs.named;
    lines.forEach((line) => line.classList.toggle("named", !line.hidden && Number(line.dataset.row) === row));
    said.textContent = row < 0 ? "" : runs.told(row).map(([title, text]) => `${title} ${text}`).join(" · ");
  });

  runs.page.append(bar, more, views, said, table, make("div", { class: "runs-pages" }, ...pages, where));
  runs.views = views;
})();
