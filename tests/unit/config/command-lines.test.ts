import assert from "node:assert/strict";
import { deployCommand, npmRun, quoted } from "../../../config/command-lines";

describe("command lines in messages", () => {
  it("name the environment unless it is the default", () => {
    assert.equal(npmRun("status", "local"), "npm run status");
    assert.equal(npmRun("status", "production"), "npm run status -- --env production");
    assert.equal(npmRun("failback", "local", ["--stream", "S"]), "npm run failback -- --stream S");
    assert.equal(
      npmRun("failback", "production", ["--stream", "S"]),
      "npm run failback -- --stream S --env production",
    );
  });

  it("bring a local environment up by npm start, every other by npm run deploy", () => {
    assert.equal(deployCommand("local"), "npm start");
    assert.equal(deployCommand("production"), "npm run deploy -- --env production");
  });
});

describe("values for a shell", () => {
  it("are quoted", () => assert.equal(quoted("a'b $c"), `'a'\\''b $c'`));
  it("are quoted in a command where they need it: names of servers come from anywhere", () =>
    assert.equal(npmRun("status", "local", ["--stream", "A;reboot"]), "npm run status -- --stream 'A;reboot'"));
});
