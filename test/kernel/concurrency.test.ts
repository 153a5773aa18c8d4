import { expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { workspace, type StepText } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { fileOf } = workspace()

const AT_ONCE = 20

/** A workflow of its own, in the same tables and with the same forwarding as all others. */
function workflow(n: number): string {
  const [netns, link, prefix] = [`n${n}`, `w${n}`, `10.1.${n}.0/24`]
  const steps: readonly StepText[] = [
    { id: 'netns', uses: 'netns', with: { netns } },
    { id: 'cable', uses: 'veth', with: { name: link, peer: { name: 'eth0', netns } } },
    { id: 'here', uses: 'addr', with: { link, address: `10.1.${n}.1/24` } },
    { id: 'up', uses: 'link', with: { link, state: 'up' } },
    { id: 'there', uses: 'addr', with: { netns, link: 'eth0', address: `10.1.${n}.2/24` } },
    { id: 'up-there', uses: 'link', with: { netns, link: 'eth0', state: 'up' } },
    { id: 'route', uses: 'route', with: { netns, to: 'default', via: `10.1.${n}.1` } },
    { id: 'forward', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 1 } },
    {
      id: 'masquerade',
      uses: 'iptables',
      with: { table: 'nat', chain: 'POSTROUTING', rule: `-s ${prefix} -j MASQUERADE` },
    },
    { id: 'out', uses: 'iptables', with: { chain: 'FORWARD', rule: `-i ${link} -j ACCEPT` } },
    { id: 'back', uses: 'iptables', with: { chain: 'FORWARD', rule: `-o ${link} -j ACCEPT`, position: 1 } },
  ]
  return fileOf(`work-${n}`, ...steps)
}

/** Starts nsnet with each of these arguments at once; gives what each wrote and its exit code. */
async function atOnce({ exec }: Sandboxed, ...all: readonly (readonly string[])[]) {
  const starts = all.map((args, at) => `node dist/nsnet.js ${args.join(' ')} >$out/${at} 2>&1 & pids="$pids $!"`)
  const script = `
    export NSNET_STATE_DIR=/run/nsnet/own/state
    out=$(mktemp -d /run/out.XXXXXX); pids=
    ${starts.join('\n')}
    at=0; for pid in $pids; do wait $pid; echo "=== $?"; cat $out/$at; at=$((at + 1)); done`
  const { stdout } = await exec({ argv: ['sh', '-c', script], timeoutMs: 240_000 })
  return stdout
    .split(/^=== /m)
    .slice(1)
    .map((text) => ({ exitCode: Number.parseInt(text, 10), text }))
}

const count = (text: string, what: RegExp): number => text.match(what)?.length ?? 0

test('twenty workflows at once, in the same tables, all end right; and twenty undos at once leave nothing', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const files = Array.from({ length: AT_ONCE }, (_, n) => workflow(n + 1))
  const runs = await atOnce(world, ...files.map((file) => ['run', file]))
  expect(runs.filter(({ exitCode }) => exitCode !== 0)).toEqual([])
  const saved = await world.sh('iptables-nft-save')
  expect(count(saved, /-j MASQUERADE/g)).toBe(AT_ONCE)
  expect(count(saved, /-[io] w\d+ .*-j ACCEPT/g)).toBe(2 * AT_ONCE)
  for (let n = 1; n <= AT_ONCE; n++)
    expect(
      await world.exec({ argv: ['ip', 'netns', 'exec', `n${n}`, 'ping', '-c', '1', '203.0.113.10'] }),
    ).toMatchObject({
      exitCode: 0,
    })
  const ids = runs.map(({ text }) => /run (\w{8}) of/.exec(text)![1]!)
  const undos = await atOnce(world, ...ids.map((id) => ['undo', id]))
  expect(undos.filter(({ exitCode }) => exitCode !== 0)).toEqual([])
  expect(await fingerprint(world.exec)).toEqual(before)
}, 300_000)

test('the same workflow started at exactly the same time: each thing is made once, and who may not says who does', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const same = ['run', workflow(1)]
  for (let round = 0; round < 3; round++) {
    const runs = await atOnce(world, same, same, same, [...same, '--wait'])
    const refused = runs.filter(({ exitCode }) => exitCode !== 0)
    expect(runs.filter(({ text }) => text.includes('applied')).length).toBe(1)
    expect(runs[3]).toMatchObject({ exitCode: 0 })
    for (const { exitCode, text } of refused) {
      expect(exitCode).toBe(75)
      expect(text).toMatch(/but nsnet with process id \d+ \(run \w+ of work-1\) is/)
    }
    expect(count(await world.sh('iptables-nft-save'), /-j MASQUERADE/g)).toBe(1)
    expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
    expect(await fingerprint(world.exec)).toEqual(before)
  }
}, 240_000)
