import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest } from "../stack/manifest.ts";
import { requireMonitoringApi } from "./monitoringApi.ts";

const object = (apiVersion: string, kind: string): Manifest => ({ apiVersion, kind, metadata: { name: "x" } });
const objects = [object("v1", "Service"), object("monitoring.coreos.com/v1", "PodMonitor")];

test("a cluster that does not know the kind of a monitor is told before anything is made", async () => {
  const without = async () => "";
  await assert.rejects(requireMonitoringApi(without, objects), /knows no PodMonitor \(monitoring\.coreos\.com\)/);
  await requireMonitoringApi(without, [object("v1", "Service")]);
});

test("a cluster that knows it is asked for its group, and takes it", async () => {
  const asked: string[] = [];
  const having = async (words: string[]) => {
    asked.push(words.join(" "));
    return "podmonitors.monitoring.coreos.com\nservicemonitors.monitoring.coreos.com\n";
  };
  await requireMonitoringApi(having, objects);
  assert.deepEqual(asked, ["api-resources --api-group=monitoring.coreos.com --output=name"]);
});

test("rules are asked for by their own kind, whose plural may be the same word", async () => {
  const rules = [object("monitoring.googleapis.com/v1", "Rules"), object("monitoring.coreos.com/v1", "PrometheusRule")];
  const having = async ([, group = ""]: string[]) =>
    group.endsWith("googleapis.com") ? "rules.monitoring.googleapis.com\n" : "prometheusrules.monitoring.coreos.com\n";
  await requireMonitoringApi(having, rules);
  const without = async () => "podmonitors.monitoring.coreos.com\n";
  await assert.rejects(
    requireMonitoringApi(without, rules.slice(1)),
    /^Error: monitoring\.alerts: found a cluster that knows no PrometheusRule .*, or false; nothing was changed$/,
  );
});
