import * as assert from "node:assert/strict";
import { unknownValue as ofPulumi } from "@pulumi/pulumi/runtime/rpc";
import { unknownValue } from "../../../config/unknown-value";

it("the value for what a preview does not know is Pulumi's", () => assert.equal(unknownValue, ofPulumi));
