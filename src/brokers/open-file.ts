import { type FileHandle, open } from "node:fs/promises";
import { Failure, messageOf } from "../errors.ts";

/** A file to read from, closed when its scope ends. @throws {Failure} usage: there is none, or it is no file */
export async function openFile(path: string, name: string): Promise<AsyncDisposable & { file: FileHandle }> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (cause) {
    throw new Failure("usage", `${name} cannot be opened: ${messageOf(cause)}`, {
      code: "cannot_open",
      subject: name,
      cause,
    });
  }
  const dispose = () => file.close();
  if ((await file.stat()).isFile()) return { file, [Symbol.asyncDispose]: dispose };
  await dispose();
  throw new Failure("usage", `${name} is not a file.`, { code: "cannot_open", subject: name });
}
