import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import { ranOne, workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { dir } = workspace()

let count = 0

/**
 * A workflow with a built-in step and one of a plugin, which makes the netns `green` with a veth pair in it. `between` is run
 * between its two commands, `last` is the last command of its way back.
 */
function workflowWith({ between = '', last = '' } = {}) {
  const name = `green-${count++}`
  const plugin = join(dir, `${name}.mjs`)
  const path = join(dir, `${name}.json`)
  const text = `
    import { ip, netnsKey, z } from 'nsnet'
    export default {
      type: 'green', input: z.strictObject({}), resources: () => ({ creates: [netnsKey('green')] }),
      probe: () => [ip(undefined, '-json', 'netns', 'list'), ip('green', '-json', 'link', 'show')],
      observe: (_, __, { outputs }) => ({ there: /green/.test(outputs[0].stdout), link: /"left"/.test(outputs[1].stdout) }),
      outputs: { name: () => 'green' },
      plan: (_, { there, link }) => there && link ? { apply: [], undo: [] } : {
        apply: [...(there ? [] : [ip(undefined, 'netns', 'add', 'green')]), ${sh(between)}
          ip('green', 'link', 'add', 'left', 'type', 'veth', 'peer', 'name', 'right')],
        undo: [ip('green', 'link', 'delete', 'left'), ip(undefined, 'netns', 'delete', 'green'), ${sh(last)}] } }`
  writeFileSync(plugin, text)
  const steps = [
    { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
    { id: 'it', uses: 'green' },
  ]
  writeFileSync(path, JSON.stringify({ name, plugins: [`./${name}.mjs`], steps }))
  return { path, plugin, text }
}

/** A command of a shell, in the text of a plugin. */
const sh = (text: string): string => (text === '' ? '' : `{ argv: ['sh', '-c', ${JSON.stringify(text)}] },`)

/** Runs nsnet and kills it as soon as a file is there. */
async function killedAt({ exec, command }: Sandboxed, file: string, ...args: readonly string[]): Promise<void> {
  const script = `"$@" >/dev/null 2>&1 & pid=$!
    for i in $(seq 400); do [ -e ${file} ] && break; sleep 0.05; done
    [ -e ${file} ] && kill -9 $pid && wait $pid; echo $?`
  const { stdout } = await exec({ argv: ['sh', '-c', script, 'sh', ...command, ...args], timeoutMs: 40_000 })
  expect(stdout).toBe('137\n')
}

const undated = (text: string): string => text.replace(/written .*/, '')

const gone = (plugin: string): string => `the plugin ${plugin} is not there any more`

describe('a run whose plugin is gone', () => {
  test('is listed, shown, verified, drawn and exported as far as that goes, and undone by its journal', async () => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const { path, plugin } = workflowWith()
    const run = await ranOne(world, path)
    const script = undated((await world.nsnet('export', run, '--undo')).stdout)
    rmSync(plugin)
    expect((await world.nsnet('list')).stdout).toMatch(new RegExp(`${run} .* completed `))
    const shown = await world.nsnet('show', run, '-v')
    expect({ exitCode: shown.exitCode, stderr: shown.stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(shown.stdout).toContain('ip -n green link delete left')
    const verified = await world.nsnet('verify', run)
    expect(verified).toMatchObject({ exitCode: 1, stderr: `  ${gone(plugin)}; its steps cannot be looked at\n` })
    expect(verified.stdout).toMatch(/= holds +blue\n.*unknown +it +the plugin of step type "green" is not there/s)
    expect(await world.nsnet('graph', run)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('it (green): its step type'),
    })
    const exported = await world.nsnet('export', run, '--undo')
    expect({ ...exported, stdout: undated(exported.stdout) }).toMatchObject({ exitCode: 0, stdout: script })
    expect(await world.nsnet('repair', run)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('not there'),
    })
    const ahead = await world.nsnet('undo', run, '--dry-run')
    expect(ahead).toMatchObject({ exitCode: 0, stderr: `  ${gone(plugin)}; its steps go by the journal\n` })
    expect(ahead.stdout).toMatch(/undo +it +ip -n green link delete left/)
    const undone = await world.nsnet('undo', run)
    expect(undone).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`  ${gone(plugin)}; its steps go by`) })
    expect(undone.stderr).toMatch(/undone +it .*without the plugin of "green": by the journal's commands, not looked/)
    expect(await fingerprint(world.exec)).toEqual(before)
  })

  test.each([
    ['has a mistake', 'export default {', 'FILE: cannot be loaded: Unexpected end of input'],
    ['throws', 'throw new Error("no")', 'FILE: cannot be loaded: no'],
    ['waits for ever', 'await new Promise(() => undefined)', 'FILE: loading the plugin took longer than 2 s'],
    ['takes a name of nsnet', '', 'the plugin FILE is broken now: it has the step type "netns" again'],
    ['is another one', 'export default []', ''],
  ])('or %s by now is undone all the same', async (_, broken, says) => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const { path, plugin, text } = workflowWith()
    await ranOne(world, path)
    writeFileSync(plugin, broken === '' ? text.replace("type: 'green'", "type: 'netns'") : broken)
    const { exitCode, stderr } = await world.nsnetIn(['NSNET_TIMEOUT=2'], 'undo')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining(says.replace('FILE', plugin)) })
    expect(await fingerprint(world.exec)).toEqual(before)
  })

  test('and that was killed inside of its step: resume names the plugin, undo takes the half back', async () => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    const { path, plugin, text } = workflowWith({ between: 'touch /run/nsnet/here; exec sleep infinity' })
    await killedAt(world, '/run/nsnet/here', 'run', path)
    expect(await world.sh('ip netns list')).toContain('green')
    rmSync(plugin)
    const resumed = await world.nsnet('resume')
    expect(resumed).toMatchObject({ exitCode: 65, stdout: '' })
    expect(resumed.stderr).toMatch(
      `nsnet: expected the step type "green" of step it: ${gone(plugin)}\n  put it right, then: nsnet resume `,
    )
    const undone = await world.nsnet('undo')
    expect(undone).toMatchObject({ exitCode: 0 })
    expect(undone.stderr).toContain('which found part of it gone, not looked at again')
    expect(await fingerprint(world.exec)).toEqual(before)

    writeFileSync(plugin, text.replace('exec sleep infinity', 'true'))
    const again = await ranOne(world, path)
    expect(await world.nsnet('undo', again)).toMatchObject({ exitCode: 0 })
  })

  test('and that others changed: what is gone already is gone, and a netns of others stays', async () => {
    const world = await sandboxed()
    const { path, plugin } = workflowWith()
    await ranOne(world, path)
    rmSync(plugin)
    await world.sh('ip -n green link delete left')
    expect(await world.nsnet('undo')).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('found part of it'),
    })
    expect(await world.sh('ip netns list')).toBe('')

    const other = workflowWith()
    await ranOne(world, other.path)
    rmSync(other.plugin)
    await world.sh('ip netns delete green')
    await world.sh('ip netns add green')
    const undone = await world.nsnet('undo')
    expect(undone).toMatchObject({ exitCode: 0 })
    expect(undone.stderr).toMatch(/gone +it .*somebody made the netns green anew, nothing in it is ours/)
    expect((await world.sh('ip netns list')).trim()).toBe('green')
  })

  test('and whose way back fails for another reason is not called undone without --force', async () => {
    const world = await sandboxed()
    const { path, plugin } = workflowWith({ last: 'echo busy >&2; exit 3' })
    await ranOne(world, path)
    rmSync(plugin)
    const undone = await world.nsnet('undo')
    expect(undone).toMatchObject({ exitCode: 1 })
    expect(undone.stderr).toMatch(/where nothing of it is left: nsnet undo \w+ --force/)
    expect(await world.nsnet('undo', '--force')).toMatchObject({ exitCode: 0 })
    expect((await world.nsnet('list')).stdout).toContain(' undone ')
  })
})
