import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A volume: a folder on this machine's disk. */
export type Volume = {
  readonly id: string;
  /** The requested size. Nothing enforces it. */
  readonly bytes: number;
};

/** A copy of a volume. */
export type Snapshot = {
  readonly id: string;
  /** The volume that it was taken from. */
  readonly volume: string;
  /** The smallest size of a volume that is made from it. */
  readonly bytes: number;
  /** When it was taken, in ISO 8601. */
  readonly taken: string;
  /** Its namespace and name in the cluster, which are lost with the cluster. Clouds note them as well. */
  readonly namespace: string;
  readonly name: string;
};

/** A folder of entries, each with its data and a note that describes it. An entry is either complete or absent. */
export class FolderStore<Note extends { readonly id: string }> {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The folder with an entry's data. */
  data(id: string): string {
    return join(this.#at(id), "data");
  }

  find(id: string): Note | undefined {
    const file = join(this.#at(id), "note.json");
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Note) : undefined;
  }

  all(): Note[] {
    const names = existsSync(this.#folder) ? readdirSync(this.#folder) : [];
    return names.filter((name) => !name.endsWith(".new")).flatMap((name) => this.find(name) ?? []);
  }

  /** Adds an entry, with a copy of the folder `source` if one is given. An existing entry stays as it is. */
  add(note: Note, source?: string): Note {
    const before = this.find(note.id);
    if (before) return before;
    const made = `${this.#at(note.id)}.new`;
    rmSync(made, { recursive: true, force: true });
    mkdirSync(join(made, "data"), { recursive: true });
    // Not Node's own copy, because the files must keep their owners.
    if (source) execFileSync("cp", ["--archive", "--reflink=auto", `${source}/.`, join(made, "data")]);
    writeFileSync(join(made, "note.json"), JSON.stringify(note));
    renameSync(made, this.#at(note.id));
    return note;
  }

  remove(id: string): void {
    rmSync(this.#at(id), { recursive: true, force: true });
  }

  #at(id: string): string {
    // The id comes from outside, and the folder that it names may be removed.
    if (!/^[a-z0-9][-a-z0-9]{0,127}$/.test(id)) throw new Error(`found id ${JSON.stringify(id)}, wanted a plain name`);
    return join(this.#folder, id);
  }
}
