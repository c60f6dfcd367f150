// Which worker trained which cell when; then everything is shown for the first time.
if (runs) (() => {
  const { data, picked } = runs, work = data.workers;
  const { add, write, method } = runs.plots;
  const LEAST = 3, MOST = 18, HEIGHT = 380, TOP = 20;
  if (work) draws();
  runs.refresh();

  function draws() {
    const { spans } = work, last = spans[spans.length - 1];
    const total = last[2] + last[1] - last[0] || 1;
    const frame = { left: 8 };
    const across = (second) => {  // times in which no worker was busy are shorter
      const span = spans.findLast(([start]) => second >= start) || spans[0];
      return frame.left + ((span[2] + Math.min(second, span[1]) - span[0]) / total) * frame.width;
    };
    const bar = (k) => {
      const [x0, x1] = [across(work.start[k]), across(work.start[k] + work.seconds[k])];
      return [x0, TOP + work.lane[k] * frame.lane, Math.max(1, x1 - x0), frame.lane];
    };
    const lost = (pen, [x, y, w, h], ink) => {  // by its shape: hollow and crossed out
      const [wide, high] = [Math.max(4, w), Math.max(4, h)];
      pen.fillStyle = ink("card");
      pen.fillRect(x, y, wide, high);
      pen.strokeStyle = ink("ink"); pen.lineWidth = 1.5;
      pen.strokeRect(x + 0.5, y + 0.5, wide - 1, high - 1);
      pen.beginPath(); pen.moveTo(x, y + high); pen.lineTo(x + wide, y); pen.stroke();
    };
    const dates = (pen, width, height, ink) => {
      let taken = -Infinity;
      for (const [start, , , date] of spans) {
        const x = across(start);
        pen.fillStyle = ink("axis");
        pen.fillRect(x - 1, TOP - 4, 1, height - 34);
        if (x < taken || x > width - 100) continue;
        write(pen, `${date} UTC`, x, 8, ink("soft"));
        taken = x + 125;
      }
    };

    const plot = {
      kind: "timeline",
      words: () => `Timeline of workers. ${work.cost}`,
      draw(pen, width, height, { ink, own }) {
        const lane = (height - 40) / work.lanes.length, edge = lane >= 6 ? 1 : 0, named = lane >= 11;
        const widest = named ? Math.max(...work.lanes.map((name) => pen.measureText(name).width)) + 8 : 0;
        const left = 8 + Math.min(118, widest);
        Object.assign(frame, { left, width: width - left - 8, lane });
        work.start.forEach((_, k) => {
          const [x, y, w, h] = bar(k), row = work.row[k];
          pen.globalAlpha = row >= 0 && !picked[row] ? 0.2 : 1;
          pen.fillStyle = row < 0 ? ink("axis") : own(method.codes[row]);
          if (work.outcome[k]) lost(pen, [x, y, w, h], ink);
          else pen.fillRect(x, y + edge, Math.max(1, w - edge), Math.max(1, h - 2 * edge));
        });
        pen.globalAlpha = 1;
        dates(pen, width, height, ink);
        if (!named) return;
        work.lanes.forEach((name, k) => write(pen, name, 8, TOP + (k + 0.5) * lane, ink("soft"), "left", left - 14));
      },
      mark(pen, named, { ink }) {
        pen.strokeStyle = ink("ink"); pen.lineWidth = 2.5;
        work.row.forEach((row, k) => {
          if (row !== named) return;
          const [x, y, w, h] = bar(k);
          pen.strokeRect(x - 1, y - 1, w + 2, h + 2);
        });
      },
      nearest(x, y) {
        for (let k = work.start.length - 1; k >= 0; k -= 1) {
          const [left, top, w, h] = bar(k), row = work.row[k];
          if (x < left - 1 || x > left + w + 1 || y < top || y > top + h) continue;
          const about = [["attempt", String(work.number[k])], ["outcome", work.outcomes[work.outcome[k]]],
            ["held a worker for", `${work.seconds[k]} s`], ["lane", work.lanes[work.lane[k]]]];
          return { row, told: [["run", row < 0 ? "of no cell in results.csv" : runs.place(row)], ...about] };
        }
        return null;
      },
    };
    const gaps = spans.length > 1 ? " Times in which no worker was busy are drawn shorter." : "";
    const what = "A bar an attempt, coloured by method; hollow and crossed out: no result came of it.";
    add("Workers over time", `${work.cost} ${what}${gaps}`, plot);
    const lanes = Math.max(LEAST, Math.min(MOST, HEIGHT / work.lanes.length)) * work.lanes.length;
    plot.canvas.style.height = `${Math.min(HEIGHT, 40 + lanes)}px`;
  }
})();
