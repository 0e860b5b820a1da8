import { Failure } from "../errors.ts";
import { absolute, type Decimal, parseDecimal } from "../executions/decimal.ts";
import { Amount } from "./amount.ts";
import { breakeven, loss, type Outcome, win } from "./streaks.ts";

/** Units of 10^-18 in one of 10^-8. */
const place = 10n ** 10n;

/**
 * Is a net P&L a win, a loss or neither? Rounded to 8 places (half to even), it is a win above the band and a loss below; the
 * band's ends are breakeven. The rounding is put into the borders once, so that a trade is two comparisons.
 */
export class BreakevenBand {
  readonly #win: Border;
  readonly #loss: Border;

  constructor(band: { min: string; max: string } | null) {
    const min = band === null ? 0n : parseDecimal(band.min);
    const max = band === null ? 0n : parseDecimal(band.max);
    if (min > max) {
      throw new Failure("data", `The breakeven band ends below its start (was ${band?.min} to ${band?.max}).`, {
        code: "user_settings",
        subject: "breakeven_band",
        hint: "Give it a min that is not above its max.",
      });
    }
    const above = floorDivide(max, place) + 1n;
    const below = -floorDivide(-min, place) - 1n;
    this.#win = borderAt(above * place - place / 2n, above % 2n === 0n);
    this.#loss = borderAt(below * place + place / 2n, below % 2n === 0n);
  }

  outcomeOf(net: Amount): Outcome {
    const toWin = compare(net, this.#win);
    if (toWin > 0 || (toWin === 0 && this.#win.isIncluded)) return win;
    const toLoss = compare(net, this.#loss);
    if (toLoss < 0 || (toLoss === 0 && this.#loss.isIncluded)) return loss;
    return breakeven;
  }
}

interface Border {
  amount: Amount;
  /** Half way, rounded to even: away from the band. */
  isIncluded: boolean;
}

function borderAt(value: Decimal, isIncluded: boolean): Border {
  const amount = new Amount();
  amount.setDecimal(value);
  return { amount, isIncluded };
}

function compare(net: Amount, { amount }: Border): number {
  if (net.wide !== null || amount.wide !== null) {
    const difference = net.toDecimal() - amount.toDecimal();
    return difference > 0n ? 1 : difference < 0n ? -1 : 0;
  }
  return net.high === amount.high ? net.low - amount.low : net.high - amount.high;
}

function floorDivide(a: bigint, b: bigint): bigint {
  return a >= 0n ? a / b : -((absolute(a) + b - 1n) / b);
}
