import * as fs from "node:fs";
import * as path from "node:path";
import { BadUsage } from "../../engine/failure";
import { dashboardFiles } from "../../observability/dashboards/render";
import type { CheckedEnvironment } from "../settings/checked-environment";

/**
 * Writes the dashboards of an environment as files that any Grafana imports or provisions. Files of these names are
 * replaced, others are left as they are. No server and no state is asked.
 *
 * @param folder made where it does not exist
 * @returns the files
 * @throws {BadUsage} where the folder is a file
 */
export function writeDashboards({ environment }: CheckedEnvironment, folder: string): string[] {
  if (fs.existsSync(folder) && !fs.statSync(folder).isDirectory())
    throw new BadUsage(`--out ${folder} is a file; name a folder, which is made where it does not exist`);
  const files = dashboardFiles(environment);
  fs.mkdirSync(folder, { recursive: true });
  return Object.entries(files).map(([name, json]) => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, json);
    return file;
  });
}
