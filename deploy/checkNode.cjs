// Any installed Node loads this before each command's TypeScript, so it uses only syntax that an old Node knows.
const { existsSync } = require("fs");
const { join } = require("path");

if (!process.features.typescript) {
  const packages = join(__dirname, "../node_modules");
  const hint = !existsSync(join(packages, "node"))
    ? "run `npm ci` first, which brings it"
    : existsSync(join(packages, ".bin/node"))
      ? "put node_modules/.bin in front of PATH, as `npm run` does"
      : "npm has it, but was told not to run the script that puts it in place (ignore-scripts): run `npm rebuild node --ignore-scripts=false`";
  process.stderr.write(`error: found Node ${process.version}, wanted this project's own (22.18 or later runs TypeScript): ${hint}\n`);
  process.exit(1);
}
