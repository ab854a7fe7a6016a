import { createInterface } from "node:readline";
import { SlowLink } from "../testbed/slowLink.ts";

// A link to HOST PORT from the address FROM, whose round trip takes as many milliseconds more as the last line of its
// standard input says. It listens on PORT of 127.0.0.1 too, to run inside a network namespace.

const [host = "", port = "", from] = process.argv.slice(2);
const link = new SlowLink(() => Number(port), { host, from });
link.port = Number(port);
await link.open();
process.stdout.write("listening\n");
for await (const line of createInterface(process.stdin)) link.roundTripMs = Number(line);
process.exit(0);
