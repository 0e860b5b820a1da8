/** OKX's own form: `{"code":"50113","msg":"Invalid Sign","data":[]}`, with a status that fits or 200. */
export class OkxError extends Error {
  override readonly name = "OkxError";
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = String(code);
  }
}

export const parameterWrong = (name: string): OkxError => new OkxError(200, 51_000, `Parameter ${name} error`);
export const parameterEmpty = (name: string): OkxError =>
  new OkxError(400, 50_014, `Parameter ${name} can not be empty`);
