import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { readJson } from "../../local/machine/json.ts";

const portSchema = z.int().min(1).max(65535);

const endpointSchema = z.object({
  host: z.string(),
  port: portSchema,
  alternatePorts: z.array(portSchema).default([]),
  user: z.string(),
});

/** The outputs of a stack that a signer host needs. All others are ignored. */
const outputsSchema = z.object({
  /** One for each replica of the forwarder. */
  signerEndpoints: z.array(endpointSchema).min(1, "wanted at least one endpoint"),
  knownHosts: z.string().regex(/\S/, "wanted at least one known_hosts line"),
  signers: z.record(
    z.string(),
    z.object({ port: portSchema, sshPort: portSchema, authorizedKeys: z.array(z.string()).default([]) }),
  ),
});

export type Outputs = z.infer<typeof outputsSchema>;

/** The outputs in a file that `npm run -s output` has written. */
export function readOutputs(file: string): Outputs {
  return parseOutputs(file, readFileSync(file, "utf8"));
}

/** The outputs of a stack, as `npm run -s output -- --stack NAME` prints them; its progress and errors go to stderr. */
export async function askForOutputs(root: string, stack: string): Promise<Outputs> {
  const command = ["deploy/output.ts", "--stack", stack];
  const asked = promisify(execFile)(process.execPath, [join(root, "deploy/output.ts"), "--stack", stack], {
    cwd: root,
  });
  asked.child.stderr?.pipe(process.stderr);
  let stdout: string;
  try {
    ({ stdout } = await asked);
  } catch (error) {
    throw new Error(
      `${command.join(" ")}: found exit code ${(error as { code?: unknown }).code}, wanted the outputs of stack ${stack}: ` +
        "is it up? On a host without access to the stack, name a file with --outputs",
    );
  }
  return parseOutputs(command.join(" "), stdout);
}

/** Reads outputs from a text. `where` names their source in errors. */
export function parseOutputs(where: string, text: string): Outputs {
  try {
    return outputsSchema.parse(readJson(text, "text"));
  } catch (error) {
    const problems = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Error(`${where}: wanted a stack's outputs as JSON, found\n${problems}`);
  }
}
