import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../machine/run.ts";
import type { Layout } from "./layout.ts";

/** One certificate of a cluster: its holder, and its addresses if it is a server's. */
export type Certificate = {
  readonly file: string;
  readonly commonName: string;
  readonly organization?: string;
  readonly addresses?: readonly string[];
};

const apiNames = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];

export function certificates(layout: Layout): Certificate[] {
  const loopback = "IP:127.0.0.1";
  return [
    {
      file: "apiserver",
      commonName: "kube-apiserver",
      addresses: [
        `IP:${layout.nodeAddress}`,
        `IP:${layout.apiServiceAddress}`,
        loopback,
        ...apiNames.map((name) => `DNS:${name}`),
      ],
    },
    // The node's own servers: the kubelet, and the health pages of the controllers.
    {
      file: "node",
      commonName: layout.nodeName,
      addresses: [`IP:${layout.nodeAddress}`, `DNS:${layout.nodeName}`, loopback],
    },
    { file: "admin", commonName: "admin", organization: "system:masters" },
    { file: "apiserver-kubelet", commonName: "kube-apiserver-kubelet", organization: "system:masters" },
    { file: "kube-controller-manager", commonName: "system:kube-controller-manager" },
    { file: "kube-scheduler", commonName: "system:kube-scheduler" },
    { file: "kube-proxy", commonName: "system:kube-proxy" },
    { file: "coredns", commonName: "system:coredns" },
    { file: "kube-router", commonName: "system:kube-router" },
    { file: "kubelet", commonName: `system:node:${layout.nodeName}`, organization: "system:nodes" },
  ];
}

/** The openssl configuration for a certificate, or for the authority's own if none is given. */
export function opensslConfig(certificate?: Certificate): string {
  const subject = certificate ?? { commonName: "remote-signer-cloud local cluster", organization: undefined };
  const extensions = certificate
    ? [
        "basicConstraints = critical, CA:FALSE",
        "keyUsage = critical, digitalSignature",
        `extendedKeyUsage = ${certificate.addresses ? "serverAuth" : "clientAuth"}`,
        "authorityKeyIdentifier = keyid",
        ...(certificate.addresses ? [`subjectAltName = ${certificate.addresses.join(", ")}`] : []),
      ]
    : [
        "basicConstraints = critical, CA:TRUE",
        "keyUsage = critical, keyCertSign, digitalSignature",
        "subjectKeyIdentifier = hash",
      ];
  return [
    "[req]",
    "prompt = no",
    "distinguished_name = subject",
    "x509_extensions = extensions",
    "[subject]",
    ...(subject.organization ? [`O = ${subject.organization}`] : []),
    `CN = ${subject.commonName}`,
    "[extensions]",
    ...extensions,
    "",
  ].join("\n");
}

const ecKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
const days = "3650";

/** Makes the keys and certificates of a cluster if it has none, or has others. Returns a fingerprint of them. */
export async function ensurePki(layout: Layout): Promise<string> {
  const wanted = certificates(layout);
  const plan = createHash("sha256")
    .update([undefined, ...wanted].map(opensslConfig).join())
    .digest("hex");
  const planFile = join(layout.pki, "plan");
  if (!existsSync(planFile) || readFileSync(planFile, "utf8") !== plan) {
    // Made beside its final place and moved when complete, so that an interrupted run leaves nothing incomplete there.
    const temporary = `${layout.pki}.new`;
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { recursive: true, mode: 0o700 });
    await makeAll(temporary, wanted);
    writeFileSync(join(temporary, "plan"), plan);
    rmSync(layout.pki, { recursive: true, force: true });
    renameSync(temporary, layout.pki);
  }
  return createHash("sha256")
    .update(readFileSync(join(layout.pki, "ca.crt")))
    .digest("hex");
}

async function makeAll(folder: string, wanted: readonly Certificate[]): Promise<void> {
  const at = (file: string): string => join(folder, file);
  const make = (file: string, config: string, signer: readonly string[]): Promise<string> => {
    writeFileSync(at(`${file}.cnf`), config);
    const output = ["-config", at(`${file}.cnf`), "-keyout", at(`${file}.key`), "-out", at(`${file}.crt`)];
    return run("openssl", ["req", "-x509", ...ecKey, "-days", days, ...signer, ...output]);
  };
  await make("ca", opensslConfig(), []);
  const signer = ["-CA", at("ca.crt"), "-CAkey", at("ca.key")];
  await Promise.all(wanted.map((certificate) => make(certificate.file, opensslConfig(certificate), signer)));
  const ec = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
  await run("openssl", ["genpkey", ...ec, "-out", at("service-account.key")]);
  await run("openssl", ["pkey", "-in", at("service-account.key"), "-pubout", "-out", at("service-account.pub")]);
}

/** A kubeconfig (JSON is YAML) with its certificates embedded, so that it can be copied. */
export function kubeconfig(layout: Layout, user: string): string {
  const embed = (file: string): string => readFileSync(join(layout.pki, file)).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": layout.context,
    contexts: [{ name: layout.context, context: { cluster: layout.context, user: layout.context } }],
    clusters: [
      {
        name: layout.context,
        cluster: {
          server: `https://${layout.nodeAddress}:6443`,
          "certificate-authority-data": embed("ca.crt"),
        },
      },
    ],
    users: [
      {
        name: layout.context,
        user: { "client-certificate-data": embed(`${user}.crt`), "client-key-data": embed(`${user}.key`) },
      },
    ],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
