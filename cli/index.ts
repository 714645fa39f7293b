import { Command, CommanderError, Option } from "commander";
import type { RemovePeersCommand } from "./commands/remove-peers";
import type { ChangeCommand } from "./commands/dead-letters";
import type { DeployOptions } from "./commands/deploy";
import { ToolchainError } from "../tools/log.mjs";
import { guardRun } from "../tools/run-guard.mjs";
import { deadLetterReasons } from "../workers/messaging/contract";
import { InvalidInput } from "../config/problems";
import { exitCodes, Failure } from "../engine/failure";
import { listenForInterrupts } from "../engine/interrupt";
import { progressColours as colour, logProgress } from "../engine/terminal";

// Each is loaded when it runs: what the others need would cost every command its start-up time.
const commands = {
  deploy: () => (require("./commands/deploy") as typeof import("./commands/deploy")).deploy,
  stop: () => (require("./commands/stop") as typeof import("./commands/stop")).stop,
  status: () => (require("./commands/status") as typeof import("./commands/status")).status,
  console: () => (require("./commands/console") as typeof import("./commands/console")).serveConsole,
  verify: () => (require("./commands/verify") as typeof import("./commands/verify")).verify,
  doctor: () => (require("./commands/doctor") as typeof import("./commands/doctor")).doctor,
  plan: () => (require("./commands/plan") as typeof import("./commands/plan")).plan,
  policy: () => (require("./commands/policy") as typeof import("./commands/policy")).policy,
  policyState: () => (require("./commands/policy") as typeof import("./commands/policy")).policyState,
  import: () => (require("./commands/import") as typeof import("./commands/import")).importAccount,
  context: () => (require("./commands/context") as typeof import("./commands/context")).context,
  backup: () => (require("./commands/backup") as typeof import("./commands/backup")).backup,
  restore: () => (require("./commands/backup") as typeof import("./commands/backup")).restore,
  verifyBackup: () => (require("./commands/backup") as typeof import("./commands/backup")).verifyOneBackup,
  backupKey: () => (require("./commands/backup") as typeof import("./commands/backup")).backupKey,
  failover: () => (require("./commands/failover") as typeof import("./commands/failover")).failover,
  failback: () => (require("./commands/failback") as typeof import("./commands/failback")).failback,
  rotate: () => (require("./commands/rotate") as typeof import("./commands/rotate")).rotate,
  migrate: () => (require("./commands/migrate") as typeof import("./commands/migrate")).migrate,
  removePeers: () => (require("./commands/remove-peers") as typeof import("./commands/remove-peers")).removePeers,
  upgrade: () => (require("./commands/upgrade") as typeof import("./commands/upgrade")).upgrade,
  drainServers: () => (require("./commands/drain-servers") as typeof import("./commands/drain-servers")).drainServers,
  traffic: () => (require("./commands/traffic") as typeof import("./commands/traffic")).traffic,
  load: () => (require("./commands/load") as typeof import("./commands/load")).load,
  drill: () => (require("./commands/drill") as typeof import("./commands/drill")).drill,
  listLetters: () => deadLetters().listLetters,
  showLetter: () => deadLetters().showLetter,
  replayLetters: () => deadLetters().replayLetters,
  dropLetters: () => deadLetters().dropLetters,
  alertRules: () => (require("./commands/alert-rules") as typeof import("./commands/alert-rules")).alertRules,
  dashboards: () => (require("./commands/dashboards") as typeof import("./commands/dashboards")).dashboards,
  env: () => (require("./commands/env") as typeof import("./commands/env")).env,
};

const deadLetters = () => require("./commands/dead-letters") as typeof import("./commands/dead-letters");

/** Runs a command with the options that commander parsed, whose shape the command declares. */
const run =
  <Options>(load: () => (options: Options) => Promise<void> | void) =>
  (options: Options) =>
    load()(options);

