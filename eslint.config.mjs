import tseslint from "typescript-eslint";

const off = (...rules) => Object.fromEntries(rules.map((rule) => [`@typescript-eslint/${rule}`, "off"]));

export default tseslint.config(
  { ignores: ["node_modules/", ".cache/"] },
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    // Prettier wraps neither comments nor strings.
    rules: { "max-len": ["error", { code: 120, ignoreRegExpLiterals: true }] },
  },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
      // A gRPC handler may be async: it answers through its callback.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { returns: false } }],
      // Kinds of stack, targets and commands load only what they need, with `require`.
      ...off("no-require-imports"),
      // Providers are objects of async functions, not classes: nothing is bound, and not every one has to wait.
      ...off("unbound-method", "require-await"),
      // `Duration | string` says more than `string`.
      ...off("no-redundant-type-constituents", "restrict-template-expressions"),
    },
  },
  {
    // Break what people write (tests/support/rule-cases.ts), and what Kubernetes answers, in ways that no type allows:
    // `any` on purpose.
    files: [
      "tests/unit/config/rules/*.test.ts",
      "tests/support/rule-cases.ts",
      "tests/components/volumes.test.ts",
      "tests/kube/chart.test.ts",
    ],
    rules: off(
      "no-unsafe-argument",
      "no-unsafe-assignment",
      "no-unsafe-call",
      "no-unsafe-member-access",
      "no-unsafe-return",
    ),
  },
  {
    files: ["tests/**/*.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "Program > ExpressionStatement > CallExpression[callee.name=/^(before|after)(Each)?$/]",
          message: "Outside a describe it is a hook of every test of every file.",
        },
      ],
    },
  },
);
