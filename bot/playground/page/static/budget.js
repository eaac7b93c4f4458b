// How many calls of each Web API method are left in this minute.

import { el } from "./dom.js";
import { addTab } from "./inspector.js";
import { state } from "./server.js";

const shown = new Map(); // by method

addTab({
  id: "budget",
  title: "Budget",
  rank: 3,
  mount(panel) {
    this.body = el("tbody", {});
    const head = ["Method", "Left", ""].map((title) => (title ? el("th", { scope: "col" }, title) : el("td", {})));
    panel.append(el("p", {}, "How many calls Slack would take now, of how many in a minute. Methods are listed once they were called."),
      el("table", { className: "plain-table" }, el("thead", {}, el("tr", {}, ...head)), this.body));
  },
  changed(names) {
    if (!names.includes("budget")) return;
    for (const [method, [left, most]] of Object.entries(state.parts.budget.left).sort()) {
      let row = shown.get(method);
      if (!row) {
        row = { said: el("td", { className: "number" }), meter: el("meter", { min: 0, max: most, low: most * 0.2, optimum: most, "aria-label": `${method} left` }) };
        shown.set(method, row);
        const element = el("tr", {}, el("th", { scope: "row" }, method), row.said, el("td", {}, row.meter));
        const after = [...this.body.children].find((one) => one.firstChild.textContent > method);
        this.body.insertBefore(element, after ?? null);
      }
      row.said.textContent = `${left} of ${most}`;
      row.meter.value = left;
    }
  },
});
