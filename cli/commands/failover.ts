import { type Start, start as startSchema } from "../../config/schema/failover";
import { npmRun } from "../../config/command-lines";
import { BadUsage } from "../../engine/failure";
import { print } from "../../engine/terminal";
import { failOver, type FailoverResult, type Selection } from "../../operations/failover/commands";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { confirm, requireTerminal } from "../confirm";

/** Which streams: those of a region, or one. */
export interface StreamChoice {
  region?: string;
  account?: string;
  stream?: string;
}

export interface FailoverCommand extends StreamChoice {
  env: string;
  to?: string;
  start: string;
  yes?: boolean;
}

/** Promotes the mirrors of streams in other regions, also while the streams' own region is lost. */
export async function failover({ env, to, start: text, yes = false, ...choice }: FailoverCommand): Promise<void> {
  const selection = selectionOf(choice);
  const checked = checkedEnvironment(env);
  const start = parseStart(text);
  requireTerminal(yes);
  const began = performance.now();
  const result = await failOver(checked, selection, { to, start }, async (lines) => {
    for (const line of lines) print(line);
    if (!yes) await confirm(`Fail over ${choiceText(selection)}?`);
  });
  if (!result) return print(`${choiceText(selection)} failed over already; nothing to do`);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const failback = npmRun("failback", env, optionsOf(selection));
  print(
    [
      ...[`\nfailed over within ${seconds} s: ${streamsText(result)}. What to do next:`],
      ...nextLines(result),
      "  clients that consume from a stream by its name: consume from its mirror instead; publishers: nothing",
      `  ${failback}   when ${result.streams[0]!.home} is back`,
    ].join("\n"),
  );
}

export const nextLines = ({ stacks, settingFiles }: FailoverResult): string[] => [
  ...settingFiles.map((file) => `  commit ${file}`),
  ...stacks.map(
    (stack) => `  pulumi up --stack ${stack} --refresh   records it in the state; changes nothing on any server`,
  ),
];

const streamsText = ({ streams }: FailoverResult): string =>
  streams.map(({ account, stream, mirror }) => `${account}/${stream} as ${mirror}`).join(", ");

/** @throws {BadUsage} where it is neither a region nor a stream */
export function selectionOf({ region, account, stream }: StreamChoice): Selection {
  if (region !== undefined && account === undefined && stream === undefined) return { region };
  if (region === undefined && account !== undefined && stream !== undefined) return { account, stream };
  throw new BadUsage("write --region <region>, or --account <name> --stream <name>");
}

export const choiceText = (selection: Selection): string =>
  "region" in selection ? `the streams of ${selection.region}` : `${selection.account}/${selection.stream}`;

const optionsOf = (selection: Selection): string[] =>
  "region" in selection
    ? ["--region", selection.region]
    : ["--account", selection.account, "--stream", selection.stream];

/** `--start` as the setting has it. */
function parseStart(text: string): Start {
  const parsed = startSchema.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (!parsed.success) throw new BadUsage(`--start ${text}: ${parsed.error.issues[0]!.message}`);
  return parsed.data;
}
