import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-broken-'))
chmodSync(dir, 0o755)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

let count = 0

/** A workflow with a step type of one's own that makes the netns `green`; parts of it can be replaced. */
function workflowWith(parts: string): { readonly path: string; readonly write: (parts: string) => void } {
  const name = `green-${count++}`
  const plugin = join(dir, `${name}.mjs`)
  const sound = `
    const green = {
      type: 'green', input: z.strictObject({}), resources: () => ({}),
      probe: () => ip(undefined, '-json', 'netns', 'list'),
      observe: ({ stdout }) => ({ there: /green/.test(stdout) }),
      plan: (_, { there }) => there ? { apply: [], undo: [] }
        : { apply: [ip(undefined, 'netns', 'add', 'green')], undo: [ip(undefined, 'netns', 'delete', 'green')] } }`
  const write = (more: string): void =>
    writeFileSync(plugin, `import { ip, z } from 'nsnet'\n${sound}\nexport default { ...green, ${more} }`)
  write(parts)
  const path = join(dir, `${name}.json`)
  const steps = [
    { id: 'first', uses: 'netns', with: { netns: 'blue' } },
    { id: 'it', uses: 'green' },
  ]
  writeFileSync(path, JSON.stringify({ name, plugins: [`./${name}.mjs`], steps }))
  return { path, write }
}

test.each([
  ['resources', 'resources() { throw new TypeError("oops") }', 'TypeError: oops'],
  ['probe', 'probe() { throw new TypeError("oops") }', 'TypeError: oops'],
  ['probe', 'probe: () => undefined', 'expected a command { argv: […] } or a list of them, got undefined'],
  ['resources', 'resources: () => undefined', 'lists of keys such as "link:host/eth0", got undefined'],
  ['resources', 'resources: () => ({ uses: 7 })', 'lists of keys such as "link:host/eth0", got {"uses":7}'],
  [
    'resources',
    'resources: () => ({ uses: ["eth0"] })',
    'lists of keys such as "link:host/eth0", got {"uses":["eth0"]}',
  ],
  ['plan', 'plan() { throw new TypeError("oops") }', 'TypeError: oops'],
  ['plan', 'plan() { throw "oops" }', 'oops'],
  ['plan', 'plan: () => undefined', 'expected { apply: […], undo: […] } or { conflict: "…" }, got undefined'],
  ['plan', 'plan: () => ({ apply: [{ argv: ["ip", 7] }], undo: [] })', 'got {"apply":[{"argv":["ip",7]}],"undo":[]}'],
  ['plan', 'plan: async () => ({ apply: [], undo: [] })', 'got a promise'],
  ['outputs.x', 'outputs: { x() { throw new TypeError("oops") } }', 'TypeError: oops'],
  ['outputs.x', 'outputs: { x: () => 7n }', 'expected plain JSON, got a bigint'],
  ['patience', 'patience: () => ({ forMs: 7 })', 'expected { forMs, everyMs }, got {"forMs":7}'],
  ['patience', 'patience() { throw new TypeError("oops") }', 'TypeError: oops'],
  [
    'plan',
    'plan: (_, now) => { now.there = !now.there; return green.plan(_, now) }',
    "assign to read only property 'there'",
  ],
  ['outcome', 'outcome() { throw new TypeError("oops") }', 'TypeError: oops'],
  ['plan', 'plan: () => { for (;;); }', 'took longer than 4 s: does it end?'],
  ['plan', 'plan: async () => { throw new Error("late") }', 'got a promise'],
  ['plan', 'plan: () => ({ then() {} })', 'got a promise'],
  ['plan', 'plan: () => ({ apply: [{ argv: ["ip", "a\\0b"] }], undo: [] })', 'expected { apply: […], undo: […] }'],
  ['plan', 'plan: () => ({ apply: [{ argv: [""] }], undo: [] })', 'expected { apply: […], undo: […] }'],
  ['outputs.x', 'outputs: { x: () => ({ at: new Date(0) }) }', 'expected plain JSON, got a Date at .at'],
  ['mine', 'mine() { throw new TypeError("oops") }', 'TypeError: oops'],
  ['plan', 'plan() { process.exit(0) }', 'it calls process.exit(), which would end nsnet'],
])('a step type whose %s is broken (%s) fails its step, and nothing else', async (part, parts, says) => {
  const world = await sandboxed()
  const { path, write } = workflowWith(parts)
  const { exitCode, stderr } = await world.nsnetIn(['NSNET_TIMEOUT=4'], 'run', path)
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(`✗ failed      it`) })
  expect(stderr).toContain(`the mistake is in ${path.replace(/json$/, 'mjs')}, not in the workflow`)
  expect(stderr).toContain(`the step type "green" broke in its "${part}": `)
  expect(stderr).toContain(says)
  expect(stderr).not.toContain('bug')
  write('')
  expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
  expect(await world.sh('ip netns list')).toMatch(/green/)
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await world.sh('ip netns list')).toBe('')
})

