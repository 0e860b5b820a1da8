/** Dots of a braille character: two columns of four. */
const dotRows = 4;
const dotColumns = 2;
const brailleBase = 0x2800;
/** Unicode numbers the dots down the first column, then the second; the fourth row came later. */
const dotBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

export interface CurveOptions {
  width: number;
  height: number;
}

/** A line through values at equal distances, as rows of braille characters, the highest first. */
export function brailleCurve(values: readonly number[], { width, height }: CurveOptions): string[] {
  const columns = width * dotColumns;
  const rows = height * dotRows;
  const cells = Array.from({ length: height }, () => new Uint8Array(width));
  const min = Math.min(...values);
  const range = Math.max(...values) - min;
  const rowOf = (value: number) => Math.round((1 - (range === 0 ? 0.5 : (value - min) / range)) * (rows - 1));
  let before: number | null = null;
  for (let column = 0; column < columns; column++) {
    const row = rowOf(valueAt(values, column / Math.max(1, columns - 1)));
    // Steep parts are drawn through, so that the line has no gaps.
    const from = before === null ? row : before + Math.sign(row - before);
    for (let dot = Math.min(from, row); dot <= Math.max(from, row); dot++) setDot(cells, column, dot);
    before = row;
  }
  return cells.map((line) => String.fromCodePoint(...Array.from(line, (bits) => brailleBase + bits)));
}

/** Between two values the line is straight. */
function valueAt(values: readonly number[], share: number): number {
  const place = share * (values.length - 1);
  const left = values[Math.floor(place)] ?? 0;
  const right = values[Math.ceil(place)] ?? left;
  return left + (right - left) * (place - Math.floor(place));
}

function setDot(cells: Uint8Array[], column: number, row: number): void {
  const line = cells[Math.floor(row / dotRows)];
  const bit = dotBits[row % dotRows]?.[column % dotColumns];
  const cell = Math.floor(column / dotColumns);
  if (line !== undefined && bit !== undefined) line[cell] = (line[cell] ?? 0) | bit;
}
