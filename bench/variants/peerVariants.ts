import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../local/machine/run.ts";
import { type Background, until } from "../../testbed/background.ts";
import { type Ended, ended } from "../base/ended.ts";
import { startWithUs, type Words } from "../base/programs.ts";
import { cloudAddress, home, otherCloud } from "../rig/networks.ts";
import { addressesOf, home as signerAtHome } from "../rig/signers.ts";
import { opened, signerPort } from "../rig/traffic.ts";
import { bore, type Open, ratholeNoise, ratholeTcp, straight, type Variant } from "./variant.ts";

/** Requests straight to the signer, at a port of its home. Over a link it shows the cost of the link's relay alone. */
export function straightTo(signerPort: number): Variant {
  return {
    name: straight,
    encrypted: false,
    async open(link) {
      const { host, port } = await link.to({ host: "127.0.0.1", port: signerPort });
      return {
        signerAddress: { place: home, address: `${host}:${port}`, keys: addressesOf(signerAtHome) },
        ...nothingToRestart,
        async close() {},
      };
    },
  };
}

const unchanged = (): Promise<Ended> => ended(async () => {});
const nothingToRestart = { restartServer: unchanged, restartClient: unchanged };

/** rathole with its defaults, in clear text or encrypted. */
export async function ratholeVariant(program: string, noise: boolean, folder: string, port: number): Promise<Variant> {
  const name = noise ? ratholeNoise : ratholeTcp;
  const keys = noise ? ratholeKeys(await run(program, ["--genkey"])) : undefined;
  const files = join(folder, `rathole-${port}`);
  mkdirSync(files);
  const transport = (key: string): string =>
    keys ? `[SIDE.transport]\ntype = "noise"\n[SIDE.transport.noise]\n${key}\n` : "";
  const server = `[server]
bind_addr = "${cloudAddress}:${port + 1}"
default_token = "bench"
[server.services.signer]
bind_addr = "127.0.0.1:${port}"
${transport(`local_private_key = "${keys?.secret}"`).replaceAll("SIDE", "server")}`;
  writeFileSync(join(files, "server.toml"), server);
  return {
    name,
    encrypted: noise,
    async open(link) {
      const { host, port: dialled } = await link.to({ host: cloudAddress, port: port + 1 });
      const client = `[client]
remote_addr = "${host}:${dialled}"
default_token = "bench"
[client.services.signer]
local_addr = "127.0.0.1:${signerPort}"
${transport(`remote_public_key = "${keys?.public}"`).replaceAll("SIDE", "client")}`;
      writeFileSync(join(files, "client.toml"), client);
      const there = new Restarted([...otherCloud, program, "--server", join(files, "server.toml")]);
      const here = new Restarted([...home, program, "--client", join(files, "client.toml")]);
      return throughTunnel(name, port, here, there);
    },
  };
}

function ratholeKeys(text: string): { secret: string; public: string } {
  const [secret, open] = [/Private Key:\s*(\S+)/i, /Public Key:\s*(\S+)/i].map((key) => key.exec(text)?.[1]);
  if (!secret || !open)
    throw new Error(`rathole --genkey: found ${JSON.stringify(text)}, wanted a private and a public key`);
  return { secret, public: open };
}

/** bore, which encrypts nothing. */
export function boreVariant(program: string, port: number): Variant {
  return {
    name: bore,
    encrypted: false,
    async open(link) {
      // bore's control port is fixed.
      const server = { host: cloudAddress, port: 7835 };
      const words = ["server", "--bind-addr", server.host, "--bind-tunnels", "127.0.0.1", "--min-port", String(port)];
      const there = new Restarted([...otherCloud, program, ...words]);
      await until(
        "bore listens",
        10,
        () => /listening/.test(there.output()),
        () => there.output(),
      );
      const { host } = await link.to(server);
      const here = new Restarted([...home, program, "local", String(signerPort), "--to", host, "--port", String(port)]);
      return throughTunnel(bore, port, here, there);
    },
  };
}

/** A program that can be killed and started again. */
class Restarted {
  readonly #words: Words;
  #running: Background;

  constructor(words: Words) {
    this.#words = words;
    this.#running = startWithUs(words);
  }

  restart(): Promise<Ended> {
    this.#running.child.kill("SIGKILL");
    return ended(
      () => this.#running.stop(),
      () => {
        this.#running = startWithUs(this.#words);
      },
    );
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }

  output(): string {
    return this.#running.output();
  }
}

async function throughTunnel(name: string, port: number, here: Restarted, there: Restarted): Promise<Open> {
  const signerAddress = { place: otherCloud, address: `127.0.0.1:${port}`, keys: addressesOf(signerAtHome) };
  try {
    await opened(name, signerAddress);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${here.output()}${there.output()}`);
  }
  return {
    signerAddress,
    restartServer: () => there.restart(),
    restartClient: () => here.restart(),
    async close() {
      await here.stop();
      await there.stop();
    },
  };
}
