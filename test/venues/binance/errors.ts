/** An error in Binance's own form: `{"code":-1121,"msg":"Invalid symbol."}`. */
export class BinanceError extends Error {
  override readonly name = "BinanceError";
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const invalidSymbol = (): BinanceError => new BinanceError(400, -1121, "Invalid symbol.");
export const badCombination = (): BinanceError =>
  new BinanceError(400, -1128, "Combination of optional parameters invalid.");
export const tooManyHours = (hours: number): BinanceError =>
  new BinanceError(400, -1127, `More than ${hours} hours between startTime and endTime.`);
export const tooManyDays = (days: number): BinanceError =>
  new BinanceError(400, -4165, `Maximum time interval is ${days} days.`);
export const tooOld = (days: number): BinanceError =>
  new BinanceError(400, -4166, `Search window is restricted to recent ${days} days only.`);
export const missing = (name: string): BinanceError =>
  new BinanceError(400, -1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`);
export const notValid = (name: string): BinanceError =>
  new BinanceError(400, -1130, `Data sent for parameter '${name}' is not valid.`);
export const startAfterEnd = (): BinanceError => new BinanceError(400, -1023, "Start time is greater than end time.");
export const movementsTooLong = (): BinanceError =>
  new BinanceError(400, -4047, "Time interval must be within 0-90 days");

/** The address is in it on every API but spot's own. */
export function keyRejected(path: string, ip: string): BinanceError {
  const where = path.startsWith("/api/") || path.startsWith("/sapi/") ? "." : `, request ip: ${ip}`;
  return new BinanceError(401, -2015, `Invalid API-key, IP, or permissions for action${where}`);
}
