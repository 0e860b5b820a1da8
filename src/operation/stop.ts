/** Why a run was asked to end before its work did: the reason of `context.signal`. */
export class Stop extends Error {
  override readonly name = "Stop";
  readonly by: "SIGTERM" | "SIGINT" | "deadline";

  constructor(by: Stop["by"]) {
    super(by === "deadline" ? "The deadline has come" : `Stopped by ${by}`);
    this.by = by;
  }
}
