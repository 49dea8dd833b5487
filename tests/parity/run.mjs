// Runs a script of this tree on the MicroPython that is compiled to WebAssembly:
//   node run.mjs ROOT SCRIPT [ARGUMENT ...]
// The packages are copied into its own file system first; what it prints comes out here.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const PACKAGES = ["hal", "control", "drivers", "sim", "firmware"];
const HEAP_BYTES = 8 << 20;

const [root, script, ...args] = process.argv.slice(2);
const board = await loadMicroPython({ heapsize: HEAP_BYTES, linebuffer: true });

function copy(path) {
  board.FS.mkdir("/" + path);
  for (const name of readdirSync(join(root, path))) {
    const inner = path + "/" + name;
    if (statSync(join(root, inner)).isDirectory()) {
      if (name !== "__pycache__") copy(inner);
    } else if (/\.(py|txt)$/.test(name)) {
      board.FS.writeFile("/" + inner, readFileSync(join(root, inner)));
    }
  }
}

for (const name of PACKAGES) copy(name);
board.globals.set("source", readFileSync(join(root, script), "utf8"));
board.globals.set("arguments", [script, ...args]);
try {
  board.runPython(`
import sys
sys.path.insert(0, "/")
sys.argv[:] = list(arguments)
exec(source, {"__name__": "__main__"})
`);
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
