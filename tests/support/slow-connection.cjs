// Loaded by NODE_OPTIONS into a worker's process: it connects 8 s late, as on a machine that is busy.
const { Socket } = require("node:net");

const connect = Socket.prototype.connect;

Socket.prototype.connect = function (...args) {
  setTimeout(() => connect.apply(this, args), 8_000);
  return this;
};
