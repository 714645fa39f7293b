import assert from "node:assert/strict";
import { blocksOf, runbooks, spansOf } from "../support/runbook";
import { currentCluster } from "./cloud";
import type { EngineEnvironment } from "./engine";

export interface HowToRun {
  /** What the page leaves open, or names by an example: each has to be there. */
  fill?: Record<string, string>;
  /** Lines that cannot run here: their beginnings. Each is in the table of what does not run, with the reason. */
  without?: string[];
  /** The command is to end with this exit code; 0 by default. */
  status?: number;
  env?: NodeJS.ProcessEnv;
}

/** Commands that ask the person who runs them, and the option by which the page says they do not. */
const asking = /\bnpm run (failover|migrate|remove-peers|drain-servers|upgrade)\b(?!.*--dry-run)/;

const operations =
  "status|verify|plan|import|context|backup|restore|env|failover|failback|migrate|remove-peers|drain-servers";
const ofOperations = new RegExp(`\\bnpm run (-s )?(${operations})\\b( --)?`);

/** Runs commands of runbooks as the pages have them, on an environment of another name than the pages' examples. */
export class Pages {
  /** What was run, of all environments of a test run. */
  private static readonly done = new Set<string>();

  constructor(private readonly on: EngineEnvironment) {}

  /**
   * Runs a block (`rotate.md, A user's password, 1`) or a command in the text (`import.md: npm run types`).
   * @returns what it printed
   */
  async run(id: string, { fill = {}, without = [], status = 0, env = {} }: HowToRun = {}): Promise<string> {
    const page = id.replace(/\.md.*/s, ".md");
    const found = [...blocksOf(page), ...spansOf(page)].find((one) => one.id === id);
    assert.ok(found, `${id} is on no page`);
    const lines = found.text.split("\n");
    for (const start of without)
      assert.ok(
        lines.some((line) => line.startsWith(start)),
        `${id} has no line ${start}`,
      );
    let text = lines.filter((line) => !without.some((start) => line.startsWith(start))).join("\n");
    for (const [example, value] of Object.entries(fill)) {
      assert.ok(text.includes(example), `${id} has no ${example}`);
      text = text.replaceAll(example, value);
    }
    const script = this.localized(text);
    assert.doesNotMatch(script, /<[a-z][^>\n]*>|production|nats-iad\b/, `${id} has something left to fill in`);
    const started = Date.now();
    const ended = await this.on.run("bash", ["-euo", "pipefail", "-c", script], {
      PULUMI_SKIP_CONFIRMATIONS: "true",
      ...env,
    });
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(script.replace(/^/gm, "      $ ") + `   # ${seconds} s`);
    assert.equal(ended.status, status, `${script}\n${ended.text}`);
    Pages.done.add(id);
    return ended.text;
  }

  /** The names of this environment in place of those of the examples. */
  private localized(text: string): string {
    const { name } = this.on.options;
    const deploy = `npm run deploy -- --env ${name} --allow-local-state`;
    const lines = text.split("\n").map((line) => {
      const local = line
        .replace(/\bnpm start\b/, deploy)
        .replace(/\bnpm run deploy -- --env production\b/, deploy)
        .replace(/\bnpm run upgrade --/, "$& --allow-local-state")
        .replace(/(--env|--yes-destroy) production\b/g, `$1 ${name}`)
        .replace(/(--stack) (?:local-)?(?=[a-z])/g, `$1 ${name}-`)
        .replace(/\b(pulumi stack (?:init|rm)) (?:local-)?(?=[a-z])/, `$1 ${name}-`)
        .replace("--secrets-provider <provider>", "--secrets-provider passphrase")
        .replace(/--context nats-[a-z]+\b/g, `--context ${currentCluster().context}`)
        .replace(/-n nats\b/g, `-n ${name}-iad`);
      const own = local.includes("--env ")
        ? local
        : local.replace(ofOperations, (command) => `${command.replace(/ --$/, "")} -- --env ${name}`);
      const answered = asking.test(own) ? own.replace(/(\s*#.*)?$/, " --yes$1") : own;
      // What is watched does not end by itself. The line may end in a comment.
      return / --watch\b/.test(answered) ? `if timeout 5 ${answered}\nthen :; else test $? = 124; fi` : answered;
    });
    const isByHand = /\bpulumi /.test(text) && !text.includes("npm run -s env");
    return [...(isByHand ? [`eval "$(npm run -s env -- --env ${name})"`] : []), ...lines].join("\n");
  }

  /** Blocks of all runbooks that were not run, by their ids. */
  static readonly missing = (): string[] =>
    runbooks()
      .flatMap((page) => blocksOf(page))
      .map(({ id }) => id)
      .filter((id) => !Pages.done.has(id));
}