/** The commands with their options, which tests compare with those that documents name. */
export function program(): Command {
  const cli = new Command("supercluster")
    .description("Deploys and operates NATS superclusters. Every command takes --env; the default is local.")
    .addHelpText("after", rootHelp)
    .exitOverride()
    .showHelpAfterError("(--help lists commands and options)");

  deployCommand(cli, "start", "deploy the environment, show its status and verify that messages pass", [
    "npm start                                     the local environment: real servers on this machine",
    "npm start -- --dry-run                        what it would change",
    "npm start -- --with-workers                   with what takes messages out (docs/workers.md)",
    "npm start -- --with-monitoring                with Prometheus, its alerts, and Alertmanager (docs/monitoring.md)",
  ]);
  deployCommand(cli, "deploy", "the same as start, under the name that production uses", [
    "npm run deploy -- --env production --dry-run --plan plans    save a plan for each stack",
    "npm run deploy -- --env production --plan plans              do exactly what was planned",
    "npm run deploy -- --env production --pause-after iad         iad first; the same command without it does the rest",
  ]);
  command(cli, "stop", "destroy the environment's stacks, in reverse order")
    .option("--keep-data", "only stop local servers; the next start finds streams and messages")
    .option("--yes-destroy <env>", "confirmation for an environment that is not local: its name")
    .action(run(commands.stop));
  command(cli, "status", "show problems first, each with what to do; then regions, streams, durables and workers")
    .option("--account <name>", "only this account")
    .option("--stream <name>", "only this stream, with its mirrors and durables")
    .option("--watch [seconds]", "look again every 2 seconds, or as often as this says, until Ctrl-C")
    .option("--exit-code", "end with 1 where there is a problem; without it, only where nothing could be read")
    .addOption(json())
    .addHelpText("after", statusHelp)
    .action(run(commands.status));
  command(cli, "console", "serve a live picture of the supercluster to browsers on this machine, until Ctrl-C")
    .option("--port <port>", "of 127.0.0.1 (default: one that is free)")
    .addHelpText("after", consoleHelp)
    .action(run(commands.console));
  command(cli, "verify", "run every check and prove that messages pass from region to region")
    .addOption(json())
    .action(run(commands.verify));
  command(cli, "doctor", "look at everything before a release: servers, state, Kubernetes objects, age of backups")
    .option("--backups <place>", "where backups are: a folder or s3://<bucket>/<prefix> (default: kubernetes.backups)")
    .addOption(json())
    .action(run(commands.doctor));
  command(cli, "plan", "show what a deployment would do to each stream and consumer, and what it would cost")
    .addOption(json())
    .addHelpText("after", planHelp)
    .action(run(commands.plan));
  command(cli, "policy", "check what a deployment would leave in every stack against the policies")
    .addOption(oneStack())
    .addOption(json())
    .addHelpText(
      "after",
      policyHelp(
        "Runs Pulumi's own preview of each stack with the policy pack, and fails if a preview did not cover every\n" +
          "resource. Changes nothing.",
      ),
    )
    .action(run(commands.policy));
  command(cli, "policy-state", "check what is deployed, as recorded in the stacks' states, against the policies")
    .addOption(oneStack().conflicts("file"))
    .addOption(new Option("--file <file>", "a state written by pulumi stack export").conflicts("env"))
    .addOption(json())
    .addHelpText(
      "after",
      policyHelp(
        "Secrets stay encrypted: the report lists the rules that could not judge a resource because of that;\n" +
          "npm run policy judges those too. Changes nothing.",
      ),
    )
    .action(run(commands.policyState));
  command(cli, "import", "write a tenant file for the streams and consumers of an account; changes nothing on servers")
    .requiredOption("--account <name>", "account to read")
    .option("--out <file>", "file to write (default: tenants/<account>.ts)")
    .option("--force", "overwrite an existing file")
    .action(run(commands.import));
  command(cli, "context", "write nats CLI contexts, one for each user and region, and print how to use them").action(
    run(commands.context),
  );
  backupCommands(cli);
  command(cli, "failover", "replace streams by their mirrors in other regions; works while their region is down")
    .option("--region <region>", "all streams of this region that have a mirror")
    .option("--account <name>", "account of a single stream")
    .option("--stream <name>", "name of a single stream")
    .option("--to <region>", "region of the mirrors; default: of each stream the mirror that has most of it")
    .option("--start <where>", "where durables start whose position is unknown: all, new, a sequence, or a time", "all")
    .option("--yes", "skip the confirmation")
    .action(run(commands.failover));
  command(cli, "failback", "move streams that failed over back to their region, with the messages received since")
    .option("--region <region>", "all streams of this region")
    .option("--account <name>", "account of a single stream")
    .option("--stream <name>", "name of a single stream")
    .option("--max-loss <messages>", "messages of a mirror that may be lost because the stream lacks them", "0")
    .option("--old-servers", "also to servers before 2.14: durables may get processed messages again")
    .action(run(commands.failback));
  command(cli, "rotate", "replace a user's password; the old one is accepted too until it is taken away")
    .requiredOption("--user <account/user>", "the user, e.g. irisx/api")
    .option("--finish", "take the old password away, once no client uses it")
    .option("--abort", "go back to the old password, and take the new one away once no client uses it")
    .option("--disconnect", "with --finish or --abort: although clients use it, which are refused from then on")
    .option("--yes", "skip the confirmation")
    .action(run(commands.rotate));
  command(
    cli,
    "migrate",
    "change the retention of a work queue to what its tenant file specifies, keeping its messages",
  )
    .requiredOption("--account <name>", "account of the stream")
    .requiredOption("--stream <name>", "name of the stream")
    .requiredOption("--retention <retention>", "new retention: limits or interest")
    .option("--yes", "skip the confirmation")
    .action(run(commands.migrate));
  command(cli, "remove-peers", "remove the servers of a deleted region from the meta group, which still counts them")
    .alias("forget-region")
    .requiredOption("--region <region>", "the region")
    .option("--server <server>", "one stopped server of the region; allowed while the region is in the settings")
    .option("--yes", "skip the confirmation")
    .action((options: RemovePeersCommand, { parent }: Command) => {
      if (parent?.args[0] === "forget-region") logProgress("forget-region is now called remove-peers");
      return commands.removePeers()(options);
    });
  command(cli, "drain-servers", "move streams and consumers off the servers that the settings no longer have")
    .option(
      "--region <region>",
      "only this region (default: every region with fewer servers than it was deployed with)",
    )
    .option("--dry-run", "list what would be moved; changes nothing")
    .option("--yes", "skip the confirmation")
    .addHelpText("after", drainHelp)
    .action(run(commands.drainServers));
  command(cli, "upgrade", "move all servers to another version of nats-server, region by region")
    .requiredOption("--to <version>", "version of nats-server, e.g. 2.15.3")
    .option("--dry-run", "say what each step restarts, and what can no longer be undone; changes nothing")
    .option("--yes", "skip the confirmation")
    .addOption(allowLocalState())
    .addHelpText("after", upgradeHelp)
    .action(run(commands.upgrade));
  command(cli, "traffic", "publish sample messages to the streams of an account, until Ctrl-C")
    .requiredOption("--account <name>", "account with a program of its own in workers/, e.g. irisx")
    .option("--user <name>", "user of the account that publishes (default: api, else the first that only publishes)")
    .option("--rate <number>", "messages a second", "10")
    .option("--count <number>", "messages in all (default: until Ctrl-C)")
    .addHelpText("after", examples(["npm run traffic -- --account irisx --rate 50"]) + trafficHelp)
    .action(run(commands.traffic));
  command(cli, "load", "publish the sample traffic of the tenants together, and report what became of it")
    .option("--rate <number>", "messages a second of all accounts together", "100")
    .option("--duration <duration>", "how long to publish: 30s, 10m, ...", "60s")
    .option("--mix <accounts>", "accounts and their shares: irisx=3,covenant (default: all, in equal shares)")
    .option("--yes-load <env>", "confirmation for an environment that is not local: its name")
    .addOption(json())
    .addHelpText("after", examples(["npm run load -- --rate 200 --duration 2m --mix irisx=3,covenant"]) + loadHelp)
    .action(run(commands.load));
  command(cli, "drill", "make an accident happen, measure what publishers notice, and take it back")
    .argument("[accident]", "one of --list, or all")
    .option("--list", "what each does and touches, how long it takes, and how it is undone; changes nothing")
    .option("--region <region>", "where it happens (default: the region with most streams)")
    .option("--hold <duration>", "how long the accident lasts: 10s, 1m, ... (default: the drill's own)")
    .option("--clients <number>", "clients of client-storm", "5000")
    .option("--yes-drill <env>", "confirmation for an environment that is not local: its name")
    .addOption(json())
    .addHelpText("after", examples(["npm run drill -- server-killed", "npm run drill -- all"]) + drillHelp)
    .action((accident: string | undefined, options: Parameters<ReturnType<typeof commands.drill>>[1]) =>
      commands.drill()(accident, options),
    );
  deadLetterCommands(cli);
  command(cli, "alert-rules", "print a region's alerts and recording rules, for rule_files of a Prometheus")
    .requiredOption("--region <region>", "its servers, streams and durables")
    .option("--with-workers", "of an environment on this machine: as npm start -- --with-workers runs it")
    .addHelpText("after", examples(["npm run -s alert-rules -- --env production --region iad > nats-alerts-iad.yaml"]))
    .action(run(commands.alertRules));
  command(cli, "dashboards", "write dashboards for Grafana, as files to import or provision")
    .requiredOption("--out <folder>", "where they are written; files of the same names are replaced")
    .addHelpText("after", examples(["npm run dashboards -- --env production --out dashboards"]))
    .action(run(commands.dashboards));
  command(cli, "env", "print the variables for running pulumi by hand")
    .addHelpText("after", examples(['eval "$(npm run -s env)" && pulumi preview --stack local-iad']))
    .action(run(commands.env));
  return cli;
}

