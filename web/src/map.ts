// The map: points by regl-scatterplot, and above them labels that never overlap, the most frequent words first.
import { loadPlot, type Scatterplot } from "./plot-loader";
import type { Column, Source } from "./source";
import { css, download, el, find, isStill } from "./ui";
import { shown, type Words } from "./words";

const CATEGORIES = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee8866", "#44bb99", "#99aa55", "#8877cc", "#cc6699", "#888888"];
const STEPS = 48; // of a ramp: a color is chosen, not mixed
const EXTREME = 0.99; // of the values of an axis; those beyond have the color of the ends
// From low to high: low values fade into the background.
const SEQUENCES = {
  light: ramp(["#c4cbdd", "#7d9ccb", "#3566a6", "#071e46"]),
  dark: ramp(["#39415a", "#4470a0", "#67abc4", "#fbf5bb"]),
};
const DIVERGING = ramp(["#2166ac", "#67a9cf", "#aaaaaa", "#ef8a62", "#b2182b"]);
const MANY = 200_000; // above it points are plain squares without blending
const SLOW_FRAME = 50; // ms
const REST = 250; // ms without a movement after which the points are drawn again where that is slow
const CELL = 8; // pixels of the grid that keeps labels apart
const LABEL_HEIGHT = 16;
const FONT = "12px system-ui, sans-serif";
const SPECIAL_FONT = "600 13px system-ui, sans-serif";
const LABEL_AREA = 7000; // square pixels of the map for each label
const MAX_TRIED = 4000; // words in view that are tried for a place
const MAX_SVG_POINTS = 20_000;

