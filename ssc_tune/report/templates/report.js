"use strict";
(() => {
  const source = JSON.parse(document.getElementById("drawings").textContent);
  const boxes = [...document.querySelectorAll(".draw")];
  let left = boxes.length;
  const done = () => { left -= 1; if (left === 0) document.documentElement.dataset.drawn = "yes"; };
  const named = (value, found) => {
    if (Array.isArray(value)) value.forEach((item) => named(item, found));
    else if (value && typeof value === "object") {
      if (value.data && typeof value.data.name === "string") found.add(value.data.name);
      Object.values(value).forEach((item) => named(item, found));
    }
    return found;
  };
  const draw = (box) => {
    if (box.dataset.started) return;
    box.dataset.started = "yes";
    const spec = source.panels[box.dataset.panel];
    spec.datasets = Object.fromEntries([...named(spec, new Set())].map((name) => [name, source.datasets[name]]));
    vegaEmbed(box, spec, { renderer: "svg", actions: false, tooltip: { theme: "custom" } })
      .catch((error) => { box.textContent = "This figure could not be drawn: " + error.message; })
      .finally(done);
  };
  const watcher = new IntersectionObserver(
    (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => draw(entry.target)),
    { rootMargin: "600px" },
  );
  boxes.forEach((box) => watcher.observe(box));
  const rest = () => {
    const next = boxes.find((box) => !box.dataset.started);
    if (next) { draw(next); setTimeout(rest, 30); }
  };
  setTimeout(rest, 300);
  window.addEventListener("beforeprint", () => {
    boxes.forEach(draw);
    document.querySelectorAll("details").forEach((item) => { item.open = true; });
  });
})();