/** `start` and `deploy`: one implementation, each with its own help; locks and messages name the one that was typed. */
function deployCommand(cli: Command, name: "start" | "deploy", description: string, lines: string[]): void {
  command(cli, name, description)
    .addOption(allowLocalState())
    .option("--dry-run", "show what would change in every stack; changes nothing")
    .option("--plan <folder>", "with --dry-run: save the plan of each stack there; without: apply exactly those plans")
    .addOption(
      new Option(
        "--pause-after <region>",
        "deploy this region first, alone; once it is healthy ask before the others, or end without a terminal",
      ).conflicts("dryRun"),
    )
    .addOption(
      new Option(
        "--with-workers",
        "local environments: run the workers of tenants on this machine too, from now on",
      ).conflicts("withoutWorkers"),
    )
    .option("--without-workers", "local environments: stop them (default: as they were deployed last)")
    .addOption(
      new Option(
        "--with-monitoring",
        "local environments: run exporters, Prometheus and Alertmanager on this machine too, from now on",
      ).conflicts("withoutMonitoring"),
    )
    .option("--without-monitoring", "local environments: stop them (default: as they were deployed last)")
    .addOption(
      new Option(
        "--restore-from <place>",
        "rebuild it from a backup: its keys where it has none, and streams before others are made",
      ).conflicts(["dryRun", "plan", "pauseAfter"]),
    )
    .option("--backup <id>", "with --restore-from: not the last finished backup, but this one")
    .option("--key <file>", "with --restore-from: the key of the backup")
    .addHelpText("after", examples(lines))
    .action(({ withWorkers, withoutWorkers, withMonitoring, withoutMonitoring, ...options }: DeployCommandOptions) =>
      commands.deploy()(name, {
        ...options,
        parts: {
          workers: withWorkers ?? (withoutWorkers ? false : undefined),
          monitoring: withMonitoring ?? (withoutMonitoring ? false : undefined),
        },
      }),
    );
}

