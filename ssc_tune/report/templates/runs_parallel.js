// Parallel coordinates of the runs: what is brushed on an axis is picked everywhere.
if (runs) (() => {
  const { add, stroke, write, ranked, others, counted, faint, score, varied, legend, REACH } = runs.plots;
  const { pick, extent, brush } = runs.plots;
  const MOST = 7, NARROW = 90, TIGHT = 60;  // hyperparameters; pixels between axes
  const axes = varied.slice(0, MOST).concat(score.at ? [score] : []);
  if (axes.length < 2) return;
  const names = axes.map(({ title }) => title).join(", ");
  const frame = { left: 34, top: 38 };
  const across = (k) => frame.left + (k / (axes.length - 1)) * frame.width;
  const up = (at) => frame.top + (1 - at) * frame.height;
  const path = (row) => {
    const points = [];
    axes.forEach(({ codes, at }, k) => { if (codes[row] >= 0) points.push([across(k), up(at[codes[row]])]); });
    return points;
  };
  const axis = (pen, column, k, room, width, { ink }) => {
    const x = across(k), last = axes.length - 1;
    const [place, align] = k === 0 ? [2, "left"] : k === last ? [width - 2, "right"] : [x, "center"];
    const [height, wide] = room >= NARROW ? [16, 0.95] : [k % 2 ? 9 : 24, 1.8];  // close names stand in two rows
    stroke(pen, ink("axis"), 1.5, 1, [[[x, up(0)], [x, up(1)]]]);
    write(pen, column.title, place, height, ink("ink"), align, room * wide);
    const ends = [0, column.ticks.length - 1];
    for (const [at, text] of room >= TIGHT ? column.ticks : column.ticks.filter((_, i) => ends.includes(i))) {
      const y = up(at);
      stroke(pen, ink("axis"), 1, 1, [[[x, y], [x + 4, y]]]);
      pen.lineWidth = 3; pen.strokeStyle = ink("card"); pen.textAlign = "left";
      pen.strokeText(text, x + 7, y, 60);
      write(pen, text, x + 7, y, ink("soft"), "left", 60);
    }
    const held = extent(column);
    if (!held) return;
    pen.fillStyle = ink("link"); pen.globalAlpha = 0.35;
    pen.fillRect(x - 6, up(held[1]) - 3, 12, up(held[0]) - up(held[1]) + 6);
    pen.globalAlpha = 1;
  };

  const plot = {
    kind: "parallel",
    words: () => `Parallel coordinates of ${counted()} over ${names}, coloured by rank`,
    draw(pen, width, height, inks) {
      Object.assign(frame, { width: width - 78, height: height - 54 });
      stroke(pen, inks.ink("grid"), 1, 0.5, others().map(path));
      const alpha = faint(runs.order.length);
      for (const [colour, rows] of ranked()) stroke(pen, colour, 1, alpha, rows.map(path));
      axes.forEach((column, k) => axis(pen, column, k, frame.width / (axes.length - 1), width, inks));
    },
    mark: (pen, row, { ink }) => stroke(pen, ink("ink"), 3, 1, [path(row)]),
    nearest(x, y) {
      let found = null, least = REACH;
      for (const row of runs.order) {
        const points = path(row);
        for (let k = 1; k < points.length; k += 1) {
          const [x0, y0] = points[k - 1], [x1, y1] = points[k];
          if (x < x0 - 1 || x > x1 + 1) continue;
          const away = Math.abs(y - (y0 + ((x - x0) / (x1 - x0)) * (y1 - y0)));
          if (away < least) [found, least] = [{ row }, away];
        }
      }
      return found;
    },
  };
  const left = varied.length > MOST ? ` The first ${MOST} of ${varied.length} hyperparameters.` : "";
  const how = "Drag along an axis to pick runs, click it to pick all.";
  add("Parallel coordinates", `A line a run, coloured by the rank of its test accuracy. ${legend} ${how}${left}`, plot);
  brush(plot, (x) => axes.find((_, k) => Math.abs(across(k) - x) < 16), (column, [, y], to) => {
    const at = (height) => 1 - (height - frame.top) / frame.height;
    if (to) pick(column, at(y), at(to[1])); else runs.filter(column.key, null);
  });
})();
