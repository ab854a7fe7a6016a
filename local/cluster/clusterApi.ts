import { readFileSync } from "node:fs";
import { get } from "node:http";
import { Agent, request } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Layout } from "./layout.ts";

/** A Kubernetes object, as far as the local cluster reads it. */
export type KubernetesObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

/** Talks to a cluster as its administrator. */
export type Api = {
  /** The object or list at a path, or undefined if there is none. */
  read(path: string): Promise<KubernetesObject | undefined>;
  /** Creates or updates the object at a path (server-side apply). */
  apply(path: string, object: KubernetesObject): Promise<void>;
  remove(path: string): Promise<void>;
  /** Whether the server at an address is healthy: `https://…`, `http://…` or `unix:…`. */
  healthy(address: string): Promise<boolean>;
};

type Answer = {
  readonly status: number;
  readonly body: string;
};

export function clusterApi(layout: Layout): Api {
  const pem = (file: string): Buffer => readFileSync(join(layout.pki, file));
  const agent = new Agent({ keepAlive: true, ca: pem("ca.crt"), cert: pem("admin.crt"), key: pem("admin.key") });
  const send = (method: string, url: string, body?: unknown): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = { "content-type": "application/apply-patch+yaml" };
      const outgoing = request(url, { method, agent, headers, timeout: 10_000 }, (incoming) => {
        incoming.setEncoding("utf8");
        let text = "";
        incoming.on("data", (chunk: string) => {
          text += chunk;
        });
        incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body: text }));
        incoming.on("error", reject);
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${url}: no answer in 10 s`)));
      outgoing.on("error", reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const again = () => send(method, `https://${layout.apiAddress}:6443${path}`, body);
    let answer = await again();
    // The server answers 429 while it is not ready for a kind that was just defined.
    for (const deadline = Date.now() + 10_000; answer.status === 429 && Date.now() < deadline; answer = await again()) {
      await sleep(100);
    }
    if (answer.status >= 400 && answer.status !== 404) {
      throw new Error(`local cluster ${layout.name}: ${method} ${path}: found ${answer.status}: ${answer.body}`);
    }
    return answer;
  };
  return {
    read: async (path) => {
      const answer = await call("GET", path);
      return answer.status === 404 ? undefined : (JSON.parse(answer.body) as KubernetesObject);
    },
    apply: async (path, object) => {
      const answer = await call("PATCH", `${path}?fieldManager=remote-signer-cloud-local&force=true`, object);
      if (answer.status === 404) throw new Error(`local cluster ${layout.name}: ${path}: found no such kind of object`);
    },
    remove: async (path) => {
      await call("DELETE", path);
    },
    healthy: async (address) => {
      if (address.startsWith("unix:")) return accepts(address.slice("unix:".length));
      if (address.startsWith("http:")) return serves(address);
      return send("GET", address).then(
        (answer) => answer.status === 200,
        () => false,
      );
    },
  };
}

function accepts(socketFile: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketFile, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

function serves(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = get(address, { timeout: 5_000 }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode === 200);
    });
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", () => resolve(false));
  });
}
