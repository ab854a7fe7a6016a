import { show } from "../infra/config/configError.ts";
import { commonOptions, runCommand, UsageError } from "./cli/command.ts";
import { examine } from "./doctor/examine.ts";
import { jsonOf, linesOf, verdict } from "./doctor/finding.ts";
import { project } from "./stack/project.ts";
import { readStack, type Stack } from "./stack/stack.ts";

const help = `
npm run doctor -- [options]

Walks the way of a signature hop by hop, from the config to the device, and prints for each whether it is ok, bad, or can't be
told, and a cure. It changes nothing and asks for no signature. sudo signer-host doctor does the same on a signer's host.

  --signer NAME         this signer alone, all unless given
  --json                prints the findings as JSON
${commonOptions}

Exit codes: 0 healthy, 1 something is bad, 2 nothing is bad and something can't be told, or a usage error.
`;

await runCommand({ help, switches: ["json"], valued: ["signer"] }, async (options) => {
  const stack = readStack(options);
  const signer = options.value("signer");
  const names = signersOf(stack);
  if (signer !== undefined && !names.includes(signer)) {
    throw new UsageError(
      `--signer: found ${show(signer)}, wanted one of the stack's signers: ${names.join(", ") || "there is none"}`,
    );
  }
  const findings = await examine(stack, signer);
  const text = options.has("json") ? jsonOf(stack.name, findings) : linesOf(stack.name, findings).join("\n");
  process.stdout.write(`${text}\n`);
  return verdict(findings);
});

/** The names of the signers in the config file, which may have mistakes elsewhere. */
function signersOf({ file }: Stack): string[] {
  const signers = file.config?.[`${project}:signers`];
  return Array.isArray(signers)
    ? signers.flatMap((signer) => (typeof signer?.name === "string" ? signer.name : []))
    : [];
}
