import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Refusal, runProgram } from "./octezError.ts";

// The part of the Octez image's BusyBox wget that the chart uses: wget -q -O FILE URL. The FILE - is stdout.
await runProgram("wget", async (args) => {
  const [quiet, output, file, url, ...extra] = args;
  if (quiet !== "-q" || output !== "-O" || !file || !url || extra.length > 0)
    throw new Refusal("the stand-in takes: wget -q -O FILE URL");
  const response = await fetch(url).catch((error: Error) => {
    throw new Refusal(`can't connect to remote host: ${(error.cause as Error | undefined)?.message ?? error.message}`);
  });
  if (!response.ok || !response.body) throw new Refusal(`server returned error: HTTP/1.1 ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), file === "-" ? process.stdout : createWriteStream(file));
});
