import assert from "node:assert/strict";
import { affinity, toleration } from "../../../../config/schema/scheduling";
import { parse } from "../../../../config/problems";

const problemsOf = (schema: Parameters<typeof parse>[0], value: unknown) =>
  parse(schema, value, "it").problems.map(({ path, message }) => `${path}: ${message}`);

describe("where servers may run", () => {
  const accepted: [string, Parameters<typeof parse>[0], unknown][] = [
    ["a taint by its key and value", toleration, { key: "example.com/nats", value: "true", effect: "NoSchedule" }],
    ["every taint", toleration, { operator: "Exists" }],
    [
      "a taint for a while",
      toleration,
      { key: "gone", operator: "Exists", effect: "NoExecute", tolerationSeconds: 60 },
    ],
    [
      "nodes by their labels, and by more cores than a number",
      affinity,
      {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: "pool", operator: "In", values: ["nats"] },
                  { key: "spot", operator: "DoesNotExist" },
                  { key: "cores", operator: "Gt", values: ["3"] },
                ],
              },
            ],
          },
        },
      },
    ],
    [
      "hosts without certain pods, if possible",
      affinity,
      {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 10,
              podAffinityTerm: { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "db" } } },
            },
          ],
        },
      },
    ],
  ];
  for (const [what, schema, value] of accepted)
    it(`can be ${what}`, () => assert.deepEqual(problemsOf(schema, value), []));

  const inNode = (expression: object) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [expression] }] },
    },
  });
  const at = "it.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]";
  const refused: [string, Parameters<typeof parse>[0], unknown, string][] = [
    [
      "a toleration of every taint that does not say so",
      toleration,
      { effect: "NoSchedule" },
      'it.operator: must be "Exists" where there is no key; write a key, or "Exists" for every taint',
    ],
    [
      "a value that is not compared",
      toleration,
      { key: "a", operator: "Exists", value: "b" },
      'it.value: "b" is not compared by operator Exists; remove one of the two',
    ],
    [
      "a while of a taint that evicts nothing",
      toleration,
      { key: "a", operator: "Exists", effect: "NoSchedule", tolerationSeconds: 60 },
      'it.tolerationSeconds: 60 needs effect "NoExecute"; write that, or remove it',
    ],
    ["a misspelt key", toleration, { keys: "a" }, 'it.keys: is not a known key; did you mean "key"?'],
    [
      "a comparison with nothing",
      affinity,
      inNode({ key: "pool", operator: "In" }),
      `${at}.values: are missing, and operator In compares with them; write one or more`,
    ],
    [
      "values beside Exists",
      affinity,
      inNode({ key: "pool", operator: "Exists", values: ["nats"] }),
      `${at}.values: are not compared by operator Exists; remove them`,
    ],
    [
      "words as numbers",
      affinity,
      inNode({ key: "cores", operator: "Gt", values: ["four"] }),
      `${at}.values: ["four"] cannot be compared by operator Gt; write one whole number, in quotes`,
    ],
    [
      "an unknown part",
      affinity,
      { nodeAffinty: {} },
      'it.nodeAffinty: is not a known key; did you mean "nodeAffinity"?',
    ],
    [
      "a weight above 100",
      affinity,
      {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, podAffinityTerm: { topologyKey: "a" } }],
        },
      },
      "it.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: 101: ",
    ],
  ];
  for (const [what, schema, value, problem] of refused)
    it(`cannot be ${what}`, () => {
      const [first = "", ...others] = problemsOf(schema, value);
      assert.ok(first.startsWith(problem), first);
      assert.ok(others.length === 0 || what.startsWith("a misspelt"), others.join());
    });
});
