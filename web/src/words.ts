// All words in one buffer of UTF-8; one becomes a string only when it is shown.

export class Words {
  readonly length: number;
  private readonly decoder = new TextDecoder();

  constructor(
    private readonly offsets: Uint32Array,
    private readonly bytes: Uint8Array,
  ) {
    this.length = offsets.length - 1;
  }

  static unpack(buffer: ArrayBuffer): Words {
    const count = new Uint32Array(buffer, 0, 1)[0];
    return new Words(new Uint32Array(buffer, 4, count + 1), new Uint8Array(buffer, 4 * (count + 2)));
  }

  static of(words: string[]): Words {
    const parts = words.map((word) => new TextEncoder().encode(word));
    const offsets = new Uint32Array(parts.length + 1);
    parts.forEach((part, i) => (offsets[i + 1] = offsets[i] + part.length));
    const bytes = new Uint8Array(offsets[parts.length]);
    parts.forEach((part, i) => bytes.set(part, offsets[i]));
    return new Words(offsets, bytes);
  }

  get(row: number): string {
    return this.decoder.decode(this.bytes.subarray(this.offsets[row], this.offsets[row + 1]));
  }
}

const MAX_SHOWN = 60;
// Control characters, those that turn the direction of text, and others that nobody sees.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A word as it can be shown anywhere: nothing invisible, of bounded length. */
export function shown(word: string, limit = MAX_SHOWN): string {
  const characters = word.length > limit ? `${word.slice(0, limit)}… (${word.length.toLocaleString("en")} characters)` : word;
  const text = characters.replace(UNSEEN, (one) => `⟨U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
  return text.trim() === "" ? `“${text}”` : text;
}
