import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isFile } from '../../cli/file-or-run.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed } from '../support/sandbox.ts'
import { xmlMistake } from '../support/xml.ts'

const { dir, fileOf } = workspace()

const cable = [
  { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
  { id: 'cable', uses: 'veth', with: { name: 'to-blue', peer: { name: 'eth0', netns: 'blue' } } },
  { id: 'here', uses: 'addr', with: { link: 'to-blue', address: '10.1.0.1/24' } },
  { id: 'up', uses: 'link', with: { link: 'to-blue', state: 'up' } },
]

test.each([
  ['workflows/internet', true],
  ['none.json', true],
  ['none.YML', true],
  ['a.yaml', true],
  ['package.json', true],
  ['last', false],
  ['k7abc', false],
  ['jsonlab', false],
])('%s is a file: %s', (name, is) => expect(isFile(name)).toBe(is))

test('an existing file needs no ending', () => {
  const path = join(dir, 'plain')
  writeFileSync(path, '{}')
  expect(isFile(path)).toBe(true)
  const before = process.cwd()
  try {
    process.chdir(dir)
    expect(isFile('plain')).toBe(true)
  } finally {
    process.chdir(before)
  }
})

test('draws a workflow as an ordinary user, in every format, as the locale and the options say', async () => {
  const world = await sandboxed({ ordinary: true })
  const graph = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await world.nsnetIn(
      ['LC_ALL=C.UTF-8'],
      'graph',
      'workflows/internet.json',
      ...args,
    )
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    return stdout
  }
  const picture = await graph()
  expect(picture).toMatch(/veth-host {2}10\.0\.0\.1\/24 ═+╪═+╪══ veth-ns {2}10\.0\.0\.2\/24 +│/)
  expect(xmlMistake(await graph('--format', 'svg'))).toBeUndefined()
  expect(await graph('--format', 'dot')).toMatch(/^digraph "nsnet" \{\n/)
  expect(await graph('--format', 'mermaid', '--set', 'netns=green')).toMatch(/flowchart LR[^]*"netns green"/)
  expect(JSON.parse(await graph('--json'))).toMatchObject({
    name: 'internet',
    run: null,
    outside: ['enp1s0'],
    drifted: [],
  })
  const plain = await graph('--ascii')
  expect(plain).toMatch(/^[\n -~]*$/)
  expect((await world.nsnetIn(['LC_ALL=C'], 'graph', 'workflows/internet.json')).stdout).toBe(plain)
  const both = await world.nsnet('graph', 'workflows/internet.json', '--json', '--format', 'svg')
  expect(both).toMatchObject({ exitCode: 64, stdout: expect.stringContaining('"code":"USAGE"') })
  for (const [exitCode, said, ...args] of [
    [64, 'one of text, svg, dot', 'workflows/internet.json', '--format', 'png'],
    [65, 'cannot read', join(dir, 'none.json')],
  ] as const)
    expect(await world.nsnet('graph', ...args)).toMatchObject({
      exitCode,
      stdout: '',
      stderr: expect.stringContaining(said),
    })
})

test('draws a run with what others changed in red, what is to come dashed, and what was undone not at all', async () => {
  const world = await sandboxed()
  const file = fileOf(
    'half',
    ...cable,
    {
      id: 'far',
      uses: 'check',
      onFailure: 'continue',
      with: { ping: '203.0.113.99', within: 0, timeout: 1, count: 1 },
    },
    { id: 'fails', uses: 'link', with: { link: 'nothing', mtu: 1400 } },
    {
      id: 'later',
      uses: 'addr',
      with: { netns: 'blue', link: 'eth0', address: '10.1.0.2/24' },
    },
  )
  expect(await world.nsnet('run', file)).toMatchObject({ exitCode: 1 })
  const graph = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout } = await world.nsnetIn(['LC_ALL=C.UTF-8'], 'graph', 'last', ...args)
    expect(exitCode).toBe(0)
    return stdout
  }
  expect(await graph()).toMatch(
    /^run \w+ of half: failed\n[^]*to-blue {2}10\.1\.0\.1\/24 ═+╪═+╪══ eth0 {2}10\.1\.0\.2\/24 \(pending\)/,
  )
  expect(await graph()).toContain('nothing  mtu 1400 (failed)')
  expect(await graph()).toContain('pings 203.0.113.99 (failed)')
  expect(await graph('--format', 'mermaid')).toContain('pings 203.0.113.99 #40;failed#41;')
  expect(await graph()).not.toContain('drifted')
  await world.sh('ip address delete 10.1.0.1/24 dev to-blue')
  expect(await graph('--color', 'always')).toMatch(/\x1b\[31mto-blue {2}10\.1\.0\.1\/24 \(drifted\)\x1b\[39m/)
  expect(await graph()).toMatch(/\ndrifted {2}here: .+/)
  expect(await graph('--format', 'svg')).toMatch(/fill="#cf222e">10\.1\.0\.1\/24 \(drifted\)</)
  expect(JSON.parse(await graph('--json'))).toMatchObject({ drifted: [{ step: 'here' }], run: { state: 'failed' } })
  expect(await world.nsnet('graph', 'nobody')).toMatchObject({ exitCode: 64, stdout: '' })
  expect(await graph('--no-verify')).not.toContain('drifted')
  const unprivileged = await world.exec({
    argv: [
      'setpriv',
      '--bounding-set=-all',
      '--inh-caps=-all',
      process.execPath,
      'dist/nsnet.js',
      'graph',
      'last',
      '--state-dir',
      '/run/nsnet/own/state',
    ],
  })
  expect(unprivileged).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(/drawn as it was left.*CAP_NET_ADMIN/),
  })
  await world.nsnet('undo', '--to', 'blue', '--force', '-y')
  expect(await graph()).not.toContain('to-blue')
  expect(await graph()).toContain('netns blue')
  await world.nsnet('undo', '-y')
  expect(await graph()).toContain('nothing of it is left')
})

test('draws what a step of one’s own sketches', async () => {
  const world = await sandboxed({ ordinary: true })
  mkdirSync(join(dir, 'own'), { recursive: true })
  writeFileSync(
    join(dir, 'own', 'bridge.js'),
    `import { defineStep, ip, linkKey, linkName, nothingToDo, z } from 'nsnet'
    export default defineStep({
      type: 'own-bridge',
      input: z.strictObject({ link: linkName, ports: z.array(linkName) }),
      resources: ({ link }) => ({ creates: [linkKey(undefined, link)] }),
      probe: () => ip(undefined, '-json', 'link', 'show'),
      observe: ({ stdout }, { link }) => ({ there: JSON.parse(stdout || '[]').some((it) => it.ifname === link) }),
      plan: (_, { there }) => (there ? nothingToDo : { apply: [], undo: [] }),
      sketch: ({ link, ports }) => [
        { draw: 'link', link, kind: 'bridge' },
        ...ports.map((port) => ({ draw: 'link', link: port, master: link })),
      ],
    })`,
  )
  const bridge = { id: 'bridge', uses: 'own-bridge', with: { link: 'br0', ports: ['to-blue'] } }
  const text = { name: 'own', plugins: ['./bridge.js'], steps: [...cable, bridge] }
  writeFileSync(join(dir, 'own', 'own.json'), JSON.stringify(text))
  const { stdout, exitCode } = await world.nsnetIn(['LC_ALL=C.UTF-8'], 'graph', join(dir, 'own', 'own.json'))
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/│ br0 {2}bridge +│[^\n]*\n│ └ to-blue {2}10\.1\.0\.1\/24 ═/)
})
