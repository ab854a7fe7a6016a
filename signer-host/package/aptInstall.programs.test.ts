import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { hostReleases } from "../../local/images/debianRoot.ts";
import { buildDebianPackage, fileName } from "./debianPackage.ts";
import { HostRoot } from "./hostRoot.ts";
import type { KitFacts } from "./kitFacts.ts";
import { allFacts, ledgerFacts } from "./sampleFacts.ts";
import { walletFiles } from "./wrapperConfig.ts";

// apt in a real Debian installs, upgrades and removes the package, and its systemd judges the units. Nothing is booted.

const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync(join(tmpdir(), "apt-install-"));
after(() => rmSync(folder, { recursive: true }));
const program = join(folder, "signer-host");
writeFileSync(program, "#!/bin/sh\n");

/** The most that `systemd-analyze security` may find, of 10. */
const exposure = 2.5;
const learned = "198.51.100.7 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIlearned";

for (const release of hostReleases) {
  describe(`in a ${release}`, { skip: !isRoot && "needs root, for chroot" }, () => {
    let root: HostRoot;
    before(async () => {
      root = await HostRoot.make(release);
      // octez-signer is not in the package, and systemd finds fault with a unit whose program is missing.
      copyFileSync(program, join(root.path, "usr/local/bin/octez-signer"));
      chmodSync(join(root.path, "usr/local/bin/octez-signer"), 0o755);
    });
    after(() => root.remove());

    /** Makes a package and puts it into the root. The later its second, the newer it is. */
    async function put(facts: KitFacts, second: number): Promise<string> {
      const build = { architecture: "amd64", program, release: "0.1.0", epoch: 1_764_000_000 + second } as const;
      const name = fileName(facts, build);
      await buildDebianPackage(facts, build, join(root.path, name));
      return name;
    }

    const install = async (facts: KitFacts, second: number, ...options: string[]) =>
      root.sh(`apt-get install --yes ${options.join(" ")} ./${await put(facts, second)}`);
    const state = () =>
      root.sh("cd /var/lib/remote-signer && find . -printf '%p %M %u %g ' -type f -exec sha256sum {} + | sort");
    const installed = () =>
      root.sh(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: these are dpkg-query's own placeholders.
        "dpkg-query --show --showformat '${Package} ${db:Status-Status}\\n' 'remote-signer-*' | grep -v not-installed",
      );

    test("apt installs it: the host has a key, knows the forwarder, and is told the line for the config", async () => {
      const said = await install(ledgerFacts, 0);
      const key = await root.sh("cat /var/lib/remote-signer/tunnel/id_ed25519.pub");
      const [type, body] = key.split(" ");
      assert.match(said, /This is signer home of stack prod\./);
      assert.ok(said.includes(`\n    sshPublicKey: ${type} ${body}\n`), said);
      assert.match(said, /npm run up -- --stack prod/);
      assert.equal(await root.sh("cat /var/lib/remote-signer/tunnel/known_hosts"), ledgerFacts.knownHosts);
      assert.equal(
        await root.sh(
          "cd /var/lib/remote-signer && stat --format '%n %A %U' tunnel tunnel/id_ed25519 tunnel/known_hosts daemon",
        ),
        [
          "tunnel drwx------ remote-signer-tunnel",
          "tunnel/id_ed25519 -rw------- remote-signer-tunnel",
          "tunnel/known_hosts -rw-r--r-- remote-signer-tunnel",
          "daemon drwx------ remote-signer-daemon\n",
        ].join("\n"),
      );
      assert.match(await root.sh("id remote-signer-daemon"), /remote-signer-device/);
      assert.equal(await installed(), "remote-signer-home installed\n");
    });

    test("the host's ssh takes the configuration, and finds key and host key where it says", async () => {
      const settings = await root.sh("ssh -G -F /etc/remote-signer/ssh_config signer-forwarder-0");
      assert.match(settings, /^remoteforward 8453 \[127\.0\.0\.1\]:8443$/m);
      await root.sh("ssh-keygen -F 198.51.100.7 -f /var/lib/remote-signer/tunnel/known_hosts");
    });

    test("the endpoint's ports are dialled in turn, and the one that worked stays", async () => {
      const dial = "RUNTIME_DIRECTORY=/tmp PORTS='30022 30443' /usr/lib/remote-signer/dial 0";
      const ssh = '#!/bin/sh\n echo "$@" >>/tmp/calls; case $* in *30443*) ;; *) exit 255 ;; esac';
      const called = await root.sh(
        [
          `echo '${ssh}' >/tmp/ssh && chmod 755 /tmp/ssh && mount --bind /tmp/ssh /usr/bin/ssh`,
          `! ${dial} && ${dial} && ${dial} && cat /tmp/calls`,
        ].join("\n"),
      );
      assert.deepEqual(
        [...called.matchAll(/-p (\d+) signer-forwarder-0$/gm)].map(([, port]) => port),
        ["30022", "30443", "30443"],
      );
      await root.sh("rm /tmp/ssh /tmp/calls /tmp/turn");
    });

    test("the same again changes nothing", async () => {
      const before = await state();
      assert.match(await install(ledgerFacts, 0), /is already the newest version/);
      await install(ledgerFacts, 0, "--reinstall");
      assert.equal(await state(), before);
    });

    test("a newer one brings what the stack has changed, and leaves key and learned host keys alone", async () => {
      await root.sh(`echo '${learned}' >>/var/lib/remote-signer/tunnel/known_hosts`);
      const before = await root.sh("cat /var/lib/remote-signer/tunnel/id_ed25519");
      const changed = {
        ...ledgerFacts,
        port: 8463,
        knownHosts: `${ledgerFacts.knownHosts}198.51.100.7 ssh-rsa AAAAnew\n`,
      };
      await install(changed, 1);
      assert.match(await root.sh("cat /etc/remote-signer/ssh_config"), /RemoteForward 8463 /);
      assert.equal(await root.sh("cat /var/lib/remote-signer/tunnel/id_ed25519"), before);
      assert.equal(
        await root.sh("cat /var/lib/remote-signer/tunnel/known_hosts"),
        `${ledgerFacts.knownHosts}${learned}\n198.51.100.7 ssh-rsa AAAAnew\n`,
      );
    });

    for (const [what, other] of [
      ["another signer", { ...ledgerFacts, signer: "office" }],
      ["another stack", { ...ledgerFacts, stack: "test" }],
    ] as const) {
      test(`a package for ${what} is refused with what to do, and nothing is touched`, async () => {
        const before = `${await state()}${await installed()}${await root.sh("cat /etc/remote-signer/*")}`;
        await assert.rejects(install(other, 2), ({ message }: Error) => {
          assert.match(message, /found a host set up as signer home of stack prod, wanted one for signer/);
          assert.match(message, /apt purge remote-signer-home$/m);
          return true;
        });
        assert.equal(`${await state()}${await installed()}${await root.sh("cat /etc/remote-signer/*")}`, before);
      });
    }

    test("what its owner changed in its configuration stays", async () => {
      await root.sh("sed -i 's/:22$/:2222/' /etc/remote-signer/ssh_config");
      await install({ ...ledgerFacts, port: 8473 }, 3, "--option Dpkg::Options::=--force-confold");
      assert.match(await root.sh("cat /etc/remote-signer/ssh_config"), /RemoteForward 9453 127\.0\.0\.1:2222/);
    });

    test("a removed one leaves its key, its known_hosts and octez-signer's folder, and a purged one nothing", async () => {
      await root.sh("apt-get remove --yes remote-signer-home");
      const left = await root.sh("find /usr/lib /usr/share /usr/bin -name '*remote-signer*' -o -name signer-host");
      assert.equal(left, "");
      await root.sh("cd /var/lib/remote-signer && ls tunnel/id_ed25519 tunnel/known_hosts daemon kit");
      await assert.rejects(install({ ...ledgerFacts, signer: "office" }, 4), /apt purge remote-signer-home/);
      await root.sh("apt-get purge --yes remote-signer-home");
      assert.equal(await root.sh("ls -d /etc/remote-signer /var/lib/remote-signer 2>/dev/null || true"), "");
      await install({ ...ledgerFacts, signer: "office" }, 4);
      await root.sh("apt-get purge --yes remote-signer-office");
    });

    for (const [name, facts] of Object.entries(allFacts)) {
      test(`its systemd finds no fault with the units of: ${name}`, async () => {
        await install(facts, 5);
        const units = await root.sh("cd /usr/lib/systemd/system && ls -d remote-signer-*.service");
        const names = units
          .trim()
          .split("\n")
          .map((unit) => unit.replace("@.", "@0."));
        // For a misspelt setting it prints a line, and exits with 0.
        assert.equal(await root.sh(`systemd-analyze verify ${names.join(" ")}`), "");
        for (const unit of names) {
          const report = await root.sh(`systemd-analyze security --offline=true ${unit} | cat`);
          const [, level] = /Overall exposure level for \S+: ([\d.]+)/.exec(report) ?? [];
          assert.ok(Number(level) < exposure, `${unit}: ${level}\n${report}`);
        }
        // Debian 12's has no such command.
        if (release !== "bookworm") {
          const rules = "find /usr/lib/udev/rules.d -name '*remote-signer*'";
          assert.equal(await root.sh(`${rules} -exec udevadm verify --no-summary {} +`), "");
        }
        await root.sh("apt-get purge --yes remote-signer-home");
      });
    }

    test("octez-signer knows the keys of a device that it reaches by an address", async () => {
      await install(allFacts.tcp as KitFacts, 6);
      const file = "/var/lib/remote-signer/daemon/secret_keys";
      assert.equal(await root.sh(`stat --format '%A %U' ${file}`), "-rw------- remote-signer-daemon\n");
      assert.match(await root.sh(`cat ${file}`), /"tcp:\/\/169\.254\.1\.1:7732\/tz1/);
      await root.sh("apt-get purge --yes remote-signer-home");
    });

    test("octez-signer knows whose requests to sign, of the last installation alone", async () => {
      const file = "/var/lib/remote-signer/daemon/authorized_keys";
      const facts = allFacts["ledger, with authentication"] as KitFacts;
      await install(facts, 7);
      const text = await root.sh(`cat ${file}`);
      assert.equal(text, walletFiles(facts).authorized_keys);
      assert.equal(await root.sh(`stat --format '%A %U' ${file}`), "-rw------- remote-signer-daemon\n");
      await root.sh(`echo '[]' >${file}`);
      await install(facts, 8);
      assert.equal(await root.sh(`cat ${file}`), text);
      const conf = "/usr/lib/systemd/system/remote-signer-daemon.service.d/authentication.conf";
      await root.sh(`test -e ${conf}`);
      await install(ledgerFacts, 9);
      await root.sh(`test ! -e ${conf}`);
      await root.sh("apt-get purge --yes remote-signer-home");
    });
  });
}
