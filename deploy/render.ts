import { ensureTools } from "../local/toolchain/tools.ts";
import { commonHelp, progress, runCommand } from "./cli/command.ts";
import { cloudResources } from "./engine/requiresCli.ts";
import { manifestsOf, printManifests } from "./stack/manifests.ts";
import { readStack, runStack } from "./stack/stack.ts";

const help = `
npm run -s render -- [options]

Prints the Kubernetes objects of a stack as plain YAML on stdout: what \`pulumi up\` would make in the cluster.
The host key's Secret is among them, in the clear: take care where you put it. Resources outside of the cluster are left
out, and named on stderr.

${commonHelp}
`;

await runCommand({ help }, async (options) => {
  const program = await runStack(readStack(options));
  const manifests = await manifestsOf(program, async () => (await ensureTools(["helm"], progress)).helm);
  process.stdout.write(printManifests(manifests));
  for (const { name, type } of cloudResources(program))
    progress(`left out, for the pulumi CLI to make: ${type} ${name}`);
  const secret = manifests.some(({ kind }) => kind === "Secret") ? ", a Secret with the host key among them" : "";
  progress(`${manifests.length} objects${secret}`);
});
