#!/bin/sh
# The last language host that is a Go module takes the runtime options of Pulumi.yaml as flags, while today's CLI sends
# them in requests that it does not read: without these, every run would load TypeScript and check all types
# (docs/adr/0003).
exec "${0%/*}/pulumi-language-nodejs-host" -typescript=false -nodeargs=--require=./tools/runtime.cjs "$@"
