import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { intentsIn } from '../../cli/export/of-run.ts'
import type { Output } from '../../core/command.ts'
import type { RunEvent } from '../../core/events.ts'
import { expectGolden, type Mask } from '../support/golden.ts'
import { settledFingerprint } from '../support/kernel.ts'
import { ranOne, workspace, type StepText } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'
import { exported, hasDash, ranByDash } from '../support/scripts.ts'

const { dir, fileOf } = workspace()

const masks: readonly Mask[] = [
  [/kernel .*/g, 'kernel KERNEL'],
  [/(workflow +).*\/workflows/g, '$1/home/me/workflows'],
  [/(sha256 +)\w+/g, '$1HASH'],
  [/by nsnet .*/g, 'by nsnet VERSION'],
]

const netns = (id: string, name: string): StepText => ({ id, uses: 'netns', with: { netns: name } })

const link = (id: string, fields: object): StepText => ({ id, uses: 'link', with: fields })

const dash = ({ exec }: Sandboxed, script: string, path = '/usr/bin:/bin'): Promise<Output> =>
  exec({ argv: ['env', `PATH=${path}`, 'dash'], stdin: script })

test('writes internet.json and its way back as people would, with where they come from', async () => {
  const world = await sandboxed()
  const file = 'workflows/internet.json'
  for (const [name, ...words] of [['export-internet.sh'], ['export-internet-undo.sh', '--undo']] as const)
    await expectGolden(name, await exported(world, file, '--id', 'tutorial', ...words), masks)
  const { stdout } = await world.nsnet('export', file, '--id', 'tutorial', '--json')
  expect(JSON.parse(stdout)).toEqual({ format: 'sh', run: 'tutorial', undo: false, script: expect.any(String) })
})

/** Texts that a shell would take for something else. */
const hostile = `it's "$(touch ${dir}/owned)" \`touch ${dir}/owned\` $HOME “x” # * ~ \\`

const sets = ['EOF', '_EOF'].map((word, at) => `set s${at} {\ntype ifname; elements = {\n${word}\n} }`).join('\n')

test.skipIf(!hasDash)('names and texts come through as they are, and expand to nothing', async () => {
  const world = await sandboxed()
  const before = await settledFingerprint(world.exec)
  const name = '$(x)\'`"$$'
  const steps: readonly StepText[] = [
    netns('green', 'green'),
    { id: 'cable', uses: 'veth', with: { name, peer: { name: 'eth0' } } },
    link('alias', { link: name, alias: hostile }),
    link('host', { link: 'enp1s0', alias: '@host-netns' }),
    link('move', { link: 'eth0', moveTo: 'green' }),
    {
      id: 'rule',
      uses: 'iptables',
      with: { chain: 'INPUT', rule: ['-i', 'lo', '-m', 'comment', '--comment', hostile] },
    },
    { id: 'table', uses: 'nftables', with: { ruleset: `table inet t {\n${sets}\nchain c { comment "$(x)"; }\n}` } },
    { id: 'log', uses: 'nftables', with: { family: 'inet', table: 't', chain: 'c', rule: 'log prefix "`x` @handle"' } },
  ]
  const titled = steps.map((step) => ({
    ...step,
    name: `$(x) “\ntouch ${dir}/owned\n# shellcheck disable=all \x1b[31m`,
  }))
  const file = join(dir, 'hostile.json')
  writeFileSync(file, JSON.stringify({ name: 'hostile', steps: titled }))
  const [up, down] = [
    await exported(world, file, '--id', 'hostile'),
    await exported(world, file, '--id', 'hostile', '--undo'),
  ]
  expect(up).toContain("<<'__EOF'\n")
  expect(down).toContain('netns "/proc/$$/ns/net"')
  await ranByDash(world, up)
  const links = JSON.parse(await world.sh('ip -json link show')) as readonly object[]
  expect(links).toContainEqual(expect.objectContaining({ ifname: name, ifalias: hostile }))
  expect(links).toContainEqual(expect.objectContaining({ ifname: 'enp1s0', ifalias: '@host-netns' }))
  expect(await world.sh('iptables-save')).toContain(`--comment "${hostile.replace(/[\\"']/g, '\\$&')}"`)
  expect(await world.sh('nft list table inet t')).toMatch(/comment "\$\(x\)".*log prefix "`x` @handle"/s)
  await ranByDash(world, down)
  expect(await settledFingerprint(world.exec)).toEqual(before)
  expect(existsSync(join(dir, 'owned'))).toBe(false)
})

