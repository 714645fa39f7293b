import { Command, CommanderError, Option } from "commander";
import type { RemovePeersCommand } from "./commands/remove-peers";
import { ToolchainError } from "../tools/log.mjs";
import { InvalidInput } from "../config/problems";
import { exitCodes, Failure } from "../engine/failure";
import { listenForInterrupts } from "../engine/interrupt";
import { progressColours as colour, logProgress } from "../engine/terminal";

// Each is loaded when it runs: what the others need would cost every command its start-up time.
const commands = {
  start: () => (require("./commands/start") as typeof import("./commands/start")).start,
  stop: () => (require("./commands/stop") as typeof import("./commands/stop")).stop,
  status: () => (require("./commands/status") as typeof import("./commands/status")).status,
  verify: () => (require("./commands/verify") as typeof import("./commands/verify")).verify,
  plan: () => (require("./commands/plan") as typeof import("./commands/plan")).plan,
  policy: () => (require("./commands/policy") as typeof import("./commands/policy")).policy,
  policyState: () => (require("./commands/policy") as typeof import("./commands/policy")).policyState,
  import: () => (require("./commands/import") as typeof import("./commands/import")).importAccount,
  context: () => (require("./commands/context") as typeof import("./commands/context")).context,
  backup: () => (require("./commands/backup") as typeof import("./commands/backup")).backup,
  restore: () => (require("./commands/backup") as typeof import("./commands/backup")).restore,
  failover: () => (require("./commands/failover") as typeof import("./commands/failover")).failover,
  failback: () => (require("./commands/failback") as typeof import("./commands/failback")).failback,
  migrate: () => (require("./commands/migrate") as typeof import("./commands/migrate")).migrate,
  removePeers: () => (require("./commands/remove-peers") as typeof import("./commands/remove-peers")).removePeers,
  env: () => (require("./commands/env") as typeof import("./commands/env")).env,
};

/** Runs a command with the options that commander parsed, whose shape the command declares. */
const run =
  <Options>(load: () => (options: Options) => Promise<void> | void) =>
  (options: Options) =>
    load()(options);

