/* SPDX-License-Identifier: EUPL-1.2 */
/* A chart of bars. It says nothing that the table beside it does not say too. */
import { draw, newId } from "./dom.js";
import { number } from "./i18n.js";

const WIDTH = 960;
const HEIGHT = 300;
const LEFT = 56;
const RIGHT = 12;
const TOP = 16;
const BOTTOM = 40;
const LABELS_MAXIMUM = 10;

/* A round number of which at most five reach `most`. */
function stepFor(most) {
  const rough = Math.max(1, most / 5);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
}

function gridOf(top, step, y) {
  const lines = [];
  for (let value = 0; value <= top; value += step) {
    lines.push(draw("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value),
      y2: y(value) }));
    lines.push(draw("text", { class: "tick", x: LEFT - 8, y: y(value) + 5,
      "text-anchor": "end" }, number(value)));
  }
  return lines;
}

/* `bars`: {label, long, value, part}; `part` of the value, such as refusals, is marked by a
 * pattern. `title` and `description` are for whoever does not see it. */
export function drawChart(bars, title, description) {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const step = stepFor(most);
  const top = Math.ceil(most / step) * step;
  const room = (WIDTH - LEFT - RIGHT) / bars.length;
  const width = Math.min(Math.max(room * 0.72, 1), 64);
  const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const every = Math.ceil(bars.length / LABELS_MAXIMUM);
  const [titleId, descriptionId, stripes] = ["chart", "chart", "stripes"].map(newId);

  const shapes = bars.flatMap(({ label, long, value, part }, i) => {
    const middle = LEFT + room * (i + 0.5);
    const x = middle - width / 2;
    const shape = draw("g", {},
      draw("title", {}, long),
      draw("rect", { class: "bar", x, y: y(value), width, height: y(0) - y(value) }),
      draw("rect", { class: "bar-part", x, y: y(part), width, height: y(0) - y(part),
        fill: `url(#${stripes})` }));
    const text = i % every === 0 ? [draw("text", { class: "tick", x: middle, y: HEIGHT - 14,
      "text-anchor": "middle" }, label)] : [];
    return [shape, ...text];
  });
  return draw("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
    "aria-labelledby": `${titleId} ${descriptionId}` },
  draw("title", { id: titleId }, title), draw("desc", { id: descriptionId }, description),
  draw("defs", {}, draw("pattern", { id: stripes, width: 6, height: 6,
    patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
  draw("rect", { class: "stripe", width: 3, height: 6 }))),
  ...gridOf(top, step, y), ...shapes);
}
