// A vocabulary on a circle, trained with the noise in expectation, by all pairs at once.
//
//   p(w | c)  proportional to exp(-(distance / width)^2 / 2) for words at most `reach` apart on the circle, else 0
//   q(w)      1 / V
//
//   dL/ds     ns       K q sigmoid(s) - p sigmoid(-s)
//             nce      the same at s - log(K q)
//             zero     K q s - p sigmoid(-s)               false pairs at zero: a quadratic penalty
//             softmax  softmax(s) - p

export const OBJECTIVES = { ns: "negative sampling", nce: "NCE", zero: "target zero", softmax: "softmax" } as const;
export type Objective = keyof typeof OBJECTIVES;

export const WORDS = 48;
const REACH = 4;
const WIDTH = 2;
const STEPS = 300;
const RATE = 0.05;

export interface Toy {
  input: Float64Array; // [V, d]
  output: Float64Array; // [V, d]
  scores: Float64Array; // [V, V], row: output word
  truth: Float64Array; // p(w | c), [V, V]
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function neighborhood(): Float64Array {
  const p = new Float64Array(WORDS * WORDS);
  for (let c = 0; c < WORDS; c++) {
    let sum = 0;
    for (let w = 0; w < WORDS; w++) {
      const apart = Math.min((w - c + WORDS) % WORDS, (c - w + WORDS) % WORDS);
      const value = apart > 0 && apart <= REACH ? Math.exp(-((apart / WIDTH) ** 2) / 2) : 0;
      p[w * WORDS + c] = value;
      sum += value;
    }
    for (let w = 0; w < WORDS; w++) p[w * WORDS + c] /= sum;
  }
  return p;
}

function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32 - 0.5;
  };
}

function scoresOf(input: Float64Array, output: Float64Array, size: number, scores: Float64Array): void {
  for (let w = 0; w < WORDS; w++)
    for (let c = 0; c < WORDS; c++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += output[w * size + i] * input[c * size + i];
      scores[w * WORDS + c] = sum;
    }
}

/** dL/ds of every pair, in place of `scores`. */
function forces(objective: Objective, k: number, truth: Float64Array, scores: Float64Array): void {
  const noise = k / WORDS;
  if (objective === "softmax") {
    for (let c = 0; c < WORDS; c++) {
      let sum = 0;
      for (let w = 0; w < WORDS; w++) sum += scores[w * WORDS + c] = Math.exp(scores[w * WORDS + c]);
      for (let w = 0; w < WORDS; w++) scores[w * WORDS + c] = scores[w * WORDS + c] / sum - truth[w * WORDS + c];
    }
    return;
  }
  const shift = objective === "nce" ? Math.log(noise) : 0;
  for (let i = 0; i < scores.length; i++) {
    const t = scores[i] - shift;
    scores[i] = noise * (objective === "zero" ? t : sigmoid(t)) - truth[i] * sigmoid(-t);
  }
}

/** Adam on both matrices, from the same start for every objective. */
export function train(objective: Objective, k: number, size: number): Toy {
  const truth = neighborhood();
  const next = random(7);
  const weights = new Float64Array(2 * WORDS * size).map(() => next());
  const input = weights.subarray(0, WORDS * size);
  const output = weights.subarray(WORDS * size);
  const scores = new Float64Array(WORDS * WORDS);
  const [first, second, gradient] = [0, 1, 2].map(() => new Float64Array(weights.length));
  for (let step = 1; step <= STEPS; step++) {
    scoresOf(input, output, size, scores);
    forces(objective, k, truth, scores);
    gradient.fill(0);
    for (let w = 0; w < WORDS; w++)
      for (let c = 0; c < WORDS; c++) {
        const force = scores[w * WORDS + c];
        for (let i = 0; i < size; i++) {
          gradient[c * size + i] += force * output[w * size + i];
          gradient[(WORDS + w) * size + i] += force * input[c * size + i];
        }
      }
    const rate = (RATE * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
    for (let i = 0; i < weights.length; i++) {
      first[i] = 0.9 * first[i] + 0.1 * gradient[i];
      second[i] = 0.999 * second[i] + 0.001 * gradient[i] ** 2;
      weights[i] -= (rate * first[i]) / (Math.sqrt(second[i]) + 1e-8);
    }
  }
  scoresOf(input, output, size, scores);
  return { input, output, scores, truth };
}