test('what ends nsnet behind its back is told, with an exit code, and the run goes on later', async () => {
  const world = await sandboxed()
  const { path, write } = workflowWith(
    'plan() { setImmediate(() => process.exit(0)); return green.plan(...arguments) }',
  )
  expect(await world.nsnet('run', path)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(
      /^nsnet: ended before its work was done: something called process\.exit\(\)\n {2}.*plugin/m,
    ),
  })
  write('')
  expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
})

test.each([
  ['observe() { throw new TypeError("oops") }', 'TypeError: oops'],
  ['observe() { process.exit(0) }', 'Error: it calls process.exit(), which would end nsnet'],
  ['observe: () => undefined', 'Error: expected plain JSON, got undefined'],
  [
    'observe: () => { const a = {}; a.a = { a }; return a }',
    'Error: expected plain JSON, got an object that holds itself at .a.a',
  ],
  ['observe: () => ({ links: [new Map()] })', 'Error: expected plain JSON, got a Map at .links[0]'],
  ['observe: () => ({ mtu: NaN })', 'Error: expected plain JSON, got NaN at .mtu'],
  ['observe: () => { for (;;); }', 'Error: took longer than 4 s: does it end? (NSNET_TIMEOUT sets the limit)'],
  ['observe: async () => ({})', 'Error: expected plain JSON, got a promise'],
])('what cannot be observed (%s) is told with what the command printed', async (parts, says) => {
  const world = await sandboxed()
  const { path, write } = workflowWith(parts)
  const { exitCode, stderr } = await world.nsnetIn(['NSNET_TIMEOUT=4'], 'run', path)
  expect(exitCode).toBe(1)
  expect(stderr).toContain(`the mistake is in ${path.replace(/json$/, 'mjs')}, not in the workflow`)
  expect(stderr).toContain(`could not make sense of what the command printed (${says})`)
  expect(stderr).toMatch(/command +ip -json netns list\n/)
  expect(stderr).toMatch(/stdout +.*blue/)
  write('')
  expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
})

test.each([
  ['undo', 'undo: () => undefined'],
  ['undo', 'undo() { throw new TypeError("oops") }'],
  ['undo', 'undo() { process.exit() }'],
  ['identity', 'identity() { throw new TypeError("oops") }'],
  ['plan', 'plan() { for (;;); }'],
  ['rest', 'undo: () => [], rest() { throw new TypeError("oops") }'],
])('a step type whose %s is broken is not undone, and the other steps are', async (part, parts) => {
  const world = await sandboxed()
  const { path, write } = workflowWith('')
  expect(await world.nsnet('run', path)).toMatchObject({ exitCode: 0 })
  write(parts)
  const { exitCode, stderr } = await world.nsnetIn(['NSNET_TIMEOUT=4'], 'undo')
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(`✗ undo failed it`) })
  expect(stderr).toContain(`the mistake is in ${path.replace(/json$/, 'mjs')}, not in the workflow`)
  expect(stderr).toContain(`the step type "green" broke in its "${part}": `)
  expect(stderr).not.toContain('bug')
  expect(await world.sh('ip netns list')).toBe('green\n')
  write('')
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await world.sh('ip netns list')).toBe('')
})

test('a step type may be frozen, and what its file has begun does not keep nsnet', async () => {
  const world = await sandboxed()
  const { path } = workflowWith('')
  writeFileSync(path.replace(/json$/, 'mjs'), frozenOne)
  expect(await world.nsnet('run', path)).toMatchObject({ exitCode: 0, timedOut: false })
  expect(await world.sh('ip netns list')).toMatch(/green/)
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0, timedOut: false })
  expect(await world.sh('ip netns list')).toBe('')
})

const frozenOne = `import { ip, z } from 'nsnet'
  setInterval(() => undefined, 1000)
  export default Object.freeze({
    type: 'green', input: z.strictObject({}), resources: () => ({}),
    probe: () => ip(undefined, '-json', 'netns', 'list'),
    observe: ({ stdout }) => ({ there: /green/.test(stdout) }),
    plan: (_, { there }) => there ? { apply: [], undo: [] }
      : { apply: [ip(undefined, 'netns', 'add', 'green')], undo: [ip(undefined, 'netns', 'delete', 'green')] } })`
