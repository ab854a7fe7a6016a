import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isOnPath } from "../infra/facts/onPath.ts";
import { root } from "../local/machine/checkout.ts";
import { buildDebianPackage, fileName } from "../signer-host/package/debianPackage.ts";
import { requiresAuthentication } from "../signer-host/package/wrapperConfig.ts";
import { commonHelp, progress, runCommand } from "./cli/command.ts";
import { hasPulumi } from "./engine/pulumi.ts";
import { outputsOfLastUp, outputsWithoutCli } from "./engine/stackOutputs.ts";
import { factsOfOutputs } from "./kit/factsOfOutputs.ts";
import { architectureIn, epochIn, folderIn } from "./kit/kitOptions.ts";
import { buildSignerHost } from "./kit/signerHostProgram.ts";
import { readStack, runStack } from "./stack/stack.ts";

const help = `
npm run kit -- SIGNER [options]

Makes the Debian package of a signer's host, from the stack's outputs, and prints its path on stdout. Copy it to the
host and install it there: sudo apt install ./FILE. It has no secret. docs/guide/signer-host.md has the rest.

  --arch ARCH           the host's architecture: amd64, arm64, or armhf for a 32-bit Raspberry Pi OS; this machine's
                        unless given
  --out DIR             the folder for the package, your current one unless given
${commonHelp}
`;

await runCommand({ help, words: ["SIGNER"], valued: ["arch", "out"] }, async (options) => {
  const [signer = ""] = options.words;
  const architecture = architectureIn(options.value("arch"));
  const folder = folderIn(options.value("out"));
  const epoch = epochIn(process.env.SOURCE_DATE_EPOCH);
  if (!isOnPath("dpkg-deb")) throw new Error("this machine: found no program dpkg-deb, wanted the package dpkg");
  const stack = readStack(options);
  const facts = hasPulumi()
    ? factsOfOutputs(stack.name, signer, await outputsOfLastUp(stack), (await runStack(stack)).outputs)
    : factsOfOutputs(stack.name, signer, await outputsWithoutCli(stack));
  const { version: release } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const program = await buildSignerHost(architecture, release, progress);
  const build = { architecture, program, release, epoch };
  const target = join(folder, fileName(facts, build));
  await buildDebianPackage(facts, build, target);
  process.stdout.write(`${target}\n`);
  if (requiresAuthentication(facts)) {
    // Without the pulumi CLI, the outputs follow from the config, and no `up` need have been.
    progress(`octez-signer will sign for this config's bakers alone: first npm run up -- --stack ${stack.name}`);
  }
  progress(`copy it to the host of signer ${signer}, then there: sudo apt install ./${fileName(facts, build)}`);
});
