// Runs a WASI command under Node: node node_wasi.mjs [--dir host::guest]... [--env K=V]... file.wasm [argument]...
import {readFile} from 'node:fs/promises';
import {WASI} from 'node:wasi';

const args = process.argv.slice(2);
const preopens = {}, env = {};
while (args.length > 0 && args[0].startsWith('--')) {
  const option = args.shift(), value = args.shift();
  if (option === '--dir') {
    const [host, guest = host] = value.split('::');
    preopens[guest] = host;
  } else if (option === '--env') {
    const at = value.indexOf('=');
    env[value.slice(0, at)] = value.slice(at + 1);
  } else {
    console.error(`node_wasi: unknown option ${option}`);
    process.exit(2);
  }
}
const module = await WebAssembly.compile(await readFile(args[0]));
const names = new Set(WebAssembly.Module.imports(module).map((i) => i.module));
const version = names.has('wasi_unstable') ? 'unstable' : 'preview1';
const wasi = new WASI({version, args, env, preopens});
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