type DeployCommandOptions = Omit<DeployOptions, "parts"> &
  Partial<Record<"withWorkers" | "withoutWorkers" | "withMonitoring" | "withoutMonitoring", true>>;

/** Commands about copies of streams. */
function backupCommands(cli: Command): void {
  const source = (given: Command) =>
    given
      .option("--backup <id>", "with --all: not the last finished backup, but this one")
      .option("--key <file>", "key of an encrypted backup, as backup-key wrote it");
  command(cli, "backup", "copy streams with their messages, consumers and positions: one of them, or all")
    .requiredOption("--to <place>", "folder, or with --all also s3://<bucket>/<prefix>")
    .option("--account <name>", "account of the one stream")
    .option("--stream <name>", "name of the one stream")
    .addOption(new Option("--all", "every file stream of every account, and the keys").conflicts(["account", "stream"]))
    .option("--recipient <age1...>", "encrypt for the holder of this key; more than once for several", collected)
    .option("--unencrypted", "with --all: do not encrypt; without the keys")
    .option("--rate <size>", "with --all: bytes a second that servers send at most, e.g. 20MiB (default: no limit)")
    .option("--keep <number>", "with --all: delete finished backups before the last so many (default: keep all)")
    .addHelpText("after", backupHelp)
    .action(run(commands.backup));
  source(command(cli, "restore", "recreate streams of a backup; a stream that has messages is never touched"))
    .requiredOption("--from <place>", "folder that backup printed, or with --all what was given as --to")
    .option("--account <name>", "recreate the one stream of a snapshot in this account")
    .option("--all", "recreate every stream of a backup that does not exist, or never had a message")
    .addHelpText("after", examples(["npm run restore -- --all --from backups --key backup.key"]))
    .action(run(commands.restore));
  source(command(cli, "verify-backup", "restore a backup into a server of its own, and compare counts and checksums"))
    .requiredOption("--from <place>", "what was given to backup as --to")
    .addHelpText("after", examples(["npm run verify-backup -- --from s3://backups/nats --key backup.key"]))
    .action(run(commands.verifyBackup));
  cli
    .command("backup-key")
    .description("make a key for encrypted backups, and print its recipient")
    .requiredOption("--out <file>", "file to write; must not exist")
    .exitOverride()
    .action(run(commands.backupKey));
}

