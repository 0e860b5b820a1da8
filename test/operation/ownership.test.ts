import { expect, test } from "bun:test";
import { ownerOf, refuseForeignUser } from "../../src/operation/ownership.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const makeFolder = temporaryFolders();
const nameOf = (uid: number) => (uid === 990 ? "ami-worker" : null);

test.each([
  ["the workers' own user", { uid: 990, owner: 990 }],
  ["root in a folder of root", { uid: 0, owner: 0 }],
  ["root where there is no folder yet", { uid: 0, owner: null }],
  ["a system without users", { uid: undefined, owner: 990 }],
])("%s may", (_name, facts) => {
  refuseForeignUser("data", "flush-buffer", { ...facts, nameOf });
});

test.each([
  [990, "ami-worker", "sudo -u ami-worker ami-workers flush-buffer"],
  [991, "user 991", "sudo -u '#991' ami-workers flush-buffer"],
])("root in a folder of user %d may not, and is told how", (owner, named, command) => {
  expect(() => refuseForeignUser("/var/lib/ami-workers", "flush-buffer", { uid: 0, owner, nameOf })).toThrow(
    expect.objectContaining({
      kind: "usage",
      message: `/var/lib/ami-workers belongs to ${named}, and this was called by root.`,
      detail: expect.objectContaining({ hint: expect.stringContaining(command) }),
    }),
  );
});

test("whose a folder is", () => {
  expect(ownerOf(makeFolder())).toBe(process.getuid?.() ?? -1);
  expect(ownerOf("/no/such/folder")).toBeNull();
});
