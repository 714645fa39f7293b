import { accountsOf } from "../../components/security/accounts";
import { accountsConf } from "../../components/security/accounts-conf";
import { hashPassword } from "../../components/security/passwords";
import { validateTenants } from "../../config/rules/validate";
import { rulesFile, rulesOf } from "../../observability/rules";
import { localEnvironment } from "../../tests/support/accounts";
import { pull, stream } from "../../tests/support/rule-cases";
import { startServers, lookAt } from "./servers";
import { idleOf, memoryOf, objectOf } from "./limits";
import type { Part } from "./part";

const region = "iad";

/** As many tenants as are asked for, of as many streams each, with a durable a stream and two users. */
function declared(count: number, streams: number) {
  const names = Array.from({ length: count }, (_, index) => `team${index}`);
  const environment = localEnvironment({
    ...{ regions: [region, "ams"], servers: 1 },
    storage: { file: "20GiB", memory: "1GiB" },
    jetstream: { jetstream: names },
  });
  const numbers = Array.from({ length: streams }, (_, index) => index);
  const tenants = validateTenants(
    Object.fromEntries(
      names.map((name) => [
        name,
        {
          name,
          home: region,
          streams: Object.fromEntries(
            numbers.map((index) => [`S${index}`, stream([`s${index}.>`], { maxBytes: "1MiB", replicas: 1 })]),
          ),
          consumers: Object.fromEntries(numbers.map((index) => [`worker-S${index}`, pull([`S${index}`])])),
          users: {
            api: { publishes: numbers.map((index) => `s${index}.>`) },
            worker: { consumes: numbers.map((index) => `worker-S${index}`) },
          },
        },
      ]),
    ),
    environment,
  );
  return { environment, tenants };
}

/** The file of accounts; all passwords are the same. */
function accountsFile({ environment, tenants }: ReturnType<typeof declared>): string {
  const accounts = accountsOf(environment, tenants);
  const hash = hashPassword("bench", Buffer.alloc(16, 7));
  const logins = accounts.flatMap(({ users }) => users.map(({ login }) => login));
  return accountsConf(accounts, Object.fromEntries(logins.map((login) => [login, { password: "bench", hash }])));
}

export const accounts: Part = {
  of: "accounts",
  what: "tenants with one declared stream and durable and three users each; servers as for streams",
  sizes: [1, 100, 500],
  limits: [objectOf("file of accounts, kB"), memoryOf("memory of a server, MB"), idleOf("CPU of a server, idle, %")],
  async start(bench) {
    const cluster = await startServers(bench, { regions: [region, "ams"], accounts: accountsFile(declared(1, 1)) });
    return async (count) => {
      const text = accountsFile(declared(count, 1));
      bench.log(`${count} accounts: ${Math.round(text.length / 1e3)} kB`);
      const started = performance.now();
      await cluster.ensure(cluster.inputs({ accounts: text }));
      const reload = (performance.now() - started) / 1_000;
      const its = (await lookAt(cluster, bench))["iad-0"]!;
      return {
        "file of accounts, kB": text.length / 1e3,
        "both servers load it, s": reload,
        "memory of a server, MB": its.memory,
        "CPU of a server, idle, %": its.cpu,
        "goroutines of a server": its.goroutines,
        "subjects wanted, known to its gateway": its.interest,
      };
    };
  },
};

export const objects: Part = {
  of: "declared streams",
  what: `streams with a durable each of one tenant, as rendered files of a region; no servers`,
  sizes: [10, 500, 2_000],
  limits: [objectOf("rules of Prometheus, kB"), objectOf("file of accounts, kB")],
  start: async () => async (count) => {
    const started = performance.now();
    const { environment, tenants } = declared(1, count);
    const checked = performance.now();
    const rules = rulesOf(environment, tenants, region);
    return {
      "settings are checked, s": (checked - started) / 1_000,
      "rules of Prometheus": rules.groups.reduce((sum, group) => sum + group.rules.length, 0),
      "rules of Prometheus, kB": rulesFile(rules).length / 1e3,
      "file of accounts, kB": accountsFile({ environment, tenants }).length / 1e3,
    };
  },
};
