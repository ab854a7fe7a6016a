import type { Page } from "../cluster/forwarderPod.ts";
import type { Sample } from "../observe/exposition.ts";
import type { Answer } from "./answer.ts";

/** What the config says of a signer. */
export type SignerConfigFacts = {
  readonly name: string;
  readonly port: number;
  readonly sshPort: number;
  /** Its device's kind, such as `ledger`. */
  readonly device: string;
  /** The fingerprints of its ssh keys, as `ssh-keygen -l` prints them. */
  readonly fingerprints: readonly string[];
  /** The addresses of the keys that bakers use with it. */
  readonly keys: readonly string[];
  /** The addresses of the keys with which these bakers sign their requests; empty without an `authenticationSeed`. */
  readonly authorized: readonly string[];
  /** Those with which they will, by `nextAuthenticationSeed`. */
  readonly authorizedNext: readonly string[];
};

/** What the config says. */
export type ConfigFacts = {
  /** The number of the replica of the forwarder, from 0. */
  readonly replica: number;
  /** The words with which the user's kubectl reaches the stack's namespace. */
  readonly kubectl: string;
  /** Whether the cluster is this machine's own. */
  readonly isLocal: boolean;
  /** What signers dial. */
  readonly endpoint: {
    readonly host: string;
    readonly port: number;
    readonly alternatePorts: readonly number[];
    /** Whether the port is one of each node. */
    readonly isNodePort: boolean;
  };
  /** The pinned host keys, `<type> <base64>`. */
  readonly hostKeys: readonly string[];
  readonly signers: readonly SignerConfigFacts[];
  /** The names of the bakers. */
  readonly bakers: readonly string[];
};

/** The router in a baker's pod. */
export type RouterFacts = {
  readonly baker: string;
  readonly metrics: Answer<readonly Sample[]>;
  /** Its log of the last minutes: each line behind its time. */
  readonly log: Answer<readonly string[]>;
};

/** A pod of the forwarder. */
export type PodFacts = {
  readonly isReady: boolean;
  readonly restarts: number;
  /** How long it has been there, in seconds. */
  readonly seconds: number;
  /** Why it is not ready, such as `ImagePullBackOff`, with Kubernetes's text. */
  readonly reason?: string;
};

/** What a port answers that signers dial. */
type PortFacts = { readonly port: number; readonly answer: Answer<string> };

/** A page of a signer's host, or why there is no answer. */
export type PageAnswer = Answer<Page>;

/** The pages of a signer's host: its health, whose requests it signs, and the state of each key by its address. */
export type HostFacts = {
  readonly health: PageAnswer;
  readonly authorized: PageAnswer;
  readonly keys: Readonly<Record<string, PageAnswer>>;
};

/** What is known of a stack. What was not asked, because an earlier answer was missing, is missing. */
export type Facts = {
  readonly stack: string;
  /** When this was found out, in milliseconds. */
  readonly now: number;
  readonly config: Answer<ConfigFacts>;
  /** Whether the stack's namespace is there, if the cluster answers. */
  readonly cluster?: Answer<boolean>;
  readonly pods?: Answer<readonly PodFacts[]>;
  /** The addresses of the Service that signers dial: a load balancer's, or those of all nodes. */
  readonly serviceAddresses?: Answer<readonly string[]>;
  /** The addresses of the endpoint's host. */
  readonly resolved?: Answer<readonly string[]>;
  readonly ports?: readonly PortFacts[];
  /** The host keys that the endpoint shows, `<type> <base64>`. */
  readonly shownKeys?: Answer<readonly string[]>;
  readonly metrics?: Answer<readonly Sample[]>;
  readonly routers?: readonly RouterFacts[];
  /** What the guards of all replicas and routers remember: each knows of what it has passed on itself, and no more. */
  readonly marks?: Answer<readonly string[]>;
  /** The forwarder's log of the last hour: each line behind its time. */
  readonly log?: Answer<readonly string[]>;
  /** The tags of the bakers' Octez images. */
  readonly octezTags?: Answer<readonly string[]>;
  /** Bytes that the pod has sent and received, without those of its loopback. */
  readonly bytes?: Answer<number>;
  /** What each signer's host says that has a tunnel. */
  readonly hosts?: Readonly<Record<string, HostFacts>>;
};
