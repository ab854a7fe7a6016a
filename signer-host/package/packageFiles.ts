import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SignerEndpoint } from "../../infra/signerForwarder.ts";
import { fillSshConfig, sshHost } from "../sshConfig.ts";
import type { KitFacts } from "./kitFacts.ts";
import {
  needsOctezSigner,
  requiresAuthentication,
  tunnelUnits,
  walletFiles,
  wrapperConfig,
  wrapperPort,
} from "./wrapperConfig.ts";

/** A file of the package, without the program: its content, or the target of a link. */
export type PackageFile = { readonly content: string; readonly isExecutable?: boolean } | { readonly link: string };

/** The path of the program `signer-host` in the package. */
export const programPath = "usr/bin/signer-host";

const units = "usr/lib/systemd/system";
const tunnelState = "/var/lib/remote-signer/tunnel";

/** The package's files by their paths from the root of the host's file system, without `usr/bin/signer-host`. */
export function packageFiles(facts: KitFacts): Map<string, PackageFile> {
  const { device, endpoints, knownHosts, mains } = facts;
  const tunnels = tunnelUnits(facts);
  const started = [...tunnels, "remote-signer-wrapper.service"];
  const folders = ["host"];
  if (needsOctezSigner(device)) {
    started.push("remote-signer-daemon.service");
    folders.push("daemon", `devices/${device.kind}`);
  }
  if (requiresAuthentication(facts)) folders.push("authentication");
  if (mains) folders.push("mains");
  const files = new Map<string, PackageFile>(folders.flatMap(filesIn));
  const add = (path: string, content: string) => files.set(path, { content });
  // Links in the package rather than `systemctl enable`, so that nothing is left of them when it is removed.
  for (const unit of started) {
    files.set(`${units}/multi-user.target.wants/${unit}`, { link: `../${unit.replace(/@.*(?=\.service)/, "@")}` });
  }
  add("etc/remote-signer/ssh_config", sshConfig(facts));
  add("etc/remote-signer/wrapper.json", wrapperConfig(facts));
  for (const [index, { port, alternatePorts }] of endpoints.entries()) {
    const ports = [port, ...alternatePorts].join(" ");
    add(`${units}/${tunnels[index]}.d/endpoint.conf`, `[Service]\nEnvironment="PORTS=${ports}"\n`);
  }
  add("usr/share/remote-signer/known_hosts", knownHosts);
  for (const [name, content] of Object.entries(walletFiles(facts)))
    add(`usr/share/remote-signer/wallet/${name}`, content);
  return files;
}

/** The names of the files in `etc`, which keep the changes of the host's owner during an upgrade, or apt asks. */
export const conffiles = ["/etc/remote-signer/ssh_config", "/etc/remote-signer/wrapper.json"];

/** The maintainer scripts by their names. */
export function maintainerScripts({ signer, stack }: KitFacts): Map<string, string> {
  const folder = join(import.meta.dirname, "scripts");
  const filled = (name: string) =>
    readFileSync(join(folder, name), "utf8").replaceAll("@SIGNER@", signer).replaceAll("@STACK@", stack);
  return new Map(readdirSync(folder).map((name) => [name, filled(name)]));
}

/** The files of a folder here, which has the layout of the host's file system. */
function filesIn(folder: string): [string, PackageFile][] {
  const source = join(import.meta.dirname, folder);
  return readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(source, path)).isFile())
    .map((path) => {
      const content = readFileSync(join(source, path), "utf8");
      return [path, { content, isExecutable: content.startsWith("#!") }];
    });
}

/** The ssh client's configuration: the template for each endpoint, under the name of its tunnel's instance. */
function sshConfig(facts: KitFacts): string {
  const { endpoints, signer, stack } = facts;
  const [first = "", ...others] = endpoints.map(
    (endpoint, index) => `Host ${sshHost}-${index}\n${byUplink(settingsFor(endpoint, facts), facts.uplinks?.[index])}`,
  );
  const title = `# How signer ${signer} dials the signer forwarder of stack ${stack}. \`npm run kit\` made it from the stack's outputs.`;
  // The comments of the first one are those of all.
  return [title, first, ...others.map((text) => text.replace(/^ +#.*\n/gm, "").replace(/\n{2,}/g, "\n"))].join("\n\n");
}

/** Settings of a tunnel that dials by one of the host's interfaces. */
function byUplink(settings: string, uplink: NonNullable<KitFacts["uplinks"]>[number] | undefined): string {
  if (!uplink) return settings;
  const dial = `    # By this interface alone, whatever the host's routes prefer. BindInterface would choose the source address and no more.
    ProxyCommand /${programPath} connect ${uplink.interface} %h %p
    ProxyUseFdpass yes

`;
  if (!uplink.metered) return dial + settings;
  const usual = /^( +)ServerAliveInterval \d+$/m;
  if (!usual.test(settings))
    throw new Error("ssh_config: found no ServerAliveInterval, wanted one to set for a metered uplink");
  return (
    dial +
    settings.replace(
      usual,
      "$1# But this uplink is metered: fewer probes, and a dead link is noticed after up to 18 s.\n$1ServerAliveInterval 10",
    )
  );
}

/** The settings of the template, filled for an endpoint. */
function settingsFor(endpoint: SignerEndpoint, { port, sshPort }: KitFacts): string {
  const template = readFileSync(join(import.meta.dirname, "../ssh_config"), "utf8");
  const filled = fillSshConfig(template, {
    forwarder: endpoint,
    port,
    sshPort,
    localSignerPort: wrapperPort,
    localSshPort: 22,
    identityFile: `${tunnelState}/id_ed25519`,
    knownHostsFile: `${tunnelState}/known_hosts`,
  });
  const host = `Host ${sshHost}\n`;
  return filled.slice(filled.indexOf(host) + host.length);
}
