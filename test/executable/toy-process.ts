import { runProcess } from "../../src/process.ts";
import { defineTool } from "../../src/workers/worker.ts";

/** A process with one command that behaves badly, in the way that its option says. */
const toy = defineTool({
  name: "toy",
  summary: "Behave badly",
  args: {
    way: {
      type: "enum",
      options: ["reject", "throw", "linger", "ignore-signals"],
      description: "How",
    },
  },
  examples: [],
  environment: [],
  async run({ way }, { terminal }) {
    terminal.write(`${way}\n`);
    switch (way) {
      case "reject":
        Promise.reject(new Error("nobody caught me"));
        await Bun.sleep(1);
        return 0;
      case "throw":
        setTimeout(() => {
          throw new Error("nobody caught me");
        }, 1);
        await new Promise((resolve) => setTimeout(resolve, 60_000));
        return 0;
      case "linger":
        setInterval(() => undefined, 60_000);
        return 3;
      case "ignore-signals":
        await new Promise((resolve) => setTimeout(resolve, 60_000));
        return 0;
      default:
        return 0;
    }
  },
});

process.exitCode = 70;
process.exitCode = await runProcess(process.argv.slice(2), [toy]);