const ping = (fields: object): StepText => ({ id: 'ping', uses: 'check', with: { ping: '192.0.2.1', ...fields } })

test.skipIf(!hasDash)('a check is tried until it holds, and stops the script when its time is over', async () => {
  const world = await sandboxed()
  const bin = join(dir, 'bin')
  mkdirSync(bin)
  const tries = join(dir, 'tries')
  const fake = `#!/bin/sh\necho "$*" >> ${tries}\necho tried\n[ "$(grep -c . ${tries})" -ge 3 ]\n`
  writeFileSync(join(bin, 'ping'), fake, { mode: 0o755 })
  const path = `${bin}:/usr/bin:/bin`
  const steps = (within: number) => [ping({ within, every: 0.1 }), netns('after', 'after')]
  const script = await exported(world, fileOf('patient', ...steps(30)))
  expect(await dash(world, script, path)).toMatchObject({ exitCode: 0, stderr: '', stdout: '' })
  expect(await world.sh('ip netns list')).toBe('after\n')
  await world.sh('ip netns delete after')
  writeFileSync(tries, '')
  const hasty = await dash(world, await exported(world, fileOf('hasty', ...steps(0))), path)
  expect(hasty).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/^does not hold: ping .*192\.0\.2\.1\ntried\n$/),
  })
  expect(await world.sh('ip netns list')).toBe('')
  const tcp = { ping: undefined, tcp: '127.0.0.1:9', within: 0 }
  const refused = await dash(world, await exported(world, fileOf('tcp', ping(tcp), netns('after', 'after'))))
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('ECONNREFUSED') })
  expect(await world.sh('ip netns list')).toBe('')
})

test.skipIf(!hasDash)('a way back goes on behind what fails, and says so; half a script does nothing', async () => {
  const world = await sandboxed()
  const before = await settledFingerprint(world.exec)
  const up = await exported(world, 'workflows/two-namespaces.json', '--id', 'partly')
  const down = await exported(world, 'workflows/two-namespaces.json', '--id', 'partly', '--undo')
  const half = await dash(world, up.slice(0, up.indexOf('# step left-pings4')))
  expect(half).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Syntax error: end of file unexpected') })
  expect(await settledFingerprint(world.exec), 'after half a script').toEqual(before)
  await ranByDash(world, up)
  await world.sh('ip -n left address flush dev eth0')
  const { exitCode, stderr } = await dash(world, down)
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: expect.stringMatching(/Address not found[^]*some commands of the way/),
  })
  expect(await world.sh('ip netns list')).toBe('')
  // what is there is not ours to make again, and what is there before cannot be told from it
  await world.sh('ip netns add left')
  const late = await world.nsnet('export', 'workflows/two-namespaces.json', '--undo')
  expect(late).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('leaves alone what holds already: left\n'),
  })
  expect(late.stdout).toMatch(/# step left \(netns\)\n# +held already before, so it stays\n/)
})

test.skipIf(!hasDash)('a run that failed half-way is told and taken back as far as it came', async () => {
  const world = await sandboxed()
  const before = await settledFingerprint(world.exec)
  const lost: StepText = { id: 'lost', uses: 'addr', with: { link: 'none', address: '192.0.2.1/24' } }
  const file = fileOf('failing', netns('red', 'red'), lost, netns('never', 'never'))
  expect(await world.nsnet('run', file, '--id', 'failing')).toMatchObject({ exitCode: 1 })
  const up = await exported(world, 'failing')
  expect(up).toContain('# step red (netns)\nip netns add red\n')
  expect(up).toContain('# step lost (addr)\n#   not done: failed\n')
  expect(up).toContain('# step never (netns)\n#   not done: pending\n')
  await ranByDash(world, await exported(world, 'last', '--undo'))
  expect(await settledFingerprint(world.exec)).toEqual(before)
})

const command = (word: string) => ({ argv: ['ip', word] })

const applies = (...events: readonly RunEvent[]) => intentsIn(events).get('s')?.apply

