// Pulumi's SDK captures a stack for each promise of each resource, for a message about promises that never settle: a
// third of the time that a program of some hundred resources takes. These stacks are empty; errors keep theirs.
const debuggable = require("@pulumi/pulumi/runtime/debuggable");

const { debuggablePromise } = debuggable;

debuggable.debuggablePromise = (...args) => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return debuggablePromise(...args);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};
