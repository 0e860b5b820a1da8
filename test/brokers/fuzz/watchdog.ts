/** Ends the process when one input takes for ever, which nothing in the same thread could. */
export function watchInputs(msMax: number): { begin: (index: number) => void; end: () => void } {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(
    URL.createObjectURL(
      new Blob([
        `let seen = -1, since = 0;
        self.onmessage = ({ data: { shared, msMax } }) => setInterval(() => {
          const at = Atomics.load(shared, 0);
          if (at !== seen) { seen = at; since = performance.now(); return; }
          if (performance.now() - since < msMax) return;
          require("node:fs").writeSync(1, "input " + at + " does not end\\n");
          process.kill(process.pid, "SIGKILL");
        }, 500);`,
      ]),
    ),
  );
  worker.postMessage({ shared, msMax });
  return { begin: (index) => Atomics.store(shared, 0, index), end: () => worker.terminate() };
}
