import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, describe, test } from "node:test";
import { askPort, lookUp } from "./endpointQuestions.ts";

const servers: ReturnType<typeof createServer>[] = [];
after(() => {
  for (const server of servers) server.close();
});

/** A port of 127.0.0.1 that does something with each call. */
async function portOf(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer(serve);
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

test("an address is its own, and a name that does not exist has none", async () => {
  assert.deepEqual(await lookUp("127.0.0.1"), ["127.0.0.1"]);
  await assert.rejects(lookUp("nobody.invalid"), /nobody\.invalid/);
});

describe("a port", () => {
  test("of ssh greets, after other lines and in pieces", async () => {
    const port = await portOf((socket) => {
      socket.on("error", () => {});
      socket.write("Welcome\r\nSSH-2.0-Open");
      socket.once("data", () => socket.write("SSH_10.0\r\n"));
    });
    assert.equal(await askPort("127.0.0.1", port), "SSH-2.0-OpenSSH_10.0");
  });

  const others: readonly [string, (socket: Socket) => void, RegExp][] = [
    [
      "of another program is none",
      (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
      /^it answers, and not as ssh$/,
    ],
    ["that closes does not greet", (socket) => socket.end(), /^it takes the call and does not greet$/],
    [
      "that sends without end is none",
      (socket) => socket.on("error", () => {}).write("x".repeat(20_000)),
      /^it answers, and not as ssh$/,
    ],
  ];
  for (const [what, serve, message] of others) {
    test(what, async () => {
      const port = await portOf(serve);
      await assert.rejects(askPort("127.0.0.1", port), ({ message: found }: Error) => message.test(found));
    });
  }

  test("that nobody has is refused", async () => {
    const port = await portOf(() => {});
    servers.pop()?.close();
    await assert.rejects(askPort("127.0.0.1", port), { message: "ECONNREFUSED" });
  });
});
