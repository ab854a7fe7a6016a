import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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

/** Those of a cluster's certificates that each node has its own of: they are for the programs that run on all nodes. */
export function nodeCertificates(layout: Layout): Certificate[] {
  const files = ["node", "kubelet", "kube-proxy", "coredns", "kube-router"];
  return certificates(layout).filter(({ file }) => files.includes(file));
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
  await ensureFolder(layout.pki, planOf([undefined, ...wanted]), async (folder) => {
    await make(folder, "ca", opensslConfig(), []);
    await makeSigned(folder, wanted, folder);
    const at = (file: string): string => join(folder, file);
    const ec = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    await run("openssl", ["genpkey", ...ec, "-out", at("service-account.key")]);
    await run("openssl", ["pkey", "-in", at("service-account.key"), "-pubout", "-out", at("service-account.pub")]);
  });
  return createHash("sha256")
    .update(readFileSync(join(layout.pki, "ca.crt")))
    .digest("hex");
}

/**
 * Makes the keys and certificates of a further node, by the cluster's authority, if it has none, or has others.
 *
 * `authority` is what `ensurePki` returned for the cluster.
 */
export async function ensureNodePki(cluster: Layout, node: Layout, authority: string): Promise<void> {
  const wanted = nodeCertificates(node);
  await ensureFolder(node.pki, planOf(wanted, authority), async (folder) => {
    copyFileSync(join(cluster.pki, "ca.crt"), join(folder, "ca.crt"));
    await makeSigned(folder, wanted, cluster.pki);
  });
}

/** A hash that changes with the certificates or, if one is given, their authority. */
function planOf(wanted: readonly (Certificate | undefined)[], authority = ""): string {
  return createHash("sha256")
    .update(wanted.map(opensslConfig).join() + authority)
    .digest("hex");
}

/** Makes a folder of keys by `fill`, unless it is there and was made by the same plan. */
async function ensureFolder(folder: string, plan: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const planFile = join(folder, "plan");
  if (existsSync(planFile) && readFileSync(planFile, "utf8") === plan) return;
  // Made beside its final place and moved when complete, so that an interrupted run leaves nothing incomplete there.
  const temporary = `${folder}.new`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  await fill(temporary);
  writeFileSync(join(temporary, "plan"), plan);
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
}

/** Makes certificates that the authority in a folder signs. */
async function makeSigned(folder: string, wanted: readonly Certificate[], authority: string): Promise<void> {
  const signer = ["-CA", join(authority, "ca.crt"), "-CAkey", join(authority, "ca.key")];
  await Promise.all(wanted.map((one) => make(folder, one.file, opensslConfig(one), signer)));
}

function make(folder: string, file: string, config: string, signer: readonly string[]): Promise<string> {
  const at = (ending: string): string => join(folder, `${file}.${ending}`);
  writeFileSync(at("cnf"), config);
  const output = ["-config", at("cnf"), "-keyout", at("key"), "-out", at("crt")];
  return run("openssl", ["req", "-x509", ...ecKey, "-days", days, ...signer, ...output]);
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
          server: `https://${layout.apiAddress}:6443`,
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
