"use strict";
(() => {
  const make = (name, into, properties = {}) =>
    into.appendChild(Object.assign(document.createElement(name), properties));
  const number = (text) => parseFloat(text.replace(/,/g, "").replace("\u2212", "-"));
  const listen = (input, act) => {
    for (const event of ["input", "change"]) input.addEventListener(event, act);
  };
  const written = (count) => count.toLocaleString("en");

  // Tables: a button a heading, a box for words, from and to for some columns.
  for (const box of document.querySelectorAll("div.table")) {
    const table = box.querySelector("table");
    const body = table.tBodies[0];
    const headings = [...table.tHead.rows[0].cells];
    const names = headings.map((one) => one.textContent);
    let rows = [...body.rows];
    // The first line of a cell counts, not the smaller print below it.
    const cell = (row, column) => (row.cells[column].firstChild?.textContent || "").trim();
    const tests = [];
    let limit = Number(box.dataset.shown) || Infinity;

    const controls = document.createElement("div");
    controls.className = "controls";
    const count = document.createElement("p");
    count.className = "count";
    count.setAttribute("role", "status");
    const more = document.createElement("button");
    Object.assign(more, { type: "button", className: "more" });

    const show = () => {
      const kept = rows.filter((row) => tests.every((test) => test(row)));
      const shown = new Set(kept.slice(0, limit));
      for (const row of rows) row.hidden = !shown.has(row);
      count.textContent = `${written(shown.size)} of ${written(rows.length)} rows`;
      more.hidden = shown.size === kept.length;
      more.textContent = `Show all ${written(kept.length)} rows`;
    };
    const sort = (column) => {
      const heading = headings[column];
      const isNumber = heading.classList.contains("n");
      const before = heading.getAttribute("aria-sort");
      // Numbers begin with the largest, names with A.
      const up = before ? before === "descending" : !isNumber;
      const key = (row) => (isNumber ? number(cell(row, column)) : cell(row, column));
      const keys = new Map(rows.map((row) => [row, key(row)]));
      const order = (a, b) => {
        if (!isNumber) return a.localeCompare(b, "en", { numeric: true });
        return a - b;
      };
      const isMissing = (row) => isNumber && Number.isNaN(keys.get(row));
      rows.sort((a, b) => {
        if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b);
        return (up ? 1 : -1) * order(keys.get(a), keys.get(b));
      });
      for (const one of headings) one.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      body.append(...rows);
      show();
    };
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      if (!names[column]) button.setAttribute("aria-label", "sort by the first column");
      button.addEventListener("click", () => sort(column));
    });
    if (box.dataset.search) {
      const label = make("label", controls, { textContent: "Rows with" });
      const input = make("input", label, { type: "search" });
      const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
      tests.push((row) => texts.get(row).includes(input.value.trim().toLowerCase()));
      listen(input, show);
    }
    for (const word of (box.dataset.ranges || "").split(" ").filter(Boolean)) {
      const column = Number(word);
      const field = make("fieldset", controls);
      make("legend", field, { textContent: names[column] });
      const inputs = ["from", "to"].map((end) => {
        const input = make("input", field, { type: "number", step: "any", placeholder: end });
        input.setAttribute("aria-label", `${names[column]}, ${end}`);
        listen(input, show);
        return input;
      });
      tests.push((row) => {
        const [low, high] = inputs.map((one) => one.value);
        if (low === "" && high === "") return true;
        const value = number(cell(row, column));
        return !(Number.isNaN(value) || (low !== "" && value < Number(low)) ||
          (high !== "" && value > Number(high)));
      });
    }
    if (tests.length) box.prepend(controls);
    if (tests.length || limit < rows.length) {
      controls.after(count);
      if (!count.parentNode) box.prepend(count);
      box.append(more);
      more.addEventListener("click", () => { limit = Infinity; show(); });
      show();
    }
  }

  // Maps: what a point is, to a pointer, a finger and arrow keys.
  for (const figure of document.querySelectorAll("figure.map")) {
    const plane = figure.querySelector(".plane");
    const svg = plane.querySelector("svg");
    const said = figure.querySelector(".said");
    const points = [...svg.querySelectorAll("circle, path")].map((mark) => {
      const { e, f } = mark.transform.baseVal.consolidate().matrix;
      const title = mark.querySelector("title");
      const text = title.textContent;
      title.remove(); // one tip is enough
      return { mark, x: e, y: f, text };
    });
    said.textContent = "Point at a protein, or press arrow keys here, to see what it is.";
    const tip = make("div", plane, { className: "tip", hidden: true });
    tip.setAttribute("aria-hidden", "true");
    let told = null;
    const isOn = (point) => !point.mark.parentNode.classList.contains("off");
    const tell = (point) => {
      if (told) told.mark.classList.remove("told");
      told = point;
      tip.hidden = !point;
      if (!point) return;
      point.mark.classList.add("told");
      said.textContent = tip.textContent = point.text;
      const scale = svg.clientWidth / svg.viewBox.baseVal.width;
      const left = point.x * scale;
      const isRight = left > svg.clientWidth / 2;
      tip.style.left = isRight ? "auto" : `${left + 10}px`;
      tip.style.right = isRight ? `${svg.clientWidth - left + 10}px` : "auto";
      tip.style.top = `${Math.min(point.y * scale, svg.clientHeight - 40)}px`;
    };
    const nearest = (event) => {
      const frame = svg.getBoundingClientRect();
      const scale = svg.viewBox.baseVal.width / frame.width;
      const [x, y] = [(event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale];
      let best = null;
      let least = (20 * scale) ** 2;
      for (const point of points) {
        const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
        if (distance < least && isOn(point)) [best, least] = [point, distance];
      }
      return best;
    };
    const orders = {
      x: [...points].sort((a, b) => a.x - b.x),
      y: [...points].sort((a, b) => b.y - a.y),
    };
    const steps = {
      ArrowRight: ["x", 1], ArrowLeft: ["x", -1], ArrowUp: ["y", 1], ArrowDown: ["y", -1],
    };
    plane.addEventListener("pointermove", (event) => tell(nearest(event)));
    plane.addEventListener("pointerdown", (event) => tell(nearest(event)));
    plane.addEventListener("pointerleave", () => tell(null));
    plane.addEventListener("keydown", (event) => {
      if (event.key === "Escape") tell(null);
      if (!(event.key in steps)) return;
      event.preventDefault();
      const [axis, step] = steps[event.key];
      const on = orders[axis].filter(isOn);
      if (!on.length) return;
      const at = told ? on.indexOf(told) + step : 0;
      tell(on[(at + on.length) % on.length]);
    });
    for (const entry of figure.querySelectorAll(".legend .term")) {
      const text = entry.textContent;
      entry.textContent = "";
      const button = make("button", entry, { type: "button", textContent: text });
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") === "false";
        button.setAttribute("aria-pressed", String(on));
        for (const group of svg.querySelectorAll(`g.${entry.dataset.colour}`)) {
          group.classList.toggle("off", !on);
        }
      });
    }
  }
})();