const collected = (value: string, before: string[] = []): string[] => [...before, value];

/** Commands about messages that workers gave up. */
function deadLetterCommands(cli: Command): void {
  const letters = cli
    .command("dead-letters")
    .description("list, show, replay and drop messages that workers gave up (docs/dead-letters.md)")
    .exitOverride();
  const of = (name: string, description: string) =>
    command(letters, name, description).requiredOption("--account <name>", "account of the dead letters");
  const filtered = (name: string, description: string) =>
    of(name, description)
      .option("--stream <name>", "only of this stream")
      .option("--durable <name>", "only of this durable")
      .addOption(new Option("--reason <reason>", "only with this reason").choices(deadLetterReasons))
      .option("--error <text>", "only with this text in the error")
      .option("--since <time>", "only what was given up in this time, such as 2h or 7d");
  filtered("list", "list dead letters, oldest first, and count them by durable and reason")
    .option("--limit <letters>", "list this many; all are counted", "50")
    .addOption(json())
    .addHelpText("after", examples(["npm run dead-letters -- list --account irisx --durable sms-worker --since 1d"]))
    .action(run(commands.listLetters));
  of("show", "print a dead letter: headers, error and body")
    .argument("<id>", "as list prints it: <stream>.<sequence>.<durable>")
    .addOption(json())
    .addOption(new Option("--body", "print the body alone, byte by byte").conflicts("json"))
    .action((id: string, options: Parameters<ReturnType<typeof commands.showLetter>>[1]) =>
      commands.showLetter()(id, options),
    );
  const changing = (name: "replay" | "drop", description: string) =>
    filtered(name, description)
      .argument("[ids...]", "as list prints them")
      .option("--all", "all dead letters of the account")
      .option("--yes", "skip the confirmation")
      .addHelpText("after", changeHelp(name))
      .action((ids: string[], options: ChangeCommand) => commands[`${name}Letters`]()(ids, options));
  changing("replay", "send dead letters again, each only to the durable that gave it up, three times at most");
  changing("drop", "delete dead letters, for good");
}

const changeHelp = (name: string): string => `
Pass ids, or filters, or --all. What is selected is counted and confirmed before anything is changed. It can be repeated
after an interruption${name === "replay" ? ": nothing is sent twice within 24 hours" : ""}.

Exit codes:
  0  done for all that is selected
  1  not done for some, each of which is named with its reason
  2  wrong usage or invalid settings; nothing was done

Examples:
  npm run dead-letters -- ${name} --account irisx SMS.17.sms-worker
  npm run dead-letters -- ${name} --account irisx --durable sms-worker --error "503"`;

const allowLocalState = () =>
  new Option("--allow-local-state", "allow state and secrets of an environment that is not local on this machine");

const json = () => new Option("--json", "print JSON instead of text");

const oneStack = () =>
  new Option("--stack <stack>", "check one stack, of any environment, instead of all of --env").conflicts("env");

const examples = (lines: string[]): string => `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;

const rootHelp = `
Results go to standard output, progress and errors to standard error. NO_COLOR turns colours off.

Exit codes:
  0    success
  1    failed
  2    wrong usage or invalid settings; nothing was done
  3    plan only: messages would be lost
  4    policy and policy-state only: a mandatory policy is violated
  5    drill only: this machine cannot simulate the accident
  130  interrupted`;

const planHelp = `
Runs Pulumi's own preview of every jetstream stack and reads message counts from the servers. Changes nothing.

Exit codes:
  0  a deployment would do all of it, and lose nothing but what allowDataLoss allows
  1  something would be refused, or the plan or a cost is unknown
  3  a deletion would lose messages or a durable's position; deletionPolicy allows it, but no allowDataLoss names it`;

