import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { mountsBelow } from "../namespaces.ts";
import { FolderStore, type Snapshot, type Volume } from "./folderStore.ts";
import { VolumeUse } from "./volumeUse.ts";

/**
 * Offers the local cluster's disks as a cloud's driver would. A volume is a folder. A snapshot is a copy in another
 * place, which outlives the cluster. Each node has a driver, and all of them have the same folders. The kubelet and Kubernetes' own provisioner and snapshotter call this driver by
 * the Container Storage Interface, github.com/container-storage-interface/spec. An option names its csi.proto.
 */

type Capability = { mount?: unknown };
type Request = {
  name: string;
  volumeId: string;
  sourceVolumeId: string;
  snapshotId: string;
  targetPath: string;
  readonly: boolean;
  capacityRange?: { requiredBytes: number };
  volumeCapabilities: Capability[];
  parameters: Record<string, string>;
  volumeContentSource?: { snapshot?: { snapshotId: string } };
};

/** An error as an answer, with its gRPC code. */
class Refusal extends Error {
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

const names = ["name", "node", "proto", "socket", "registration", "volumes", "volume-use", "snapshots"];
const { values } = parseArgs({
  options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
});
const option = (name: string): string => String(values[name]);
const name = option("name");
const volumes = new FolderStore<Volume>(option("volumes"));
const snapshots = new FolderStore<Snapshot>(option("snapshots"));
const use = new VolumeUse(option("volume-use"));

const identity = {
  GetPluginInfo: () => ({ name, vendorVersion: "1" }),
  GetPluginCapabilities: () => ({ capabilities: [{ service: { type: "CONTROLLER_SERVICE" } }] }),
  Probe: () => ({ ready: { value: true } }),
};

const controller = {
  ControllerGetCapabilities: () => ({
    capabilities: ["CREATE_DELETE_VOLUME", "CREATE_DELETE_SNAPSHOT", "LIST_SNAPSHOTS"].map((type) => ({
      rpc: { type },
    })),
  }),
  CreateVolume(request: Request) {
    const id = request.volumeContentSource?.snapshot?.snapshotId;
    const source = id === undefined ? undefined : snapshots.find(id);
    if (id !== undefined && !source) throw new Refusal(status.NOT_FOUND, `found no snapshot ${id}`);
    const bytes = Math.max(request.capacityRange?.requiredBytes ?? 0, source?.bytes ?? 0);
    const volume = volumes.add({ id: request.name, bytes }, source && snapshots.data(source.id));
    return {
      volume: { volumeId: volume.id, capacityBytes: volume.bytes, contentSource: request.volumeContentSource },
    };
  },
  DeleteVolume({ volumeId }: Request) {
    volumes.remove(volumeId);
    return {};
  },
  ValidateVolumeCapabilities: ({ volumeCapabilities }: Request) => ({ confirmed: { volumeCapabilities } }),
  CreateSnapshot({ name: id, parameters, sourceVolumeId }: Request) {
    const source = volumes.find(sourceVolumeId);
    if (!source) throw new Refusal(status.NOT_FOUND, `found no volume ${sourceVolumeId}`);
    const snapshot = {
      id,
      volume: source.id,
      bytes: source.bytes,
      taken: new Date().toISOString(),
      namespace: parameters["csi.storage.k8s.io/volumesnapshot/namespace"] ?? "",
      name: parameters["csi.storage.k8s.io/volumesnapshot/name"] ?? "",
    };
    return { snapshot: described(snapshots.add(snapshot, volumes.data(source.id))) };
  },
  DeleteSnapshot({ snapshotId }: Request) {
    snapshots.remove(snapshotId);
    return {};
  },
  ListSnapshots({ snapshotId, sourceVolumeId }: Request) {
    const found = snapshots
      .all()
      .filter(({ id, volume }) => (!snapshotId || id === snapshotId) && (!sourceVolumeId || volume === sourceVolumeId));
    return { entries: found.map((snapshot) => ({ snapshot: described(snapshot) })) };
  },
};

const node = {
  NodeGetInfo: () => ({ nodeId: option("node") }),
  NodeGetCapabilities: () => ({}),
  NodePublishVolume({ volumeId, targetPath, readonly }: Request) {
    if (!volumes.find(volumeId)) throw new Refusal(status.NOT_FOUND, `found no volume ${volumeId}`);
    if (isMounted(targetPath)) return {};
    use.take(volumeId, option("node"), targetPath);
    mkdirSync(targetPath, { recursive: true });
    const options = readonly ? "bind,ro" : "bind";
    execFileSync("mount", ["--options", options, volumes.data(volumeId), targetPath]);
    return {};
  },
  NodeUnpublishVolume({ targetPath, volumeId }: Request) {
    if (isMounted(targetPath)) execFileSync("umount", [targetPath]);
    use.release(volumeId, option("node"), targetPath);
    try {
      rmdirSync(targetPath);
    } catch {
      // It is gone already.
    }
    return {};
  },
};

const registration = {
  GetInfo: () => ({ type: "CSIPlugin", name, endpoint: option("socket"), supportedVersions: ["1.0.0"] }),
  NotifyRegistrationStatus({ error }: { error: string }) {
    if (error) console.error(`the kubelet does not take the driver: ${error}`);
    return {};
  },
};

function described({ bytes, id, taken, volume }: Snapshot) {
  const time = Date.parse(taken);
  const creationTime = { seconds: Math.floor(time / 1000), nanos: (time % 1000) * 1_000_000 };
  return { snapshotId: id, sourceVolumeId: volume, sizeBytes: bytes, creationTime, readyToUse: true };
}

function isMounted(path: string): boolean {
  return mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), [path]).includes(path);
}

/** The services of a package in a .proto file. */
function services(file: string, packagePath: readonly string[]): Record<string, { service: ServiceDefinition }> {
  const loaded: unknown = loadPackageDefinition(
    loadSync(file, { longs: Number, enums: String, oneofs: true, arrays: true, defaults: true }),
  );
  return packagePath.reduce((at, key) => (at as Record<string, unknown>)[key], loaded) as never;
}

type Calls = Record<string, (request: never) => unknown>;

/** Lets plain functions answer a service's calls. An error that they throw becomes the answer's error. */
function answering(calls: Calls): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(calls).map(([call, answer]) => [
      call,
      ({ request }: { request: unknown }, reply: (error: object | null, value?: unknown) => void) => {
        try {
          reply(null, answer(request as never));
        } catch (error) {
          console.error(`${call}: ${(error as Error).message}`);
          reply({ code: (error as Refusal).code ?? status.INTERNAL, message: (error as Error).message });
        }
      },
    ]),
  );
}

async function listen(socket: string, add: (server: Server) => void): Promise<void> {
  mkdirSync(dirname(socket), { recursive: true });
  rmSync(socket, { force: true });
  const server = new Server();
  add(server);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

const csi = services(option("proto"), ["csi", "v1"]);
const plugin = services(join(import.meta.dirname, "registration.proto"), ["pluginregistration"]);
await listen(option("socket"), (server) => {
  for (const [service, calls] of Object.entries({ Identity: identity, Controller: controller, Node: node })) {
    server.addService((csi[service] as { service: ServiceDefinition }).service, answering(calls as Calls));
  }
});
await listen(option("registration"), (server) => {
  server.addService((plugin.Registration as { service: ServiceDefinition }).service, answering(registration as Calls));
});
