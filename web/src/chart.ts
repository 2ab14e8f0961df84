// Small charts on a canvas.
import { css, el } from "./ui";

export interface Curve {
  color: string;
  points: [number, number][];
}

/** A canvas of its full width; `paint` gets a pen in CSS pixels. */
export function canvas(label: string, height: number, paint: (pen: CanvasRenderingContext2D, width: number, height: number) => void) {
  const element = el("canvas", { role: "img", "aria-label": label, className: "chart" });
  const redraw = () => {
    const width = element.clientWidth;
    const ratio = window.devicePixelRatio;
    element.width = width * ratio;
    element.height = height * ratio;
    const pen = element.getContext("2d")!;
    pen.scale(ratio, ratio);
    pen.font = "11px system-ui, sans-serif";
    paint(pen, width, height);
  };
  element.style.setProperty("height", `${height}px`);
  new ResizeObserver(redraw).observe(element);
  return { element, redraw };
}

/** Curves over a common pair of axes, with their extremes as labels. */
export function curves(pen: CanvasRenderingContext2D, width: number, height: number, lines: Curve[], format: (value: number) => string): void {
  const all = lines.flatMap((line) => line.points).filter(([, y]) => Number.isFinite(y));
  pen.clearRect(0, 0, width, height);
  if (!all.length) return;
  const [x0, x1] = extent(all.map(([x]) => x));
  const [y0, y1] = extent(all.map(([, y]) => y));
  const [left, top, right, bottom] = [4, 14, width - 4, height - 14];
  const px = (x: number) => left + ((x - x0) / (x1 - x0 || 1)) * (right - left);
  const py = (y: number) => bottom - ((y - y0) / (y1 - y0 || 1)) * (bottom - top);
  pen.strokeStyle = css("--line");
  pen.strokeRect(left, top, right - left, bottom - top);
  for (const { color, points } of lines) {
    pen.strokeStyle = color;
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (const [x, y] of points) if (Number.isFinite(y)) pen.lineTo(px(x), py(y));
    pen.stroke();
  }
  pen.fillStyle = css("--quiet");
  pen.fillText(format(y1), left, top - 3);
  pen.fillText(format(y0), left, height - 2);
}

function extent(values: number[]): [number, number] {
  return [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
}
