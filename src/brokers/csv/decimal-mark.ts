/**
 * Which of `.` and `,` is the decimal mark of a file, by its numbers: `12,5` and `0,001` can only have a decimal comma, `1,500.25`
 * only a point. `1,500` alone says nothing. Nothing said: a point. A number that contradicts is later the error of its row.
 */
export function decimalMarkOf(numbers: Iterable<string>): "." | "," {
  let points = 0;
  let commas = 0;
  for (const number of numbers) {
    const mark = evidenceOf(number);
    if (mark === ".") points++;
    else if (mark === ",") commas++;
  }
  return commas > points ? "," : ".";
}

/** The mark that a number itself shows; null: it shows none. */
export function markOf(number: string): "." | "," | null {
  return evidenceOf(number.replace(/[\s\u00a0\u202f'\u2019]/g, ""));
}

const group = /^[1-9]\d{0,2}$/;

function evidenceOf(text: string): "." | "," | null {
  // From the beginning of a run alone: from each of its marks it would take minutes over 100,000 commas.
  const number = /(?<![\d.,])[\d.,]*\d/.exec(text)?.[0] ?? "";
  const lastPoint = number.lastIndexOf(".");
  const lastComma = number.lastIndexOf(",");
  if (lastPoint < 0 && lastComma < 0) return null;
  if (lastPoint >= 0 && lastComma >= 0) return lastPoint > lastComma ? "." : ",";
  const mark = lastPoint >= 0 ? "." : ",";
  const other = mark === "." ? "," : ".";
  const parts = number.split(mark);
  const couldBeGroups = group.test(parts[0] ?? "") && parts.slice(1).every((part) => part.length === 3);
  if (parts.length > 2) return couldBeGroups ? other : null;
  return couldBeGroups ? null : mark;
}