/** Colors between those given, at equal distances. */
function ramp(colors: string[]): string[] {
  const parts = colors.map((color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
  return Array.from({ length: STEPS }, (_, step) => {
    const at = (step / (STEPS - 1)) * (colors.length - 1);
    const left = Math.min(Math.floor(at), colors.length - 2);
    const mixed = parts[left].map((value, i) => Math.round(value + (at - left) * (parts[left + 1][i] - value)));
    return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  });
}

type Scale = { domain: (value?: number[]) => number[]; range: (value?: number[]) => number[] };

function scale(): Scale {
  let domain = [-1, 1];
  let range = [0, 1];
  return {
    domain: (value) => (value ? (domain = value) : domain),
    range: (value) => (value ? (range = value) : range),
  };
}

/** The map as it was drawn last, and what it showed of the plane. */
interface Picture {
  canvas: HTMLCanvasElement;
  x: number[];
  y: number[];
}

interface Label {
  row: number;
  x: number;
  y: number;
  special: boolean; // of a word that is pointed at
}

export class WordMap {
  readonly element = find(".map");
  private readonly frame = find(".frame");
  private readonly canvas = find<HTMLCanvasElement>(".frame canvas");
  private readonly overlay = find<HTMLCanvasElement>(".overlay");
  private readonly legend = find(".legend");
  private readonly status = find(".map .status");
  private readonly coloring = find<HTMLSelectElement>("#coloring");
  private readonly method = document.querySelector<HTMLSelectElement>("#method"); // only with a server
  private readonly lasso = find("#lasso");
  private readonly xScale = scale();
  private readonly yScale = scale();
  private readonly widths = new Map<number, number>();
  private plot: Scatterplot | null = null;
  private started = (): void => {};
  private readonly drawn = new Promise<void>((resolve) => (this.started = resolve));
  private x = new Float32Array();
  private y = new Float32Array();
  private marked: number[] = [];
  private hovered = -1;
  private labels: Label[] = [];
  private pending = false;
  private timing = false;
  private slow = false;
  private slowFrames = 0;
  private rest = 0;
  private resting = false;
  private drawnView = "";
  private picture: Picture | null = null; // while it moves in place of the points
  private axis: { values: Float32Array; low: string; high: string } = { values: new Float32Array(), low: "", high: "" };
  private readonly axisOption = el("option", { value: "axis" });
  private values: Float32Array | Uint8Array = new Float32Array(); // whole numbers are categories
  private colors: string[] | null = null; // null: a sequence, as the theme has it

  constructor(
    private readonly source: Source,
    private readonly words: Words,
    private readonly counts: Promise<Float64Array | null>,
    columns: string[],
    private readonly choose: (rows: number[]) => void,
  ) {
    this.coloring.append(...columns.map((name, i) => el("option", { value: `column ${i}` }, shown(name))));
    this.coloring.addEventListener("change", () => void this.colorBy(this.coloring.value));
    this.method?.addEventListener("change", () => void this.show(this.method!.value));
    find("#all").addEventListener("click", () => this.plot?.reset());
    this.lasso.addEventListener("click", () => {
      this.lasso.setAttribute("aria-pressed", String(this.mouseMode() === "panZoom"));
      this.plot?.set({ mouseMode: this.mouseMode() });
    });
    find("#png").addEventListener("click", () => void this.savePng());
    find("#svg").addEventListener("click", () => void this.saveSvg());
    this.frame.addEventListener("keydown", (event) => this.onKey(event));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.applyTheme());
  }

  async start(): Promise<void> {
    const { createScatterplot, createRenderer } = await loadPlot();
    const { width, height } = this.frame.getBoundingClientRect();
    const plain = this.words.length > MANY;
    const renderer = createRenderer();
    const render = renderer.render;
    renderer.render = (draw, canvas) => this.render(() => render(draw, canvas));
    this.plot = createScatterplot({
      renderer,
      canvas: this.canvas,
      width,
      height,
      pointSize: plain ? 1.5 : this.words.length > 20_000 ? 2 : 4,
      pointSizeSelected: 4,
      cameraDistance: Math.max(1, height / width), // in a narrow frame too all of the square is seen
      opacity: plain ? 1 : 0.7,
      colorBy: "valueA",
      performanceMode: plain,
      mouseMode: this.mouseMode(),
      lassoOnLongPress: true,
      // Only `domain` and `range` of d3's scales are used.
      xScale: this.xScale as never,
      yScale: this.yScale as never,
    });
    this.slow = isSoftware(this.plot.get("regl")._gl);
    this.applyTheme();
    this.plot.subscribe("view", () => {
      this.timeFrame();
      this.later();
    });
    this.plot.subscribe("pointOver", (row: number) => this.hover(row));
    this.plot.subscribe("pointOut", () => this.hover(-1));
    this.plot.subscribe("select", ({ points }: { points: number[] }) => this.choose(points));
    new ResizeObserver(() => {
      const { width, height } = this.frame.getBoundingClientRect();
      this.plot?.set({ width, height });
      this.later();
    }).observe(this.frame);
    this.values = this.frequencies();
    await this.show(this.method?.value ?? "pca");
    if (this.coloring.value !== "frequency") await this.colorBy(this.coloring.value);
  }

  // -- what is shown ------------------------------------------------------------------------------------------------

  private async show(method: string): Promise<void> {
    try {
      if (method !== "pca") await this.awaitProjection(method);
      const [places] = await Promise.all([this.source.map(method), this.words.loaded]);
      this.x = places.slice(0, this.words.length);
      this.y = places.slice(this.words.length);
      await this.draw();
    } catch (error) {
      this.status.textContent = (error as Error).message;
    }
  }

  private async awaitProjection(method: string): Promise<void> {
    const name = this.method!.selectedOptions[0].text;
    let job = await this.source.projection(method);
    if (job.state !== "done") job = await this.source.startProjection(method);
    const bar = el("progress", { max: 1, "aria-label": name });
    while (job.state === "running") {
      bar.value = job.share;
      this.status.replaceChildren(bar, ` ${name}: ${job.stage}, ${Math.round(100 * job.share)} %`);
      await new Promise((resolve) => setTimeout(resolve, 500));
      job = await this.source.projection(method);
    }
    this.status.textContent = "";
    if (job.state === "failed") throw new Error(job.stage);
  }

  private async draw(): Promise<void> {
    if (!this.x.length) return;
    const whole = this.values instanceof Uint8Array;
    const count = this.x.length;
    this.plot?.set({
      pointColor: this.palette(),
      pointOrder: Array.from({ length: count }, (_, i) => count - 1 - i), // the most frequent on top
    });
    await this.plot?.draw(
      { x: this.x, y: this.y, valueA: this.values },
      { zDataType: whole ? "categorical" : "continuous" },
    );
    this.mark(this.marked);
    this.started();
    this.element.dataset.drawn = String(Number(this.element.dataset.drawn ?? 0) + 1);
    this.later();
  }

  private palette(): string[] {
    return this.colors ?? SEQUENCES[matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"];
  }

  private frequencies(): Float32Array {
    const total = Math.log(this.words.length + 1);
    return Float32Array.from({ length: this.words.length }, (_, row) => 1 - Math.log(row + 1) / total);
  }

  private async colorBy(name: string): Promise<void> {
    try {
      this.status.textContent = "";
      if (name === "frequency") {
        this.use(this.frequencies(), null);
        this.explain("rare", "frequent");
      } else if (name === "cluster") {
        this.status.textContent = "finding clusters …";
        const clusters = await this.source.clusters();
        this.status.textContent = "";
        this.use(clusters, CATEGORIES);
        this.explainCategories(this.examples(clusters));
      } else if (name === "axis") this.useAxis();
      else this.useColumn(await this.source.column(Number(name.split(" ")[1])));
      await this.draw();
    } catch (error) {
      this.status.textContent = (error as Error).message;
    }
  }

  /** Color by the place of each word on an axis. */
  color(values: Float32Array, low: string, high: string): void {
    this.axis = { values, low, high };
    this.axisOption.textContent = `${low} – ${high}`;
    this.coloring.append(this.axisOption);
    this.coloring.value = "axis";
    void this.colorBy("axis");
  }

  private useAxis(): void {
    const { values, low, high } = this.axis;
    const sizes = values.map((value) => Math.abs(value)).sort();
    const extent = sizes[Math.floor(EXTREME * (sizes.length - 1))] || 1;
    this.use(values.map((value) => Math.min(Math.max(0.5 + value / (2 * extent), 0), 1)), DIVERGING);
    this.explain(low, high, DIVERGING);
  }

  private useColumn(column: Column): void {
    if (column.categories) {
      const last = CATEGORIES.length - 1;
      this.use(Uint8Array.from(column.values, (value) => (value === value ? value : last)), CATEGORIES);
      this.explainCategories(column.categories.map((name) => shown(name, 24)));
      return;
    }
    const known = column.values.filter((value) => Number.isFinite(value));
    const low = known.reduce((a, b) => Math.min(a, b), Infinity);
    const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
    this.use(column.values.map((value) => (value === value ? (value - low) / (high - low || 1) : 0)), null);
    this.explain(String(low), String(high));
  }

  private use(values: Float32Array | Uint8Array, colors: string[] | null): void {
    this.values = values;
    this.colors = colors;
  }

  private examples(clusters: Uint8Array): string[] {
    const found: string[][] = [];
    for (let row = 0; row < clusters.length && row < 5000; row++) {
      const list = (found[clusters[row]] ??= []);
      if (list.length < 2 && row >= 100) list.push(shown(this.words.get(row), 14));
    }
    return Array.from({ length: found.length }, (_, i) => found[i]?.join(", ") ?? String(i + 1));
  }

  private explain(low: string, high: string, colors: string[] | null = null): void {
    const ramp = el("span", { className: "ramp", "aria-hidden": "true" });
    if (colors) ramp.style.setProperty("background", `linear-gradient(to right, ${colors.join()})`);
    this.legend.replaceChildren(el("bdi", {}, low), ramp, el("bdi", {}, high));
  }

  private explainCategories(names: string[]): void {
    this.legend.replaceChildren(
      ...names.map((name, i) => {
        const dot = el("span", { className: "dot", "aria-hidden": "true" });
        dot.style.setProperty("background", CATEGORIES[i]);
        return el("span", {}, dot, el("bdi", {}, name));
      }),
    );
  }

  private applyTheme(): void {
    this.plot?.set({ backgroundColor: css("--stage"), pointColor: this.palette(), pointColorActive: css("--mark"), pointColorHover: css("--mark"), lassoColor: css("--mark") });
    this.later();
  }

  // -- words that are pointed at --------------------------------------------------------------------------------------

  mark(rows: number[]): void {
    this.marked = rows;
    if (this.plot && this.x.length) {
      if (rows.length) this.plot.select(rows, { preventEvent: true });
      else this.plot.deselect({ preventEvent: true });
    }
    this.later();
  }

  private hover(row: number): void {
    this.hovered = row;
    this.later();
  }

  private mouseMode(): "lasso" | "panZoom" {
    return this.lasso.getAttribute("aria-pressed") === "true" ? "lasso" : "panZoom";
  }

  private onKey(event: KeyboardEvent): void {
    if (!this.plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const zooms: Record<string, number> = { "+": 0.7, "=": 0.7, "-": 1 / 0.7 };
    const [x0, x1] = this.xScale.domain();
    const [y0, y1] = this.yScale.domain();
    const center: [number, number] = [(x0 + x1) / 2, (y0 + y1) / 2];
    const distance = this.plot.get("camera").distance[0];
    const transition = { transition: !isStill(), transitionDuration: 150 };
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      void this.plot.zoomToLocation([center[0] + 0.2 * dx * (x1 - x0), center[1] + 0.2 * dy * (y1 - y0)], distance, transition);
    } else if (event.key in zooms) void this.plot.zoomToLocation(center, distance * zooms[event.key], transition);
    else if (event.key === "0") this.plot.reset();
    else if (event.key === "Enter") this.choose(this.labels.map((label) => label.row));
    else return;
    event.preventDefault();
  }

  // -- labels -------------------------------------------------------------------------------------------------------

  /** Draws the points, or where that is slow and the map moves, nothing: the last picture moves with the labels. */
  private render(draw: () => void): void {
    const view = this.plot!.get("camera").view.join();
    if (!this.slow || this.resting || view === this.drawnView) {
      this.picture = null;
      this.resting = false;
      this.drawnView = view;
      return draw();
    }
    this.picture ??= this.takePicture();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      this.resting = true;
      this.plot!.redraw();
    }, REST);
  }

  private takePicture(): Picture {
    const canvas = el("canvas", { width: this.canvas.width, height: this.canvas.height });
    canvas.getContext("2d")!.drawImage(this.canvas, 0, 0);
    return { canvas, x: this.xScale.domain(), y: this.yScale.domain() };
  }

  private movePicture({ canvas, x, y }: Picture): void {
    const { width, height } = this.canvas;
    const [x0, x1] = this.xScale.domain();
    const [y0, y1] = this.yScale.domain();
    const [across, down] = [width / (x1 - x0), height / (y1 - y0)];
    const pen = this.canvas.getContext("2d")!;
    pen.clearRect(0, 0, width, height);
    pen.drawImage(canvas, (x[0] - x0) * across, (y1 - y[1]) * down, (x[1] - x[0]) * across, (y[1] - y[0]) * down);
  }

  /** Finds out whether two frames in a row are slow. */
  private timeFrame(): void {
    if (this.slow || this.timing) return;
    this.timing = true;
    requestAnimationFrame((before) =>
      requestAnimationFrame((after) => {
        this.timing = false;
        this.slowFrames = after - before > SLOW_FRAME ? this.slowFrames + 1 : 0;
        this.slow = this.slowFrames > 1;
      }),
    );
  }

  private later(): void {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      if (this.picture) this.movePicture(this.picture);
      this.drawLabels();
    });
  }

  private drawLabels(): void {
    const { width, height } = this.frame.getBoundingClientRect();
    const ratio = window.devicePixelRatio;
    if (this.overlay.width !== Math.floor(width * ratio) || this.overlay.height !== Math.floor(height * ratio)) {
      this.overlay.width = Math.floor(width * ratio);
      this.overlay.height = Math.floor(height * ratio);
    }
    const pen = this.overlay.getContext("2d")!;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    this.labels = this.place(pen, width, height);
    this.paint(pen, this.labels);
  }

  private paint(pen: CanvasRenderingContext2D, labels: Label[]): void {
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.strokeStyle = css("--stage");
    const ink = css("--ink");
    const mark = css("--mark-text");
    for (const { row, x, y, special } of labels) {
      pen.font = special ? SPECIAL_FONT : FONT;
      pen.fillStyle = special ? mark : ink;
      const text = shown(this.words.get(row), 24);
      pen.strokeText(text, x, y);
      pen.fillText(text, x, y);
    }
  }

  /** Words in view by row, each where its label meets no other; those that are pointed at come first, on any side. */
  private place(pen: CanvasRenderingContext2D, width: number, height: number): Label[] {
    const [x0, x1] = this.xScale.domain();
    const [y0, y1] = this.yScale.domain();
    const columns = Math.ceil(width / CELL) + 1;
    const taken = new Uint8Array(columns * (Math.ceil(height / CELL) + 1));
    const labels: Label[] = [];
    const limit = (width * height) / LABEL_AREA;
    let tried = 0;
    const fits = (x: number, y: number, wide: number): boolean => {
      if (!(x >= 0 && x + wide <= width && y >= LABEL_HEIGHT && y < height - 4)) return false;
      const [left, right] = [Math.floor(x / CELL), Math.floor((x + wide) / CELL)];
      const [top, bottom] = [Math.floor((y - LABEL_HEIGHT + 3) / CELL), Math.floor((y + 3) / CELL)];
      for (let r = top; r <= bottom; r++) for (let c = left; c <= right; c++) if (taken[r * columns + c]) return false;
      for (let r = top; r <= bottom; r++) taken.fill(1, r * columns + left, r * columns + right + 1);
      return true;
    };
    const put = (row: number, special: boolean): void => {
      const [atX, atY] = [((this.x[row] - x0) / (x1 - x0)) * width, ((y1 - this.y[row]) / (y1 - y0)) * height];
      if (!(atX >= 0 && atX <= width && atY >= 0 && atY <= height)) return;
      const wide = this.widthOf(pen, row, special);
      const sides = [[5, 4], [-5 - wide, 4], [-wide / 2, -7], [-wide / 2, 17]].slice(0, special ? 4 : 1);
      const side = sides.find(([dx, dy]) => fits(atX + dx, atY + dy, wide));
      if (side) labels.push({ row, x: atX + side[0], y: atY + side[1], special });
    };
    for (const row of new Set(this.hovered >= 0 ? [this.hovered, ...this.marked] : this.marked)) if (row < this.x.length) put(row, true);
    const special = new Set(labels.map((label) => label.row));
    for (let row = 0; row < this.x.length && labels.length < limit && tried < MAX_TRIED; row++) {
      const x = this.x[row];
      const y = this.y[row];
      if (x < x0 || x > x1 || y < y0 || y > y1 || special.has(row)) continue;
      tried++;
      put(row, false);
    }
    return labels;
  }

  private widthOf(pen: CanvasRenderingContext2D, row: number, special: boolean): number {
    const measure = (): number => {
      pen.font = special ? SPECIAL_FONT : FONT;
      return pen.measureText(shown(this.words.get(row), 24)).width + 4;
    };
    if (special) return measure();
    let width = this.widths.get(row);
    if (width === undefined) {
      width = measure();
      if (this.widths.size > 50_000) this.widths.clear();
      this.widths.set(row, width);
    }
    return width;
  }

  // -- files --------------------------------------------------------------------------------------------------------

  private async savePng(): Promise<void> {
    await this.drawn;
    const picture = el("canvas", { width: this.canvas.width, height: this.canvas.height });
    const pen = picture.getContext("2d")!;
    const points = await createImageBitmap((await this.plot!.export({})) as ImageData);
    pen.fillStyle = css("--stage");
    pen.fillRect(0, 0, picture.width, picture.height);
    pen.drawImage(points, 0, 0, picture.width, picture.height);
    pen.drawImage(this.overlay, 0, 0, picture.width, picture.height);
    picture.toBlob((blob) => blob && download("map.png", blob));
  }

  private async saveSvg(): Promise<void> {
    await this.drawn;
    const { width, height } = this.frame.getBoundingClientRect();
    const [x0, x1] = this.xScale.domain();
    const [y0, y1] = this.yScale.domain();
    const colors = this.palette();
    const parts: string[] = [];
    for (let row = 0; row < this.x.length && parts.length < MAX_SVG_POINTS; row++) {
      const x = ((this.x[row] - x0) / (x1 - x0)) * width;
      const y = ((y1 - this.y[row]) / (y1 - y0)) * height;
      if (x < 0 || x > width || y < 0 || y > height) continue;
      const value = this.values[row];
      const color = colors[this.values instanceof Uint8Array ? value : Math.round(value * (colors.length - 1))];
      parts.push(`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="1.5" fill="${color}"/>`);
    }
    for (const { row, x, y } of this.labels)
      parts.push(`<text x="${x.toFixed(1)}" y="${y.toFixed(1)}">${escaped(shown(this.words.get(row), 24))}</text>`);
    const svg =
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">` +
      `<rect width="100%" height="100%" fill="${css("--stage")}"/><g fill="${css("--ink")}">${parts.join("")}</g></svg>`;
    download("map.svg", new Blob([svg], { type: "image/svg+xml" }));
  }

  /** Words, counts and places of some rows, as CSV. */
  async saveCsv(rows: number[]): Promise<void> {
    const counts = await this.counts;
    const lines = rows.map((row) =>
      [`"${this.words.get(row).replaceAll('"', '""')}"`, row, counts?.[row] ?? "", this.x[row] ?? "", this.y[row] ?? ""].join(),
    );
    download("words.csv", new Blob([["word,row,count,x,y", ...lines, ""].join("\r\n")], { type: "text/csv" }));
  }
}

/** Whether a program draws, without a graphics unit. */
function isSoftware(context: WebGLRenderingContext): boolean {
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const name = names ? String(context.getParameter(names.UNMASKED_RENDERER_WEBGL)) : "";
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
}
