// Scatter matrix of the runs: what is brushed in a pair of hyperparameters is picked everywhere.
if (runs) (() => {
  const { count } = runs;
  const { add, write, ranked, others, pick, extent, brush, counted, score, varied, legend, REACH } = runs.plots;
  const MOST = 6, MARGIN = 0.03;
  const sides = varied.length > 1 ? varied.slice(0, MOST) : varied.concat(score.at ? [score] : []);
  if (sides.length < 2) return;
  const size = count > 1500 ? 2 : count > 400 ? 3 : 4.5;
  let cells = [], turned = null;

  // Runs of one configuration would cover each other: they lie around it, in the order of the data.
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
  const laid = (width, height) => {
    const across = sides.length - 1, found = [];
    const left = 52, bottom = 34, gap = 8, w = (width - left) / across - gap, h = (height - bottom) / across - gap;
    for (let i = 0; i < across; i += 1) {
      for (let j = i; j < across; j += 1) {
        const place = { left: left + i * (w + gap), top: j * (h + gap), w, h };
        found.push({ ...place, x: sides[i], y: sides[j + 1], first: i === 0, last: j === across - 1 });
      }
    }
    return found;
  };
  const across = (cell, at) => cell.left + (MARGIN + (1 - 2 * MARGIN) * at) * cell.w;
  const up = (cell, at) => cell.top + (1 - MARGIN - (1 - 2 * MARGIN) * at) * cell.h;
  const spot = (cell, row) => {
    const a = cell.x.codes[row], b = cell.y.codes[row];
    if (a < 0 || b < 0) return null;
    const [x, y] = turns()[row], far = 0.6 * size;
    return [across(cell, cell.x.at[a]) + far * x, up(cell, cell.y.at[b]) + far * y];
  };
  const side = (pen, cell, column, ink, upright) => {
    for (const [at, text] of [column.ticks[0], column.ticks[column.ticks.length - 1]]) {
      if (upright) write(pen, text, cell.left - 4, up(cell, at), ink("soft"), "right", 34);
      else {
        const align = at > 0.5 ? "right" : "left";
        write(pen, text, across(cell, at), cell.top + cell.h + 10, ink("soft"), align, cell.w / 2);
      }
    }
    pen.save();
    pen.translate(...(upright ? [7, cell.top + cell.h / 2] : [cell.left + cell.w / 2, cell.top + cell.h + 25]));
    if (upright) pen.rotate(-Math.PI / 2);
    write(pen, column.title, 0, 0, ink("ink"), "center", upright ? cell.h : cell.w);
    pen.restore();
  };

  const plot = {
    kind: "matrix",
    words: () => `Scatter matrix of ${counted()} over ${sides.map(({ title }) => title).join(", ")}, coloured by rank`,
    draw(pen, width, height, { ink }) {
      cells = laid(width, height);
      const groups = [[ink("line"), others()], ...ranked()];
      for (const cell of cells) {
        pen.strokeStyle = ink("axis"); pen.lineWidth = 1;
        pen.strokeRect(cell.left, cell.top, cell.w, cell.h);
        for (const [colour, rows] of groups) {
          pen.fillStyle = colour;
          for (const row of rows) {
            const place = spot(cell, row);
            if (place) pen.fillRect(place[0] - size / 2, place[1] - size / 2, size, size);
          }
        }
        const [a, b] = [extent(cell.x), extent(cell.y)];
        if (a || b) {
          const [x0, x1] = (a || [0, 1]).map((at) => across(cell, at));
          const [y1, y0] = (b || [0, 1]).map((at) => up(cell, at));
          pen.strokeStyle = ink("link"); pen.lineWidth = 1.5;
          pen.strokeRect(x0 - 3, y0 - 3, x1 - x0 + 6, y1 - y0 + 6);
        }
        if (cell.first) side(pen, cell, cell.y, ink, true);
        if (cell.last) side(pen, cell, cell.x, ink, false);
      }
    },
    mark(pen, row, { ink }) {
      pen.strokeStyle = ink("ink"); pen.lineWidth = 2;
      for (const place of cells.map((cell) => spot(cell, row)).filter(Boolean)) {
        pen.strokeRect(place[0] - 5, place[1] - 5, 10, 10);
      }
    },
    over: (x, y) => cells.find(({ left, top, w, h }) => x >= left && x <= left + w && y >= top && y <= top + h),
    nearest(x, y) {
      const cell = this.over(x, y);
      let found = null, least = REACH;
      for (const row of cell ? runs.order : []) {
        const place = spot(cell, row), away = place ? Math.hypot(place[0] - x, place[1] - y) : least;
        if (away < least) [found, least] = [{ row }, away];
      }
      return found;
    },
  };
  const left = varied.length > MOST ? ` The first ${MOST} of ${varied.length} hyperparameters.` : "";
  const what = "A mark a run, coloured by the rank of its test accuracy; runs of one configuration lie side by side.";
  add("Scatter matrix", `${what} ${legend} Drag over a region to pick its runs, click to pick all.${left}`, plot);
  brush(plot, plot.over, (cell, [x0, y0], to) => {
    const share = (far) => (far - MARGIN) / (1 - 2 * MARGIN);
    const x = (place) => share((place - cell.left) / cell.w), y = (place) => share(1 - (place - cell.top) / cell.h);
    if (to) { pick(cell.x, x(x0), x(to[0])); pick(cell.y, y(y0), y(to[1])); }
    else [cell.x, cell.y].forEach((column) => runs.filter(column.key, null));
  });
})();
