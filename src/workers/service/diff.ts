type Line = { sign: " " | "-" | "+"; text: string };

const contextLines = 3;

/** What has to change from one text to the other, as `diff -u` shows it without its header. For short files: units, settings. */
export function diff(before: string, after: string): string {
  const lines = compare(toLines(before), toLines(after));
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - contextLines), index + contextLines + 1).some(({ sign }) => sign !== " "),
  );
  let shown = "";
  for (const [index, { sign, text }] of lines.entries()) {
    if (near[index]) shown += `${sign}${text}\n`;
    else if (near[index - 1]) shown += " …\n";
  }
  return shown;
}

function toLines(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** By the longest common subsequence. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  const common = commonLengths(before, after);
  const lines: Line[] = [];
  let left = 0;
  let right = 0;
  while (left < before.length || right < after.length) {
    const [old, young] = [before[left], after[right]];
    if (old !== undefined && old === young) {
      lines.push({ sign: " ", text: old });
      left++;
      right++;
    } else if (young === undefined || (old !== undefined && lengthAt(left + 1, right) >= lengthAt(left, right + 1))) {
      lines.push({ sign: "-", text: old ?? "" });
      left++;
    } else {
      lines.push({ sign: "+", text: young });
      right++;
    }
  }
  return lines;

  function lengthAt(row: number, column: number): number {
    return common[row]?.[column] ?? 0;
  }
}

/** At [i][j]: how many lines the rests from there on have in common. */
function commonLengths(before: readonly string[], after: readonly string[]): number[][] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      const same = before[row] === after[column];
      const value = same
        ? (lengths[row + 1]?.[column + 1] ?? 0) + 1
        : Math.max(lengths[row + 1]?.[column] ?? 0, lengths[row]?.[column + 1] ?? 0);
      (lengths[row] as number[])[column] = value;
    }
  }
  return lengths;
}
