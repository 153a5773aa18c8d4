import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-plugins-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function nsnetIn(env: { readonly [name: string]: string }, ...args: readonly string[]) {
  const options = { encoding: 'utf8', timeout: 30_000, env: { ...process.env, ...env } } as const
  return spawnSync(process.execPath, ['dist/nsnet.js', ...args], options)
}

function fileOf(name: string, text: string): string {
  const path = join(dir, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** The text of a step type that does nothing; parts of it can be replaced. */
const stepText = (type: string, parts = ''): string => `{
  type: ${JSON.stringify(type)},
  input: { '~standard': { version: 1, vendor: 'by hand', validate: (value) => value.ok ? { value } : { issues: [{ message: 'expected ok', path: ['ok'] }] } } },
  resources: () => ({}), probe: () => ({ argv: ['true'] }), observe: () => ({}), plan: () => ({ apply: [], undo: [] }), ${parts}
}`

const moduleText = (type: string, parts = ''): string => `export default ${stepText(type, parts)}\n`

/** Validates a workflow in the folder `work` with one step of each type. */
function validated(
  plugins: readonly string[],
  types: readonly string[],
  env: { readonly [name: string]: string } = {},
) {
  const steps = types.map((uses, at) => ({ id: `s${at}`, uses, with: { ok: true } }))
  const path = fileOf('work/lab.json', JSON.stringify({ name: 'lab', plugins, steps }))
  const { status, signal, stdout, stderr } = nsnetIn(env, 'validate', path)
  return { status, signal, stdout, stderr }
}

const isFine = { status: 0, stderr: '' }

beforeAll(() => {
  fileOf('shared/up.mjs', moduleText('up'))
  fileOf('work/own.mjs', moduleText('own'))
  fileOf('work/typed.ts', `import { type Json } from 'nsnet'\nconst a: Json = 1\nvoid a\n${moduleText('typed')}`)
  fileOf('work/common.cjs', `module.exports = [${stepText('common')}, ${stepText('other')}]`)
  fileOf('work/compiled.cjs', `exports.__esModule = true; exports.default = ${stepText('compiled')}`)
  fileOf('node_modules/nsnet-plugin-plain/package.json', '{ "name": "nsnet-plugin-plain", "main": "lib.cjs" }')
  fileOf('node_modules/nsnet-plugin-plain/lib.cjs', `module.exports = ${stepText('plain')}`)
  const exported = { '.': { import: './all.mjs', require: './no.cjs' }, './one': './one.mjs' }
  fileOf('node_modules/@scope/steps/package.json', JSON.stringify({ name: '@scope/steps', exports: exported }))
  fileOf('node_modules/@scope/steps/all.mjs', `import { z } from 'nsnet'\nvoid z\n${moduleText('scoped')}`)
  fileOf('node_modules/@scope/steps/one.mjs', moduleText('one'))
})

describe('a plugin is found', () => {
  test.each([
    ['./own.mjs', 'own'],
    ['own.mjs', 'own'],
    ['../shared/up.mjs', 'up'],
    ['./typed.ts', 'typed'],
    ['./common.cjs', 'other'],
    ['./compiled.cjs', 'compiled'],
    ['nsnet-plugin-plain', 'plain'],
    ['@scope/steps', 'scoped'],
    ['@scope/steps/one', 'one'],
  ])('as %s', (plugin, type) => {
    expect(validated([plugin], [type])).toMatchObject(isFine)
  })
  test('with its own validator, by hand, whose issues are told with their place', () => {
    const path = fileOf(
      'work/issues.json',
      '{"name":"i","plugins":["./own.mjs"],"steps":[{"id":"a","uses":"own","with":{"ok":0}}]}',
    )
    const { status, stderr } = nsnetIn({}, 'validate', path)
    expect(status).toBe(65)
    expect(stderr).toContain('issues.json:1:82 /steps/0/with/ok: expected ok, got 0')
  })
})

describe('what is not there is told with its place, where it was looked for, and what to type', () => {
  test.each([
    [
      './none.mjs',
      'expected the file of a plugin, there is no DIR/work/none.mjs',
      'nsnet new step none --dir DIR/work --js',
    ],
    ['./owm.mjs', 'there is no DIR/work/owm.mjs', 'did you mean "./own.mjs"?'],
    ['../shared/upp.mjs', 'there is no DIR/shared/upp.mjs', 'did you mean "../shared/up.mjs"?'],
    ['../shared', 'DIR/shared is a folder', 'name a file in it'],
    [
      'nsnet-plugin-none',
      'found neither the file DIR/work/nsnet-plugin-none nor an npm package in node_modules of DIR/work or above',
      'cd DIR/work && npm install nsnet-plugin-none',
    ],
    ['@scope/none/deep', 'expected a plugin "@scope/none/deep"', 'npm install @scope/none'],
    ['@scope/steps/two', `Package subpath './two' is not defined by "exports"`, ''],
    ['fs', '"fs" is a module of Node.js itself', 'write "./fs"'],
  ])('%s', (plugin, message, hint) => {
    const { status, stdout, stderr } = validated(['./own.mjs', plugin], [])
    expect({ status, stdout }).toEqual({ status: 65, stdout: '' })
    expect(stderr).toMatch(/^nsnet: lab\.json:1:38 \/plugins\/1: /)
    expect(stderr).toContain(message.replaceAll('DIR', dir))
    expect(stderr).toContain(hint.replaceAll('DIR', dir))
  })
})

describe('a plugin that is no step of this version is refused with its file', () => {
  test.each([
    ['nothing', 'export const step = 1', 'expected "export default" of a step or a list of steps, got nothing'],
    ['syntax', 'export default {', 'cannot be loaded: Unexpected end of input'],
    ['throws', 'throw "oops"', 'cannot be loaded: oops'],
    [
      'old-name',
      `import { nothing } from 'nsnet'\nexport default nothing`,
      `does not provide an export named 'nothing'`,
    ],
    ['getter', `export default { get type() { throw new Error('no') } }`, 'cannot be loaded: no'],
    ['type', moduleText('a b\x1b'), 'expected the step\'s "type" to be a name of up to 63 letters, digits'],
    [
      'builtin',
      moduleText('netns'),
      'expected step types of different names, "netns" is defined by nsnet itself and again by ',
    ],
    ['same', `export default [${stepText('x')}, ${stepText('x')}]`, '"x" is defined twice by '],
    ['undo', moduleText('x', 'undo: 7'), 'expected the step\'s "undo" to be a function, got number'],
    ['output', moduleText('x', 'outputs: { a: 1 }'), 'expected the step\'s "outputs.a" to be a function, got number'],
    ['tally', moduleText('x', 'tally: {}'), 'expected the step\'s "tally.over" to be a function, got undefined'],
    ['schema', moduleText('x', 'input: { "~standard": {} }'), 'to be a Standard Schema'],
    [
      'version',
      moduleText('x', 'apiVersion: 2'),
      'expected a step for version 1 of nsnet\'s step API, "x" is written for version 2\n  this is nsnet 0.1.0: install a newer nsnet',
    ],
    ['version-text', moduleText('x', 'apiVersion: ">=2"'), '"x" says ">=2"'],
  ])('%s', (name, text, message) => {
    const file = fileOf(`work/bad-${name}.mjs`, text)
    const { status, stderr } = validated([`./bad-${name}.mjs`], [])
    expect({ status, stderr }).toEqual({
      status: 65,
      stderr: expect.stringMatching(/^nsnet: lab\.json:1:26 \/plugins\/0: /),
    })
    expect(stderr).toContain(file)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('bug')
  })
  test('but one for this version is taken, and so is one that reads the version', () => {
    fileOf('work/this.mjs', `import { API_VERSION } from 'nsnet'\n${moduleText('this', 'apiVersion: API_VERSION')}`)
    expect(validated(['./this.mjs'], ['this'])).toMatchObject(isFine)
  })
})

describe('a plugin that hangs or leaves while it is loaded', () => {
  const soon = { NSNET_TIMEOUT: '0.5' }
  test('waiting for ever is refused', () => {
    const file = fileOf('work/waits.mjs', `await new Promise(() => undefined)\n${moduleText('x')}`)
    const { status, stderr } = validated(['./waits.mjs'], [], soon)
    expect(status).toBe(65)
    expect(stderr).toContain(`/plugins/0: ${file}: loading the plugin took longer than 0.5 s: does it end?`)
  })
  test('looping for ever is told of by another thread, which ends nsnet', () => {
    const file = fileOf('work/loops.mjs', `for (;;);\n${moduleText('x')}`)
    const { signal, stderr } = validated(['./loops.mjs'], [], soon)
    const told =
      `nsnet: ${file}: loading the plugin took longer than 0.5 s: does it end? (NSNET_TIMEOUT sets the limit)\n` +
      '  with that file moved away, what it has made is still taken back: nsnet undo RUN\n'
    // on a slow machine it is refused before it begins to loop
    expect({ signal, stderr: stderr.slice(-told.length) }).toEqual({ signal: 'SIGKILL', stderr: told })
  })
  test('process.exit(0) is no success', () => {
    const file = fileOf('work/leaves.mjs', 'process.exit(0)')
    const { status, stderr } = validated(['./leaves.mjs'], [])
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining(`${file}: the plugin ended nsnet`),
    })
  })
})