test('a step that was stopped and resumed is told as it was planned first', () => {
  const planned = (...words: readonly string[]): RunEvent => ({
    type: 'StepPlanned',
    step: 's',
    input: {},
    before: {},
    apply: words.map(command),
    undo: [],
    resources: {},
  })
  const applied: RunEvent = {
    type: 'StepApplied',
    step: 's',
    after: {},
    undo: [],
    netns: {},
    outputs: {},
    durationMs: 1,
  }
  const undone: RunEvent = { type: 'StepUndone', step: 's', how: 'undone', durationMs: 1 }
  const resumed: RunEvent = { type: 'RunResumed' }
  const whole = [
    planned('a', 'b'),
    { type: 'RunInterrupted', signal: 'SIGINT' } as const,
    resumed,
    planned('b'),
    applied,
  ]
  expect(applies(...whole)).toEqual(['a', 'b'].map(command))
  expect(applies(...whole, undone)).toEqual(['a', 'b'].map(command))
  expect(applies(...whole, undone, resumed, planned('c'))).toEqual([command('c')])
  const satisfied: RunEvent = { type: 'StepSatisfied', step: 's', input: {}, resources: {}, outputs: {}, durationMs: 1 }
  expect(applies(planned('a'), satisfied)).toBeUndefined()
})

const glance = `import { z } from 'nsnet'
export default { type: 'glance', input: z.strictObject({}), onlyLooks: true, resources: () => ({}),
  probe: () => ({ argv: ['true'] }), observe: () => ({}), plan: () => ({ apply: [], undo: [] }) }`

test('refuses what a script cannot do, and says why', async () => {
  const world = await sandboxed()
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await world.nsnet('export', ...args)
    expect({ args, exitCode, stdout }).toEqual({ args, exitCode: args.includes('blue') ? 64 : 1, stdout: '' })
    return stderr
  }
  writeFileSync(join(dir, 'glance.mjs'), glance)
  const steps = [{ id: 'look', uses: 'glance' }]
  writeFileSync(join(dir, 'glance.json'), JSON.stringify({ name: 'glance', plugins: ['./glance.mjs'], steps }))
  expect(await refused(join(dir, 'glance.json'))).toContain('whether "look" holds only the step type "glance" can tell')

  const taken = { id: 'here', uses: 'addr', with: { link: 'none', address: '192.0.2.1/24' } }
  expect(await refused(fileOf('conflict', taken))).toContain(
    'nsnet: expected that every step can be done, but "here" would fail: link none does not exist in the host',
  )
  const mac = '${{ steps.cable.outputs.mac }}'
  const cable: StepText = { id: 'cable', uses: 'veth', with: { name: 'a', peer: { name: 'b' } } }
  const later = fileOf('later', cable, link('same', { link: 'b', mac }))
  expect(await refused(later)).toMatch(
    /not those of "same" \(known when cable has run\)\n {2}run it, and export the run: nsnet run \S+, nsnet export last/,
  )
  expect(await refused(fileOf('turned', link('note', { link: 'lo', alias: 'a\u202eb' })))).toContain(
    'expected commands without control characters, but step "note" has some: a\\u202eb',
  )
  await ranOne(world, fileOf('blue', netns('n', 'blue')), '--id', 'blue')
  expect(await refused('blue', '--id', 'red')).toContain('expected --id, --set and --set-file only beside a file')
})

test('refuses to write down a secret, of a file and of a run; one that no step is given is no hindrance', async () => {
  const world = await sandboxed()
  const inputs = { word: { secret: true } }
  const write = (name: string, alias: string): string => {
    const path = join(dir, `${name}.json`)
    writeFileSync(path, JSON.stringify({ name, inputs, steps: [link('note', { link: 'lo', alias })] }))
    return path
  }
  const nsnet = (...args: readonly string[]): Promise<Output> => world.nsnetIn(['NSNET_INPUT_word=hush-hush'], ...args)
  const [used, unused] = [write('used', '${{ inputs.word }}'), write('unused', '«secret:word» is a text')]
  const refusal = {
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('got the secret input "word": the script'),
  }
  expect(await nsnet('export', used)).toMatchObject(refusal)
  expect(await nsnet('run', used, '--id', 'used')).toMatchObject({ exitCode: 0 })
  expect(await nsnet('export', 'used', '--undo')).toMatchObject(refusal)
  expect(await nsnet('undo', '--yes')).toMatchObject({ exitCode: 0 })
  const line = "ip link set dev lo alias '«secret:word» is a text'\n"
  expect((await nsnet('export', unused)).stdout).toContain(line)
  expect(await nsnet('run', unused, '--id', 'unused')).toMatchObject({ exitCode: 0 })
  expect(await world.nsnet('export', 'unused')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(line) })
})
