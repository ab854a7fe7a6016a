import assert from "node:assert/strict";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { stateFolder } from "../../local/machine/paths.ts";
import { ensurePackages } from "../../local/toolchain/debianPackages.ts";
import { buildProgram } from "../../local/toolchain/go.ts";
import { MockedBus } from "./mockedBus.ts";
import { succeeds, TestHost, until } from "./testHost.ts";

// The wrapper's page /healthz beside the real NUT, and python-dbusmock's UPower, NetworkManager, ModemManager and systemd,
// on a host whose /sys is made here.

const skip = process.getuid?.() !== 0 && "it mounts a /sys of its own, which takes root";
const packages = ["dbus-daemon", "iproute2", "nut-client", "nut-server", "python3-dbusmock", "util-linux"];
const unit = "remote-signer-tunnel@0.service";
const systemd = "org.freedesktop.systemd1";
const networkManager = "org.freedesktop.NetworkManager";
const modemManager = "org.freedesktop.ModemManager1";

describe("GET /healthz of the wrapper", { skip }, () => {
  const host = new TestHost();
  const bus = new MockedBus(host);

  /** The page's lines, but those of the daemon, the device and the signatures, and those that differ between machines. */
  async function lines(): Promise<string[]> {
    const { status, body } = await host.page("http://127.0.0.1:8443/healthz");
    assert.equal(status, 200, body);
    const others = /^signer_host_(info|daemon|device|disk|clock|last|signature|repeats)/;
    return body
      .split("\n")
      .filter((line) => line.startsWith("signer_host_") && !others.test(line))
      .sort();
  }

  const ofSys = [
    'signer_host_battery_ratio{battery="BAT0"} 0.64',
    'signer_host_temperature_celsius{zone="cpu-thermal"} 48.312',
    "signer_host_throttled 0",
    "signer_host_undervoltage 1",
  ];
  const ofRoutes = [
    'signer_host_uplink_active{interface="eth0",kind="ethernet"} 1',
    'signer_host_uplink_active{interface="wwan0",kind="modem"} 0',
  ];
  const ofBus = [
    'signer_host_battery_ratio{battery="ups_hiddev0"} 0.5',
    'signer_host_modem_signal_ratio{modem="8"} 0.7',
    `signer_host_tunnel_restarts_total{tunnel="${unit}"} 3`,
    `signer_host_tunnel_up{tunnel="${unit}"} 1`,
    "signer_host_uplink_metered 0",
  ];
  const ofUps = ['signer_host_battery_ratio{battery="rig@127.0.0.1"} 0.87', "signer_host_mains_online 1"];
  const all = [...ofSys, ...ofRoutes, ...ofBus, ...ofUps].sort();

  /** Waits for a page, because a UPS's driver and a bus take a moment. */
  async function hasPage(wanted: readonly string[]): Promise<void> {
    let last: string[] = [];
    const isIt = async () => {
      last = await lines();
      return last.join("\n") === [...wanted].sort().join("\n");
    };
    await until("the page", isIt).catch(() => assert.deepEqual(last, [...wanted].sort()));
  }

  function writeSys(): void {
    const supply = (name: string, values: Record<string, string>) => {
      for (const [file, text] of Object.entries(values)) host.write(`sys/class/power_supply/${name}/${file}`, text);
    };
    supply("AC", { type: "Mains", online: "1" });
    supply("BAT0", { type: "Battery", present: "1", status: "Charging", capacity: "64" });
    host.write("sys/class/thermal/thermal_zone0/type", "cpu-thermal");
    host.write("sys/class/thermal/thermal_zone0/temp", "48312");
    host.write("sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled", "10000");
    host.write("sys/class/net/eth0/type", "1");
    host.write("sys/class/net/wwan0/type", "1");
    host.write("sys/class/net/wwan0/uevent", "DEVTYPE=wwan\nINTERFACE=wwan0");
  }

  async function startNetwork(): Promise<void> {
    for (const [index, name] of ["eth0", "wwan0"].entries()) {
      await host.run("ip", "link", "add", name, "type", "veth", "peer", "name", `${name}-far`);
      await host.run("ip", "address", "add", `192.0.2.${index * 128 + 2}/25`, "dev", name);
      for (const end of [name, `${name}-far`]) await host.run("ip", "link", "set", end, "up");
    }
    await cable("add");
    await host.run("ip", "route", "add", "default", "via", "192.0.2.129", "metric", "700");
  }
  const cable = (what: "add" | "delete") =>
    host.run("ip", "route", what, "default", "via", "192.0.2.1", "metric", "100");

  let writes = 0;
  function writeUps(status: string): void {
    const file = host.write("nut/rig.dev", `battery.charge: 87\nups.status: ${status}\ndevice.model: rig`);
    // The driver reads the file again if its time is another one, in whole seconds.
    const time = 1795881600 + 10 * writes++;
    utimesSync(file, time, time);
  }

  async function startNut(): Promise<void> {
    writeUps("OL CHRG");
    host.write("nut/ups.conf", "[rig]\n  driver = dummy-ups\n  port = rig.dev\n  pollinterval = 1");
    host.write("nut/upsd.conf", "LISTEN 127.0.0.1 3493");
    host.write("nut/upsd.users", "");
    host.write("nut-state/.keep", "");
    const nut = {
      NUT_CONFPATH: join(host.folder, "nut"),
      NUT_STATEPATH: join(host.folder, "nut-state"),
      NUT_ALTPIDPATH: join(host.folder, "nut-state"),
    };
    // Debian's upsd on the PATH is a script that does nothing without its nut.conf.
    host.background("dummy-ups", ["/lib/nut/dummy-ups", "-F", "-u", "root", "-a", "rig"], nut);
    host.background("upsd", ["/lib/nut/upsd", "-F", "-u", "root"], nut);
  }

  async function startMocks(): Promise<void> {
    await bus.mock("org.freedesktop.UPower", "--template", "upower");
    await bus.python(`
upower = mock("org.freedesktop.UPower", "/org/freedesktop/UPower")
path = upower.AddChargingBattery("ups_hiddev0", "UPS", 50.0, 1200)
properties("org.freedesktop.UPower", path).Set("org.freedesktop.UPower.Device", "Type", dbus.UInt32(3))`);

    await bus.mock(networkManager, "--template", "networkmanager");
    // A modem's Interface is its control port. The template has one name for both, and no Metered.
    await bus.python(`
root = "/org/freedesktop/NetworkManager"
manager = mock("${networkManager}", root)
for interface, ip_interface, metered in [("eth0", "eth0", 4), ("cdc-wdm0", "wwan0", 3)]:
    path = manager.AddEthernetDevice(interface.replace("-", "_"), interface, 100)
    device = "${networkManager}.Device"
    mock("${networkManager}", path).AddProperties(device, {"Metered": dbus.UInt32(metered)})
    properties("${networkManager}", path).Set(device, "IpInterface", ip_interface)
manager.AddMethod("${networkManager}", "GetDeviceByIpIface", "s", "o", """
for path in objects:
    if "/Devices/" in path and objects[path].Get("${networkManager}.Device", "IpInterface") == args[0]:
        ret = dbus.ObjectPath(path)
""")`);

    const modems = "/org/freedesktop/ModemManager1";
    await bus.mock(modemManager, "--is-object-manager", modemManager, modems, modemManager);
    await bus.python(`
values = {"State": dbus.Int32(11), "SignalQuality": dbus.Struct((dbus.UInt32(70), dbus.Boolean(True)))}
mock("${modemManager}", "${modems}").AddObject("${modems}/Modem/8", "${modemManager}.Modem", values, dbus.Array([], signature="(ssss)"))`);

    const manager = "/org/freedesktop/systemd1";
    await bus.mock(systemd, systemd, manager, `${systemd}.Manager`);
    await bus.python(`
path = "${manager}/unit/remote_2dsigner_2dtunnel_400_2eservice"
manager = mock("${systemd}", "${manager}")
manager.AddMethod("${systemd}.Manager", "LoadUnit", "s", "o", 'ret = "%s"' % path)
manager.AddObject(path, "${systemd}.Unit", {
    "LoadState": "loaded", "ActiveState": "active", "ActiveEnterTimestamp": dbus.UInt64(1795881600000000)}, dbus.Array([], signature="(ssss)"))
mock("${systemd}", path).AddProperties("${systemd}.Service", {
    "NRestarts": dbus.UInt32(3), "Environment": dbus.Array([], signature="s")})`);
  }

  before(async () => {
    await ensurePackages(console.error, packages);
    const program = join(host.folder, "signer-host");
    await buildProgram("./signer-host/wrapper", program, join(stateFolder, "tools"), console.error);
    writeSys();
    const config = {
      stack: "test",
      signer: "home",
      listen: "127.0.0.1:8443",
      daemon: "http://127.0.0.1:8442",
      device: { kind: "own" },
      answerSeconds: 5,
      tunnels: [unit],
      keys: [],
      ups: "rig@127.0.0.1",
    };
    host.write("etc/remote-signer/wrapper.json", JSON.stringify(config));
    await host.start();
    await startNetwork();
    await bus.start();
    await Promise.all([startNut(), startMocks()]);
    host.background("wrapper", [program, "wrapper"], { DBUS_SYSTEM_BUS_ADDRESS: bus.address });
    await until("the wrapper", () => succeeds(lines()));
  });

  after(() => host.stop());

  test("it has what all sources say", async () => {
    await hasPage(all);
    const { body } = await host.page("http://127.0.0.1:8443/healthz");
    assert.match(body, /^signer_host_disk_free_bytes [\d.e+]+$/m);
    assert.match(body, /^signer_host_clock_synchronized [01]$/m);
  });

  test("a UPS on its battery is lost mains power, whatever the adapter says", async () => {
    writeUps("OB DISCHRG");
    const lost = all.map((line) => (line === "signer_host_mains_online 1" ? "signer_host_mains_online 0" : line));
    await hasPage(lost).finally(() => writeUps("OL"));
    await hasPage(all);
  });

  test("without the cable the modem is the uplink, and it is metered, though NetworkManager says full", async () => {
    await cable("delete");
    const nobodysWord = `print(int(properties("${networkManager}", "/org/freedesktop/NetworkManager").Get("${networkManager}", "Connectivity")))`;
    assert.equal((await bus.python(nobodysWord)).trim(), "4");
    await hasPage([
      ...ofSys,
      ...ofUps,
      ...ofBus.map((line) => line.replace("metered 0", "metered 1")),
      'signer_host_uplink_active{interface="wwan0",kind="modem"} 1',
    ]).finally(() => cable("add"));
    await hasPage(all);
  });

  test("a tunnel that is being started again is down", async () => {
    const path = "/org/freedesktop/systemd1/unit/remote_2dsigner_2dtunnel_400_2eservice";
    const set = (state: string, restarts: number) =>
      bus.python(`
unit = properties("${systemd}", "${path}")
unit.Set("${systemd}.Unit", "ActiveState", "${state}")
unit.Set("${systemd}.Service", "NRestarts", dbus.UInt32(${restarts}))`);
    await set("activating", 4);
    await hasPage(
      all.map((line) => line.replace(/(tunnel_up.*) 1/, "$1 0").replace(/(tunnel_restarts_total.*) 3/, "$1 4")),
    ).finally(() => set("active", 3));
    await hasPage(all);
  });

  test("no modem is an empty list, and no line", async () => {
    const path = "/org/freedesktop/ModemManager1";
    await bus.python(`mock("${modemManager}", "${path}").RemoveObject("${path}/Modem/8")`);
    await hasPage(all.filter((line) => !line.includes("modem_signal")));
  });

  /** The page while something hangs: it has the other lines, and it comes soon, on a busy machine too. */
  async function hasPageInTime(wanted: readonly string[]): Promise<void> {
    for (let i = 0; i < 3; i++) {
      const { took } = await host.page("http://127.0.0.1:8443/healthz");
      assert.ok(took < 5000, `it took ${took} ms`);
      assert.deepEqual(await lines(), [...wanted].sort());
    }
  }

  test("a bus that hangs leaves out only its own lines, and takes no longer than a second", async () => {
    await bus.hang(true);
    try {
      await hasPageInTime([...ofSys, ...ofRoutes, ...ofUps]);
    } finally {
      await bus.hang(false);
    }
    await hasPage(all.filter((line) => !line.includes("modem_signal")));
  });

  test("a UPS that hangs leaves out only its own lines, and leaves open whether there is mains power", async () => {
    const others = all.filter((line) => !line.includes("modem_signal") && !ofUps.includes(line));
    await host.signal("upsd", "STOP");
    try {
      await hasPageInTime(others);
    } finally {
      await host.signal("upsd", "CONT");
    }
  });

  test("many scrapes at once are answered within a second, also while a UPS hangs", async () => {
    await host.signal("upsd", "STOP");
    try {
      const pages = await Promise.all(Array.from({ length: 4 }, () => host.page("http://127.0.0.1:8443/healthz")));
      for (const { status, took } of pages) assert.ok(status === 200 && took < 5000, `${status} in ${took} ms`);
    } finally {
      await host.signal("upsd", "CONT");
    }
  });

  test("a UPS whose driver is gone has no line", async () => {
    await host.signal("upsd", "KILL");
    await hasPage(all.filter((line) => !line.includes("modem_signal") && !ofUps.includes(line)));
  });
});
