// A training run: its curves on the stage, and the neighbors of chosen words as they settle.
import { canvas, curves } from "../chart";
import { Gone, type Point, type Progress } from "../source";
import { bars, css, el, failure, wordBox, wordLink, type Context } from "../ui";

const PERIOD = 2000; // ms
const MAX_WATCHED = 8;
const DIVERGED = 5; // reports in a row without a loss; the first of an epoch may have none
const CURVES: [keyof Point, string, (value: number) => string][] = [
  ["loss", "Loss, nats a pair", (value) => value.toFixed(4)],
  ["rate", "Words a second", (value) => `${(value / 1e6).toFixed(2)} M`],
  ["lr", "Learning rate", (value) => value.toFixed(5)],
];

/** Fills the stage with curves; returns what takes new numbers. */
export function runStage(stage: HTMLElement): (progress: Progress) => void {
  let points: Point[] = [];
  const charts = CURVES.map(([name, title, format]) => {
    const chart = canvas(title, 150, (pen, width, height) =>
      curves(pen, width, height, [{ color: css("--mark"), points: points.map((point) => [point.share, point[name] ?? NaN]) }], format),
    );
    const value = el("span", { className: "value" });
    stage.append(el("figure", {}, el("figcaption", {}, `${title} `, value), chart.element));
    return { name, value, format, redraw: chart.redraw };
  });
  const bar = el("progress", { max: 1, "aria-label": "Share of the run that is done" });
  const text = el("p", { role: "status" });
  stage.prepend(el("h2", {}, "Training"), bar, text);
  return ({ points: all, now, ended }) => {
    points = all;
    const lost = points.length > DIVERGED && points.slice(-DIVERGED).every((point) => point.loss === null);
    bar.value = now.share ?? 0;
    const epoch = now.epoch === undefined ? "not begun" : `epoch ${now.epoch} of ${now.epochs}, ${(100 * (now.share ?? 0)).toFixed(1)} %, ${Math.round(now.seconds ?? 0)} s`;
    text.textContent = ended ? `${epoch}: ${now.share === 1 ? "finished" : "ended"}` : epoch;
    for (const { name, value, format, redraw } of charts) {
      const last = now[name];
      value.textContent = typeof last === "number" ? format(last) : lost ? "not a number: the run has diverged" : "–";
      redraw();
    }
  };
}

export function run(context: Context, draw: (progress: Progress) => void): Node[] {
  let watched: number[] = [];
  let last: Progress | null = null;
  const list = el("div", { "aria-live": "off" });
  const show = (progress: Progress) => {
    draw((last = progress));
    watched = progress.neighbors.map((one) => one.row);
    list.replaceChildren(
      ...progress.neighbors.map((one) => el("section", {}, el("h3", {}, wordLink(context.words, one.row)), bars(context.words, one.rows, one.cosines))),
    );
  };
  const box = wordBox(context, "Watch a word", null, async (row) => {
    await context.source.watch([...new Set([row, ...watched])].slice(0, MAX_WATCHED));
  });
  const follow = async () => {
    try {
      const [progress] = await Promise.all([context.source.progress(), context.words.loaded]);
      if (!list.isConnected) return;
      show(progress);
      if (!progress.ended) setTimeout(follow, PERIOD);
    } catch (error) {
      if (error instanceof Gone && last) draw({ ...last, ended: true });
      else list.prepend(failure(error));
    }
  };
  setTimeout(follow, 0);
  return [box, el("p", { className: "quiet" }, "Neighbors as they settle, each word by the weights of the moment."), list];
}
