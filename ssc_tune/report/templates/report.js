"use strict";
(() => {
  // The figures stand in the page as they are; this only tells what lies under the pointer and opens what paper needs.
  const REACH = 14;  // pixels from the pointer to the nearest mark
  const bubble = document.createElement("div");
  bubble.className = "tip";
  bubble.setAttribute("aria-hidden", "true");  // its numbers are in the tables and in the figures' descriptions
  const known = new WeakMap();
  let lit = [];

  // Frames of a drawing's marks as shares of its width, so that they stay true when the window changes.
  const marks = (box) => {
    if (!known.has(box)) {
      const { left, top, width } = box.getBoundingClientRect();
      known.set(box, [...box.querySelectorAll("[data-tip]")].map((mark) => {
        const r = mark.getBoundingClientRect();
        return [mark, (r.left - left) / width, (r.top - top) / width, (r.right - left) / width, (r.bottom - top) / width];
      }));
    }
    return known.get(box);
  };

  // The nearest mark within reach; of several under the pointer the smallest, which lies on top of the others.
  const nearest = (box, event) => {
    const { left, top, width } = box.getBoundingClientRect();
    const x = (event.clientX - left) / width, y = (event.clientY - top) / width;
    let found = null, least = REACH / width, smallest = Infinity;
    for (const [mark, x0, y0, x1, y1] of marks(box)) {
      const away = Math.hypot(Math.max(x0 - x, 0, x - x1), Math.max(y0 - y, 0, y - y1));
      const size = (x1 - x0) * (y1 - y0);
      if (away < least || (away === least && size < smallest)) [found, least, smallest] = [mark, away, size];
    }
    return found;
  };

  const hide = () => {
    lit.forEach((mark) => mark.classList.remove("lit", "kin"));
    lit = [];
    bubble.remove();
  };

  // The same point of the same method in the other panels of the figure.
  const kin = (mark) => {
    const place = /^method: .*\npoint: .*\n/.exec(mark.dataset.tip);
    const all = place ? [...mark.closest("figure").querySelectorAll("[data-tip]")] : [];
    return all.filter((other) => other !== mark && other.dataset.tip.startsWith(place[0]));
  };

  const show = (mark) => {
    if (mark === lit[0]) return;
    hide();
    lit = [mark, ...kin(mark)];
    lit.forEach((other) => other.classList.add(other === mark ? "lit" : "kin"));
    bubble.replaceChildren(...mark.dataset.tip.split("\n").map((line) => {
      const row = document.createElement("div"), name = document.createElement("span"), cut = line.indexOf(": ");
      name.textContent = line.slice(0, cut);
      row.append(name, " ", line.slice(cut + 2));
      return row;
    }));
    document.body.append(bubble);
    const at = mark.getBoundingClientRect(), own = bubble.getBoundingClientRect();
    const below = at.top - own.height - 10 < 0;
    const middle = (at.left + at.right) / 2 - own.width / 2;
    bubble.style.left = `${Math.max(6, Math.min(middle, document.documentElement.clientWidth - own.width - 6))}px`;
    bubble.style.top = `${below ? at.bottom + 10 : at.top - own.height - 10}px`;
  };

  const point = (event) => {
    const box = event.target instanceof Element ? event.target.closest(".draw") : null;
    const mark = box && nearest(box, event);
    if (mark) show(mark); else hide();
  };
  document.addEventListener("pointermove", point, { passive: true });
  document.addEventListener("pointerdown", point, { passive: true });
  document.addEventListener("scroll", hide, { passive: true, capture: true });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.documentElement.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });

  // A link leads to what the switch of blocks hides, or to what is folded, by showing it first.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const views = target.dataset.view && document.getElementById(`view-${target.dataset.view}`);
    if (views && !document.getElementById("view-all").checked) views.checked = true;
    const folded = target.closest("section.fold, #further")?.querySelector("details");
    if (folded) folded.open = true;
    target.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  reveal();

  let opened = [];
  window.addEventListener("beforeprint", () => {
    hide();
    opened = [...document.querySelectorAll("details:not(.data, [open])")];
    opened.forEach((item) => { item.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((item) => { item.open = false; }));
})();