const drainHelp = `
Lower servers in Pulumi.yaml first. Moves every stream and consumer, of all accounts, to the servers that stay, waits
until all copies are current, then removes the others from the meta group. They keep running, without JetStream, until
the next deployment stops them. Publishers and readers continue. Run it again after an interruption: it continues.

Exit codes:
  0  the servers hold nothing, or there is nothing to do
  1  refused before anything was changed, or no progress for 5 minutes
  2  wrong usage or invalid settings; nothing was done`;

const upgradeHelp = `
Lines that older servers cannot run beside are taken one by one (2.12 to 2.15 by way of 2.14); one line back where
servers allow it. The version is written into Pulumi.yaml, with the chart and the containers that are tested with it.
After each region every server must answer and every replica must be current, or it ends. Run it again after that, or
after an interruption: it continues with the servers that are left.

Exit codes:
  0  every server runs the version, and messages pass; or there was nothing to do
  1  refused before anything was changed, or it ended on the way: the message says what to do
  2  wrong usage or invalid settings; nothing was done

Examples:
  npm run upgrade -- --env production --to 2.15.3 --dry-run
  npm run upgrade -- --env production --to 2.15.3`;

const statusHelp = `

With --json it prints one object (operations/supercluster/status.ts describes it); with --watch one in each line.

Exit codes:
  0  the status was read
  1  no region answers, the environment is not deployed, or there is a problem and --exit-code
  2  wrong usage or invalid settings`;

const consoleHelp = `

It only reads (docs/console.md). The address that it prints has a token: it lets in who has it, until Ctrl-C.

Exit codes:
  0    never: it runs until Ctrl-C
  1    the environment is not deployed, or the port is taken
  2    wrong usage or invalid settings
  130  Ctrl-C`;

const trafficHelp = `

Publishes as the user that the tenant declares, with its permissions. Progress goes to standard error once a second, the
summary to standard output. Recipients belong to nobody (example.com, 555-0100, .invalid), but workers with real
providers do try to send.

Exit codes:
  0  every message was acknowledged, also after Ctrl-C
  1  a message was not acknowledged, or the environment is not deployed
  2  wrong usage or invalid settings; nothing was published`;

const backupHelp = `
Examples:
  npm run backup-key -- --out backup.key
  npm run backup -- --all --to backups --recipient age1...
  npm run backup -- --all --to s3://backups/nats --recipient age1... --rate 20MiB --keep 14
  npm run backup -- --account irisx --stream SMS --to backups        one stream, as \`nats stream backup\` writes it

Streams in memory are not copied, and are named. A backup that was interrupted is continued by the same command
within 12 hours. S3 is found and logged in to by the AWS SDK's variables: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_S3.

Exit codes:
  0  every file stream was copied
  1  a stream could not be copied, or no region answers; the same command goes on
  2  wrong usage or invalid settings; nothing was copied
  130  stopped by Ctrl-C after the stream in progress; the same command goes on`;

const loadHelp = `

Waits until the durables have processed what was published, or came no further for 30 s, then looks for every message
that was acknowledged: processed, waiting, stored where no durable reads it, given up as a dead letter, or missing. Run
the workers beside it (npm start -- --with-workers). Ctrl-C ends the publishing; the comparison follows.

Exit codes:
  0  every message was acknowledged, and none that was is missing
  1  a message was not acknowledged, or an acknowledged one is missing; or the environment is not deployed
  2  wrong usage or invalid settings; nothing was published`;

const drillHelp = `

Publishes to every stream of the tenants by their own users, in the region of the accident and in another one, with the
retries of docs/clients.md. Then it looks for every message that was acknowledged. Workers acknowledge the messages
without processing them; they stay until the limits of their streams. It refuses to begin where the environment is not
healthy. Ctrl-C ends the accident early, and takes it back. One that was killed is taken back by the next, or by
npm start. docs/drills.md has what was measured.

Exit codes:
  0    what is expected did hold
  1    a gap was longer than expected, an acknowledged message is lost, or the environment is not healthy
  2    wrong usage, or refused; nothing was done
  5    this machine cannot do it: the message says what it takes; nothing was done
  130  ended early by Ctrl-C, and taken back`;

const policyHelp = (text: string) => `
${text}

Exit codes:
  0  no mandatory policy is violated; advisory violations are only printed
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

if (require.main === module) {
  guardRun();
  listenForInterrupts();
  void main().then((exitCode) => {
    process.exitCode = exitCode;
    // Sockets of clients that are closing would hold the process for a moment longer.
    process.stdout.write("", () => process.exit(exitCode));
  });
}
