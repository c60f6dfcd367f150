// Curves, parallel coordinates and scatter matrix of the runs, on canvases that are drawn when they are seen.
if (runs) (() => {
  const { data, columns, make, count, picked } = runs;
  const AXES = 7, PAIRS = 6, REACH = 10, FONT = "11px system-ui, sans-serif";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const bins = data.ranks.length, most = Math.max(1, ...data.rank);
  const bin = Uint8Array.from(data.rank, (rank) => Math.min(bins - 1, Math.floor((rank / most) * bins)));
  const placed = [...columns.values()].filter((column) => column.at);
  const varied = placed.filter((column) => column.key !== "test_accuracy");
  const score = columns.get("test_accuracy");
  const method = columns.get("method").codes;

  const bubble = make("div", { class: "tip", "aria-hidden": "true" });
  const tip = (event, lines) => {
    if (!lines) { bubble.remove(); return; }
    bubble.replaceChildren(...lines.map(([title, text]) => make("div", {}, make("span", {}, title), " ", text)));
    document.body.append(bubble);
    const { width, height } = bubble.getBoundingClientRect();
    bubble.style.left = `${Math.max(6, Math.min(event.clientX + 14, document.documentElement.clientWidth - width - 6))}px`;
    bubble.style.top = `${Math.max(6, Math.min(event.clientY + 14, innerHeight - height - 6))}px`;
  };
  document.addEventListener("scroll", () => tip(null), { passive: true, capture: true });

  // A canvas that is drawn when it is seen and something has changed; what is drawn is in CSS pixels.
  // What takes long is spread over several frames, so that the table answers at once.
  const BUDGET = 25;  // milliseconds a frame
  const seen = new Set(), stale = new Set();
  let asked = false;
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
  const request = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(flush);
  };
  const ask = (plot) => {
    stale.add(plot);
    if (!seen.has(plot)) return;
    runs.views.toggleAttribute("data-drawing", true);
    request();
  };
  const paint = (plot) => {
    const { canvas } = plot, ratio = devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !height) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.font = FONT;
    pen.textBaseline = "middle";
    const ink = (name) => style.getPropertyValue(`--${name}`).trim();
    plot.draw(pen, width, height, { ink, own: (k) => data.colours[k][dark.matches ? 1 : 0] });
  };
  const watcher = new IntersectionObserver((entries) => entries.forEach(({ target, isIntersecting }) => {
    if (!isIntersecting) { seen.delete(target.plot); return; }
    seen.add(target.plot);
    if (stale.has(target.plot)) ask(target.plot);
  }), { rootMargin: "100px" });
  const sized = new ResizeObserver((entries) => entries.forEach(({ target }) => ask(target.plot)));
  const plots = [];
  const add = (title, note, plot, attributes) => {
    const canvas = make("canvas", { class: plot.kind });
    const box = make("div", { class: "runs-canvas", role: "img", ...attributes }, canvas);
    Object.assign(plot, { canvas, box });
    box.plot = plot;
    runs.views.append(make("div", { class: `runs-view ${plot.kind}` }, make("h3", {}, title), make("p", { class: "note" }, note), box));
    plots.push(plot);
    watcher.observe(box);
    sized.observe(box);
    ask(plot);
    canvas.addEventListener("pointermove", (event) => {
      const found = plot.held ? null : plot.nearest(event.offsetX, event.offsetY);
      if (found) { runs.name(found.row); tip(event, found.told || runs.told(found.row)); } else tip(null);
    }, { passive: true });
    canvas.addEventListener("pointerleave", () => tip(null), { passive: true });
  };
  runs.on("picked", () => plots.forEach((plot) => { plot.box.setAttribute("aria-label", plot.words()); ask(plot); }));
  runs.on("named", () => plots.forEach(ask));
  dark.addEventListener("change", () => plots.forEach(ask));

  const line = (pen, points) => points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  const stroke = (pen, colour, width, alpha, paths, dash = []) => {
    pen.strokeStyle = colour; pen.lineWidth = width; pen.globalAlpha = alpha; pen.setLineDash(dash);
    pen.beginPath();
    paths.forEach((points) => line(pen, points));
    pen.stroke();
    pen.globalAlpha = 1; pen.setLineDash([]);
  };
  const write = (pen, text, x, y, colour, align = "left", room = undefined) => {
    pen.fillStyle = colour; pen.textAlign = align;
    pen.fillText(text, x, y, room);
  };
  const round = (low, high, wanted) => {
    const rough = (high - low) / wanted || 1, scale = 10 ** Math.floor(Math.log10(rough));
    const size = [1, 2, 5, 10].map((k) => k * scale).find((k) => k >= rough * (1 - 1e-9));
    const found = [];
    for (let k = Math.ceil(low / size - 1e-9); k * size <= high + size * 1e-9; k += 1) found.push(Number((k * size).toPrecision(12)));
    return found;
  };
  const counted = () => `${runs.order.length.toLocaleString("en")} of ${count.toLocaleString("en")} runs`;
  const faint = (number) => Math.max(0.05, Math.min(0.75, 60 / (number + 1) ** 0.8));

  // The picked runs of each method that have a curve, and the worst of each by what it scores.
  const byMethod = () => {
    const found = data.colours.map(() => []);
    for (let row = 0; row < count; row += 1) if (picked[row] && curves.grid[row] >= 0) found[method[row]].push(row);
    return found;
  };
  const worst = (rows) => rows.reduce((least, row) => (least < 0 || data.rank[row] < data.rank[least] ? row : least), -1);

  // Training curves.
  const curves = data.curves, drawn = curves.grid.some((grid) => grid >= 0);
  let low = Infinity, high = -Infinity, end = 1;
  curves.values.forEach((own) => own.forEach((value) => { low = Math.min(low, value); high = Math.max(high, value); }));
  curves.steps.forEach((grid) => { end = Math.max(end, grid[grid.length - 1]); });
  const course = (row, { left, top, width, height }) => curves.values[row].map((value, k) => [
    left + (curves.steps[curves.grid[row]][k] / end) * width, top + (1 - (value - low) / (high - low || 1)) * height,
  ]);
  const courses = {
    kind: "curves",
    frame: { left: 44, top: 8 },
    words() {
      const told = byMethod().map((rows, k) => [columns.get("method").texts[k], worst(rows)]).filter(([, row]) => row >= 0);
      const said = told.map(([name, row]) => `the worst of ${name} is ${runs.place(row)}`);
      return `Validation accuracy against optimizer steps of ${counted()}; ${said.join("; ")}`;
    },
    draw(pen, width, height, { ink, own }) {
      const frame = Object.assign(this.frame, { width: width - 56, height: height - 44 });
      const bottom = frame.top + frame.height;
      for (const value of round(low * curves.quantum, high * curves.quantum, 4)) {
        const y = frame.top + (1 - (value / curves.quantum - low) / (high - low || 1)) * frame.height;
        stroke(pen, ink("grid"), 1, 1, [[[frame.left, y], [frame.left + frame.width, y]]]);
        write(pen, String(value), frame.left - 6, y, ink("soft"), "right");
      }
      for (const step of round(0, end, 5)) write(pen, step.toLocaleString("en"), frame.left + (step / end) * frame.width, bottom + 12, ink("soft"), "center");
      write(pen, "optimizer steps", frame.left + frame.width / 2, bottom + 28, ink("soft"), "center");
      const groups = byMethod();
      const alpha = faint(runs.order.length);
      for (let i = 0; groups.some((rows) => i < rows.length); i += 100) {  // by turns, so that no method covers the others
        groups.forEach((rows, k) => stroke(pen, own(k), 1, alpha, rows.slice(i, i + 100).map((row) => course(row, frame))));
      }
      groups.forEach((rows, k) => {
        const row = worst(rows);
        if (row < 0) return;
        stroke(pen, ink("card"), 6, 1, [course(row, frame)]);
        stroke(pen, own(k), 3.5, 1, [course(row, frame)], data.dashes[k]);
      });
      if (runs.named >= 0 && curves.grid[runs.named] >= 0) {
        stroke(pen, ink("ink"), 2.5, 1, [course(runs.named, frame)]);
        pen.fillStyle = ink("ink");
        for (const [x, y] of course(runs.named, frame)) pen.fillRect(x - 3, y - 3, 6, 6);
      }
    },
    nearest(x, y) {
      let found = null, least = REACH;
      for (const row of runs.order) {
        if (curves.grid[row] < 0) continue;
        const own = course(row, this.frame);
        for (let k = 0; k < own.length; k += 1) {
          const [x1, y1] = own[k], [x0, y0] = own[Math.max(0, k - 1)];
          const along = x1 > x0 ? Math.max(0, Math.min(1, (x - x0) / (x1 - x0))) : 0;
          const away = Math.hypot(x - (x0 + along * (x1 - x0)), y - (y0 + along * (y1 - y0)));
          if (away < least) [found, least] = [{ row }, away];
        }
      }
      return found;
    },
  };
  if (drawn) {
    const thinned = data.thinned ? ` Of a run's evaluations at most ${data.thinned} are drawn.` : "";
    add("Training curves", `Validation accuracy of each picked run, coloured by method; the worst run of each method that has a curve is bold.${thinned}`, courses, {
      role: "slider", tabindex: 0, "aria-valuemin": 1, "aria-valuenow": 1, "aria-valuetext": "no run; arrow keys name runs from the worst to the best",
    });
    courses.box.addEventListener("keydown", (event) => {
      const ranked = runs.order.slice().sort((a, b) => data.rank[a] - data.rank[b] || a - b);
      const here = ranked.indexOf(runs.named), far = ranked.length - 1;
      const to = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: far,
        PageDown: here + 10, PageUp: here - 10 }[event.key];
      if (to === undefined || far < 0) return;
      runs.name(ranked[Math.max(0, Math.min(to, far))]);
      event.preventDefault();
    });
    const valued = () => {
      const row = runs.named, known = row >= 0 && picked[row];
      courses.box.setAttribute("aria-valuemax", Math.max(1, runs.order.length));
      courses.box.setAttribute("aria-valuenow", known ? 1 + runs.order.filter((other) => data.rank[other] < data.rank[row] || (data.rank[other] === data.rank[row] && other < row)).length : 1);
      courses.box.setAttribute("aria-valuetext", known ? `${runs.place(row)}, test accuracy ${runs.text(score, row) || "none"}` : "no run; arrow keys name runs from the worst to the best");
    };
    runs.on("picked", valued);
    runs.on("named", valued);
  }

  // What is brushed becomes a filter of its column, by codes: the table's filters show the same.
  const brushed = (column, from, to) => {
    const [a, b] = from < to ? [from, to] : [to, from];
    const inside = (code) => column.at[code] >= a && column.at[code] <= b;
    if (column.at.some((_, code) => inside(code))) runs.filter(column.key, inside);
  };
  const extent = (column) => {
    const allowed = runs.filters.get(column.key);
    const at = allowed ? column.at.filter((_, code) => allowed[code]) : [];
    return at.length ? [Math.min(...at), Math.max(...at)] : null;
  };
  const brush = (plot, start, move) => {
    plot.canvas.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button) return;
      plot.held = start(event.offsetX, event.offsetY);
      if (!plot.held) return;
      tip(null);
      plot.canvas.setPointerCapture(event.pointerId);
      plot.from = [event.offsetX, event.offsetY];
      event.preventDefault();
    });
    const drag = (event) => {
      if (!plot.held) return;
      const far = Math.hypot(event.offsetX - plot.from[0], event.offsetY - plot.from[1]) > 4;
      if (event.type === "pointermove" && !far) return;
      move(plot.held, plot.from, far ? [event.offsetX, event.offsetY] : null);
      runs.refresh();
    };
    plot.canvas.addEventListener("pointermove", drag, { passive: true });
    plot.canvas.addEventListener("pointerup", (event) => { drag(event); plot.held = null; });
    plot.canvas.addEventListener("pointercancel", () => { plot.held = null; });
  };

  // Parallel coordinates.
  const axes = varied.slice(0, AXES).concat(score.at ? [score] : []);
  const lots = () => {  // rows by the colour of their rank, the worst on top
    const found = data.ranks.map(() => []);
    for (const row of runs.order) found[bin[row]].push(row);
    return found.map((rows, k) => [data.ranks[k], rows]).reverse();
  };
  const parallel = {
    kind: "parallel",
    words: () => `Parallel coordinates of ${counted()} over ${axes.map((column) => column.title).join(", ")}, coloured by rank`,
    x(k) { return this.left + (axes.length > 1 ? (k / (axes.length - 1)) * this.width : this.width / 2); },
    y(at) { return this.top + (1 - at) * this.height; },
    path(row) {
      const parts = [];
      axes.forEach((column, k) => { if (column.codes[row] >= 0) parts.push([this.x(k), this.y(column.at[column.codes[row]])]); });
      return parts;
    },
    draw(pen, width, height, { ink }) {
      Object.assign(this, { left: 34, top: 38, width: width - 78, height: height - 54 });
      const room = this.width / Math.max(1, axes.length - 1);
      const others = runs.order.length < count;
      if (others) {
        const paths = [];
        for (let row = 0; row < count; row += 1) if (!picked[row]) paths.push(this.path(row));
        for (let i = 0; i < paths.length; i += 250) stroke(pen, ink("grid"), 1, 0.5, paths.slice(i, i + 250));
      }
      const alpha = faint(runs.order.length);
      for (const [colour, rows] of lots()) {
        for (let i = 0; i < rows.length; i += 250) stroke(pen, colour, 1, alpha, rows.slice(i, i + 250).map((row) => this.path(row)));
      }
      if (runs.named >= 0) stroke(pen, ink("ink"), 3, 1, [this.path(runs.named)]);
      axes.forEach((column, k) => {
        const x = this.x(k);
        stroke(pen, ink("axis"), 1.5, 1, [[[x, this.y(0)], [x, this.y(1)]]]);
        const low = room < 90 && k % 2 ? 9 : 24;  // names of close axes stand in two rows
        const align = k === 0 ? "left" : k === axes.length - 1 ? "right" : "center";
        write(pen, column.title, k === 0 ? 2 : k === axes.length - 1 ? width - 2 : x, room < 90 ? low : 16, ink("ink"), align, room * (room < 90 ? 1.8 : 0.95));
        const ticks = room < 60 ? column.ticks.filter((_, i) => i === 0 || i === column.ticks.length - 1) : column.ticks;
        for (const [at, text] of ticks) {
          const y = this.y(at);
          stroke(pen, ink("axis"), 1, 1, [[[x, y], [x + 4, y]]]);
          pen.lineWidth = 3; pen.strokeStyle = ink("card"); pen.textAlign = "left";
          pen.strokeText(text, x + 7, y, 60);
          write(pen, text, x + 7, y, ink("soft"), "left", 60);
        }
        const held = extent(column);
        if (held) {
          pen.fillStyle = ink("link"); pen.globalAlpha = 0.35;
          pen.fillRect(x - 6, this.y(held[1]) - 3, 12, this.y(held[0]) - this.y(held[1]) + 6);
          pen.globalAlpha = 1;
        }
      });
    },
    nearest(x, y) {
      let found = null, least = REACH;
      for (const row of runs.order) {
        const path = this.path(row);
        for (let k = 1; k < path.length; k += 1) {
          const [x0, y0] = path[k - 1], [x1, y1] = path[k];
          if (x < x0 - 1 || x > x1 + 1) continue;
          const away = Math.abs(y - (y0 + ((x - x0) / (x1 - x0)) * (y1 - y0)));
          if (away < least) [found, least] = [{ row }, away];
        }
      }
      return found;
    },
  };
  const legend = "Blue are the best, orange the worst.";
  if (axes.length > 1) {
    const left = varied.length > AXES ? ` The first ${AXES} of ${varied.length} hyperparameters.` : "";
    add("Parallel coordinates", `A line a run, coloured by the rank of its test accuracy. ${legend} Drag along an axis to pick runs, click it to pick all.${left}`, parallel);
    brush(parallel, (x) => {
      const k = axes.findIndex((_, i) => Math.abs(parallel.x(i) - x) < 16);
      return k < 0 ? null : { column: axes[k] };
    }, ({ column }, [, y0], to) => {
      const at = (y) => 1 - (y - parallel.top) / parallel.height;
      if (to) brushed(column, at(y0), at(to[1])); else runs.filter(column.key, null);
    });
  }

  // Scatter matrix. Runs of one configuration would cover each other: they lie around it, in the order of the data.
  let turned = null;
  const turns = () => {
    const met = new Map();
    turned = turned || Array.from({ length: count }, (_, row) => {
      const key = varied.map((column) => column.codes[row]).join();
      met.set(key, (met.get(key) || 0) + 1);
      const k = met.get(key) - 1;
      return [Math.sqrt(k) * Math.cos(2.4 * k), Math.sqrt(k) * Math.sin(2.4 * k)];
    });
    return turned;
  };
  const size = count > 1500 ? 2 : count > 400 ? 3 : 4.5;
  const sides = varied.length > 1 ? varied.slice(0, PAIRS) : axes;
  const matrix = {
    kind: "matrix",
    words: () => `Scatter matrix of ${counted()} over ${sides.map((column) => column.title).join(", ")}, coloured by rank`,
    cells(width, height) {
      const across = sides.length - 1, found = [];
      const left = 52, bottom = 34, gap = 8, w = (width - left) / across - gap, h = (height - bottom) / across - gap;
      for (let i = 0; i < across; i += 1) {
        for (let j = i; j < across; j += 1) found.push({ x: sides[i], y: sides[j + 1], left: left + i * (w + gap), top: j * (h + gap), w, h, i, j });
      }
      return found;
    },
    spot(cell, row) {
      const a = cell.x.codes[row], b = cell.y.codes[row];
      const [x, y] = turns()[row], far = 0.6 * size;
      return a < 0 || b < 0 ? null
        : [cell.left + (0.03 + 0.94 * cell.x.at[a]) * cell.w + far * x, cell.top + (0.97 - 0.94 * cell.y.at[b]) * cell.h + far * y];
    },
    draw(pen, width, height, { ink }) {
      this.held_cells = this.cells(width, height);
      const groups = lots(), rest = [];
      for (let row = 0; row < count; row += 1) if (!picked[row]) rest.push(row);
      for (const cell of this.held_cells) {
        pen.strokeStyle = ink("axis"); pen.lineWidth = 1;
        pen.strokeRect(cell.left, cell.top, cell.w, cell.h);
        for (const [colour, rows] of [[ink("line"), rest], ...groups]) {
          pen.fillStyle = colour;
          for (const row of rows) {
            const spot = this.spot(cell, row);
            if (spot) pen.fillRect(spot[0] - size / 2, spot[1] - size / 2, size, size);
          }
        }
        const [a, b] = [extent(cell.x), extent(cell.y)];
        if (a || b) {
          const [x0, x1] = (a || [0, 1]).map((at) => cell.left + (0.03 + 0.94 * at) * cell.w);
          const [y1, y0] = (b || [0, 1]).map((at) => cell.top + (0.97 - 0.94 * at) * cell.h);
          pen.strokeStyle = ink("link"); pen.lineWidth = 1.5;
          pen.strokeRect(x0 - 3, y0 - 3, x1 - x0 + 6, y1 - y0 + 6);
        }
        const spot = runs.named < 0 ? null : this.spot(cell, runs.named);
        if (spot) {
          pen.strokeStyle = ink("ink"); pen.lineWidth = 2;
          pen.strokeRect(spot[0] - 5, spot[1] - 5, 10, 10);
        }
        if (cell.i === 0) this.side(pen, cell, cell.y, ink, true);
        if (cell.j === sides.length - 2) this.side(pen, cell, cell.x, ink, false);
      }
    },
    side(pen, cell, column, ink, upright) {
      const ends = [column.ticks[0], column.ticks[column.ticks.length - 1]];
      for (const [at, text] of ends) {
        if (upright) write(pen, text, cell.left - 4, cell.top + (0.97 - 0.94 * at) * cell.h, ink("soft"), "right", 34);
        else write(pen, text, cell.left + (0.03 + 0.94 * at) * cell.w, cell.top + cell.h + 10, ink("soft"), at > 0.5 ? "right" : "left", cell.w / 2);
      }
      pen.save();
      pen.translate(...(upright ? [7, cell.top + cell.h / 2] : [cell.left + cell.w / 2, cell.top + cell.h + 25]));
      if (upright) pen.rotate(-Math.PI / 2);
      write(pen, column.title, 0, 0, ink("ink"), "center", upright ? cell.h : cell.w);
      pen.restore();
    },
    over: (x, y) => (matrix.held_cells || []).find((cell) => x >= cell.left && x <= cell.left + cell.w && y >= cell.top && y <= cell.top + cell.h),
    nearest(x, y) {
      const cell = this.over(x, y);
      let found = null, least = REACH;
      for (const row of cell ? runs.order : []) {
        const spot = this.spot(cell, row), away = spot ? Math.hypot(spot[0] - x, spot[1] - y) : least;
        if (away < least) [found, least] = [{ row }, away];
      }
      return found;
    },
  };
  if (sides.length > 1) {
    const left = varied.length > PAIRS ? ` The first ${PAIRS} of ${varied.length} hyperparameters.` : "";
    add("Scatter matrix", `A mark a run, coloured by the rank of its test accuracy; runs of one configuration lie side by side. ${legend} Drag over a region to pick its runs, click to pick all.${left}`, matrix);
    brush(matrix, (x, y) => matrix.over(x, y), (cell, [x0, y0], to) => {
      const across = (x) => ((x - cell.left) / cell.w - 0.03) / 0.94, up = (y) => (0.97 - (y - cell.top) / cell.h) / 0.94;
      if (to) { brushed(cell.x, across(x0), across(to[0])); brushed(cell.y, up(y0), up(to[1])); }
      else [cell.x, cell.y].forEach((column) => runs.filter(column.key, null));
    });
  }

  runs.plots = { add, stroke, write, round, method };
})();
