/** Values for a test to feed to a check: ones that are close to a valid one, and ones that people type. */
export function candidates(value: unknown): unknown[] {
  const odd = [null, true, 7, -1, 0, 1.5, 65536, 1e9, "", " ", "x", "X", {}, [], ["x"], value];
  if (typeof value === "number") {
    const edges = [1, 100, 101, 1023, 1024, 2222, 8404, 8441, 29999, 30000, 32767, 32768, 64535, 64536, 65535];
    return [...odd, String(value), value + 0.5, -value, ...edges];
  }
  if (Array.isArray(value)) return [...odd, [...value, value[0]], [value[0], value[0]]];
  if (typeof value !== "string") {
    const keys = ["", "a b", "-a", "a/b/c", "A.org/b", "/b", "a/", "é", "a".repeat(64), "app.kubernetes.io/name"];
    return [...odd, ...keys.map((key) => ({ [key]: "x" })), { "example.org/a": "x" }];
  }
  const half = Math.ceil(value.length / 2);
  const [start, end] = [value.slice(0, half), value.slice(half)];
  const bits = [..."A_-./:@%~é'\"$0# \n\t\0", "..", "//", "99", "{{"];
  const around = bits.flatMap((bit) => [bit + value, value + bit, start + bit + end]);
  // Addresses are in base58, which takes time quadratic in its length.
  const long = [value.repeat(20), value.repeat(Math.ceil(3000 / value.length)), "a".repeat(64), "a".repeat(254)];
  return [...odd, value.toUpperCase(), start, end, ...long, ...around, ...typed];
}

const typed = [
  ..."Mainnet MAINNET rolling_5 rolling: Rolling archive:5 full:99999 authentication Premium_RWO a..b a.-b latest ON Yes none".split(
    " ",
  ),
  ..."https://registry.example.org/x a:tag a@sha256:0 ftp://x http:// 15 0s 1h 9999999s podmonitor".split(" "),
  ..."10.0.0.0 10.0.0.0/33 0.0.0.0/0 ::/0 fe80::%eth0/64 12Qi 0Gi 1.5Gi 99999999Gi tz5x edsk @daily".split(" "),
  "99 * * * *",
  "https://a b",
  "ssh-dss AAAA",
];
