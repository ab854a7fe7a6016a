import { request } from "node:http";

// Polls a URL, with a new connection for each request. It is a separate program, to run inside a network namespace.
// It prints a line for each failure, and at SIGTERM the totals: `asked N failed M`.

const [url = ""] = process.argv.slice(2);
let asked = 0;
let failed = 0;

function ask(): Promise<void> {
  return new Promise((resolve) => {
    const call = request(url, { agent: false, timeout: 5000 }, (response) => {
      response.resume();
      response.on("end", () => {
        if (response.statusCode !== 200) fail(`status ${response.statusCode}`);
        resolve();
      });
    });
    call.on("timeout", () => call.destroy(new Error("no answer within 5 s")));
    call.on("error", (error) => {
      fail(error.message);
      resolve();
    });
    call.end();
  });
}

function fail(cause: string): void {
  failed++;
  console.log(`${new Date().toISOString()} ${cause}`);
}

process.on("SIGTERM", () => {
  console.log(`asked ${asked} failed ${failed}`);
  process.exit();
});

for (;;) {
  asked++;
  await ask();
  await new Promise((resolve) => setTimeout(resolve, 10));
}