function program(): Command {
  const cli = new Command("supercluster")
    .description("Deploys, shows, checks and stops a NATS supercluster. Every command takes --env.")
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)");
  const allowLocalState = () =>
    new Option("--allow-local-state", "state and secrets of an environment that is not local may lie on this machine");
  const json = () => new Option("--json", "print JSON instead of a table");

  command(cli, "start", "bring the environment up, show it and prove that messages pass")
    .alias("deploy")
    .addOption(allowLocalState())
    .option("--dry-run", "show what it would do to every stack; changes nothing")
    .option(
      "--plan <folder>",
      "with --dry-run: save the plan of each stack there; without: do exactly what those plans say",
    )
    .action(run(commands.start));
  command(cli, "stop", "destroy the environment's stacks, in reverse order")
    .option("--keep-data", "stop the servers only; the next start finds streams and messages")
    .option("--yes-destroy <env>", "confirm it for an environment that is not local")
    .action(run(commands.stop));
  command(cli, "status", "show regions, accounts, streams, replicas, mirrors and their lag")
    .addOption(json())
    .action(run(commands.status));
  command(cli, "verify", "check everything, and prove that messages pass from region to region")
    .addOption(json())
    .action(run(commands.verify));
  command(
    cli,
    "plan",
    "show what an up would do to each stream and consumer, and what that would cost now; changes nothing",
  )
    .addOption(json())
    .addHelpText("after", planHelp)
    .action(run(commands.plan));
  const oneStack = () =>
    new Option("--stack <stack>", "one stack, of whatever environment it is, instead of all of --env").conflicts("env");
  command(cli, "policy", "check what an up would leave of every stack against the policies; changes nothing")
    .addOption(oneStack())
    .addOption(json())
    .addHelpText(
      "after",
      policyHelp(
        "It runs the engine's own preview of each stack with the policy pack, and fails where that did not see every resource.",
      ),
    )
    .action(run(commands.policy));
  command(cli, "policy-state", "check what is deployed, by the stacks' states, against the policies; changes nothing")
    .addOption(oneStack().conflicts("file"))
    .addOption(new Option("--file <file>", "a state that pulumi stack export wrote").conflicts("env"))
    .addOption(json())
    .addHelpText(
      "after",
      policyHelp(
        "Secrets stay encrypted: the report says which rules could not judge which resources; npm run policy judges those too.",
      ),
    )
    .action(run(commands.policyState));
  command(cli, "import", "write the tenant file of what is in an account; changes nothing on any server")
    .requiredOption("--account <name>", "the account")
    .option("--out <file>", "file to write (default: tenants/<account>.ts)")
    .option("--force", "write over a file that is there")
    .action(run(commands.import));
  command(cli, "context", "write contexts of the nats CLI, one a user and region, and print how to use them").action(
    run(commands.context),
  );
  command(cli, "backup", "write a snapshot of a stream into a folder: messages, consumers and their positions")
    .requiredOption("--account <name>", "account of the stream")
    .requiredOption("--stream <name>", "the stream")
    .requiredOption("--to <folder>", "folder in which the snapshot gets one of its own")
    .action(run(commands.backup));
  command(cli, "restore", "make the stream of a snapshot again; one that is there is never touched")
    .requiredOption("--account <name>", "account of the stream")
    .requiredOption("--from <folder>", "folder of the snapshot, as backup printed it")
    .action(run(commands.restore));
  command(
    cli,
    "failover",
    "let the mirror of a stream in another region take its place, also while its own region is lost",
  )
    .requiredOption("--account <name>", "account of the stream")
    .requiredOption("--stream <name>", "the stream")
    .requiredOption("--to <region>", "region of the mirror")
    .option(
      "--start <where>",
      "where durables begin whose position nobody can tell: all, new, a sequence, or a time",
      "all",
    )
    .option("--yes", "do not ask")
    .action(run(commands.failover));
  command(cli, "failback", "bring a stream home that has failed over, with all that its mirror got meanwhile")
    .requiredOption("--account <name>", "account of the stream")
    .requiredOption("--stream <name>", "the stream")
    .option("--max-loss <messages>", "so many messages of the mirror may go that the stream does not have", "0")
    .action(run(commands.failback));
  command(
    cli,
    "migrate",
    "give a work queue the retention that its tenant file specifies, with every message that is left in it",
  )
    .requiredOption("--account <name>", "account of the stream")
    .requiredOption("--stream <name>", "the stream")
    .requiredOption("--retention <retention>", "what it is to have: limits or interest")
    .option("--yes", "do not ask")
    .action(run(commands.migrate));
  command(
    cli,
    "remove-peers",
    "remove the servers of a region that has left from the meta group, which otherwise still counts them",
  )
    .alias("forget-region")
    .requiredOption("--region <region>", "the region")
    .option("--server <server>", "one stopped server of the region; allowed while the region is in the settings")
    .option("--yes", "do not ask")
    .action((options: RemovePeersCommand, { parent }: Command) => {
      if (parent?.args[0] === "forget-region") logProgress("forget-region is now called remove-peers");
      return commands.removePeers()(options);
    });
  command(cli, "env", 'print the variables to run pulumi by hand: eval "$(npm run -s env)"').action(run(commands.env));
  return cli;
}

const planHelp = `
It runs the engine's own preview of every jetstream stack and counts on the servers. Exit codes:
  0  an up would do all of it, and lose nothing but what allowDataLoss allows
  1  something would be refused, or the plan or a cost cannot be known
  3  a deletion would lose messages, or a durable's place among them; deletionPolicy allows it, but nobody named a number`;

const policyHelp = (text: string) => `
${text} Exit codes:
  0  no mandatory policy is violated; advisory ones are only printed
  1  a stack or a policy could not be checked
  4  a mandatory policy is violated`;

function command(cli: Command, name: string, description: string): Command {
  return cli
    .command(name)
    .description(description)
    .option("--env <name>", "environment of Pulumi.yaml", "local")
    .exitOverride();
}

async function main(): Promise<number> {
  try {
    await program().parseAsync();
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.badUsage;
    if (error instanceof InvalidInput) return fail(error.message, exitCodes.badUsage);
    if (error instanceof Failure) return fail(error.message, error.exitCode);
    if (error instanceof ToolchainError) return fail(error.message, exitCodes.failed);
    return fail((error as Error).stack ?? String(error), exitCodes.failed);
  }
}

function fail(message: string, exitCode: number): number {
  logProgress(`${colour.red("error:")} ${message}`);
  return exitCode;
}

listenForInterrupts();
void main().then((exitCode) => {
  process.exitCode = exitCode;
  // Sockets of clients that are closing would hold the process for a moment longer.
  process.stdout.write("", () => process.exit(exitCode));
});
