import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

/** Tells of each file that is run from compiled code whether V8 took it. */
const told = `const vm = require('node:vm')
const { Script } = vm
const { basename } = require('node:path')
const { writeSync } = require('node:fs')
vm.Script = class extends Script {
  constructor(text, options) {
    super(text, options)
    const how = options.cachedData ? (this.cachedDataRejected ? 'refused' : 'taken') : 'none'
    writeSync(3, basename(options.filename) + ' ' + how + '\\n')
  }
}`

const dir = mkdtempSync(join(tmpdir(), 'nsnet-load-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const dist = join(dir, 'elsewhere')
const lab = join(dir, 'lab.json')
const load = join(dir, 'told.cjs')

beforeAll(() => {
  writeFileSync(load, told)
  writeFileSync(lab, '{ "name": "lab", "steps": [{ "id": "a", "uses": "netns", "with": { "netns": "blue" } }] }')
})

beforeEach(() => {
  rmSync(dist, { recursive: true, force: true })
  cpSync('dist', dist, { recursive: true })
})

/** The files with compiled code, of this Node. */
const compiled = (): readonly string[] => readdirSync(dist).filter((name) => name.includes(`.js.${process.version}`))

function validated(flags: readonly string[] = [], user: readonly string[] = []) {
  const argv = [...user, process.execPath, ...flags, '--require', load, join(dist, 'nsnet.js'), 'validate', lab]
  const { status, stdout, stderr, output } = spawnSync('env', argv, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  return { status, stdout, stderr, files: output[3]!.trim().split('\n') }
}

const valid = { status: 0, stdout: expect.stringContaining('is valid: 1 step'), stderr: '' }
const all = (how: string): readonly string[] => ['main.js', 'work.js'].map((name) => `${name} ${how}`)

test('no file that nsnet runs itself imports modules: only Node can', () => {
  for (const name of ['main.js', 'work.js'])
    expect(readFileSync(join(dist, name), 'utf8')).not.toMatch(/[^.\w]import\(/)
})

describe('the code that V8 has compiled at the build', () => {
  test('is taken, also when the directory was moved and nobody may write there', () => {
    expect(compiled()).toHaveLength(2)
    expect(validated()).toEqual({ ...valid, files: all('taken') })
    chmodSync(dir, 0o755)
    chmodSync(dist, 0o555)
    const user = process.getuid?.() === 0 ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : []
    const before = readdirSync(dist)
    expect(validated([], user)).toEqual({ ...valid, files: all('taken') })
    expect(readdirSync(dist)).toEqual(before)
    chmodSync(dist, 0o755)
  })

  test('is not missed where there is none', () => {
    for (const name of compiled()) rmSync(join(dist, name))
    expect(validated()).toEqual({ ...valid, files: all('none') })
  })

  test('is refused by a V8 with other flags', () =>
    expect(validated(['--stack-size=900'])).toEqual({ ...valid, files: all('refused') }))

  const damages: readonly (readonly [string, (code: Buffer) => Buffer])[] = [
    ['one bit is wrong', (code) => (code.writeUInt8(code.readUInt8(code.length >> 1) ^ 4, code.length >> 1), code)],
    ['a block is empty', (code) => code.fill(0, 8192, 12_288)],
    ['its end is missing', (code) => code.subarray(0, code.length - 4096)],
    ['nothing is in it', () => Buffer.alloc(0)],
  ]
  test.each(damages)('is left alone where %s', (_, damage) => {
    for (const name of compiled()) writeFileSync(join(dist, name), damage(readFileSync(join(dist, name))))
    expect(validated()).toEqual({ ...valid, files: all('none') })
  })
})

test('a plugin gets the modules that the command itself has', () => {
  const plugin = join(dir, 'same.mjs')
  writeFileSync(
    plugin,
    `import { createRequire } from 'node:module'
     import { NsnetError, linkName, z } from 'nsnet'
     const loaded = Object.values(createRequire(import.meta.url).cache).filter(({ filename }) => /(main|work)\\.js$/.test(filename))
     const has = (name, thing) => loaded.filter(({ exports }) => exports[name] === thing).length
     throw new Error([loaded.length, has('NsnetError', NsnetError), has('linkName', linkName), z.object({ l: linkName }).parse({ l: 'a' }).l, z.config().jitless].join(' '))`,
  )
  writeFileSync(lab, '{ "name": "lab", "plugins": ["./same.mjs"], "steps": [] }')
  const { stderr, files } = validated()
  expect(stderr).toContain(`${plugin}: cannot be loaded: 2 1 1 a true`)
  expect(files).toEqual(all('taken'))
})

test('a bug in nsnet is told with the place in its files', () => {
  const broken = readFileSync(join(dist, 'work.js'), 'utf8').replace(
    /async function validate\(.*\) \{/,
    '$& throw new Error("oops")',
  )
  for (const name of compiled()) rmSync(join(dist, name))
  writeFileSync(join(dist, 'work.js'), broken)
  const { status, stderr } = validated()
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/this is a bug in nsnet:\nError: oops[^]*at \S*validate \(.*\/work\.js:\d+:\d+\)/),
  })
})
