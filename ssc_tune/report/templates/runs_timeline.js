// Which worker trained which cell when; then everything is shown for the first time.
if (runs) (() => {
  const { data, picked } = runs, work = data.workers;
  const { add, write, method } = runs.plots;
  const LEAST = 3, MOST = 18, HEIGHT = 380;
  const spans = work ? work.spans : [];
  const total = work ? spans[spans.length - 1][2] + spans[spans.length - 1][1] - spans[spans.length - 1][0] || 1 : 1;
  const drawnAt = (second) => {
    const span = spans.findLast(([start]) => second >= start) || spans[0];
    return (span[2] + Math.min(second, span[1]) - span[0]) / total;
  };

  const timeline = {
    kind: "timeline",
    words: () => `Timeline of workers. ${work.cost}`,
    frame: { left: 8, top: 20 },
    box_of(k) {
      const { left, top, width, lane } = this.frame;
      const x0 = left + drawnAt(work.start[k]) * width, x1 = left + drawnAt(work.start[k] + work.seconds[k]) * width;
      return [x0, top + work.lane[k] * lane, Math.max(1, x1 - x0), lane];
    },
    draw(pen, width, height, { ink, own }) {
      const lane = (height - 40) / work.lanes.length;
      const left = lane >= 11 ? 8 + Math.min(110, Math.max(...work.lanes.map((name) => pen.measureText(name).width)) + 8) : 8;
      Object.assign(this.frame, { left, width: width - left - 8, lane });
      const edge = lane >= 6 ? 1 : 0;
      work.start.forEach((_, k) => {
        const [x, y, w, h] = this.box_of(k), row = work.row[k], good = work.outcome[k] === 0;
        pen.fillStyle = good ? (row < 0 ? ink("axis") : own(method[row])) : ink("card");
        pen.globalAlpha = row >= 0 && !picked[row] ? 0.2 : 1;
        if (good) pen.fillRect(x, y + edge, Math.max(1, w - edge), Math.max(1, h - 2 * edge));
        else {  // what came to nothing is told by its shape: hollow and crossed out
          const [wide, high] = [Math.max(4, w), Math.max(4, h)];
          pen.fillRect(x, y, wide, high);
          pen.strokeStyle = ink("ink"); pen.lineWidth = 1.5;
          pen.strokeRect(x + 0.5, y + 0.5, wide - 1, high - 1);
          pen.beginPath(); pen.moveTo(x, y + high); pen.lineTo(x + wide, y); pen.stroke();
        }
        pen.globalAlpha = 1;
      });
      work.row.forEach((row, k) => {
        if (row < 0 || row !== runs.named) return;
        const [x, y, w, h] = this.box_of(k);
        pen.strokeStyle = ink("ink"); pen.lineWidth = 2.5;
        pen.strokeRect(x - 1, y - 1, w + 2, h + 2);
      });
      let taken = -Infinity;
      for (const [start, , , date] of spans) {
        const x = this.frame.left + drawnAt(start) * this.frame.width;
        pen.fillStyle = ink("axis");
        pen.fillRect(x - 1, 16, 1, height - 34);
        if (x < taken || x > width - 100) continue;
        write(pen, `${date} UTC`, x, 8, ink("soft"));
        taken = x + 125;
      }
      if (lane >= 11) work.lanes.forEach((name, k) => write(pen, name, 8, 20 + (k + 0.5) * lane, ink("soft"), "left", left - 14));
    },
    nearest(x, y) {
      for (let k = work.start.length - 1; k >= 0; k -= 1) {
        const [left, top, w, h] = this.box_of(k);
        if (x < left - 1 || x > left + w + 1 || y < top || y > top + h) continue;
        const row = work.row[k];
        const about = [["attempt", String(work.number[k])], ["outcome", work.outcomes[work.outcome[k]]],
          ["held a worker for", `${work.seconds[k]} s`], ["lane", work.lanes[work.lane[k]]]];
        return { row, told: [["run", row < 0 ? "of no cell in this study's tables" : runs.place(row)], ...about] };
      }
      return null;
    },
  };
  if (work) {
    add("Workers over time", `${work.cost} A bar an attempt, coloured by method; hollow and crossed out: no result came of it. ${
      spans.length > 1 ? "Times in which no worker was busy are drawn shorter." : ""}`, timeline);
    timeline.canvas.style.height = `${Math.min(HEIGHT, 40 + Math.max(LEAST, Math.min(MOST, HEIGHT / work.lanes.length)) * work.lanes.length)}px`;
  }
  runs.refresh();
})();
