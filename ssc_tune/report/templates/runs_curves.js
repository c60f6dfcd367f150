// Training curves of the picked runs; arrow keys name one after the other.
if (runs) (() => {
  const { data, count, picked } = runs, { curves } = data;
  const { add, stroke, write, round, counted, faint, score, method, REACH } = runs.plots;
  const NONE = "no run; arrow keys name runs from the worst to the best";
  let low = Infinity, high = -Infinity, end = 1;
  curves.values.forEach((own) => own.forEach((value) => { low = Math.min(low, value); high = Math.max(high, value); }));
  curves.steps.forEach((grid) => { end = Math.max(end, grid[grid.length - 1]); });
  if (!(low <= high)) return;

  // The picked runs of each method that have a curve, and the worst of them by what it scores.
  const byMethod = () => {
    const found = data.colours.map(() => []);
    for (let row = 0; row < count; row += 1) {
      if (picked[row] && curves.grid[row] >= 0) found[method.codes[row]].push(row);
    }
    return found;
  };
  const before = (a, b) => data.rank[a] < data.rank[b] || (data.rank[a] === data.rank[b] && a < b);
  const worst = (rows) => rows.reduce((least, row) => (least < 0 || before(row, least) ? row : least), -1);
  const frame = { left: 44, top: 8 };
  const up = (value) => frame.top + (1 - (value - low) / (high - low || 1)) * frame.height;
  const along = (step) => frame.left + (step / end) * frame.width;
  const course = (row) => curves.values[row].map((value, k) => [along(curves.steps[curves.grid[row]][k]), up(value)]);

  const plot = {
    kind: "curves",
    words() {
      const told = byMethod().map((rows, k) => [method.texts[k], worst(rows)]).filter(([, row]) => row >= 0);
      const said = told.map(([name, row]) => `the worst of ${name} is ${runs.place(row)}`);
      return `Validation accuracy against optimizer steps of ${counted()}; ${said.join("; ")}`;
    },
    draw(pen, width, height, { ink, own }) {
      Object.assign(frame, { width: width - 56, height: height - 44 });
      const bottom = frame.top + frame.height;
      for (const value of round(low * curves.quantum, high * curves.quantum, 4)) {
        const y = up(value / curves.quantum);
        stroke(pen, ink("grid"), 1, 1, [[[frame.left, y], [frame.left + frame.width, y]]]);
        write(pen, String(value), frame.left - 6, y, ink("soft"), "right");
      }
      for (const step of round(0, end, 5)) {
        write(pen, step.toLocaleString("en"), along(step), bottom + 12, ink("soft"), "center");
      }
      write(pen, "optimizer steps", frame.left + frame.width / 2, bottom + 28, ink("soft"), "center");
      const groups = byMethod(), alpha = faint(runs.order.length);
      for (let i = 0; groups.some((rows) => i < rows.length); i += 100) {  // by turns: no method covers the others
        groups.forEach((rows, k) => stroke(pen, own(k), 1, alpha, rows.slice(i, i + 100).map(course)));
      }
      groups.forEach((rows, k) => {
        const row = worst(rows);
        if (row < 0) return;
        stroke(pen, ink("card"), 6, 1, [course(row)]);
        stroke(pen, own(k), 3.5, 1, [course(row)], data.dashes[k]);
      });
    },
    mark(pen, row, { ink }) {
      if (curves.grid[row] < 0) return;
      stroke(pen, ink("ink"), 2.5, 1, [course(row)]);
      pen.fillStyle = ink("ink");
      for (const [x, y] of course(row)) pen.fillRect(x - 3, y - 3, 6, 6);
    },
    nearest(x, y) {
      let found = null, least = REACH;
      for (const row of runs.order) {
        if (curves.grid[row] < 0) continue;
        const own = course(row);
        for (let k = 0; k < own.length; k += 1) {
          const [x1, y1] = own[k], [x0, y0] = own[Math.max(0, k - 1)];
          const share = x1 > x0 ? Math.max(0, Math.min(1, (x - x0) / (x1 - x0))) : 0;
          const away = Math.hypot(x - (x0 + share * (x1 - x0)), y - (y0 + share * (y1 - y0)));
          if (away < least) [found, least] = [{ row }, away];
        }
      }
      return found;
    },
  };
  const thinned = data.thinned ? ` Of a run's evaluations at most ${data.thinned} are drawn.` : "";
  const note = "Validation accuracy of each picked run, coloured by method;"
    + ` the worst run of each method that has a curve is bold.${thinned}`;
  add("Training curves", note, plot, {
    role: "slider", tabindex: 0, "aria-valuemin": 1, "aria-valuenow": 1, "aria-valuetext": NONE,
  });

  plot.box.addEventListener("keydown", (event) => {
    const ranked = runs.order.slice().sort((a, b) => (before(a, b) ? -1 : 1));
    const here = ranked.indexOf(runs.named), far = ranked.length - 1;
    const to = {
      ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1,
      PageDown: here + 10, PageUp: here - 10, Home: 0, End: far,
    }[event.key];
    if (to === undefined || far < 0) return;
    runs.name(ranked[Math.max(0, Math.min(to, far))]);
    event.preventDefault();
  });
  const value = () => {
    const row = runs.named, known = row >= 0 && picked[row];
    const said = known ? `${runs.place(row)}, test accuracy ${runs.text(score, row) || "none"}` : NONE;
    plot.box.setAttribute("aria-valuemax", Math.max(1, runs.order.length));
    plot.box.setAttribute("aria-valuenow", known ? 1 + runs.order.filter((other) => before(other, row)).length : 1);
    plot.box.setAttribute("aria-valuetext", said);
  };
  runs.on("picked", value);
  runs.on("named", value);
})();
