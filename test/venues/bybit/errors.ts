/** Bybit answers most errors with status 200 and a `retCode`. */
export class BybitError extends Error {
  override readonly name = "BybitError";
  readonly code: number;
  readonly status: number;

  constructor(code: number, message: string, status = 200) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const parametersWrong = (what: string): BybitError => new BybitError(10_001, `params error: ${what}`);
