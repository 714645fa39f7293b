import assert from "node:assert/strict";
import fc from "fast-check";
import { covers, intersection, isSubject, overlaps, withoutCovered } from "../../../config/subjects";

/** Every concrete subject of up to four tokens of a small alphabet: enough to tell apart patterns of up to three. */
const grow = (prefix: string, length: number): string[] =>
  ["a", "b", "c"]
    .map((token) => prefix + token)
    .flatMap((subject) => [subject, ...(length > 1 ? grow(`${subject}.`, length - 1) : [])]);
const concrete = grow("", 4);

function matches(pattern: string, subject: string): boolean {
  const expression = pattern.split(".").map((token) => (token === "*" ? "[^.]+" : token === ">" ? ".+" : token));
  return new RegExp(`^${expression.join("\\.")}$`).test(subject);
}

/** `c` stands in no pattern: it is "any other token". */
const pattern = fc
  .tuple(fc.array(fc.constantFrom("a", "b", "*"), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([tokens, open]) => [...(open ? tokens.slice(0, -1) : tokens), ...(open ? [">"] : [])].join("."));

describe("subjects", () => {
  it("are tokens between dots, wildcards whole tokens, > the last", () => {
    for (const good of ["a", "a.b", "*", ">", "a.*.b", "a.>", "*.>", "$JS.API.INFO", "_INBOX_x.>"])
      assert.ok(isSubject(good), good);
    for (const bad of ["", ".", "a.", ".a", "a..b", "a b", "a.>.b", "a*", "a.b>", "a\tb"])
      assert.ok(!isSubject(bad), bad);
  });

  it("meet in the subject that exactly those match which match both", () => {
    fc.assert(
      fc.property(pattern, pattern, (left, right) => {
        const both = intersection(left, right);
        assert.deepEqual(
          concrete.filter((subject) => both !== undefined && matches(both, subject)),
          concrete.filter((subject) => matches(left, subject) && matches(right, subject)),
        );
      }),
    );
  });

  it("overlap exactly when some concrete subject matches both", () => {
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        assert.equal(
          overlaps(a, b),
          concrete.some((subject) => matches(a, subject) && matches(b, subject)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("cover exactly when every concrete subject of the inner one matches the outer one", () => {
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        assert.equal(
          covers(a, b),
          concrete.every((subject) => !matches(b, subject) || matches(a, subject)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("overlap both ways or not at all", () => {
    fc.assert(fc.property(pattern, pattern, (a, b) => assert.equal(overlaps(a, b), overlaps(b, a))));
  });

  it("that cover overlap, and cover themselves", () => {
    fc.assert(fc.property(pattern, pattern, (a, b) => assert.ok(!covers(a, b) || overlaps(a, b))));
    fc.assert(fc.property(pattern, (a) => assert.ok(covers(a, a))));
  });

  it("cover what is covered by what they cover", () => {
    fc.assert(
      fc.property(pattern, pattern, pattern, (a, b, c) => assert.ok(!covers(a, b) || !covers(b, c) || covers(a, c))),
    );
  });

  it("of > need one more token", () => {
    assert.ok(!overlaps("a.>", "a"));
    assert.ok(!covers("a.>", "a"));
    assert.ok(covers("a.>", "a.b.c"));
  });

  it("are the shortest list that matches the same", () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 8 }), (subjects) => {
        const short = withoutCovered(subjects);
        assert.deepEqual(
          short,
          [...new Set(subjects)].filter((each) => short.includes(each)),
        );
        for (const each of subjects) assert.ok(short.some((entry) => covers(entry, each)));
        for (const each of short)
          assert.deepEqual(
            short.filter((entry) => covers(entry, each)),
            [each],
          );
      }),
    );
  });
});
