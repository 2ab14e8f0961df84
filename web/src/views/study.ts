// Why false pairs go below zero: a toy that is trained again whenever a slider moves (docs/objectives.md).
import { canvas } from "../chart";
import { OBJECTIVES, WORDS, train, type Objective, type Toy } from "../toy";
import { button, css, el, isStill, number, select } from "../ui";

const SIZE = 3;
const BINS = 40;
const READINGS: Record<Objective, string> = {
  ns: "A logistic regression at zero still says “true, with probability one half”, so false pairs are pushed below zero, and the less the further they are.",
  nce: "The shift log(K q) makes the scores logarithms of probabilities: all of them are negative, true pairs too.",
  zero: "False pairs are drawn to zero. Three dimensions cannot give that to all of them: the plane u·v = 0 has too little room, and true pairs come out low.",
  softmax: "Only differences of scores count: a constant that is added to all scores of a word changes nothing.",
};

export function study(): Node[] {
  let objective: Objective = "ns";
  let k = 5;
  let angle = 0.6;
  let toy: Toy;
  const histogram = canvas("Distributions of u·v of true and of false pairs", 170, (pen, width, height) => drawScores(pen, width, height, toy));
  const space = canvas("Input and output vectors in three dimensions", 260, (pen, width, height) => drawSpace(pen, width, height, toy, angle));
  const reading = el("p", { role: "status" });
  const again = () => {
    const started = performance.now();
    toy = train(objective, k, SIZE);
    const [truth, lies] = split(toy);
    reading.textContent = `Trained in ${(performance.now() - started).toFixed(0)} ms. Mean u·v of true pairs ${number(mean(truth), 2)}, of false pairs ${number(mean(lies), 2)}; ${((100 * lies.filter((score) => score < 0).length) / lies.length).toFixed(0)} % of the false pairs are below zero. ${READINGS[objective]}`;
    histogram.redraw();
    space.redraw();
  };
  const slider = el("input", { type: "range", min: 1, max: 30, value: String(k), id: "study-k" });
  const shownK = el("output", { htmlFor: "study-k" }, String(k));
  slider.addEventListener("input", () => {
    k = Number(slider.value);
    shownK.textContent = slider.value;
    again();
  });
  const turn = button("Turn", () => {
    if (isStill()) {
      angle += 0.5;
      space.redraw();
      return;
    }
    const until = performance.now() + 6000;
    const frame = (now: number) => {
      angle += 0.02;
      space.redraw();
      if (now < until && space.element.isConnected) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  toy = train(objective, k, SIZE);
  setTimeout(again, 0);
  return [
    el("h2", {}, "Why false pairs go below zero"),
    el("p", { className: "quiet" }, `${WORDS} words on a circle; near ones are true pairs. Vectors of ${SIZE} dimensions, trained in the page.`),
    select("Objective", Object.entries(OBJECTIVES), (value) => {
      objective = value as Objective;
      again();
    }),
    el("label", { className: "choice" }, "Noise words K", slider, shownK),
    reading,
    histogram.element,
    el("p", { className: "key" }, key("--true", "true pairs"), key("--false", "false pairs")),
    space.element,
    el("p", { className: "key" }, key("--true", "input vectors"), key("--false", "output vectors"), turn),
  ];
}

function key(color: string, name: string): HTMLElement {
  const dot = el("span", { className: "dot", "aria-hidden": "true" });
  dot.style.setProperty("background", `var(${color})`);
  return el("span", {}, dot, name);
}

function split({ scores, truth }: Toy): [number[], number[]] {
  const both: [number[], number[]] = [[], []];
  scores.forEach((score, i) => {
    if (i % (WORDS + 1)) both[truth[i] > 0 ? 0 : 1].push(score);
  });
  return both;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function drawScores(pen: CanvasRenderingContext2D, width: number, height: number, toy: Toy): void {
  const sides = split(toy);
  const low = Math.min(...sides[0], ...sides[1], -0.5);
  const high = Math.max(...sides[0], ...sides[1], 0.5);
  const x = (score: number) => ((score - low) / (high - low)) * (width - 8) + 4;
  pen.clearRect(0, 0, width, height);
  sides.forEach((side, which) => {
    const bins = new Array<number>(BINS).fill(0);
    for (const score of side) bins[Math.min(Math.floor(((score - low) / (high - low)) * BINS), BINS - 1)]++;
    const most = Math.max(...bins);
    pen.fillStyle = css(which ? "--false" : "--true");
    pen.globalAlpha = 0.6;
    bins.forEach((count, i) => {
      const tall = (count / most) * (height - 34);
      pen.fillRect(4 + (i * (width - 8)) / BINS, height - 16 - tall, (width - 8) / BINS - 1, tall);
    });
  });
  pen.globalAlpha = 1;
  pen.fillStyle = css("--ink");
  pen.fillRect(x(0), 10, 1, height - 26);
  pen.textAlign = "center";
  pen.fillText("u·v = 0", Math.min(Math.max(x(0), 24), width - 24), height - 3);
  pen.textAlign = "left";
  if (x(0) > 90) pen.fillText(number(low, 1), 4, height - 3);
  pen.textAlign = "right";
  if (x(0) < width - 90) pen.fillText(number(high, 1), width - 4, height - 3);
  pen.textAlign = "left";
}

/** Both sets of vectors, looked at along a direction that turns about the axis of their common part. */
function drawSpace(pen: CanvasRenderingContext2D, width: number, height: number, { input, output }: Toy, angle: number): void {
  const up = unit(meanRow(input, 1, meanRow(output, -1, [0, 0, 0])));
  const side = unit(cross(up, Math.abs(up[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0]));
  const depth = cross(up, side);
  const longest = Math.max(...Array.from({ length: WORDS }, (_, w) => Math.max(length(row(input, w)), length(row(output, w)))));
  const size = (Math.min(width, height) / 2 - 12) / longest;
  const project = (v: number[]): [number, number] => {
    const flat = dot(v, side) * Math.cos(angle) + dot(v, depth) * Math.sin(angle);
    const far = dot(v, depth) * Math.cos(angle) - dot(v, side) * Math.sin(angle);
    return [width / 2 + size * flat, height / 2 - size * (0.92 * dot(v, up) + 0.39 * far)];
  };
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = css("--ink");
  pen.fillRect(width / 2 - 3, height / 2 - 0.5, 7, 1);
  pen.fillRect(width / 2 - 0.5, height / 2 - 3, 1, 7);
  for (const [vectors, color] of [[input, "--true"], [output, "--false"]] as const) {
    pen.strokeStyle = pen.fillStyle = css(color);
    pen.beginPath();
    for (let w = 0; w <= WORDS; w++) pen.lineTo(...project(row(vectors, w % WORDS)));
    pen.stroke();
    for (let w = 0; w < WORDS; w++) {
      const [x, y] = project(row(vectors, w));
      pen.beginPath();
      pen.arc(x, y, 3, 0, 7);
      pen.fill();
    }
  }
}

const row = (vectors: Float64Array, w: number) => [...vectors.subarray(w * SIZE, (w + 1) * SIZE)];
const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const length = (v: number[]) => Math.sqrt(dot(v, v));
const unit = (v: number[]) => v.map((value) => value / (length(v) || 1));
const cross = ([a, b, c]: number[], [x, y, z]: number[]) => [b * z - c * y, c * x - a * z, a * y - b * x];
function meanRow(vectors: Float64Array, sign: number, start: number[]): number[] {
  return start.map((value, i) => value + (sign / WORDS) * Array.from({ length: WORDS }, (_, w) => vectors[w * SIZE + i]).reduce((a, b) => a + b, 0));
}
