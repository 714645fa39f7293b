import { fromBytes } from "../../config/units";
import { deployCommand } from "../../config/command-lines";
import { colours, logProgress, print } from "../../engine/terminal";
import { describeAsset } from "../../jetstream/holdings";
import { drainServers as drain, type RegionToDrain } from "../../operations/drain-servers/drain-servers";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { confirm, requireTerminal } from "../confirm";
import { table } from "../render/table";

export interface DrainServersCommand {
  env: string;
  region?: string;
  dryRun?: boolean;
  yes?: boolean;
}

/** Moves streams and consumers off the servers that the settings no longer have. */
export async function drainServers({ env, region, dryRun = false, yes = false }: DrainServersCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  requireTerminal(yes || dryRun);
  const regions = await drain(
    checked,
    { region, dryRun },
    {
      show: (found) => print(found.map(renderRegion).join("\n\n")),
      approve: async (found) => {
        if (!yes) await confirm(`Move all of it, and remove ${namesOf(found)} from the meta group?`);
      },
      logProgress,
    },
  );
  if (regions.length === 0)
    return print(
      `${region ?? `every region of ${env}`} was deployed with no more servers than the settings have; ` +
        "nothing to do. To remove servers, lower servers in Pulumi.yaml first",
    );
  if (dryRun) return print("\nnothing was changed");
  print(
    `\n${namesOf(regions)} hold nothing and are no longer peers of the meta group. They still run, without ` +
      `JetStream. Next, which stops them: ${deployCommand(env)}`,
  );
}

const namesOf = (regions: readonly RegionToDrain[]): string => regions.flatMap(({ leaving }) => leaving).join(", ");

function renderRegion({ region, staying, leaving, held }: RegionToDrain): string {
  const heading = `${region}: ${leaving.join(", ")} are removed, ${staying.join(", ")} stay`;
  if (held.length === 0) return `${heading}; they hold nothing`;
  const rows = held.map((asset) => [
    describeAsset(asset),
    asset.consumer === undefined ? fromBytes(asset.bytes) : "",
    asset.members.join(", "),
  ]);
  return `${heading}\n${table(["WHAT", "SIZE", "COPIES ON"], rows, colours.dim)}`;
}
