// Canvases of the runs: drawn when they are seen, named by the pointer; the drawings themselves are in the files below.
if (runs) runs.plots = (() => {
  const { data, columns, make, count, picked } = runs;
  const FONT = "11px system-ui, sans-serif";
  const BUDGET = 25;  // milliseconds of drawing a frame, so that the table answers at once
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const plots = [], seen = new Set(), stale = new Set();
  let asked = false;

  const bubble = make("div", { class: "tip", "aria-hidden": "true" });
  const tip = (event, lines) => {
    if (!lines) { bubble.remove(); return; }
    bubble.replaceChildren(...lines.map(([title, text]) => make("div", {}, make("span", {}, title), " ", text)));
    document.body.append(bubble);
    const { width, height } = bubble.getBoundingClientRect(), room = document.documentElement.clientWidth;
    bubble.style.left = `${Math.max(6, Math.min(event.clientX + 14, room - width - 6))}px`;
    bubble.style.top = `${Math.max(6, Math.min(event.clientY + 14, innerHeight - height - 6))}px`;
  };
  document.addEventListener("scroll", () => tip(null), { passive: true, capture: true });

  // Draws in CSS pixels: all runs on a sheet that is kept, and the named one on top of it.
  const paint = (plot) => {
    const { canvas } = plot, ratio = devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !height) return;
    const style = getComputedStyle(document.documentElement);
    const inks = {
      ink: (name) => style.getPropertyValue(`--${name}`).trim(),
      own: (k) => data.colours[k][dark.matches ? 1 : 0],
    };
    const prepared = (sheet) => {
      sheet.width = Math.round(width * ratio);
      sheet.height = Math.round(height * ratio);
      const pen = sheet.getContext("2d");
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.font = FONT;
      pen.textBaseline = "middle";
      return pen;
    };
    if (!plot.sheet) {
      plot.sheet = document.createElement("canvas");
      plot.draw(prepared(plot.sheet), width, height, inks);
    }
    const pen = prepared(canvas);
    pen.drawImage(plot.sheet, 0, 0, width, height);
    if (runs.named >= 0) plot.mark(pen, runs.named, inks);
  };

  const request = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => requestAnimationFrame(flush));  // the table has been painted by then
  };
  const flush = () => {
    asked = false;
    const started = performance.now();
    for (const plot of stale) {
      if (!seen.has(plot)) continue;
      if (performance.now() - started > BUDGET) { request(); break; }
      stale.delete(plot);
      paint(plot);
    }
    runs.views.toggleAttribute("data-drawing", asked);
  };
  const ask = (plot, anew = true) => {
    if (anew) plot.sheet = null;
    stale.add(plot);
    if (!seen.has(plot)) return;
    runs.views.toggleAttribute("data-drawing", true);
    request();
  };

  const watcher = new IntersectionObserver((entries) => entries.forEach(({ target, isIntersecting }) => {
    if (!isIntersecting) { seen.delete(target.plot); return; }
    seen.add(target.plot);
    if (stale.has(target.plot)) ask(target.plot, false);
  }), { rootMargin: "100px" });
  const sized = new ResizeObserver((entries) => entries.forEach(({ target }) => ask(target.plot)));

  // A plot draws (draw), marks the named run (mark), finds the run at a place (nearest) and says what it shows (words).
  const add = (title, note, plot, attributes = {}) => {
    const canvas = make("canvas", { class: plot.kind });
    const box = make("div", { class: "runs-canvas", role: "img", ...attributes }, canvas);
    Object.assign(plot, { canvas, box });
    box.plot = plot;
    runs.views.append(make("div", { class: `runs-view ${plot.kind}` },
      make("h3", {}, title), make("p", { class: "note" }, note), box));
    plots.push(plot);
    watcher.observe(box);
    sized.observe(box);
    ask(plot);
    const point = (event) => {
      const found = plot.held ? null : plot.nearest(event.offsetX, event.offsetY);
      if (found) { runs.name(found.row); tip(event, found.told || runs.told(found.row)); } else tip(null);
    };
    canvas.addEventListener("pointermove", point, { passive: true });
    const finger = (event) => event.pointerType === "touch";  // what it named stays until the page is scrolled
    canvas.addEventListener("pointerdown", (event) => (finger(event) ? point(event) : tip(null)), { passive: true });
    canvas.addEventListener("pointerleave", (event) => { if (!finger(event)) tip(null); }, { passive: true });
  };
  runs.on("picked", () => plots.forEach((plot) => { plot.box.setAttribute("aria-label", plot.words()); ask(plot); }));
  runs.on("named", () => plots.forEach((plot) => ask(plot, false)));
  dark.addEventListener("change", () => plots.forEach((plot) => ask(plot)));

  // Lines of one colour; no more at once than a browser strokes quickly.
  const stroke = (pen, colour, width, alpha, paths, dash = []) => {
    pen.strokeStyle = colour; pen.lineWidth = width; pen.globalAlpha = alpha; pen.setLineDash(dash);
    for (let start = 0; start < paths.length; start += 250) {
      pen.beginPath();
      for (const points of paths.slice(start, start + 250)) {
        points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      }
      pen.stroke();
    }
    pen.globalAlpha = 1; pen.setLineDash([]);
  };
  const write = (pen, text, x, y, colour, align = "left", room = undefined) => {
    pen.fillStyle = colour; pen.textAlign = align;
    pen.fillText(text, x, y, room);
  };
  const round = (low, high, wanted) => {  // about so many round numbers from low to high
    const rough = (high - low) / wanted || 1, scale = 10 ** Math.floor(Math.log10(rough));
    const size = [1, 2, 5, 10].map((k) => k * scale).find((k) => k >= rough * (1 - 1e-9));
    const found = [];
    for (let k = Math.ceil(low / size - 1e-9); k * size <= high + size * 1e-9; k += 1) {
      found.push(Number((k * size).toPrecision(12)));
    }
    return found;
  };

  // Runs by the colour of their rank, the worst last and so on top; and those that are not picked.
  const bins = data.ranks.length, most = Math.max(1, data.rank.reduce((a, b) => Math.max(a, b), 0));
  const bin = Uint8Array.from(data.rank, (rank) => Math.min(bins - 1, Math.floor((rank / most) * bins)));
  const ranked = () => {
    const found = data.ranks.map(() => []);
    for (const row of runs.order) found[bin[row]].push(row);
    return found.map((rows, k) => [data.ranks[k], rows]).reverse();
  };
  const others = () => {
    const found = [];
    for (let row = 0; row < count; row += 1) if (!picked[row]) found.push(row);
    return found;
  };

  // What is brushed becomes a filter of its column, by codes: the table's filters show the same.
  const pick = (column, from, to) => {
    const [a, b] = from < to ? [from, to] : [to, from];
    const inside = (code) => column.at[code] >= a && column.at[code] <= b;
    if (column.at.some((_, code) => inside(code))) runs.filter(column.key, inside);
  };
  const extent = (column) => {
    const allowed = runs.filters.get(column.key);
    const at = allowed ? column.at.filter((_, code) => allowed[code]) : [];
    return at.length ? [Math.min(...at), Math.max(...at)] : null;
  };
  const brush = (plot, start, move) => {  // by mouse or pen: a finger scrolls the page
    const drag = (event) => {
      if (!plot.held) return;
      const far = Math.hypot(event.offsetX - plot.from[0], event.offsetY - plot.from[1]) > 4;
      if (event.type === "pointermove" && !far) return;
      move(plot.held, plot.from, far ? [event.offsetX, event.offsetY] : null);
      runs.refresh();
    };
    plot.canvas.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button) return;
      plot.held = start(event.offsetX, event.offsetY);
      if (!plot.held) return;
      plot.canvas.setPointerCapture(event.pointerId);
      plot.from = [event.offsetX, event.offsetY];
      event.preventDefault();
    });
    plot.canvas.addEventListener("pointermove", drag, { passive: true });
    plot.canvas.addEventListener("pointerup", (event) => { drag(event); plot.held = null; });
    plot.canvas.addEventListener("pointercancel", () => { plot.held = null; });
  };

  const placed = [...columns.values()].filter((column) => column.at);
  return {
    add, stroke, write, round, ranked, others, pick, extent, brush,
    REACH: 10,  // pixels from the pointer to a run that it names
    counted: () => `${runs.order.length.toLocaleString("en")} of ${count.toLocaleString("en")} runs`,
    faint: (number) => Math.max(0.05, Math.min(0.75, 60 / (number + 1) ** 0.8)),
    score: columns.get("test_accuracy"),
    method: columns.get("method"),
    varied: placed.filter((column) => column.key !== "test_accuracy"),
    legend: "Blue are the best, orange the worst.",
  };
})();
