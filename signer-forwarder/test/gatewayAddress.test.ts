import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { blockBytes } from "../../signer-host/dev/sampleBytes.ts";
import { until } from "../../testbed/background.ts";
import { Gateway, serveTests } from "../../testbed/gatewayRig.ts";
import { TunnelEnd } from "../../testbed/tunnelEnd.ts";

const key = "tz1aSkwEot3L2kmUvcoxzjMomb9mvBNuzFK6";
const gateway = new Gateway("::1");
const home = new TunnelEnd();

serveTests(gateway, [home], () => [{ name: "home", port: home.port, keys: [key] }]);

test("a pod whose address is of IPv6 has the gateway there, and tunnels end on loopback as ever", async () => {
  assert.equal((await gateway.get(8404, "/healthz")).status, 200);
  assert.equal((await gateway.sign(home.port, key, blockBytes({ level: 12 }))).status, 200);
});

test("no connection that the gateway keeps has a port of the address that tunnels end on", async () => {
  const kept = () =>
    execFileSync("ss", ["-Htn", "state", "established", `( dport = :${home.port} )`], { encoding: "utf8" });
  await until("there is one", 5, () => kept() !== "");
  for (const line of kept().trim().split("\n")) assert.match(line, /\s127\.0\.0\.2:\d+\s+127\.0\.0\.1:/);
});
