import * as fs from "node:fs";
import * as path from "node:path";

/*
 * Entry of the image: `main.js <system> <worker>...` is `<system>/main.js <worker>...`.
 */

const main = (system: string): string => path.join(__dirname, system, "main.js");

const systems = fs
  .readdirSync(__dirname, { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() && fs.existsSync(main(entry.name)) ? [entry.name] : []));

const [system, ...workers] = process.argv.slice(2);
if (system !== undefined && systems.includes(system)) {
  process.argv.splice(2, Infinity, ...workers);
  require(main(system));
} else {
  console.error(`usage: <system> <worker>...\nSystems: ${systems.join(", ")}; got ${system ?? "none"}`);
  process.exitCode = 2;
}
