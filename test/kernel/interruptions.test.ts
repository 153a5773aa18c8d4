import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { settledFingerprint as fingerprint } from '../support/kernel.ts'
import { randomFrom, seedOfToday } from '../support/random.ts'
import { workspace } from '../support/runs.ts'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const { dir, fileOf } = workspace()

/** The main job without the proof that it works, which takes seconds. */
const job = join(dir, 'internet.json')
const { steps, ...rest } = JSON.parse(readFileSync('workflows/internet.json', 'utf8')) as {
  readonly steps: readonly { readonly uses: string }[]
}
writeFileSync(job, JSON.stringify({ ...rest, $schema: undefined, steps: steps.filter(({ uses }) => uses !== 'check') }))

/** More of them with `NSNET_CRASH=all`: the ordinary suite has other moments each time anyway. */
const ROUNDS = process.env['NSNET_CRASH'] === undefined ? 2 : 8

const state = 'export NSNET_STATE_DIR=/run/nsnet/own/state'

/** How a signal reaches nsnet. */
const ways = {
  'SIGINT in a pipe': (args: string, after: number) => signalled('INT', args, after),
  'SIGTERM in a pipe': (args: string, after: number) => signalled('TERM', args, after),
  'SIGHUP in a pipe': (args: string, after: number) => signalled('HUP', args, after),
  'Ctrl-C on a terminal': (args: string, after: number) =>
    `(sleep ${after}; printf '\\003'; while nsnets; do sleep 0.05; done) | script -qec '${nsnet(args)}' /dev/null >/run/shown
     code=$?; [ $code = 1 ] && cat /run/shown; echo $code`,
  'a terminal that goes away': (args: string, after: number) =>
    `script -qec '${nsnet(args)}' /dev/null >/dev/null 2>&1 </dev/null & terminal=$!
     sleep ${after}; kill -9 $terminal; wait $terminal; while nsnets; do sleep 0.05; done; echo hung up`,
}

const nsnet = (args: string): string => `node dist/nsnet.js ${args}`

const signalled = (signal: string, args: string, after: number): string =>
  `${nsnet(args)} >/run/shown 2>&1 & it=$!; sleep ${after}; kill -${signal} $it 2>/dev/null; wait $it
   code=$?; [ $code = 1 ] && cat /run/shown; echo $code`

/** Says whether some nsnet is at work: all but the one that holds the sandbox. */
const nsnets = `nsnets() { ps -e -o args= | grep 'dist/nsnet[.]js' | grep -v '__sandbox\\|grep' >/dev/null; }`

const piped = (pipe: string): string => `set -o pipefail; ${pipe}; echo $?`

/** Exit codes: interrupted or done; where nothing was journaled, there is nothing to resume. */
const endOf = (args: string): unknown =>
  expect.stringMatching(args === 'resume' ? /^(0|129|130|143|64|hung up)\n$/ : /^(0|129|130|143|hung up)\n$/)

async function sh({ exec }: Sandboxed, script: string): Promise<string> {
  return (await exec({ argv: ['bash', '-c', `${state}\n${nsnets}\n${script}`], timeoutMs: 120_000 })).stdout
}

/** Lists the programs that run in the sandbox, but for those that hold it and those that look. */
const programs = (world: Sandboxed): Promise<string> =>
  sh(world, `ps -e -o stat=,comm= | grep -v '^Z' | awk '{ print $2 }' | grep -Ev '^(node|sh|sleep|bash|ps|grep|awk)$'`)

