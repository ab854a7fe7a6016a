import { connect } from "node:net";

/** What becomes of a connection to an address within a second: `open`, an error's code, or `silence`. */
export function connecting(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const end = (what: string) => {
      socket.destroy();
      resolve(what);
    };
    socket.on("connect", () => end("open"));
    socket.on("timeout", () => end("silence"));
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? "error"));
  });
}

/** A program for Node that prints `yes` if it can connect to the address that is its argument, `host:port`, in 2 s. */
export const connectScript = `
  const [host, port] = process.argv[1].split(":");
  const socket = require("node:net").connect({ host, port, timeout: 2000 });
  socket.on("connect", () => { console.log("yes"); socket.destroy(); });
  socket.on("timeout", () => socket.destroy());
  socket.on("error", () => {});`;