describe('a validator that is broken is told with the plugin’s file', () => {
  // loading the file has to be done in that time, too
  const soon = { NSNET_TIMEOUT: '3' }
  test.each([
    ['throws', '() => { throw new TypeError("oops") }', 'TypeError: oops'],
    ['rejects', 'async () => { throw new TypeError("oops") }', 'TypeError: oops'],
    ['nothing', '() => undefined', 'expected { value } or { issues: […] }, got undefined'],
    ['async nothing', 'async () => undefined', 'expected { value } or { issues: […] }, got undefined'],
    ['loops', '() => { for (;;); }', 'took longer than 3 s: does it end?'],
    ['waits', '() => new Promise(() => undefined)', 'took longer than 3 s: does it end?'],
  ])('%s', (name, validate, says) => {
    const input = `input: { '~standard': { version: 1, vendor: 'x', validate: ${validate} } }`
    const file = fileOf(`work/validator-${name.replace(' ', '-')}.mjs`, moduleText('x', input))
    const { status, stderr } = validated([`./${file.split('/').at(-1)}`], ['x'], soon)
    expect({ status, stderr }).toEqual({
      status: 65,
      stderr: expect.stringContaining(`nsnet: the step type "x" broke in its "input": `),
    })
    expect(stderr).toContain(says)
    expect(stderr).toContain(`the mistake is in ${file}, not in the workflow`)
  })
})