/** Goes on with what was stopped, or begins when nothing was journaled yet; what holds then holds once. */
async function finish(world: Sandboxed, where: object): Promise<void> {
  const { stdout } = await world.nsnet('list', '--json')
  const [latest] = JSON.parse(stdout) as readonly { readonly id: string; readonly state: string }[]
  const going = latest !== undefined && latest.state !== 'undone'
  const args = going ? ['resume', latest.id] : ['run', job]
  expect({ where, args, ...(await world.nsnet(...args)) }).toMatchObject({ exitCode: 0 })
  const rules = (await world.sh('iptables-nft-save')).match(/--comment "?nsnet:[^ ]*/g) ?? []
  expect({ where, rules: rules.length, different: new Set(rules).size }).toEqual({ where, rules: 3, different: 3 })
  const addresses = await world.sh('ip -br -4 address show dev veth-host')
  expect({ where, addresses: addresses.match(/10\.0\.0\./g)?.length }).toEqual({ where, addresses: 1 })
}

describe('stopped at random moments of run, resume and undo: no child is left, nothing is doubled, all goes on', () => {
  test.each(Object.entries(ways))(
    '%s',
    async (_, stopped) => {
      const seed = seedOfToday()
      const random = randomFrom(seed)
      const world = await sandboxed()
      const before = await fingerprint(world.exec)
      const began = performance.now()
      await world.nsnet('run', job)
      const took = (performance.now() - began) / 1000
      await world.nsnet('undo')
      for (let round = 0; round < ROUNDS; round++) {
        for (const args of [`run ${job}`, 'resume', 'undo --yes']) {
          const after = Number((random() * took).toFixed(3))
          const where = { seed, round, args, after }
          if (args.startsWith('undo')) await finish(world, where)
          expect({ where, ended: await sh(world, stopped(args, after)) }).toEqual({ where, ended: endOf(args) })
          expect({ where, left: await programs(world) }).toEqual({ where, left: '' })
        }
        expect({ seed, round, ...(await world.nsnet('undo')) }).toMatchObject({ exitCode: 0 })
        expect(await fingerprint(world.exec), `seed ${seed}, round ${round}`).toEqual(before)
      }
    },
    240_000,
  )
})

const waits = fileOf(
  'waits',
  { id: 'blue', uses: 'netns', with: { netns: 'blue' } },
  { id: 'waits', uses: 'check', with: { ping: '198.51.100.77', count: 4, timeout: 1, within: 60 } },
)

test('Ctrl-C twice on a terminal ends nsnet and the running command at once, and undo works', async () => {
  const world = await sandboxed()
  const before = await fingerprint(world.exec)
  const pinging = `ps -e -o stat=,comm= | grep -v '^Z' | grep -q 'ping$'`
  const keys = `until ${pinging}; do sleep 0.02; done; printf '\\003'; sleep 0.2; printf '\\003'; while nsnets; do sleep 0.05; done`
  const out = await sh(world, `(${keys}) | script -qec '${nsnet(`run ${waits}`)}' /dev/null >/dev/null; echo $?`)
  expect(out).toBe('130\n')
  expect(await sh(world, `for i in $(seq 100); do ${pinging} || exit 0; sleep 0.02; done; echo still pinging`)).toBe('')
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
  expect(await fingerprint(world.exec)).toEqual(before)
})

test('a terminal that goes away stops a run in order: it is journaled', async () => {
  const world = await sandboxed()
  await sh(
    world,
    `script -qec '${nsnet(`run ${waits} -v`)}' /dev/null >/dev/null 2>&1 </dev/null & terminal=$!
     until ps -e -o comm= | grep -q '^ping$'; do sleep 0.02; done
     kill -9 $terminal; while nsnets; do sleep 0.05; done`,
  )
  expect(await sh(world, nsnet('log last'))).toMatch(/run interrupted +by SIGHUP\n$/)
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
})

test('a signal that hits the running command too is no failure of its step', async () => {
  const world = await sandboxed()
  // what starts it is nsnet, or one of its helpers
  const fake = `#!/bin/sh
case "$*" in -batch*) ;; *) PATH=$REAL_PATH exec ip "$@";; esac
starter=$PPID
[ "$(cat /proc/$starter/comm)" = sh ] && starter=$(cut -d ' ' -f 4 /proc/$starter/stat)
kill -INT $starter; kill -INT $$
`
  writeFileSync(join(dir, 'ip'), fake, { mode: 0o755 })
  expect(await sh(world, `REAL_PATH=$PATH PATH=${dir}:$PATH ${nsnet(`run ${job}`)} >/dev/null 2>&1; echo $?`)).toBe(
    '130\n',
  )
  const log = await sh(world, nsnet('log last'))
  expect(log).toMatch(/step planned +netns.*\n[^]*run interrupted +by SIGINT\n$/)
  expect(log).not.toContain('failed')
  expect(await world.nsnet('resume')).toMatchObject({ exitCode: 0 })
})

test('a signal while nsnet waits for its turn ends it with nothing journaled, and does not disturb who works', async () => {
  const world = await sandboxed()
  const out = await sh(
    world,
    `${nsnet(`run ${waits}`)} >/dev/null 2>&1 & first=$!
     until ps -e -o comm= | grep -q '^ping$'; do sleep 0.02; done
     ${nsnet(`run ${waits} --wait`)} >/dev/null 2>&1 & second=$!
     until ps -e -o comm= | grep -q '^flock$'; do sleep 0.02; done
     kill -TERM $second; wait $second; echo $?
     for i in $(seq 100); do ps -e -o stat=,comm= | grep -v '^Z' | grep -q flock || break; sleep 0.02; done
     ps -e -o stat=,comm= | grep -v '^Z' | grep -c flock
     kill -INT $first; wait $first; echo $?`,
  )
  expect(out).toBe('143\n0\n130\n')
  expect(JSON.parse((await world.nsnet('list', '--json')).stdout)).toHaveLength(1)
  expect(await world.nsnet('undo')).toMatchObject({ exitCode: 0 })
})

describe('a reader that goes away', () => {
  test('does not stop a run or an undo half-way', async () => {
    const world = await sandboxed()
    const before = await fingerprint(world.exec)
    expect(await sh(world, piped(`${nsnet(`run ${job} --json`)} 2>&1 | true`))).toBe('0\n')
    expect(await sh(world, `${nsnet('list --json')}`)).toMatch(/"state": "completed"/)
    expect(await sh(world, piped(`${nsnet('undo -v')} 2>&1 | head -1`))).toMatch(/^undoing run \w+\n0\n$/)
    expect(await fingerprint(world.exec)).toEqual(before)
  })

  test('ends list, help and log -f quietly', async () => {
    const world = await sandboxed()
    await world.nsnet('run', job)
    for (const args of ['list', '--help', 'log last', 'show last', 'run --nonsense'])
      expect({ args, out: await sh(world, `${nsnet(args)} 2>&1 | true; echo $?`) }).toEqual({ args, out: '0\n' })
    const follows = `${nsnet(`run ${waits}`)} >/dev/null 2>&1 & it=$!
      until ps -e -o comm= | grep -q '^ping$'; do sleep 0.02; done
      (${nsnet('log -f last')}; echo ended $? >&2) | (head -1; kill -INT $it); wait $it`
    const { stdout, stderr } = await world.exec({ argv: ['bash', '-c', `${state}\n${follows}`] })
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/run started.*\n$/), stderr: 'ended 0\n' })
  })

  test('but a result that cannot be written makes the exit code 1', async () => {
    const world = await sandboxed()
    expect(await sh(world, `${nsnet('list')} >/dev/full; echo $?`)).toBe('1\n')
  })
})
