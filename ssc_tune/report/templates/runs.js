"use strict";
// Every run: which are picked, how they are sorted, and which one is named. The views below listen to this.
const runs = (() => {
  const source = document.getElementById("runs-data"), page = document.getElementById("runs-page");
  if (!source || !page) return null;
  const data = JSON.parse(source.textContent);
  const count = data.ids.length;
  const columns = new Map(data.columns.map((column) => [column.key, column]));
  const all = Int32Array.from({ length: count }, (_, row) => row);
  const listeners = { picked: [], sorted: [], named: [] };
  const filters = new Map();  // by the key of a column: the codes that are allowed
  const picked = new Uint8Array(count).fill(1);
  let words = [], sorted = { key: "test_accuracy", down: false }, ranking = all, order = all, named = -1;

  const make = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === true) made.setAttribute(key, "");
      else if (value !== false && value != null) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };
  const tell = (what) => listeners[what].forEach((listener) => listener());
  const text = (column, row) => (column.codes[row] < 0 ? "" : column.texts[column.codes[row]]);

  const PLACES = ["method", "block", "setting", "point", "seed"].filter((key) => columns.has(key));
  const place = (row) => PLACES.map((key) => {
    const said = text(columns.get(key), row);
    return key === "method" ? said : `${key} ${said}`;
  }).join(", ");

  // All that is known of a run, as pairs of a title and a text.
  const told = (row) => [
    ["run", place(row)],
    ...data.columns.filter((column) => !PLACES.includes(column.key) && column.codes[row] >= 0)
      .map((column) => [column.title, text(column, row)]),
    ["cell", data.ids[row]],
  ];

  // What is looked for stands at the beginning of a word; "seed 1" is one word, and seed 12 another.
  const haystacks = new Array(count);
  const haystack = (row) => {
    haystacks[row] = haystacks[row]
      || ` ${place(row).replaceAll(",", "")} ${text(columns.get("status"), row)} ${data.ids[row]} `.toLowerCase();
    return haystacks[row];
  };
  const sought = (said) => (said.toLowerCase().match(/(?:block|setting|point|seed)\s+\S+|\S+/g) || [])
    .map((word) => (/\s/.test(word) ? ` ${word.replace(/\s+/, " ")} ` : ` ${word}`));

  // Runs that score the same, and those without a value, stay in the order of the data; the latter come last.
  const rank = () => {
    const codes = sorted.key === "test_accuracy" ? data.rank : columns.get(sorted.key).codes;
    const sign = sorted.down ? -1 : 1;
    ranking = all.slice().sort((a, b) => {
      const x = codes[a], y = codes[b];
      if (x === y) return a - b;
      if (x < 0) return 1;
      return y < 0 ? -1 : sign * (x - y);
    });
  };

  const refresh = () => {
    const tests = [...filters].map(([key, allowed]) => [columns.get(key).codes, allowed]);
    for (let row = 0; row < count; row += 1) {
      let kept = 1;
      for (const [codes, allowed] of tests) {
        if (codes[row] < 0 || !allowed[codes[row]]) { kept = 0; break; }
      }
      picked[row] = kept && words.every((word) => haystack(row).includes(word)) ? 1 : 0;
    }
    order = ranking.filter((row) => picked[row]);
    tell("picked");
  };

  const filter = (key, keeps) => {
    const column = columns.get(key);
    if (keeps) filters.set(key, Uint8Array.from(column.texts, (_, code) => (keeps(code) ? 1 : 0)));
    else filters.delete(key);
  };

  rank();
  order = ranking;
  return {
    data, page, count, columns, picked, filters, make, text, place, told, filter, refresh,
    on: (what, listener) => listeners[what].push(listener),
    get order() { return order; },
    get named() { return named; },
    get sorted() { return sorted; },
    sort: (key, down) => {
      sorted = { key, down };
      rank();
      order = ranking.filter((row) => picked[row]);
      tell("sorted");
    },
    find: (said) => { words = sought(said); refresh(); },
    name: (row) => { if (row !== named) { named = row; tell("named"); } },
    reset: () => { filters.clear(); words = []; refresh(); },
  };
})();
