import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'

/**
 * The program that is started. Compiling is most of what a start would cost, so the two big files beside it are run with
 * the code that V8 has compiled of them at the last build. Without it, or where it is of another Node, V8 compiles anew.
 *
 * @see https://v8.dev/blog/code-caching-for-devs
 */
const workFile = join(__dirname, 'work.js')
const big = new Set([join(__dirname, 'main.js'), workFile])
const plain = require.extensions['.js']!
require.extensions['.js'] = (module, path) => (big.has(path) ? run(module, path) : plain(module, path))

// zod would compile a function for each schema, which pays from thousands of values on; this is what its config() sets
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } })

void import('./main.ts').then(({ main }) => main(process.argv.slice(2)))

/** Runs a file as Node would. */
function run(module: NodeJS.Module, filename: string): void {
  const text = `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'latin1')}\n})`
  const cachedData = compiledOf(filename)
  const script = new Script(text, cachedData ? { filename, cachedData } : { filename })
  const requireFrom = (id: string): unknown => module.require(id)
  script.runInThisContext().call(module.exports, module.exports, requireFrom, module, filename, __dirname)
  if (filename === workFile) optimizeLater()
}

/**
 * Has V8 wait four times as long until it optimizes a function. A run lasts a second, in which its compilers would take as much
 * processor time as what they compile, from the commands beside them. What was compiled before is for the flags of then.
 */
const optimizeLater = (): void => setFlagsFromString('--interrupt-budget=270336')

/** Reads what was compiled of a file. V8 sees whether it is its own, but not whether it is whole: its SHA-256 comes first. */
function compiledOf(path: string): Buffer | undefined {
  try {
    const file = readFileSync(`${path}.${process.version}-${process.arch}`)
    const code = file.subarray(32)
    return createHash('sha256').update(code).digest().equals(file.subarray(0, 32)) ? code : undefined
  } catch {
    return undefined
  }
}
