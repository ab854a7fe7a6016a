import { succeeds, type TestHost, until } from "./testHost.ts";

/** Debian's own, which has the packages. */
const python = "/usr/bin/python3";

/** The bus has no rules: everybody may connect and own every name. */
const configuration = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>`;

/** A system bus of a test's host, on which python-dbusmock plays the host's programs. */
export class MockedBus {
  /** Its address in the host. */
  readonly address = "unix:path=/run/bus";
  readonly #host: TestHost;

  constructor(host: TestHost) {
    this.#host = host;
  }

  async start(): Promise<void> {
    const file = this.#host.write("bus.conf", configuration);
    this.#host.background("bus", ["dbus-daemon", `--config-file=${file}`, "--nofork"]);
    await until("a bus", () => succeeds(this.python("")));
  }

  /** Stops the bus daemon without ending it, so that it answers nothing, or lets it go on. */
  hang(isHanging: boolean): Promise<void> {
    return this.#host.signal("bus", isHanging ? "STOP" : "CONT");
  }

  /** Has a mock of a program on the bus. `how` is a template's option, or a name, a path and an interface. */
  async mock(name: string, ...how: string[]): Promise<void> {
    const words = [python, "-m", "dbusmock", "--system", ...how];
    this.#host.background(name, words, { DBUS_SYSTEM_BUS_ADDRESS: this.address });
    await until(`${name} on the bus`, () => succeeds(this.python(`assert bus.name_has_owner("${name}")`)));
  }

  /** Runs Python with `bus`, and `mock(name, path)`, which has the methods of a mock. */
  python(script: string): Promise<string> {
    const prelude = `
import dbus
bus = dbus.bus.BusConnection("${this.address}")
def mock(name, path):
    return dbus.Interface(bus.get_object(name, path), "org.freedesktop.DBus.Mock")
def properties(name, path):
    return dbus.Interface(bus.get_object(name, path), "org.freedesktop.DBus.Properties")
`;
    return this.#host.run(python, "-c", prelude + script);
  }
}
