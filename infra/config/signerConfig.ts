import { z } from "zod";
import { highestSignerPort } from "../names/ports.ts";
import { intFrom, label, matching, objectOf } from "./configFields.ts";
import { publicKey } from "./keyFields.ts";

const wantedPort = `a whole number from 1024 to ${highestSignerPort}, because the port of its ssh is 1000 above`;
const wantedSeconds = "a number of seconds from 0.5 to 30";

/** A host and a port as the URLs of devices have them: a DNS name, an IPv4 address, or an IPv6 address in brackets. */
const host = String.raw`(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)`;
const httpUrl = new RegExp(`^http://${host}(:\\d{1,5})?$`);
const wantedHttp = "http://host:port, where its program serves octez-signer's HTTP API";

/** The kinds of device, and the URL that each takes: `wanted` describes it, and without `pattern` there is none. */
const deviceUrls: Readonly<Record<string, { pattern?: RegExp; wanted: string; isRequired?: boolean }>> = {
  ledger: { wanted: "nothing: a Ledger is found by its USB vendor" },
  tezsign: { pattern: httpUrl, wanted: wantedHttp },
  tcp: { pattern: new RegExp(`^tcp://${host}:\\d{1,5}$`), wanted: "tcp://host:port of the device", isRequired: true },
  signatory: { pattern: httpUrl, wanted: wantedHttp },
  own: {
    pattern: new RegExp(`${httpUrl.source}|^unix:/[A-Za-z0-9._/-]+$`),
    wanted: `${wantedHttp}, or unix:/path, a socket that speaks octez-signer's binary protocol`,
    isRequired: true,
  },
};

const deviceKinds = ["ledger", "tezsign", "tcp", "signatory", "own"] as const;
const device = z
  .strictObject(
    { kind: z.enum(deviceKinds, "ledger, tezsign, tcp, signatory or own"), url: z.string("a URL").optional() },
    objectOf,
  )
  .superRefine(({ kind, url }, ctx) => {
    const { pattern, wanted, isRequired = false } = deviceUrls[kind] as (typeof deviceUrls)[string];
    const isRight = url === undefined ? !isRequired : pattern?.test(url);
    if (!isRight) ctx.addIssue({ code: "custom", path: ["url"], message: wanted });
  });

const mains = z.strictObject(
  {
    chip: matching(/^gpiochip\d{1,3}$/, "the name of a GPIO chip in /dev, such as gpiochip0"),
    line: intFrom(0, 1023),
    lostWhen: z.enum(["high", "low"], "high or low, the line's level while there is no mains power"),
  },
  objectOf,
);

const uplink = z.strictObject(
  {
    // A name in a command of ssh_config. The kernel takes 15 characters.
    interface: matching(
      /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/,
      "the name of the host's network interface, such as eth0, as `ip link` prints it",
    ),
    metered: z.boolean("true or false").optional(),
  },
  objectOf,
);

const wantedUps = "NUT's name of a UPS, name@host or name@host:port, such as ups@localhost";

/** A home host with its device. */
export const signerSchema = z
  .strictObject(
    {
      name: label(56),
      // The host makes its key when its kit is installed, and the kit is made from the stack.
      sshPublicKey: publicKey.optional(),
      nextSshPublicKey: publicKey.optional(),
      port: intFrom(1024, highestSignerPort, wantedPort),
      noTouchRequired: z.boolean("true or false").optional(),
      answerSeconds: z.number(wantedSeconds).min(0.5, wantedSeconds).max(30, wantedSeconds).default(5),
      uplinks: z.array(uplink, "a list of uplinks").optional(),
      device: device.default({ kind: "ledger" }),
      mains: mains.optional(),
      ups: matching(/^[A-Za-z0-9][\w.-]*@[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?$/, wantedUps).optional(),
    },
    objectOf,
  )
  .superRefine(({ noTouchRequired, sshPublicKey, nextSshPublicKey }, ctx) => {
    if (!noTouchRequired || [sshPublicKey, nextSshPublicKey].some((key) => key?.type?.startsWith("sk-"))) return;
    const message = "nothing: only a security key (sk-…) is ever touched";
    ctx.addIssue({ code: "custom", path: ["noTouchRequired"], message });
  });

/** A signer as the config describes it. */
export type SignerConfig = z.output<typeof signerSchema>;
